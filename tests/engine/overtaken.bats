#!/usr/bin/env bats
# Runs that others overtake, on a cluster: another date is published first, or another driver takes over the lock.

bats_require_minimum_version 1.5.0
load helpers
load faults

setup_file() {
  faults_setup
  one_client
  cat >"$FAULTS/late.toml" <<'END'
version = 1
[table]
name = "late"
[dedup]
key = ["id"]
scope = "table"
[[column]]
name = "id"
type = "integer"
END
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

@test "a run that another date overtook is not loaded or published as it is, nor by a driver that slept past its lease" {
  local spec
  spec=$(spec_of late)
  # Both have some of the keys.
  { echo id && seq 40; } >"$FAULTS/mine.csv"
  { echo id && seq 10; } >"$FAULTS/fewer.csv"
  { echo id && seq 20 60; } >"$FAULTS/theirs.csv"
  { echo id && seq 61 70; } >"$FAULTS/others.csv"
  # As a build left it whose claims did not say whose they are.
  hadoop fs -mkdir -p "$SLUICEBOX_ROOT/late/locks/$DATE"
  hadoop fs -put - "$SLUICEBOX_ROOT/late/locks/$DATE/1" <<<released
  scripts/land --spec "$spec" --date "$DATE" "$FAULTS/mine.csv" >"$FAULTS/land.log"
  run_dir=$(sed -n 's/^ *hdfs:/hdfs:/p' "$FAULTS/land.log")
  scripts/transform "$run_dir"
  scripts/audit "$run_dir"
  DATE=2026-11-22 pipeline late "$FAULTS/theirs.csv"
  run -5 scripts/load "$run_dir"
  scripts/audit "$run_dir"
  # Its beeline is about to start.
  paused 'hive load *' late scripts/load "$run_dir"
  scripts/load "$run_dir"
  wakes_up_too_late
  # One load, and it is that of who went on.
  loads=$(hadoop fs -ls -C "$SLUICEBOX_ROOT/late/version/run_id=${run_dir##*/}" | sed 's|.*/load=||')
  [[ $(hadoop fs -cat "$run_dir/load.json" | tr -d ' \n') == *"\"id\":\"$loads\""* ]] || lost "a load: there is '$loads'"
  DATE=2026-11-23 pipeline late "$FAULTS/others.csv"
  run -5 scripts/publish "$run_dir"
  [[ $output == *"another run was published"* ]] || lost "the reason: $output"
  [ "$(rows_of late)" -eq 0 ]
  paused 'hive publish *' late pipeline late "$FAULTS/mine.csv"
  # It would point gold to 19 rows.
  pipeline late "$FAULTS/fewer.csv"
  wakes_up_too_late
  rows=$(rows_of late)
  [ "$rows" -eq 10 ] || lost "what another driver published: gold has $rows rows, not 10"
  outcome 'drivers sleep past their lease before Hive loads and before it publishes' 'exit 6, nothing changed' 10 "$rows"
  pipeline late --replace "$FAULTS/mine.csv"
  keys=$(ask 'select count(*), count(distinct id) from late')
  [ "$keys" = $'70\t70' ] || lost "keys: gold has these rows and keys, not 70 of each: $keys"
  outcome 'a run is overtaken before its load and before its publication' 'exit 5, then judged anew' 0 "$(rows_of late)"
}
