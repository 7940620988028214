#!/usr/bin/env bats
# Who is told how a run ended, in which words, and what its metrics then say; with a folder for the cluster.

bats_require_minimum_version 1.5.0
load folder

setup() {
  folder_for_a_cluster
  WORK=$BATS_TEST_TMPDIR/work BIN=$SLUICEBOX_BIN
  mkdir "$WORK" metrics
  : >"$WORK/events"
  # shellcheck source=scripts/lib/run.sh
  . "$REPO/scripts/lib/run.sh"
  TABLE=t DATE=2026-11-21 RUN=2026-11-21-0123abcd
  SPEC=$REPO/testdata/specs/region_dim.toml
  export SLUICEBOX_NOTIFY="cat >>$PWD/told" SLUICEBOX_ROOT=file://$PWD/root
}

pipeline() {
  SLUICEBOX_METRICS=$PWD/metrics "$REPO/scripts/pipeline" --spec "$SPEC" --date 2026-11-21 "$REPO/testdata/region_dim.csv"
}

## told_once TEXT...
## Whether one event was told, in JSON, with these texts.
told_once() {
  local text
  cat told
  [ "$(wc -l <told)" -eq 1 ]
  "$BIN/sluicebox" get event told
  for text in "$@"; do [[ $(cat told) == *"$text"* ]]; done
}

@test "without binaries a failure is told all the same" {
  export TABLE=theirs MESSAGE=theirs
  SLUICEBOX_BIN=$PWD/\"none\" run -3 pipeline
  run ! grep theirs told
  told_once '"event":"failure"' '"exit":3,' "no mapper in SLUICEBOX_BIN: $PWD/\\\"none\\\"" '"date":"2026-11-21"' '"step":"pipeline"'
}

@test "without a folder for temporary files a failure is told all the same" {
  printf '#!/bin/sh\nexit 1\n' >bin/mktemp
  chmod +x bin/mktemp
  run -3 pipeline
  told_once '"event":"failure"' '"exit":3,' 'no room for temporary files'
}

@test "on a full disk a failure is told all the same, and the metrics say it" {
  [[ $EUID -eq 0 ]] || skip 'a small disk is mounted by root alone'
  mkdir small
  mount -t tmpfs -o size=64k none small || skip 'no disk may be mounted here'
  cat /dev/zero >small/full 2>/dev/null || true
  code=0
  TMPDIR=$PWD/small pipeline >out 2>&1 || code=$?
  umount small
  cat out
  [ "$code" -eq 3 ]
  told_once '"event":"failure"' '"exit":3,' "cannot write to $PWD/small/"
  grep -qxF 'sluicebox_last_run_success{table="region_dim"} 0' metrics/sluicebox_region_dim.prom
}

@test "neither what is told nor the metrics need room for a file of their own" {
  mkdir "$WORK"/{told,metrics,notify.out}
  # What a full disk cut short.
  echo '{"reco' >"$WORK/verdict.json"
  run -0 tell failure exit=3
  told_once '"event":"failure"'
  SLUICEBOX_METRICS=$PWD/metrics measure failure
  grep -qxF 'sluicebox_last_run_success{table="t"} 0' metrics/sluicebox_t.prom
}

@test "a command that does not read what it is told has not failed" {
  export SLUICEBOX_NOTIFY=true
  run -0 tell failure exit=3 "message=$(printf '%099999d' 1)"
  [ -z "$output" ]
}

@test "metrics can be read by the collector, whatever the umask" {
  umask 077
  SLUICEBOX_METRICS=$PWD/metrics measure success
  [ "$(stat -c '%a %n' metrics/*)" = '644 metrics/sluicebox_t.prom' ]
}

@test "who comes second is told as refused, and the table's metrics don't call it a failure" {
  LOCKS=root/region_dim/locks/2026-11-21
  mkdir -p "$LOCKS"
  echo somebody | tee "$LOCKS/_1.me" >"$LOCKS/1.me.0"
  run -6 pipeline
  told_once '"event":"refused"' '"exit":6,' 'is being worked on by'
  [ -z "$(ls metrics)" ]
}
