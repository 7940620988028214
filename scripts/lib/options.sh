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

## check_acceptance SPEC OPTION...
## Exits 2 where --accept and --reason don't fit: a slip of the pen must not cost two jobs.
check_acceptance() {
  local spec=$1 code=0
  shift
  (($#)) || return 0
  "$BIN/validator" --judge --spec "$spec" "$@" </dev/null >/dev/null 2>"$WORK/gates.err" || code=$?
  ((code != EXIT_USAGE)) || { cat "$WORK/gates.err" >&2 && exit "$EXIT_USAGE"; }
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
  # shellcheck disable=SC2034,SC2154
  ROOT=$(check_root "${root:-$(default_root)}")
  SPEC=$(realpath -e -- "$spec" 2>/dev/null) || die "$EXIT_USAGE" "cannot read the spec $spec"
  # shellcheck disable=SC2034
  TABLE=$("$BIN/sluicebox" get table "$SPEC")
  # shellcheck disable=SC2034
  DATE=$date RUN=none
}
