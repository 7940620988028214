#!/usr/bin/env bats
# kill -9 of the driver, on a cluster, at every call that changes something. Each run goes on where the one before was
# killed, so that a step is walked through once; in the end all must be as an undisturbed run leaves it. The tests of
# this file build on each other, in their order.

bats_require_minimum_version 1.5.0
load helpers
load faults

setup_file() {
  faults_setup
  one_client
  # The audit by a job, as where there is much to count: more calls to be killed at.
  export SLUICEBOX_AUDIT_HERE=0
  # Of two equal tables one is disturbed; what the other's steps call is what there is to be killed at.
  pipeline hit "$FAULTS/old.csv" >"$FAULTS/hit.log" 2>&1 3>&- &
  pipeline calm "$FAULTS/old.csv"
  wait $! || { cat "$FAULTS/hit.log" && false; }
  rows_of hit >"$FAULTS/old.rows"
  for name in land transform audit load publish; do
    rm -f "$FAULTS/calls"
    step "$name" calm >"$FAULTS/calm.log"
    [[ $name != land ]] || sed -n 's/^ *hdfs:/hdfs:/p' "$FAULTS/calm.log" >"$FAULTS/calm.run"
    mv "$FAULTS/calls" "$FAULTS/calls.$name"
  done
  state calm >"$FAULTS/calm.state"
  # A job that is under way until it is killed.
  mkdir "$FAULTS/slow"
  ln -s "$BIN"/{reducer,validator,sluicebox} "$FAULTS/slow/"
  printf '#!/bin/sh\n: >"%s"\nexec sleep 600\n' "$FAULTS/running" >"$FAULTS/slow/mapper"
  chmod +x "$FAULTS/slow/mapper"
}

teardown_file() {
  faults_teardown
}

setup() {
  cd "$REPO" || return
  rm -f "$FAULTS/calls"
}

teardown() {
  failed_outcome
}

## points STEP
## Where a step is killed: label and when, in the order of its calls; before and after each, and between the statements of
## each script of Hive's.
points() {
  local label statements n
  while read -r label; do
    case $label in
      # That the lock is released at the end changes nothing for who comes later.
      *'the lock is '*) [[ $1 == land && $label != *released ]] || continue ;;
      'hive '*)
        statements=${label##* } statements=${#statements}
        for ((n = 1; n < statements; n++)); do
          printf '%s\tcut %s\n' "$label" "$n"
        done
        ;;
    esac
    # Before any other call all is as after the one that came before.
    if [[ $label =~ ^(-mv|hive|job) ]]; then printf "%s\tbefore\n" "$label"; fi
    printf '%s\tafter\n' "$label"
  done <"$FAULTS/calls.$1"
}

## walk STEP ENDS [ROWS]
## Kills a step at each of its points in turn, lets it end from another folder, and sees that gold has the old rows still,
## unless it is to have others, and that nothing was done again that was done: after the call that ends the step, ENDS,
## nothing is changed any more.
walk() {
  local label when count=0 before rows
  before=$(<"$FAULTS/old.rows")
  while IFS=$'\t' read -r label when; do
    killed "$label" "$when" step "$1" hit
    ((++count))
  done < <(points "$1")
  mkdir -p "$FAULTS/elsewhere"
  (cd / && TMPDIR=$FAULTS/elsewhere step "$1" hit) >"$FAULTS/$1.log" || lost "$1 does not end after $count kills: $(cat "$FAULTS/$1.log")"
  [ "$(grep -cxF -- "$2" "$FAULTS/calls")" -eq 1 ] || lost "the end of $1, '$2', is not there once: $(cat "$FAULTS/calls")"
  ! sed "1,/^$(sed 's|[/.]|\\&|g' <<<"$2")\$/d" "$FAULTS/calls" | grep -vE 'the lock is|^hive prepare' ||
    lost "work of $1: it was done again after it had ended"
  rows=$(rows_of hit)
  [ "$rows" -eq "${3:-$before}" ] || lost "rows of gold after $1: $rows, not ${3:-$before}"
  outcome "kill -9 in $1, $count points" 'went on' "$before" "$rows"
}

@test "land, killed at every call, lands each file once" {
  walk land '-mv runs/_landing-RUN runs/RUN'
  sed -n 's/^ *hdfs:/hdfs:/p' "$FAULTS/land.log" >"$FAULTS/hit.run"
}

@test "transform, killed at every call; a job that was left running is killed by the next run" {
  SLUICEBOX_BIN=$FAULTS/slow killed 'job transform' "amid $FAULTS/running" step transform hit
  walk transform '-mv runs/RUN/_transform runs/RUN/out'
  grep -qxF "kill a job" "$FAULTS/calls" || lost "the trace of the job that was left: it was not killed"
  outcome "kill -9 while the job runs" "its job was killed, went on" - -
}

@test "audit, killed at every call" {
  walk audit '-put -f books.json verdict.json runs/RUN/'
}

@test "load, killed at every call and while Hive works" {
  killed "$(grep "^hive load" "$FAULTS/calls.load")" 'amid 3' step load hit
  # What that left is removed.
  killed 'what other attempts loaded is removed' before step load hit
  killed 'what other attempts loaded is removed' after step load hit
  walk load '-put -f load.json runs/RUN/'
}

@test "publish, killed at every call, between the statements of Hive too: a reader sees the old rows, then the new ones" {
  before=$(rows_of hit)
  read_on hit
  walk publish '-mv ledger/_RUN.TRY.json ledger/RUN.json' "$(rows_of calm)"
  stop_reading
  old_then_new "$before" "$(rows_of calm)"
}

@test "after all of it: gold, quarantine, ledger and every path are as an undisturbed run left them" {
  run -0 pipeline hit --add "$FAULTS/new.csv"
  [[ $output == *"nothing to do"* ]]
  same hit
}
