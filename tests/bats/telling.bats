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

@test "a failure whose reason is that of Hive is told in its words, without the password" {
  cat >bin/beeline <<'END'
#!/bin/bash
echo "WARN a: jdbc:hive2://h:10000/;user=etl;trustStorePassword=t:9;password=p4:ss" >&2
echo "Error: Could not open client transport with JDBC Uri: jdbc:hive2://h:10000/;ssl=true;Password=p4:ss: java.net.ConnectException (state=08S01,code=0)" >&2
exit 2
END
  printf '#!/bin/sh\n' >bin/sleep
  chmod +x bin/sleep
  echo 'select 1' >a.hql
  export SLUICEBOX_LOG=$PWD/log
  cat >asks <<'END'
#!/bin/bash
set -euo pipefail
. "$REPO/scripts/lib/common.sh"
. "$REPO/scripts/lib/run.sh"
BIN=$SLUICEBOX_BIN
scratch
RETRY_FOR=1
hive a.hql answer 'count the rows'
END
  chmod +x asks
  REPO=$REPO run -3 ./asks
  cat log
  [[ $output == *"next one comes in"*"Hive could not count the rows: Error: Could not open client transport"* ]]
  run ! grep -E 'p4|ss:|t:9' log - <<<"$output"
  [[ $(sed -n '/"retried"/p' log) == *'Uri: jdbc:hive2://h:10000/;ssl=true;Password=…: java.net.ConnectException'* ]]
  [[ $(tail -n 1 log) == *'"event":"failed"'*'"message":"Hive could not count the rows: Error: Could not open'* ]]
}

## a_run
## Makes a run whose output is there; Hive says that nothing is published.
a_run() {
  DIR=$PWD/root/t/runs/$RUN
  mkdir -p "$DIR"/{spec,out} root/t/ledger shared
  : | tee "$DIR/described" >shared/events
  printf '{"table": "t"}' >"$DIR/manifest.json"
  # Of the load too: it makes its folders.
  cat >bin/beeline <<'END'
#!/bin/bash
grep -aoE "/root/[^']*/load=[^']*" "${@: -1}" | sed "s|^|$BATS_TEST_TMPDIR|" | xargs -r mkdir -p
cat books.tsv 2>/dev/null
printf 'sluicebox:%s\n' partition:t location:t end:t done
END
  export SLUICEBOX_EVENTS=$PWD/shared/events
}

@test "a gate that fails in the audit is told by its name" {
  a_run
  sed 's/^name = "region_dim"/name = "t"/' "$SPEC" >"$DIR/spec/table.toml"
  sed '1a a,b,nowhere' "$REPO/testdata/region_dim.csv" | "$BIN/mapper" --spec "$SPEC" | "$BIN/validator" --spec "$SPEC" --partial |
    "$BIN/validator" --spec "$SPEC" --merge >"$DIR/books.json" 2>/dev/null
  run -1 "$REPO/scripts/audit" "file://$DIR"
  cat shared/events
  [[ $(tail -n 1 shared/events) == *'"message":"a gate failed (max_reject_ratio 0.125 at most 0), nothing was published'* ]]
}

@test "a gate that fails in the load is in the metrics" {
  a_run
  cp "$REPO"/tests/hql/hard_by_label.sql "$DIR/spec/"
  cp "$REPO"/tests/hql/prepare.tsv "$DIR/described"
  cp "$REPO"/tests/hql/books.tsv .
  sed 's/min_rows = 0/min_rows = 2/' "$REPO/tests/hql/table.toml" >"$DIR/spec/table.toml"
  local before
  before='"before": {"run": null, "rows": 0, "ledger": "'$(sha256sum </dev/null | cut -c 1-16)'"}'
  sed "s/\"gates\": \[\]/\"gates\": [{\"gate\": \"min_rows\", \"limit\": 2, \"value\": 5, \"pass\": true}], $before/" "$REPO/tests/hql/verdict.json" >"$DIR/verdict.json"
  : >"$DIR/books.json"
  run -1 "$REPO/scripts/load" "file://$DIR"
  [[ $output == *"min_rows  1  at least 2: FAILS"* ]]
  cp shared/*.json "$WORK/"
  SLUICEBOX_METRICS=$PWD/metrics measure failure
  cat metrics/*
  grep -qxF 'sluicebox_gate_passed{table="t",gate="min_rows",column=""} 0' metrics/*
  grep -qxF 'sluicebox_records{table="t",outcome="gold"} 0' metrics/*
  grep -qxF 'sluicebox_records{table="t",outcome="read"} 5' metrics/*
}
