# shellcheck shell=bash disable=SC2154
# scripts/bench start: how long until the first byte comes out; `true` shows what the system takes to start anything.

cd "$WORK" || exit
## start NAME ENDS COMMAND...
start() {
  progress "$1"
  "${one_core[@]}" "$BIN/examples/start" 500 "$clean" "$2" "$1" "${@:3}"
}
{
  printf '# command\tinput\tfastest\tmedian\t9 of 10, microseconds of 500 starts; made by scripts/bench start\n'
  for ends in ends stays; do
    start true $ends /bin/true
    start cat $ends /bin/cat
    start mapper $ends "$BIN/mapper"
    start 'mapper --keyed' $ends "$BIN/mapper" --keyed
  done
} >start.tsv
progress ''
cp start.tsv "$CHECKOUT/benches/start.tsv"
cat start.tsv
