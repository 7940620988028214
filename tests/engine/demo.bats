#!/usr/bin/env bats
# The README's first command, as a newcomer runs it, and a pipeline with Hive in one process.

bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  engine_setup
}

@test "the demo ends with Hive's own answers, and they add up" {
  cd "$REPO" || return
  unset SLUICEBOX_ROOT SLUICEBOX_ENGINE_HOME SLUICEBOX_JOB_OPTIONS
  run -0 scripts/demo
  [[ $output == *"books balance"*"Hive agrees"*"load_date=2026-11-21 -> run "* ]]
  grep -Eq '^records in +1199' <<<"$output"
  grep -Eq '^in gold +1170' <<<"$output"
  grep -Eq '^quarantined duplicate +1' <<<"$output"
  grep -Eq '^gold \+ quarantined \+ copies +1199 +equals records in' <<<"$output"
  [[ $output != *DIFFERS* ]]
}

@test "a pipeline without a server: each beeline is a whole Hive" {
  cd "$REPO" || return
  run -0 scripts/pipeline --spec "$SPECS/region_dim.toml" --date 2026-11-21 "$REPO/testdata/region_dim.csv"
  [[ $output == *"7 records = 7 ok"*"Hive agrees"*"load_date=2026-11-21 -> run "* ]]
  [ "$(ask 'select count(*) from region_dim')" = 7 ]
}
