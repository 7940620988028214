# shellcheck shell=bash
# What a run did, one JSON object a line, for $SLUICEBOX_LOG; and who is told how it ended.

## event NAME KEY=VALUE...
## Logs an event of this script's step: what is logged must never stop what is done.
event() {
  local logs=()
  [[ -z ${SLUICEBOX_EVENTS:-} ]] || logs+=("$SLUICEBOX_EVENTS")
  [[ -z ${SLUICEBOX_LOG:-} ]] || logs+=("$SLUICEBOX_LOG")
  ((${#logs[@]})) || return 0
  line "$@" | tee -a "${logs[@]}" >/dev/null || note "cannot write to ${logs[*]}"
}

## line NAME KEY=VALUE...
## Prints an event.
line() {
  local fields=("table=${TABLE:-}" "date=${DATE:-}" "run=${RUN:-}" "step=${STEP:-${0##*/}}" "${@:2}")
  { [[ -n ${BIN:-} ]] && "$BIN/sluicebox" event "$1" "${fields[@]}" 2>/dev/null; } || plain_line "$1" "${fields[@]}"
}

## plain_line NAME KEY=VALUE...
## Prints an event where there are no binaries, which may be why a run failed: what is not plain ASCII shows as `?`.
plain_line() {
  local LC_ALL=C field text
  printf '{"at":"%s","event":"%s"' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1"
  for field in "${@:2}"; do
    text=${field#*=}
    [[ -n $text ]] || continue
    text=${text//[^ -~]/?} text=${text//\\/\\\\} text=${text//\"/\\\"}
    [[ $text =~ ^(0|[1-9][0-9]{0,8})$ ]] || text="\"$text\""
    printf ',"%s":%s' "${field%%=*}" "$text"
  done
  printf '}\n'
}

## step_skipped NAME TEXT
## step_done for a step that was done before. It is logged without its seconds, which are not what the step takes.
step_skipped() {
  (
    # shellcheck disable=SC2317  # step_done calls it
    event() { :; }
    step_done "$@"
  )
  # shellcheck disable=SC2034  # ending.sh reads it
  UNFINISHED=''
  event skipped "what=$2"
}

## tell NAME KEY=VALUE...
## Logs how a run ended, and hands it to $SLUICEBOX_NOTIFY, a command of the user's, on its stdin. That it fails, or takes
## longer than a minute, is no failure of the run. It needs no room on a disk, which may be why a run failed.
tell() {
  local told output=$WORK/notify.out
  event "$@"
  [[ -n ${SLUICEBOX_NOTIFY:-} ]] || return 0
  told=$(line "$@")
  { printf '\n' >"$output"; } 2>/dev/null || output=/dev/null
  # It may start a run of its own. It need not read what it is told.
  env -u SLUICEBOX_LOCK -u SLUICEBOX_FS -u SLUICEBOX_EVENTS -u STEP timeout --kill-after=5 60 sh -c "$SLUICEBOX_NOTIFY" \
    < <(printf '%s\n' "$told") >"$output" 2>&1 || note "SLUICEBOX_NOTIFY failed ($?): $(tail -n 1 "$output")"
}

## measure OUTCOME
## Writes the table's metrics for Prometheus' textfile collector into the folder $SLUICEBOX_METRICS, in one rename. Its own
## room is all that they need, and whoever runs the collector may read them.
measure() {
  local folder=${SLUICEBOX_METRICS:-} file former=() run=() name
  [[ -n $folder && -n ${BIN:-} && -n ${TABLE:-} ]] || return 0
  file=$folder/sluicebox_$TABLE.prom
  [[ ! -f $file ]] || former=(--former "$file")
  for name in verdict load; do
    [[ ! -s $WORK/$name.json ]] || run+=("--$name" "$WORK/$name.json")
  done
  local metrics=("$BIN/sluicebox" metrics --table "$TABLE" --outcome "$1" --events "$WORK/events" "${former[@]}")
  # A full disk may have cut short what is known of the run.
  if ! { { "${metrics[@]}" "${run[@]}" || "${metrics[@]}"; } >"$file.$$" && chmod 644 "$file.$$" && mv "$file.$$" "$file"; }; then
    rm -f "$file.$$"
    note "cannot write metrics to $folder"
  fi
}
