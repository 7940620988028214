# shellcheck shell=bash disable=SC2034,SC2154
# scripts/bench streaming: what Hadoop Streaming jobs cost with /bin/cat, with our binaries and with Python, in the
# embedded engine. `plain` is the job as anybody would write it; the others have the properties of scripts/transform.

forget_site
export SLUICEBOX_ENGINE_HOME=$WORK/engine PATH=$CHECKOUT/hadoop/engine/bin:$PATH
SLUICEBOX_STREAMING_JAR=$(streaming_jar)
export SLUICEBOX_STREAMING_JAR
# What a job is told of its run.
RUN=bench ROOT=$WORK TABLE=sales
python=$(command -v python3 || true)
cd "$WORK" || exit
mkdir in ship
mv "$clean" in/sales.csv
clean=$WORK/in/sales.csv
files=$(stage_files ship mapper="$BIN/mapper" reducer="$BIN/reducer" table.toml=table.toml mapper.py="$peers/mapper.py")

## hadoop ARG...
## Takes the place of the command: the CPU seconds of a job's whole tree of processes go to the file `took`.
hadoop() {
  if [[ $1 == jar ]]; then
    command time -f '%U %S %e' -o took hadoop "$@"
  else
    command hadoop "$@"
  fi
}

## plain OPTION...
## A job with no property but the number of reducers.
plain() {
  hadoop jar "$SLUICEBOX_STREAMING_JAR" "$@" -input in -output out >job.out 2>job.err || {
    tail -n 5 job.err >&2
    die "$EXIT_IO" "a job failed"
  }
}

## with_properties OPTION...
## A job as the steps of a run start it.
with_properties() {
  streaming_job "$WORK/out" "$@" -input "$WORK/in"
}

# As scripts/transform has them.
map_only=(-D mapreduce.job.reduces=0 -files "$files")
by_key 2 "file://$WORK/in" "$files"

# Each entry: the shape, a name. Python has no reducer of its own, nor lines to sort by: what it costs without one.
entries=(
  'map-only/cat' 'map-only/cat, our properties' 'map-only/sluicebox'
  'two reducers/cat' 'two reducers/cat, our properties' 'two reducers/sluicebox'
)
if [[ -n $python ]]; then
  entries+=('map-only/Python' 'two reducers/Python, cat')
fi

## job ENTRY
job() {
  case $1 in
    'map-only/cat') plain -D mapreduce.job.reduces=0 -mapper /bin/cat ;;
    'map-only/cat, our properties') with_properties "${map_only[@]}" -mapper /bin/cat ;;
    'map-only/sluicebox') with_properties "${map_only[@]}" -mapper ./mapper ;;
    'map-only/Python') plain "${map_only[@]}" -mapper "$python mapper.py" ;;
    'two reducers/cat') plain -D mapreduce.job.reduces=2 -mapper /bin/cat -reducer /bin/cat ;;
    'two reducers/cat, our properties') with_properties "${BY_KEY[@]}" -mapper /bin/cat -reducer /bin/cat ;;
    'two reducers/sluicebox') with_properties "${BY_KEY[@]}" -mapper './mapper --keyed' -reducer ./reducer ;;
    'two reducers/Python, cat')
      with_properties -D mapreduce.job.reduces=2 -files "$files" -mapper "$python mapper.py" -reducer /bin/cat ;;
  esac
}

## check ENTRY
## No figure without the right answer: each line is there once, and our books balance.
check() {
  case $1 in
    */cat*) (($(cat out/part-* | wc -l) == rows + 1)) ;;
    */sluicebox) cat out/part-* | "$BIN/validator" >verdict.json 2>&1 ;;
    */Python*) (($(cat out/part-* | grep -ac $'^ok\t') == rows)) ;;
  esac || die "$EXIT_GATE" "$1: the job's output is not what it should be"
}

for round in 1 2 3; do
  for i in "${!entries[@]}"; do
    [[ ${entries[i]} == */Python* ]] && ((round > 1)) && continue
    progress "round $round: ${entries[i]}"
    rm -rf out
    job "${entries[i]}"
    check "${entries[i]}"
    printf '%s %s\n' "$(tail -n 1 took)" "$(cat out/part-* | wc -c)" >>"times.$i"
  done
done
progress ''

{
  printf '# job\tname\tbytes in\tbytes out\tCPU seconds\tseconds\trounds; made by scripts/bench streaming %s\n' "$rows"
  for i in "${!entries[@]}"; do
    awk '{ print $1 + $2, $3, $4 }' "times.$i" | sort -n |
      awk -v what="${entries[i]/\//$'\t'}"$'\t'"$(stat -c %s in/sales.csv)" \
        '{ cpu[NR] = $1; wall[NR] = $2; out = $3 }
        END { at = int((NR + 1) / 2); printf "%s\t%d\t%.2f\t%.2f\t%d\n", what, out, cpu[at], wall[at], NR }'
  done | sort -s -t $'\t' -k 1,1
} >streaming.tsv
cd "$CHECKOUT/benches" || exit
cp "$WORK/streaming.tsv" .
awk -f streaming.awk streaming.tsv
