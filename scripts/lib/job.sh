# shellcheck shell=bash
# Streaming jobs: started with every property set, explained where they fail, killed where nobody waits for them.

# Set while a job runs.
JOB_RUNS=''

## job_tag
## Prints the tag by which the jobs of the run are found. The run's name alone is not enough: the same files may be loaded
## below another root, by the same YARN.
job_tag() {
  # However its root is spelled: the lock is the folder's, too.
  local folder=$ROOT/$TABLE
  [[ $folder != *://* ]] || folder=/${folder#*://*/}
  printf '%s-%s\n' "$RUN" "$(tr -s / <<<"$folder" | sha256sum | cut -c 1-8)"
}

## stop_jobs
## Kills this run's jobs, found by their tag, and waits until YARN says that they ended; false after a minute, or where it
## can't be asked, with that in LEFT. Where there is no cluster there are none that outlive the command.
stop_jobs() {
  local id until=$((SECONDS + 60))
  command -v yarn >/dev/null || return 0
  LEFT=''
  while :; do
    # A ResourceManager that is away is asked for a quarter of an hour otherwise.
    again timeout --kill-after=5 60 yarn application -list -appTags "$(job_tag)" -appStates NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING >"$WORK/jobs" 2>"$WORK/jobs.err" || {
      LEFT="YARN can't be asked for jobs of $RUN, which may run on; see: yarn application -list -appTags $RUN"
      return 1
    }
    # Its heading names states too.
    grep -o '^application_[0-9_]*' "$WORK/jobs" >"$WORK/ids" || return 0
    if ((SECONDS >= until)); then
      LEFT="$(paste -sd' ' "$WORK/ids"), a job of $RUN, runs on though it was killed; see: yarn application -status"
      return 1
    fi
    while read -r id; do
      note "killing $id, which an attempt at $RUN left"
      kill_job "$id" || true
    done <"$WORK/ids"
    sleep 1
  done
}

## kill_job ID
kill_job() {
  timeout --kill-after=5 60 yarn application -kill "$1" >/dev/null 2>&1 </dev/null
}

## stop_own_job
## Kills the job whose client this script has started.
stop_own_job() {
  local id
  id=$(grep -o 'application_[0-9_]*' "$WORK/job.err" | tail -n 1) || return 0
  [[ -n $id ]] || return 0
  # shellcheck disable=SC2034  # ending.sh reads it
  kill_job "$id" || LEFT="$id may run on; see: yarn application -status $id"
}

## advice
## Prints why the job failed, as far as its client and its tasks say, and what to do.
advice() {
  local id log until
  : >"$WORK/job.logs"
  # The embedded engine's client says the most in its full log.
  log=$(sed -n 's/.*the full log: //p' "$WORK/job.err" | tail -n 1)
  [[ ! -f $log ]] || cat "$log" >>"$WORK/job.err"
  id=$(grep -o '\(application\|job\)_[0-9]*_[0-9]*' "$WORK/job.err" | tail -n 1 | sed 's/^job/application/') || true
  if [[ -n $id ]] && ! embedded; then
    until=$((SECONDS + 30))
    while
      timeout 60 yarn logs -applicationId "$id" -log_files stderr,syslog >"$WORK/job.logs" 2>/dev/null </dev/null || true
      # Nodes hand in their tasks' logs one by one, some seconds after a job has ended.
      grep -qE 'subprocess failed with code|Task failed task_|Status : FAILED' "$WORK/job.err" &&
        ! grep -qE 'Exception running (child|local)' "$WORK/job.logs" && ((SECONDS < until))
    do
      sleep 2
    done
  fi
  "$BIN/sluicebox" advise --client "$WORK/job.err" --logs "$WORK/job.logs" --manifest "$WORK/manifest.json"
}

## by_key REDUCERS INPUT FILES
## Sets BY_KEY, the options of a job over keyed lines: the key alone decides the reducer, by its hash in a line's last four
## bytes, and whole lines are the order. Rows leave out the folder of their files, INPUT, as a task sees it: a local one
## has no empty host there.
by_key() {
  # shellcheck disable=SC2034  # for the caller
  BY_KEY=(
    -D "mapreduce.job.reduces=$1"
    -D mapreduce.partition.binarypartitioner.left.offset=-4
    -D "sluicebox.folder=${2/#file:\/\/\//file:/}/"
    -files "$3"
    -partitioner org.apache.hadoop.mapred.lib.BinaryPartitioner
  )
}

## streaming_job OUTPUT OPTION...
## Runs a streaming job with every property set that a site's defaults could bend; $SLUICEBOX_JOB_OPTIONS
## comes after those and wins, but not over what the step itself sets. Stops where it fails, or does not say that it did
## not: _SUCCESS alone proves nothing, but its absence does. Leaves a listing of what it wrote in $WORK/job.parts.
streaming_job() {
  local output=$1 jar
  shift
  jar=$(streaming_jar)
  local properties=(
    # Lines as they are, all of them key: no delimiter is looked for, no line is cut, nothing is packed or added.
    -D stream.map.output=keyonlytext
    -D stream.reduce.input=keyonlytext
    -D stream.reduce.output=keyonlytext
    -D mapreduce.input.linerecordreader.line.maxlength=2147483647
    -D mapreduce.input.fileinputformat.input.dir.recursive=false
    -D mapreduce.output.fileoutputformat.compress=false
    # Less of a task's time for the framework: larger reads, few spills, one merge of all of them, and what a reducer
    # fetched into memory stays there: the memory is Java's, which the reducer itself has no use for.
    -D io.file.buffer.size=131072
    -D mapreduce.map.sort.spill.percent=0.95
    -D mapreduce.task.io.sort.factor=100
    -D mapreduce.reduce.input.buffer.percent=0.6
    -D "io.compression.codecs=org.apache.hadoop.io.compress.DefaultCodec,org.apache.hadoop.io.compress.GzipCodec"
    # No task may fail, skip records or be run twice side by side and still count as done.
    -D stream.non.zero.exit.is.failure=true
    -D mapreduce.map.failures.maxpercent=0
    -D mapreduce.reduce.failures.maxpercent=0
    -D mapreduce.map.skip.maxrecords=0
    -D mapreduce.reduce.skip.maxgroups=0
    -D mapreduce.map.speculative=false
    -D mapreduce.reduce.speculative=false
    # The log of a task that failed says which split it read.
    -D mapreduce.map.log.level=INFO
    # Version 1 was seen to lose rows where the application master's node died.
    -D mapreduce.fileoutputcommitter.algorithm.version=2
    -D mapreduce.fileoutputcommitter.marksuccessfuljobs=true
  )
  # shellcheck disable=SC2317  # again calls it
  submit() {
    local code=0
    [[ -z $LOCK ]] || guard 2>&"$TOLD"
    # What an earlier try left, with its job.
    # shellcheck disable=SC2154  # again's
    ((try == 1)) || stop_jobs || return
    # That may have taken minutes.
    [[ -z $LOCK ]] || guard 2>&"$TOLD"
    ((try == 1)) || hadoop_fs -rm -r -f -skipTrash "$output" >/dev/null || return
    # shellcheck disable=SC2086  # options, word by word
    hadoop jar "$jar" "${properties[@]}" ${SLUICEBOX_JOB_OPTIONS:-} -D "mapreduce.job.tags=sluicebox,$RUN,$(job_tag)" "$@" -output "$output" >"$WORK/job.out" 2>"$WORK/job.err" ||
      code=$?
    # Where a task's own program failed, no service's weakness in the same log is the reason.
    # A whole job is not repeated for long.
    ((code == 0 || try > 2)) || grep -q 'subprocess failed with code' "$WORK/job.err" || may_pass "$WORK/job.err" >&2 || true
    return "$code"
  }
  JOB_RUNS=1
  again submit "$@" || {
    cat "$WORK/job.err" >&2
    die "$EXIT_IO" "the streaming job failed; $(advice); then run the same command again"
  }
  # shellcheck disable=SC2034  # ending.sh reads it
  JOB_RUNS=''
  dfs -ls "$output" >"$WORK/job.parts" || die "$EXIT_IO" "cannot read $output"
  grep -q '/_SUCCESS$' "$WORK/job.parts" || die "$EXIT_IO" "the streaming job ended without $output/_SUCCESS; run again"
}
