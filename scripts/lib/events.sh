# shellcheck shell=bash
# What a run did, one JSON object a line, for $SLUICEBOX_LOG; and who is told how it ended.

## event NAME KEY=VALUE...
## Logs an event of this script's step: what is logged must never stop what is done.
event() {
  local logs=()
  [[ -z ${SLUICEBOX_EVENTS:-} ]] || logs+=("$SLUICEBOX_EVENTS")
  [[ -z ${SLUICEBOX_LOG:-} ]] || logs+=("$SLUICEBOX_LOG")
  ((${#logs[@]})) && [[ -n ${BIN:-} ]] || return 0
  line "$@" | tee -a "${logs[@]}" >/dev/null || note "cannot write to ${logs[*]}"
}

## line NAME KEY=VALUE...
## Prints an event.
line() {
  "$BIN/sluicebox" event "$1" "table=${TABLE:-}" "date=${DATE:-}" "run=${RUN:-}" "step=${STEP:-${0##*/}}" "${@:2}"
}

## tell NAME KEY=VALUE...
## Logs how a run ended, and hands it to $SLUICEBOX_NOTIFY, a command of the user's, on its stdin. That it fails, or takes
## longer than a minute, is no failure of the run.
tell() {
  event "$@"
  [[ -n ${SLUICEBOX_NOTIFY:-} && -n ${BIN:-} ]] || return 0
  line "$@" >"$WORK/told" || return 0
  # It may start a run of its own.
  env -u SLUICEBOX_LOCK -u SLUICEBOX_FS -u SLUICEBOX_EVENTS -u STEP timeout --kill-after=5 60 sh -c "$SLUICEBOX_NOTIFY" <"$WORK/told" >"$WORK/notify.out" 2>&1 ||
    note "SLUICEBOX_NOTIFY failed ($?): $(tail -n 1 "$WORK/notify.out")"
}

## measure OUTCOME
## Writes the table's metrics for Prometheus' textfile collector into the folder $SLUICEBOX_METRICS, in one rename.
measure() {
  local folder=${SLUICEBOX_METRICS:-} file former=() run=() name
  [[ -n $folder && -n ${BIN:-} && -n ${TABLE:-} ]] || return 0
  file=$folder/sluicebox_$TABLE.prom
  [[ ! -f $file ]] || former=(--former "$file")
  for name in verdict load; do
    [[ ! -s $WORK/$name.json ]] || run+=("--$name" "$WORK/$name.json")
  done
  {
    "$BIN/sluicebox" metrics --table "$TABLE" --outcome "$1" --events "$WORK/events" "${former[@]}" "${run[@]}" \
      >"$WORK/metrics" && cp "$WORK/metrics" "$file.$$" && mv "$file.$$" "$file"
  } || note "cannot write metrics to $folder"
}
