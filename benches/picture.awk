# The mappers of times.tsv as a picture: MB/s as bars, ours in colour.
BEGIN { FS = "\t" }
$1 == "mapper" && $2 != "wc -l" {
  names[++count] = $2
  speed[count] = $3 / 1e6 / $4
  if (speed[count] > most) most = speed[count]
}
END {
  width = 760
  left = 230
  row = 28
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"14\">\n", width, count * row + 40
  printf "<title>Megabytes a second of sales records, cleaned on one core</title>\n"
  printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
  for (i = 1; i <= count; i++) {
    y = (i - 1) * row + 12
    bar = speed[i] / most * (width - left - 90)
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#222222\">%s</text>\n", left - 10, y + 15, names[i]
    printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", left, y, bar < 1 ? 1 : bar, row - 8, names[i] ~ /^sluicebox/ ? "#c78f1e" : "#8a9aa8"
    printf "<text x=\"%.1f\" y=\"%d\" fill=\"#222222\">%.0f</text>\n", left + bar + 8, y + 15, speed[i]
  }
  printf "<text x=\"%d\" y=\"%d\" fill=\"#666666\" font-size=\"12\">MB/s of sales records cleaned, one core; made by scripts/bench</text>\n</svg>\n", left, count * row + 28
}
