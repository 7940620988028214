# streaming.tsv as tables: each shape of job against the plain one with /bin/cat.
BEGIN { FS = "\t" }
/^#/ { next }
$1 != shape {
  shape = $1
  first = $5
  printf "%s| %s | MB in | MB out | CPU seconds | of `%s` | seconds |\n|---|---|---|---|---|---|\n", started++ ? "\n" : "", $1, $2
}
{ printf "| %s | %.0f | %.0f | %.1f | %.2f | %.1f |\n", $2, $3 / 1e6, $4 / 1e6, $5, $5 / (first + 1e-9), $6 }
