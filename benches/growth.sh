# shellcheck shell=bash disable=SC2154
# scripts/bench growth: does ten times the records take ten times as long, and no more memory?
#
# All three sizes come through a pipe from files that are in memory, so that no disk is measured: the first tenth of the
# records, all of them, and all of them ten times over.

cd "$WORK" || exit
head -n $((rows / 10 + 1)) "$clean" >tenth.csv
whole=()
for _ in {1..10}; do whole+=("$clean"); done

## measure SIZE RECORDS FILE...
## Sends the files through the mapper, and appends what it took: seconds, seconds of the mapper's own CPU, KiB at the peak.
measure() {
  local size=$1 records=$2 seal bytes
  shift 2
  seal=$(cat "$@" | "${one_core[@]}" env time -a -o "took.$size" -f '%e %U %S %M' "$BIN/mapper" | tail -n 1)
  [[ $seal == *"\"records\":$records,"* ]] || die "$EXIT_GATE" "of $records records not all came through: $seal"
  bytes=$(stat -Lc %s "$@" | awk '{ sum += $1 } END { printf "%.0f", sum }')
  printf '%s\n' "$bytes" >"bytes.$size"
}
for round in 1 2 3; do
  progress "round $round"
  measure 0 $((rows / 10)) tenth.csv
  measure 1 "$rows" "$clean"
  measure 2 $((rows * 10)) "${whole[@]}"
done
progress ''

{
  printf '# bytes\tseconds\tCPU seconds\tCPU seconds a GB\tpeak KiB; medians of 3, made by scripts/bench growth %s\n' "$rows"
  for size in 0 1 2; do
    awk -v bytes="$(<"bytes.$size")" '{ print $1, $2 + $3, $4 }' "took.$size" | sort -n -k 2 |
      awk -v bytes="$(<"bytes.$size")" '{ wall[NR] = $1; cpu[NR] = $2; peak = $3 > peak ? $3 : peak }
      END { printf "%d\t%.2f\t%.2f\t%.3f\t%d\n", bytes, wall[2], cpu[2], cpu[2] / bytes * 1e9, peak }'
  done
} >growth.tsv
cp growth.tsv "$CHECKOUT/benches/growth.tsv"
cat growth.tsv
