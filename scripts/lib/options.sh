# shellcheck shell=bash
# The options that several scripts share.

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

## parse_sources EXTRA ARGUMENT...
## Reads `OPTION... FILE...` into spec, date, root, wait, add, replace, landed, partial, result, gates and sources. EXTRA
## names the options that the script has beside those that all of them have.
# shellcheck disable=SC2034  # for the script
parse_sources() {
  local extra=$1
  shift
  spec='' date='' root='' wait='' landed='' partial='' result='' add=() replace=() gates=() sources=()
  while (($#)); do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --) shift && sources+=("$@") && break ;;
      -*) [[ " spec date root wait $extra " == *" ${1#--} "* && $1 == --* ]] || usage_error "unknown option $1" ;;
    esac
    case $1 in
      --add) add=(--add) ;;
      --replace) replace=(--replace) ;;
      --landed) landed=1 ;;
      --partial) partial=1 ;;
      --*)
        (($# > 1)) || usage_error "$1 needs a value"
        case $1 in
          --accept | --reason) gates+=("$1" "$2") ;;
          *) printf -v "${1#--}" %s "$2" ;;
        esac
        shift
        ;;
      *) sources+=("$1") ;;
    esac
    shift
  done
  [[ -n $spec ]] || usage_error "--spec is missing"
  [[ -n $date ]] || usage_error "--date is missing"
  check_day "$date"
  if [[ -n $landed ]]; then
    [[ ${#sources[@]} == 0 && ${#add[@]} == 0 && -z $wait ]] ||
      usage_error "--landed takes the files that were landed; leave files, --add and --wait away"
  else
    ((${#sources[@]})) || usage_error "no source files are named"
  fi
  ((${#add[@]} == 0 || ${#replace[@]} == 0)) || usage_error "--add keeps the published files and --replace leaves them out; give one of them"
  [[ -z $wait || $wait =~ ^[1-9][0-9]{0,6}[smh]$ ]] || usage_error "--wait $wait is no time; write it as 90s, 30m or 2h"
}

## check_day DATE
## Exits 2 where it is no day of the calendar.
check_day() {
  [[ $1 =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ && $(date -u -d "$1" +%F 2>/dev/null) == "$1" ]] ||
    usage_error "--date $1 is no day; write it as YYYY-MM-DD"
}

## check_acceptance SPEC OPTION...
## Exits 2 where --accept and --reason don't fit: a slip of the pen must not cost two jobs.
check_acceptance() {
  local spec=$1 code=0
  shift
  (($#)) || return 0
  "$BIN/validator" --judge --spec "$spec" "$@" </dev/null >/dev/null 2>"$WORK/gates.err" || code=$?
  ((code != EXIT_USAGE)) || { cat "$WORK/gates.err" >&2 && exit "$EXIT_USAGE"; }
  # That no books stand on stdin is not the reason of what may fail later.
  rm -f "$WORK/last_words"
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
  [[ -z $date ]] || check_day "$date"
  scratch
  tools
  # shellcheck disable=SC2034,SC2154
  ROOT=$(check_root "${root:-$(default_root)}")
  SPEC=$(realpath -e -- "$spec" 2>/dev/null) || die "$EXIT_USAGE" "cannot read the spec $spec"
  # shellcheck disable=SC2034
  TABLE=$("$BIN/sluicebox" get table "$SPEC")
  # shellcheck disable=SC2034
  DATE=$date RUN=none
}

## newest_run
## Prints the run of $DATE that was touched last; exits 2 where there is none.
newest_run() {
  dfs -stat '%Y %n' "$ROOT/$TABLE/runs/$DATE-*" >"$WORK/runs" 2>"$WORK/runs.err" || {
    grep -q 'No such file' "$WORK/runs.err" || die "$EXIT_IO" "cannot read the runs of $TABLE: $(tail -n 1 "$WORK/runs.err")"
    usage_error "there is no run of $TABLE for $DATE below $ROOT"
  }
  sort -n "$WORK/runs" | tail -n 1 | cut -d ' ' -f 2
}

## no_such_run RUN WHAT
## Ends a command that needs WHAT of a run which has none, and says where the rest of it is, if it was cleaned away.
no_such_run() {
  local archive=$ROOT/$TABLE/archive/$1
  ! exists "$archive" || usage_error "run $1 was cleaned away; its spec, manifest, verdict and books are in $archive"
  usage_error "there is no $2 of run $1; scripts/pipeline status shows the runs that are there"
}
