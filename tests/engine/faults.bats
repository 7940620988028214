#!/usr/bin/env bats
# What breaks under a run on a cluster: nodes, tasks, daemons, disks and files.
# Nothing is lost: the right rows, or a clear error and the right rows after another run.

bats_require_minimum_version 1.5.0
load helpers
load faults

setup_file() {
  faults_setup
  one_client
  # Without a key there is a part for each of the many maps: the place where rows were seen to vanish.
  export WIDE=$FAULTS/wide.csv WIDE_ROWS=$FAULTS/wide.rows
  generate --rows 5000 --dirt 0.02 --seed 7 --plain >"$WIDE"
  sed '/^\[dedup\]/,/^$/d' "$(spec_of wide)" >"$FAULTS/spec"
  mv "$FAULTS/spec" "$FAULTS/wide.toml"
  "$BIN/mapper" --spec "$FAULTS/wide.toml" <"$WIDE" >"$FAULTS/wide.parts"
  rows "$FAULTS/wide.parts" >"$WIDE_ROWS"
  rejects "$FAULTS/wide.parts" >"$FAULTS/wide.rejects"
  scripts/land --spec "$FAULTS/wide.toml" --date "$DATE" "$WIDE" | sed -n 's/^ *hdfs:/hdfs:/p' >"$FAULTS/wide.run"
  hadoop fs -get "$(<"$FAULTS/wide.run")/manifest.json" "$FAULTS/wide.manifest"
  mappers
}

teardown_file() {
  faults_teardown
}

setup() {
  cd "$REPO" || return
  rm -rf "$FAULTS/started" "$FAULTS/calls"
  mkdir "$FAULTS/started"
}

teardown() {
  failed_outcome
  # For the next test.
  # shellcheck disable=SC2086  # a list
  [[ -z ${KILLED:-} ]] || { cluster kill --containers $KILLED && cluster start $KILLED; }
}

## mappers
## For setup_file: mappers that a test can meet. `slow` takes some seconds; the first attempts of `frail` fail in three
## tasks, of which one is killed in the middle of its rows, as by the kernel where memory is short. A second master counts
## attempts from 1000. `broken` never ends well.
mappers() {
  local kind
  for kind in slow frail broken; do
    mkdir "$FAULTS/$kind"
    ln -s "$BIN"/{reducer,validator,sluicebox} "$FAULTS/$kind/"
  done
  printf '#!/bin/sh\n: >"%s/started/$mapreduce_task_attempt_id"\nsleep 4\nexec "%s" "$@"\n' "$FAULTS" "$BIN/mapper" >"$FAULTS/slow/mapper"
  cat >"$FAULTS/frail/mapper" <<END
#!/bin/bash
: >"$FAULTS/started/\$mapreduce_task_attempt_id"
case \$mapreduce_task_attempt_id in
  *_m_000000_0 | *_m_000000_[1-9]000) exit 1 ;;
  *_m_000001_0 | *_m_000001_[1-9]000) head -c 20000 | "$BIN/mapper" "\$@"; kill -KILL \$\$ ;;
  *_m_000002_0 | *_m_000002_[1-9]000) "$BIN/mapper" "\$@"; exit 3 ;;
esac
exec "$BIN/mapper" "\$@"
END
  printf '#!/bin/sh\necho "mapper: out of luck" >&2\nexit 3\n' >"$FAULTS/broken/mapper"
  chmod +x "$FAULTS"/{slow,frail,broken}/mapper
}

## from_the_beginning
## Forgets what was made of the wide table's landed file.
from_the_beginning() {
  hadoop fs -rm -r -f -skipTrash "$(<"$FAULTS/wide.run")"/{out,_unbalanced,books.json,verdict.json,_verdict.json} >/dev/null
}

## transform KIND MAPS OPTION...
## The wide table's job with mappers of a kind, from the beginning, in the background: its process is $JOB.
transform() {
  from_the_beginning
  SLUICEBOX_BIN=$FAULTS/$1 SLUICEBOX_JOB_OPTIONS="-D mapreduce.job.maps=$2 ${*:3}" step transform wide \
    >"$FAULTS/job.log" 2>&1 3>&- &
  JOB=$!
}

## until_started N
## Waits until N tasks have begun.
until_started() {
  until (($(ls "$FAULTS/started" | wc -l) >= $1)); do
    kill -0 "$JOB" || lost "the job: it ended before $1 tasks had begun: $(cat "$FAULTS/job.log")"
    sleep 0.2
  done
}

## master
## The NodeManager that runs the application master.
master() {
  local name pid
  for name in nodemanager1 nodemanager2; do
    for pid in $(inside containers "$name"); do
      if grep -qz MRAppMaster "/proc/$pid/cmdline" 2>/dev/null; then
        printf '%s\n' "$name"
        return
      fi
    done
  done
  return 1
}

## whole FAULT
## Waits for the job; where the script says that it failed it is run once more. Then the rows must be all there.
whole() {
  local code=0 outcome='the job went on' found
  wait "$JOB" || code=$?
  if ((code)); then
    [ "$code" -eq 3 ] || lost "the error: exit $code is not 3: $(cat "$FAULTS/job.log")"
    # shellcheck disable=SC2086  # a list
    [[ -z ${KILLED:-} ]] || { cluster kill --containers $KILLED && cluster start $KILLED; }
    step transform wide >"$FAULTS/job.log" 2>&1 || lost "the run: it fails again: $(cat "$FAULTS/job.log")"
    outcome='exit 3, and run again'
  fi
  found=$(count_rows)
  outcome "$1" "$outcome" "$(wc -l <"$WIDE_ROWS")" "$found"
}

## count_rows
## Fails unless the job's rows and rejects are those that a pipe makes, and its seals hold; prints how many rows there are.
count_rows() {
  hadoop fs -cat "$(<"$FAULTS/wide.run")/out/part-*" >"$FAULTS/parts"
  rows "$FAULTS/parts" >"$FAULTS/rows"
  cmp -s "$FAULTS/rows" "$WIDE_ROWS" || {
    lost "rows: $(comm -13 "$FAULTS/rows" "$WIDE_ROWS" | wc -l) of $(wc -l <"$WIDE_ROWS"), and $(comm -23 "$FAULTS/rows" "$WIDE_ROWS" | wc -l) are too many"
    return 1
  }
  diff <(rejects "$FAULTS/parts") "$FAULTS/wide.rejects" >&2 || { lost 'rejects (< of the job, > of a pipe)' || return; }
  "$BIN/validator" --spec "$FAULTS/wide.toml" --manifest "$FAULTS/wide.manifest" <"$FAULTS/parts" >"$FAULTS/verdict" 2>&1 ||
    { lost "the balance: $(cat "$FAULTS/verdict")" || return; }
  wc -l <"$FAULTS/rows"
}

@test "a task fails its first attempt, one is killed amid its rows, one fails after its last row: each row is there once" {
  transform frail 6
  whole 'tasks fail, are killed by the kernel'
  (($(ls "$FAULTS/started" | wc -l) >= 9)) || lost 'the fault: no task had a second attempt'
}

@test "one digit of a part file is changed: its seal does not fit, and nothing is published" {
  run=$(<"$FAULTS/wide.run")
  hadoop fs -get "$run/out/part-00000" "$FAULTS/part"
  sed '5s/6/8/; 5s/5/4/; 5s/3/2/' "$FAULTS/part" >"$FAULTS/harmed"
  run ! cmp -s "$FAULTS/part" "$FAULTS/harmed"
  hadoop fs -put -f "$FAULTS/harmed" "$run/out/part-00000"
  run -1 step audit wide
  [[ $output == *"DO NOT balance"*"running again makes it anew"* ]] || lost "the right digit: $output"
  # The tests that follow make it anew.
  hadoop fs -test -e "$run/_unbalanced"
  outcome 'a digit of a part file is changed' 'found by its seal' "$(wc -l <"$WIDE_ROWS")" -
}

@test "a job whose tasks fail says which of them, what it read, its last words and what to do" {
  in_chaos_alone
  transform broken 2 -D mapreduce.map.maxattempts=1
  code=0
  wait "$JOB" || code=$?
  [ "$code" -eq 3 ] || lost "the exit code: $code"
  grep -q 'the program of .*task.*, which read hdfs:.*/landed/.*csv:[0-9]*+[0-9]* of .*[.]csv, ended with 3' "$FAULTS/job.log" &&
    grep -q 'its last words: mapper: out of luck' "$FAULTS/job.log" &&
    grep -q 'what to do: it could not read its input' "$FAULTS/job.log" || lost "the advice: $(cat "$FAULTS/job.log")"
  outcome 'all attempts of a task fail' 'exit 3, with advice' - -
}

@test "the NodeManager that runs the application master is killed: no row vanishes" {
  transform slow 12
  until_started 8
  KILLED=$(master)
  cluster kill "$KILLED"
  whole "NodeManager with the master killed, committer v2"
}

@test "the same with the committer that loses rows: what it lost is not published" {
  in_chaos_alone
  transform slow 12 -D mapreduce.fileoutputcommitter.algorithm.version=1
  until_started 8
  KILLED=$(master)
  cluster kill "$KILLED"
  code=0
  wait "$JOB" || code=$?
  found=0
  if ((code == 0)); then
    hadoop fs -cat "$(<"$FAULTS/wide.run")/out/part-*" | rows >"$FAULTS/rows"
    found=$(wc -l <"$FAULTS/rows")
  fi
  cluster kill --containers "$KILLED"
  cluster start "$KILLED"
  KILLED=''
  if ((code == 0 && found < $(wc -l <"$WIDE_ROWS"))); then
    run -1 step audit wide
    [[ $output == *"DO NOT balance"* ]] || lost "rows, and the audit did not say so: $output"
    outcome 'NodeManager with the master killed, committer v1' 'rows lost with exit 0: audit refused' "$(wc -l <"$WIDE_ROWS")" "$found"
    run -0 step transform wide
    count_rows
  elif ((code == 0)); then
    found=$(count_rows)
    outcome 'NodeManager with the master killed, committer v1' 'the job went on' "$(wc -l <"$WIDE_ROWS")" "$found"
  else
    outcome 'NodeManager with the master killed, committer v1' "exit $code" "$(wc -l <"$WIDE_ROWS")" -
    [ "$code" -eq 3 ]
  fi
}

@test "a machine with a NodeManager and its tasks dies: the job goes on on the other one" {
  in_chaos_alone
  transform slow 8
  until_started 6
  KILLED=nodemanager1
  [[ $(master) != nodemanager1 ]] || KILLED=nodemanager2
  cluster kill --containers "$KILLED"
  whole 'a machine with a NodeManager dies'
}

@test "a DataNode dies while the job runs" {
  in_chaos_alone
  transform slow 6
  until_started 4
  KILLED=datanode2
  cluster kill datanode2
  whole 'DataNode killed amid a job'
}

@test "the ResourceManager is killed and started again while the job runs" {
  in_chaos_alone
  transform slow 6
  until_started 4
  cluster kill resourcemanager
  cluster start resourcemanager
  whole 'ResourceManager started again amid a job'
}

@test "SIGTERM, and Ctrl-C, while the job runs: it is killed, the lock is free, and running again goes on" {
  in_chaos_alone
  local signal code
  for signal in TERM INT; do
    from_the_beginning
    rm -f "$FAULTS/started"/*
    SLUICEBOX_BIN=$FAULTS/slow SLUICEBOX_JOB_OPTIONS='-D mapreduce.job.maps=4' setsid env --default-signal=INT \
      scripts/transform "$(<"$FAULTS/wide.run")" >"$FAULTS/job.log" 2>&1 3>&- &
    JOB=$!
    until_started 2
    # Ctrl-C goes to all that runs on the terminal.
    if [[ $signal == TERM ]]; then kill -TERM "$JOB"; else kill -INT -- "-$JOB"; fi
    code=0
    wait "$JOB" || code=$?
    [ "$code" -eq $((128 + $(kill -l "$signal"))) ] || lost "the exit code of SIG$signal: $code, $(cat "$FAULTS/job.log")"
    yarn application -list >"$FAULTS/jobs" 2>/dev/null
    ! grep '^application_' "$FAULTS/jobs" || lost "the end of the job: SIG$signal left it running"
  done
  step transform wide >"$FAULTS/job.log" 2>&1 || lost "the run: it does not go on: $(cat "$FAULTS/job.log")"
  found=$(count_rows)
  outcome 'SIGTERM and Ctrl-C amid a job' 'its job was killed, run again' "$(wc -l <"$WIDE_ROWS")" "$found"
}

@test "after all of it the run reaches gold: each row of a pipe, and each reject in quarantine" {
  in_chaos_alone
  from_the_beginning
  pipeline wide --landed >"$FAULTS/job.log" 2>&1 || lost "the run that was disturbed: $(cat "$FAULTS/job.log")"
  ask "select $COLUMNS_OF_SALES from wide where load_date = '$DATE'" | LC_ALL=C sort >"$FAULTS/gold"
  # A backslash stands before what it escapes in a row.
  diff "$FAULTS/gold" <(cut -f 2- "$WIDE_ROWS" | sed 's/\\\(.\)/\1/g' | LC_ALL=C sort) || lost 'rows of gold (<)'
  ask 'select reason, column_name, count(*) from wide_reject group by reason, column_name' | LC_ALL=C sort >"$FAULTS/quarantine"
  diff "$FAULTS/quarantine" <(cut -f 1,2 "$FAULTS/wide.rejects" | uniq -c | awk -v OFS='\t' '{ print $2, $3, $1 }' | LC_ALL=C sort) || lost 'rejects in quarantine (<)'
  outcome 'after all of these, on to gold' 'each row' 0 "$(wc -l <"$FAULTS/gold")"
}

@test "HiveServer2 is killed between load and publish: that is said, and gold keeps the old rows" {
  in_chaos_alone
  local before name
  before=$(rows_of wide)
  for name in land transform audit load; do
    step "$name" wide >"$FAULTS/job.log" 2>&1 || lost "the run: $name fails: $(cat "$FAULTS/job.log")"
    [[ $name != land ]] || sed -n 's/^ *hdfs:/hdfs:/p' "$FAULTS/job.log" >"$FAULTS/wide.run"
  done
  cluster kill hiveserver2
  SLUICEBOX_RETRY_FOR=2 run step publish wide
  cluster start hiveserver2
  [ "$status" -eq 3 ] || lost "the error: exit $status, $output"
  [[ $output == *"Hive could not "* ]] || lost "the reason: $output"
  [ "$(rows_of wide)" -eq "$before" ] || lost 'the old rows'
  step publish wide
  found=$(rows_of wide)
  ((found > before)) || lost "the new rows: $found are in gold, $before were there before"
  outcome 'HiveServer2 killed between load and publish' 'exit 3, and run again' "$before" "$found"
}

@test "a DataNode dies while files are uploaded: they arrive whole" {
  in_chaos_alone
  generate --rows 300000 --plain >"$FAULTS/large.csv"
  # A killed HiveServer2 leaves small ones open for a while.
  [[ -z $(find "$SLUICEBOX_CLUSTER"/datanode1/current/*/current/rbw -name 'blk_*' -size +1M) ]] || lost 'the start: somebody writes already'
  spec=$(spec_of large)
  scripts/land --spec "$spec" --date "$DATE" "$FAULTS/large.csv" >"$FAULTS/land.log" 2>&1 3>&- &
  # A block that is being written and has some megabytes already.
  until [[ -n $(find "$SLUICEBOX_CLUSTER"/datanode1/current/*/current/rbw -name 'blk_*' -size +1M 2>/dev/null) ]]; do
    kill -0 $! || lost "the moment: the upload was over: $(cat "$FAULTS/land.log")"
  done
  KILLED=datanode1
  cluster kill datanode1
  wait $! || lost "the upload: $(cat "$FAULTS/land.log")"
  run_dir=$(sed -n 's/^ *hdfs:/hdfs:/p' "$FAULTS/land.log")
  [ "$(hadoop fs -cat "$run_dir/landed/*" | cksum)" = "$(cksum <"$FAULTS/large.csv")" ] || lost 'bytes of the upload'
  outcome 'DataNode killed amid an upload' 'the upload went on' 300000 "$(hadoop fs -cat "$run_dir/landed/*" | tail -n +2 | wc -l)"
}

@test "the run directory is full when files are landed: that is said, and with room again the same command lands them" {
  in_chaos_alone
  spec=$(spec_of full)
  hadoop fs -mkdir -p /sluicebox/full/runs /sluicebox/full/ledger
  hdfs dfsadmin -setSpaceQuota 1m /sluicebox/full/runs
  run -3 scripts/land --spec "$spec" --date "$DATE" "$FAULTS/old.csv"
  [[ $output == *"quota of /sluicebox/full/runs is exceeded"*"cannot upload to "* ]] || lost "the reason: $output"
  ! hadoop fs -ls -C /sluicebox/full/runs | grep -v '/_landing' || lost 'the hidden name: half a run is there'
  hdfs dfsadmin -clrSpaceQuota /sluicebox/full/runs
  run -0 scripts/land --spec "$spec" --date "$DATE" "$FAULTS/old.csv"
  sed -n 's/^ *hdfs:/hdfs:/p' <<<"$output" >"$FAULTS/full.run"
  found=$(hadoop fs -cat "$(<"$FAULTS/full.run")/landed/*" | wc -l)
  [ "$found" -eq "$(wc -l <"$FAULTS/old.csv")" ] || lost "lines: $found are there"
  outcome 'the run directory is full' 'exit 3, and run again' "$found" "$found"
}

@test "the run directory is full when a job writes: that is said, and with room again the same command goes on" {
  in_chaos_alone
  run_dir=$(<"$FAULTS/full.run")
  hdfs dfsadmin -setSpaceQuota 1m /sluicebox/full/runs
  run -3 scripts/transform "$run_dir"
  [[ $output == *"the streaming job failed"* ]] || lost "the reason: $output"
  hdfs dfsadmin -clrSpaceQuota /sluicebox/full/runs
  run -0 scripts/transform "$run_dir"
  hadoop fs -cat "$run_dir/out/part-*" >"$FAULTS/parts"
  "$BIN/mapper" --spec "$(spec_of full)" --keyed <"$FAULTS/old.csv" | LC_ALL=C sort |
    "$BIN/reducer" --spec "$(spec_of full)" >"$FAULTS/piped"
  diff <(rows "$FAULTS/parts") <(rows "$FAULTS/piped") || lost 'rows of the job (<)'
  outcome 'the run directory is full for a job' 'exit 3, and run again' "$(rows "$FAULTS/piped" | wc -l)" "$(rows "$FAULTS/parts" | wc -l)"
}

@test "a root that is somebody else's, or that can only be read, is named, and nothing is landed" {
  in_chaos_alone
  spec=$(spec_of denied)
  HADOOP_USER_NAME=guest run -3 scripts/land --spec "$spec" --date "$DATE" "$FAULTS/old.csv"
  [[ $output == *"Permission denied: user=guest"*"cannot write to hdfs:"*"/sluicebox/denied"*"is --root yours?"* ]]
  hdfs dfsadmin -safemode enter
  code=0
  SLUICEBOX_RETRY_FOR=2 scripts/land --spec "$spec" --date "$DATE" "$FAULTS/old.csv" >"$FAULTS/land.log" 2>&1 || code=$?
  hdfs dfsadmin -safemode leave
  [ "$code" -eq 3 ]
  grep -q 'try 1 failed.*safe mode' "$FAULTS/land.log" || lost "the reason: $(cat "$FAULTS/land.log")"
  run ! hadoop fs -test -e /sluicebox/denied
  outcome 'no permission on the root, a root that is read-only' 'exit 3' 0 0
}
