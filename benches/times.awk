# times.tsv as tables: each group against its first entry, by bytes a second, as the slow ones read a smaller file.
BEGIN { FS = "\t" }
/^#/ { next }
{ speed = $3 / 1e6 / ($4 + 1e-9) }
$1 != group {
  group = $1
  first = speed
  printf "%s| %s | MB | seconds | MB/s | of `%s` | peak memory |\n|---|---|---|---|---|---|\n", started++ ? "\n" : "", $1, $2
}
{
  printf "| %s | %.0f | %.3f | %.0f | %.1f | %.1f MiB |\n", $2, $3 / 1e6, $4, speed, first / speed, $5 / 1024
}
