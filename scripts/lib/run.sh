# shellcheck shell=bash
# What the steps of a run share: where it lives, how its files and Hive are reached.
#
#     ROOT/TABLE/runs/RUN/    manifest.json spec/ described landed/    made by land
#                             out/                                     made by transform
#                             books.json verdict.json                  made by audit
#                             load.json                                made by load
#     ROOT/TABLE/version/run_id=RUN/, ROOT/TABLE/reject/run_id=RUN/    written by Hive
#     ROOT/TABLE/ledger/RUN.json                                       made by publish
#     ROOT/TABLE/locks/DATE/                                           who works on it
#
# A name that begins with `_` is no result: an attempt, `_unbalanced` output kept for a look, the books
# that Hive wrote for load, or a ledger's entry whose publication is under way. What is finished was renamed
# in one step.
#
# verdict.json and load.json hold for what was published when they were made: both keep what the ledger
# said then, and where it says something else now, they are made again.

# shellcheck source=scripts/lib/events.sh
. "$(dirname "${BASH_SOURCE[0]}")/events.sh"
# shellcheck source=scripts/lib/retry.sh
. "$(dirname "${BASH_SOURCE[0]}")/retry.sh"
# shellcheck source=scripts/lib/lock.sh
. "$(dirname "${BASH_SOURCE[0]}")/lock.sh"

## scratch
## Makes the script's own local folder, $WORK, which goes when the script ends, as does a lock that it took.
scratch() {
  WORK=$(scratch_folder)
  export SLUICEBOX_LAST_WORDS=$WORK/last_words
  # What is said while a command's stderr is kept.
  exec {TOLD}>&2
  trap 'at_exit $?' EXIT
}

## at_exit CODE
## Ends what still works for this script, says how it ended, and only then releases the lock: a signal ends bash at once,
## but not what it waits for.
at_exit() {
  local code=$1
  set +e
  trap '' TERM INT HUP
  # What fails without a word of ours, such as a `cp` on a full disk, is no gate.
  if ((code == EXIT_GATE)) && [[ -n ${RUN:-} && ${0##*/} != pipeline && -z ${MESSAGE:-} && ! -s $WORK/last_words ]]; then
    code=$EXIT_IO
  fi
  end_children
  # What is tidied up now is not worth waiting for.
  RETRY_FOR=0
  if [[ -n $JOB_RUNS ]]; then
    stop_jobs || true
  fi
  report "$code"
  drop_lock
  rm -rf -- "$WORK"
  ((code == $1)) || exit "$code"
}

## report CODE
## Logs a script's failure. The pipeline has one of its own.
report() {
  (($1 == 0)) || event failed "exit=$1" "message=$(ending "$1")"
}

## ending CODE
## Prints why a script ended with this code: its own last words, a program's, or what the code says.
ending() {
  if [[ -n ${MESSAGE:-} ]]; then
    printf '%s\n' "$MESSAGE"
  elif (($1 > 128)); then
    printf 'ended by SIG%s\n' "$(kill -l $(($1 - 128)))"
  elif [[ -s $WORK/last_words ]]; then
    cat "$WORK/last_words"
  else
    printf 'exit %s\n' "$1"
  fi
}

## end_children
## Sends SIGTERM to what this script started and waits until it is gone.
end_children() {
  local pid
  for pid in /proc/[0-9]*; do
    pid=${pid#/proc/}
    if [[ $pid != "$BEAT" ]] && is_child "$pid" && kill -TERM "$pid" 2>/dev/null; then
      progress "ending what is under way"
      while is_child "$pid"; do sleep 0.1; done
    fi
  done
}

## is_child PID
## Whether a process was started by this script and runs still.
is_child() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # Behind the name in brackets: the state and the parent.
  [[ ${stat##*) } =~ ^[^Z]\ $$\  ]]
}

## tools
## Builds or finds the binaries ($BIN) and puts the engine on PATH where there is none.
tools() {
  build_binaries
  BIN=$(binaries_dir)
  use_engine
}

## default_root
## Prints where state lives unless told otherwise: $SLUICEBOX_ROOT, the user's folder on the
## cluster, or a folder of the embedded engine's.
default_root() {
  if [[ -n ${SLUICEBOX_ROOT:-} ]]; then
    printf '%s\n' "$SLUICEBOX_ROOT"
  elif embedded; then
    printf '%s/root\n' "${SLUICEBOX_ENGINE_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/sluicebox}"
  else
    printf '/user/%s/sluicebox\n' "$(id -un)"
  fi
}

## check_root ROOT
## Prints ROOT as a whole URI or path, or exits 2: Hadoop would read some characters as a pattern,
## and a store that cannot rename in one step cannot keep the all-or-nothing guarantee.
check_root() {
  local root=${1%/}
  case $root in
    *[!A-Za-z0-9/._:=@+~-]*)
      usage_error "--root $1: use letters, digits and / . _ - = @ + ~ alone" ;;
    s3:* | s3a:* | s3n:* | gs:* | wasb:* | wasbs:* | adl:* | oss:* | cosn:*)
      usage_error "--root $1: an object store has no atomic rename; use HDFS, ABFS or a file system" ;;
    *:/*) printf '%s\n' "$root" ;;
    /*)
      if embedded; then
        printf 'file://%s\n' "$root"
      else
        # Hive keeps a location as it is written: it must say itself which file system it means.
        local site
        site=$(hdfs getconf -confKey fs.defaultFS) || die "$EXIT_IO" "cannot ask for fs.defaultFS"
        check_root "${site%/}$root"
      fi
      ;;
    *) usage_error "--root $1: give a whole path or a URI, such as hdfs:///data/sluicebox" ;;
  esac
}

## parse_gates ARGUMENT...
## Reads `[--accept GATE --reason TEXT]... RUN_DIR` into gates and run_dir.
parse_gates() {
  run_dir='' gates=()
  while (($#)); do
    case $1 in
      --accept | --reason)
        (($# > 1)) || usage_error "$1 needs a value"
        gates+=("$1" "$2")
        shift
        ;;
      -h | --help) usage && exit 0 ;;
      -*) usage_error "unknown option $1" ;;
      *)
        [[ -z $run_dir ]] || usage_error "one run at a time"
        run_dir=$1
        ;;
    esac
    shift
  done
  [[ -n $run_dir ]] || usage_error "name the run's folder"
}

## options_of_table NAME...
## For the commands on a table's runs: sets what take_option reads, the options that all of them have and those named.
options_of_table() {
  OPTIONS=(spec date root "$@") TAKEN=1
  local name
  for name in "${OPTIONS[@]}"; do printf -v "$name" ''; done
}

## take_option ARGUMENT...
## Reads the first of the arguments; $TAKEN is how many it took.
take_option() {
  local name=${1#--}
  case $1 in
    -h | --help) usage && exit 0 ;;
    --*) [[ " ${OPTIONS[*]} " == *" $name "* ]] || usage_error "unknown option $1" ;;
    *) usage_error "unexpected argument $1" ;;
  esac
  (($# > 1)) || usage_error "$1 needs a value"
  printf -v "$name" %s "$2"
  # shellcheck disable=SC2034  # for the loop that calls this
  TAKEN=2
}

## open_table
## Sets ROOT, TABLE, SPEC, and DATE and RUN as the statements on the table need them.
open_table() {
  # shellcheck disable=SC2154  # by take_option
  [[ -n $spec ]] || usage_error "--spec is missing"
  # shellcheck disable=SC2154
  [[ -z $date || $date =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || usage_error "--date $date is no day; write it as YYYY-MM-DD"
  scratch
  tools
  # shellcheck disable=SC2154
  ROOT=$(check_root "${root:-$(default_root)}")
  SPEC=$(realpath -e -- "$spec" 2>/dev/null) || die "$EXIT_USAGE" "cannot read the spec $spec"
  TABLE=$("$BIN/sluicebox" get table "$SPEC")
  DATE=$date RUN=none
}

## name_run RUN_DIR
## Sets RUN_DIR, RUN, TABLE, ROOT, DATE, SPEC and LEDGER.
name_run() {
  RUN_DIR=${1%/}
  RUN=${RUN_DIR##*/}
  local runs=${RUN_DIR%/*}
  local table_dir=${runs%/*}
  # shellcheck disable=SC2034  # for the steps
  TABLE=${table_dir##*/} DATE=${RUN:0:10} SPEC=$WORK/spec/table.toml
  ROOT=${table_dir%/*}
  [[ ${runs##*/} == runs && $RUN =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{8}$ ]] ||
    usage_error "$1 is no run; it looks like ROOT/TABLE/runs/2026-11-21-3fa9c1d2"
  LEDGER=$table_dir/ledger
}

## open_run
## Lists what the run and the ledger have, sets LEDGER_STATE, and fetches the run's small files into $WORK. Each call of
## hadoop starts a JVM, so all is asked for at once.
open_run() {
  list "$WORK/listing" "$RUN_DIR" "$LEDGER"
  local name fetch=()
  for name in manifest.json spec described books.json verdict.json load.json; do
    if has "$name"; then fetch+=("$RUN_DIR/$name"); fi
  done
  dfs -get -f "${fetch[@]}" "$WORK/" || die "$EXIT_IO" "cannot read the files of $RUN_DIR"
  LEDGER_STATE=$(ledger_state "$WORK/listing")
}

## list OUTPUT FOLDER...
## Writes the paths that folders hold into a local file.
list() {
  dfs -ls -C "${@:2}" >"$1" 2>"$WORK/list.err" ||
    die "$EXIT_IO" "cannot read ${*:2}: $(tail -n 1 "$WORK/list.err")"
}

## has NAME
## Whether the run had this file or folder, or the ledger this entry, when the run was opened.
has() {
  grep -q "/$1\$" "$WORK/listing"
}

## ledger_state LISTING
## Prints a hash of what the ledger says was published, as far as this run's judgement depends on it: all of
## the table where a key is looked for in gold's other partitions, else what has its date. Each publication
## adds a name; one that is under way, whose name begins with `_`, has not changed gold for certain.
ledger_state() {
  in_scope <"$1" | awk '!/^_/' | LC_ALL=C sort | sha256sum | cut -c 1-16
}

## in_scope
## Of paths on stdin, prints the names of the ledger's entries that this run's judgement depends on.
in_scope() {
  local of="^_?$DATE-" scope
  scope=$("$BIN/sluicebox" get scope "$SPEC")
  [[ $scope != table ]] || of=''
  sed -n 's|.*/ledger/||p' | awk -v of="$of" '$0 ~ of'
}

# What follows is asked in conditions, where bash goes on after a command that fails: each stops by itself.

## judged_state FILE
## Prints what the ledger said when a verdict or a load was made.
judged_state() {
  "$BIN/sluicebox" get before.ledger "$WORK/$1" || exit "$EXIT_IO"
}

## fresh FILE
## Whether a verdict or a load that was made before holds still: nothing was published in between.
fresh() {
  local judged
  has "$1" || return
  judged=$(judged_state "$1") || exit "$EXIT_IO"
  [[ $judged == "$LEDGER_STATE" ]]
}

## is_published
## Whether gold, or a further gold table, points to this run, as Hive says.
is_published() {
  local published
  hql show >"$WORK/show.hql" || exit "$EXIT_IO"
  hive "$WORK/show.hql" "$WORK/shown" "say what is published"
  published=$("$BIN/sluicebox" hql published --spec "$SPEC" --described "$WORK/shown") || exit "$EXIT_IO"
  cut -f 2 <<<"$published" | grep -qxF -- "$RUN"
}

## settled FILE
## Whether it is not to be made again: it is fresh, or gold points to this very run.
settled() {
  has "$1" || return
  fresh "$1" || is_published
}

## check_acceptance SPEC OPTION...
## Exits 2 where --accept and --reason don't fit: a slip of the pen must not cost two jobs.
check_acceptance() {
  local spec=$1 code=0
  shift
  (($#)) || return 0
  "$BIN/validator" --judge --spec "$spec" "$@" </dev/null >/dev/null 2>"$WORK/gates.err" || code=$?
  ((code != EXIT_USAGE)) || { cat "$WORK/gates.err" >&2 && exit "$EXIT_USAGE"; }
}

## attempt NAME
## Prints the folder of a new attempt, and removes what an attempt that died left there, its job first.
attempt() {
  if has "_$1"; then
    guard
    stop_jobs || die "$EXIT_IO" "cannot ask YARN for the jobs that an earlier attempt at $RUN left"
    dfs -rm -r -f -skipTrash "$RUN_DIR/_$1" >/dev/null || die "$EXIT_IO" "cannot remove $RUN_DIR/_$1"
  fi
  printf '%s/_%s\n' "$RUN_DIR" "$1"
}

## fs ARG...
## dfs that exits 3 where it fails: its own 1 would read as a failed gate.
fs() {
  dfs "$@" || die "$EXIT_IO" "hadoop fs ${*:1:2} failed; run again once its cause is mended"
}

## exists PATH
## Whether a file or folder is there on the cluster; exits 3 where that could not be asked.
exists() {
  if dfs -test -e "$1" 2>"$WORK/test.err"; then
    return 0
  fi
  # Clients log warnings too; only the command's own line is an error.
  ! grep -q '^-\?test: ' "$WORK/test.err" || die "$EXIT_IO" "cannot look for $1: $(tail -n 1 "$WORK/test.err")"
  return 1
}

## finish FROM TO
## Renames what is finished to its final name.
finish() {
  guard
  # A try whose answer was lost may have done it.
  again hadoop fs -mv "$1" "$2" || { exists "$2" && ! exists "$1"; } || die "$EXIT_IO" "cannot rename $1 to $2"
}

## keep TO FILE...
## Puts local files on the cluster. Hadoop writes each under a name of its own and renames it.
keep() {
  guard
  dfs -put -f "${@:2}" "$1" || die "$EXIT_IO" "cannot write $1"
}

## overtaken
## Ends a step whose run was judged by what is no longer published.
overtaken() {
  die "$EXIT_OVERTAKEN" "another run was published since $RUN was judged, or is being published; run the pipeline again, or audit and load"
}

## hive HQL_FILE OUTPUT_FILE WHAT
## Runs statements by beeline ($SLUICEBOX_JDBC, or what beeline itself is set up for); exits 3 where
## one fails, with beeline's own words. A beeline that finds no server for -f exits 0: only what the last statement
## prints says that all of them ran.
hive() {
  local url=() script=$WORK/statements/${1##*/}
  [[ -n ${SLUICEBOX_JDBC:-} ]] && url=(-u "$SLUICEBOX_JDBC")
  mkdir -p "${script%/*}"
  { cat "$1" && printf "\nSELECT 'sluicebox:done';\n"; } >"$script"
  # shellcheck disable=SC2086  # options, word by word
  # shellcheck disable=SC2317  # again calls it
  run_statements() {
    beeline "${url[@]}" ${SLUICEBOX_BEELINE_OPTIONS:-} --silent=true --showHeader=false --outputformat=tsv2 \
      -f "$script" >"$WORK/hive.out" 2>"$WORK/beeline.err" && grep -qx 'sluicebox:done' "$WORK/hive.out" && return
    # Where a session was lost Hive may still be at work on its statement: a second one must not meet it.
    grep -E 'Could not open client transport|Connection refused|Could not connect to meta store' "$WORK/beeline.err" >&2
    return 1
  }
  if ! again run_statements 2>/dev/null; then
    sed '/^$/d' "$WORK/beeline.err" | tail -n 15 >&2
    die "$EXIT_IO" "Hive could not $3; mend what it says and run again"
  fi
  mv "$WORK/hive.out" "$2"
  sed -i '/^sluicebox:done$/d' "$2"
}

## hql STAGE [OPTION...]
## Prints the statements of a stage of this run.
hql() {
  local stage=$1
  shift
  "$BIN/sluicebox" hql "$stage" --spec "$SPEC" --root "$ROOT" --run "$RUN" --date "$DATE" "$@"
}

## published_run DESCRIBED
## Prints the run that gold's partition points to, by what Hive said; nothing where there is none.
published_run() {
  local published
  published=$("$BIN/sluicebox" hql published --spec "$SPEC" --described "$1")
  awk -F '\t' -v table="$TABLE" '$3 == table { print $2 }' <<<"$published"
}

# Set while a job runs.
JOB_RUNS=''

## stop_jobs
## Kills this run's jobs, found by their tag, and waits until YARN says that they ended. Where there is no cluster there
## are none that outlive the command.
stop_jobs() {
  local id
  command -v yarn >/dev/null || return 0
  for _ in {1..60}; do
    again yarn application -list -appTags "$RUN" -appStates NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING >"$WORK/jobs" 2>"$WORK/jobs.err" ||
      return 1
    # Its heading names states too.
    grep -o '^application_[0-9_]*' "$WORK/jobs" >"$WORK/ids" || return 0
    while read -r id; do
      note "killing $id, which an attempt at $RUN left"
      yarn application -kill "$id" >/dev/null 2>&1 </dev/null || true
    done <"$WORK/ids"
    sleep 1
  done
  return 1
}

## advice
## Prints why the job failed, as far as its client and its tasks say, and what to do.
advice() {
  local id log
  : >"$WORK/job.logs"
  # The embedded engine's client says the most in its full log.
  log=$(sed -n 's/.*the full log: //p' "$WORK/job.err" | tail -n 1)
  [[ ! -f $log ]] || cat "$log" >>"$WORK/job.err"
  id=$(grep -o '\(application\|job\)_[0-9]*_[0-9]*' "$WORK/job.err" | tail -n 1 | sed 's/^job/application/') || true
  if [[ -n $id ]] && ! embedded; then
    timeout 90 yarn logs -applicationId "$id" -log_files stderr,syslog >"$WORK/job.logs" 2>/dev/null </dev/null || true
  fi
  "$BIN/sluicebox" advise --client "$WORK/job.err" --logs "$WORK/job.logs"
}

## streaming_job OUTPUT OPTION...
## Runs a streaming job with every property set that a site's defaults could bend; $SLUICEBOX_JOB_OPTIONS
## comes after those and wins, but not over what the step itself sets. Stops where it fails, or does not say that it did not: _SUCCESS alone proves nothing, but its absence does.
## Leaves a listing of what it wrote in $WORK/job.parts.
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
    # Version 1 was seen to lose rows where the application master's node died.
    -D mapreduce.fileoutputcommitter.algorithm.version=2
    -D mapreduce.fileoutputcommitter.marksuccessfuljobs=true
  )
  # shellcheck disable=SC2317  # again calls it
  submit() {
    local code=0
    # What an earlier try left, with its job.
    ((try == 1)) || { stop_jobs && hadoop fs -rm -r -f -skipTrash "$output" >/dev/null; } || return
    # shellcheck disable=SC2086  # options, word by word
    hadoop jar "$jar" "${properties[@]}" ${SLUICEBOX_JOB_OPTIONS:-} -D "mapreduce.job.tags=sluicebox,$RUN" "$@" -output "$output" >"$WORK/job.out" 2>"$WORK/job.err" ||
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
  JOB_RUNS=''
  dfs -ls "$output" >"$WORK/job.parts" || die "$EXIT_IO" "cannot read $output"
  grep -q '/_SUCCESS$' "$WORK/job.parts" || die "$EXIT_IO" "the streaming job ended without $output/_SUCCESS; run again"
}
