# shellcheck shell=bash
# What the steps of a run share: where it lives, how its files and Hive are reached.
#
#     ROOT/TABLE/runs/RUN/    manifest.json spec/ described landed/    made by land
#                             out/                                     made by transform
#                             books.json verdict.json                  made by audit
#                             load.json                                made by load
#     ROOT/TABLE/{version,reject}/run_id=RUN/load=ID/                  written by Hive
#     ROOT/TABLE/ledger/RUN.json                                       made by publish
#     ROOT/TABLE/locks/DATE/                                           who works on it
#
# A name that begins with `_` is no result: an attempt, `_unbalanced` output kept for a look, the
# `_verdict.json` of a run that was stopped, or a ledger's entry whose publication is under way. What is
# finished was renamed in one step.
#
# verdict.json and load.json hold for what was published when they were made: both keep what the ledger
# said then, and where it says something else now, they are made again.

# shellcheck source=scripts/lib/events.sh
. "$(dirname "${BASH_SOURCE[0]}")/events.sh"
# shellcheck source=scripts/lib/ending.sh
. "$(dirname "${BASH_SOURCE[0]}")/ending.sh"
# shellcheck source=scripts/lib/options.sh
. "$(dirname "${BASH_SOURCE[0]}")/options.sh"
# shellcheck source=scripts/lib/client.sh
. "$(dirname "${BASH_SOURCE[0]}")/client.sh"
# shellcheck source=scripts/lib/retry.sh
. "$(dirname "${BASH_SOURCE[0]}")/retry.sh"
# shellcheck source=scripts/lib/lock.sh
. "$(dirname "${BASH_SOURCE[0]}")/lock.sh"
# shellcheck source=scripts/lib/hive.sh
. "$(dirname "${BASH_SOURCE[0]}")/hive.sh"
# shellcheck source=scripts/lib/job.sh
. "$(dirname "${BASH_SOURCE[0]}")/job.sh"

# What a pipeline's steps share: its own folder, on this machine.
SHARED=${SLUICEBOX_EVENTS:+${SLUICEBOX_EVENTS%/*}}
# The pipeline's own client, or none.
[[ -n $SHARED && ${SLUICEBOX_FS:-} == "$SHARED/fs" ]] || unset SLUICEBOX_FS

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
## Lists what the run and the ledger have, sets LEDGER_STATE, and fetches the run's small files into $WORK. Each call takes
## its time, so all is asked for at once, and what a step before had is not asked for again.
open_run() {
  list "$WORK/listing" "$RUN_DIR" "$LEDGER"
  local name fetch=() fetched=()
  for name in manifest.json spec described books.json verdict.json load.json; do
    has "$name" || continue
    if [[ -n $SHARED && -e $SHARED/$RUN/$name ]]; then
      cp -R "$SHARED/$RUN/$name" "$WORK/"
    else
      fetch+=("$RUN_DIR/$name") fetched+=("$WORK/$name")
    fi
  done
  if ((${#fetch[@]})); then
    dfs -get -f "${fetch[@]}" "$WORK/" || die "$EXIT_IO" "cannot read the files of $RUN_DIR"
    hand_on "${fetched[@]}"
  fi
  LEDGER_STATE=$(ledger_state "$WORK/listing")
}

## hand_on FILE...
## Leaves files of the run to the steps that the pipeline calls next under its lock.
hand_on() {
  [[ -n $SHARED ]] || return 0
  { mkdir -p "$SHARED/$RUN" && cp -R "$@" "$SHARED/$RUN/"; } || die "$EXIT_IO" "cannot write to $SHARED"
}

## hand_over FILE...
## Gives what was found of the run to the pipeline that called this step, in place of what was found before.
hand_over() {
  [[ -n $SHARED ]] || return 0
  { rm -f "$SHARED"/{manifest,verdict,load}.json && cp "$@" "$SHARED/"; } || die "$EXIT_IO" "cannot write to $SHARED"
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

## settled FILE
## Whether it is not to be made again: it is fresh, or gold points to this very run.
settled() {
  has "$1" || return
  fresh "$1" || is_published
}

## attempt NAME
## Prints the folder of a new attempt, and removes what an attempt that died left there, its job first. A job that waits in
## its queue has made no folder yet: only a run that this very pipeline landed can have none.
attempt() {
  if has "_$1" || [[ -z $SHARED || ! -e $SHARED/$RUN/new ]]; then
    guard
    stop_jobs || die "$EXIT_IO" "an earlier attempt at $RUN may have left a job: $LEFT"
  fi
  if has "_$1"; then
    dfs -rm -r -f -skipTrash "$RUN_DIR/_$1" >/dev/null || die "$EXIT_IO" "cannot remove $RUN_DIR/_$1"
  fi
  printf '%s/_%s\n' "$RUN_DIR" "$1"
}

## fs ARG...
## dfs that exits 3 where it fails: its own 1 would read as a failed gate.
fs() {
  dfs "$@" || die "$EXIT_IO" "hadoop fs ${*:1:2} failed: ${REASON:-it said nothing}; run again once that is mended"
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
  again hadoop_fs -mv "$1" "$2" || { exists "$2" && ! exists "$1"; } || die "$EXIT_IO" "cannot rename $1 to $2"
}

## keep TO FILE...
## Puts local files on the cluster. Hadoop writes each under a name of its own and renames it.
keep() {
  guard
  dfs -put -f "${@:2}" "$1" || die "$EXIT_IO" "cannot write $1"
  [[ $1 != "$RUN_DIR/" ]] || hand_on "${@:2}"
}

## keep_refused
## Keeps the verdict of a run that is stopped; under this name it lets nothing through, and the next one that passes
## removes it.
keep_refused() {
  cp "$WORK/verdict.json" "$WORK/_verdict.json" || die "$EXIT_IO" "cannot write to $WORK"
  keep "$RUN_DIR/" "$WORK/_verdict.json"
}

## overtaken
## Ends a step whose run was judged by what is no longer published.
overtaken() {
  die "$EXIT_OVERTAKEN" "another run was published since $RUN was judged, or is being published; run the pipeline again, or audit and load"
}
