# times.tsv as tables: each group against its first entry, and the mappers against ours, by bytes a second, as the slow
# ones read a smaller file.
BEGIN { FS = "\t" }
/^#/ { next }
{
  line[++count] = $0
  speed[count] = $3 / 1e6 / ($4 + 1e-9)
  if ($1 == "mapper" && $2 == "sluicebox mapper") ours = speed[count]
}
END {
  for (i = 1; i <= count; i++) {
    split(line[i], field)
    mappers = field[1] == "mapper"
    if (field[1] != group) {
      printf "%s| %s | MB | seconds | MB/s | of `%s` |%s peak memory |\n|---|---|---|---|---|---|%s\n", \
        i == 1 ? "" : "\n", field[1], field[2], mappers ? " of ours |" : "", mappers ? "---|" : ""
      group = field[1]
      first = speed[i]
    }
    printf "| %s | %.0f | %.3f | %.0f | %.1f |%s %.1f MiB |\n", field[2], field[3] / 1e6, field[4], speed[i], \
      first / speed[i], mappers ? sprintf(" %.1f |", ours / speed[i]) : "", field[5] / 1024
  }
}
