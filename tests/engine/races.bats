#!/usr/bin/env bats
# Two pipelines of a table at once, on a cluster, and somebody who reads gold meanwhile.

bats_require_minimum_version 1.5.0
load helpers
load faults

setup_file() {
  faults_setup
  one_client
  # As little else as can be: what meets here are the lock and the publications.
  printf 'version = 1\n[[column]]\nname = "id"\ntype = "integer"\n[table]\nname = "race"\n' >"$FAULTS/race.toml"
  export SLUICEBOX_JOB_OPTIONS='-D mapreduce.job.maps=1 -D mapreduce.job.ubertask.enable=true'
}

teardown_file() {
  faults_teardown
}

setup() {
  cd "$REPO" || return
}

teardown() {
  failed_outcome
}

@test "two pipelines are started together, round after round, and somebody reads: one is published each time, whole" {
  local rounds=10 round one two codes seen i
  # Two pairs of deliveries in turn: what comes for the second time has its job done, and is judged and loaded anew.
  for i in 0 1 2 3; do { echo id && seq $((50 + i)); } >"$FAULTS/race$i.csv"; done
  { echo id && seq 40; } >"$FAULTS/race.csv"
  pipeline race "$FAULTS/race.csv"
  seen=(40)
  read_on race
  for ((round = 1; round <= rounds; round++)); do
    codes=(0 0) one=$((round % 2 * 2)) two=$((round % 2 * 2 + 1))
    pipeline race --replace "$FAULTS/race$one.csv" >"$FAULTS/one.log" 2>&1 3>&- &
    pipeline race --replace "$FAULTS/race$two.csv" >"$FAULTS/two.log" 2>&1 || codes[1]=$?
    wait $! || codes[0]=$?
    # What is in gold then, the reader sees.
    case ${codes[*]} in
      '0 6') seen+=($((50 + one))) ;;
      '6 0') seen+=($((50 + two))) ;;
      *) lost "round $round: one publishes and the other is told (0 and 6); they ended with ${codes[*]}: $(cat "$FAULTS"/{one,two}.log)" ;;
    esac
  done
  stop_reading
  old_then_new "${seen[@]}"
  outcome "two pipelines at once, $rounds times, and a reader" 'one published, one exit 6' 40 "${seen[-1]}"
}
