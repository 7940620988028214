# times.tsv as tables: each group against its first entry.
BEGIN { FS = "\t" }
/^#/ { next }
$1 != group {
  group = $1
  first = $4
  ours = 0
  printf "%s| %s | seconds | MB/s | of `%s` | peak memory |\n|---|---|---|---|---|\n", started++ ? "\n" : "", $1, $2
}
{
  printf "| %s | %.3f | %.0f | %.1f | %.1f MiB |\n", $2, $4, $3 / 1e6 / ($4 + 1e-9), $4 / (first + 1e-9), $5 / 1024
}
