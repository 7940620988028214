#!/usr/bin/env bats
# The README's first command, with Hive in one process, as a newcomer runs it.

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
