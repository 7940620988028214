#!/usr/bin/env bats
# The whole pipeline on a cluster: HDFS, YARN and HiveServer2, each daemon a process of its own. The tests of this
# file build on each other, in their order.

bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  engine_setup
  unset SLUICEBOX_JOB_OPTIONS
  cluster_setup
}

teardown_file() {
  REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
  cluster down
}

setup() {
  cd "$REPO" || return
}

pipeline() {
  scripts/pipeline --spec "$SPECS/sales.toml" --date 2026-11-21 "$SAMPLES"/sales-*.csv "$SAMPLES"/sales-*.gz
}

## processes
## The pids of all that runs in the cluster's folder or was started for it.
processes() {
  local folder
  folder=$(realpath "$SLUICEBOX_CLUSTER")
  for proc in /proc/[0-9]*; do
    if [[ $(readlink "$proc/cwd") == "$folder"* ]] || grep -qzF -- "-Dsluicebox.daemon=$folder/" "$proc/cmdline"; then
      printf '%s\n' "${proc#/proc/}"
    fi
  done 2>/dev/null
}

@test "up: nine daemons, each a process; saying it twice changes nothing" {
  run -0 cluster status
  [ "$(grep -c ' up ' <<<"$output")" -eq 9 ]
  before=$output
  run -0 cluster up
  [[ $output == *"cluster env"* ]]
  run -0 cluster status
  [ "$output" = "$before" ]
}

@test "the whole pipeline, through hdfs:// and jdbc:hive2://" {
  ask "create table region_dim (region string, continent string, sales_zone string) partitioned by (load_date date);
    insert into region_dim partition (load_date = '2026-11-20') values ('EUROPE', 'Europe', 'EMEA')"
  watched_mapper "$BATS_TEST_TMPDIR/watched"
  # The books by a job, as where there is much to count.
  SLUICEBOX_AUDIT_HERE=0 SLUICEBOX_BIN=$BATS_TEST_TMPDIR/watched run -0 pipeline
  short_names "$BATS_TEST_TMPDIR/watched"
  [[ $output == *"1,199 records = 1,172 ok + 27 rejected"*"books balance"* ]]
  [[ $output == *"gold 1,170 + duplicates 1 + copies 1"*"Hive agrees"*"quarantine 28: "* ]]
  [[ $output =~ run\ ([0-9a-f-]+) ]]
  run_id=${BASH_REMATCH[1]}
  hadoop fs -test -e "hdfs:///sluicebox/sales/ledger/$run_id.json"
  # Two jobs of the cluster's, which can be found by the run.
  [ "$(yarn application -list -appStates FINISHED -appTags "$run_id" | grep -c 'MAPREDUCE.*SUCCEEDED')" -eq 2 ]
}

@test "gold, the further gold table and quarantine answer" {
  run -0 ask "select count(*), sum(total_revenue) from sales where load_date = '2026-11-21';
    select sum(orders), count(distinct region) from sales_by_region where load_date = '2026-11-21';
    select continent, count(*) > 0 from sales_by_region where region = 'EUROPE' group by continent;
    select count(*) from sales_reject; select raw from sales_reject where reason = 'region'"
  echo "$output"
  [[ ${lines[0]} == 1170$'\t'* ]]
  [[ ${lines[1]} == 1170$'\t'7 ]]
  [ "${lines[2]}" = $'Europe\ttrue' ]
  [ "${lines[3]}" = 28 ]
}

@test "a second run changes nothing" {
  state() { hadoop fs -ls -R /sluicebox | grep -v '/locks'; }
  state >"$BATS_TEST_TMPDIR/before"
  # A path means the cluster's file system.
  SLUICEBOX_ROOT=/sluicebox run -0 pipeline
  [[ $output == *"nothing to do"* ]]
  state | diff "$BATS_TEST_TMPDIR/before" -
}

@test "a job is killed by its tag, and no task of it stays" {
  cd "$BATS_TEST_TMPDIR"
  printf '#!/bin/sh\ntouch "%s/running"\nexec sleep 300\n' "$PWD" >slow
  chmod +x slow
  hadoop fs -put slow x
  hadoop jar hadoop-streaming.jar -D mapreduce.job.reduces=0 -D mapreduce.job.tags=to-be-killed \
    -files slow -mapper ./slow -input x -output none >job.log 2>&1 3>&- &
  client=$!
  for _ in {1..600}; do
    [[ ! -e running ]] || break
    sleep 0.1
  done
  app=$(yarn application -list -appTags to-be-killed | awk '/^application_/ { print $1 }')
  yarn application -kill "$app"
  code=0
  wait "$client" || code=$?
  [ "$code" -eq 1 ]
  for _ in {1..100}; do
    (($(processes | wc -l) > 9)) || break
    sleep 0.1
  done
  [ "$(processes | wc -l)" -eq 9 ]
}

@test "daemons are killed and started again; what they kept is there" {
  run -0 cluster kill hiveserver2 datanode1 nodemanager2 resourcemanager
  run -3 cluster status
  [ "$(grep -c ' down ' <<<"$output")" -eq 4 ]
  # A pid that is another's by now is not taken for the daemon's.
  printf '%s\n' "$$" >"$SLUICEBOX_CLUSTER/pids/datanode1"
  run -3 cluster status
  [ "$(grep -c ' down ' <<<"$output")" -eq 4 ]
  cluster start hiveserver2 datanode1 nodemanager2 resourcemanager
  run -0 cluster status
  run -0 ask "select count(*) from sales"
  [ "$output" = 1170 ]
  [ "$(yarn node -list | grep -c RUNNING)" -eq 2 ]
}

@test "down leaves no process" {
  [ -n "$(processes)" ]
  cluster down
  [ -z "$(processes)" ]
  run -3 cluster status
  [ "$(grep -c ' down ' <<<"$output")" -eq 9 ]
  cluster down
}
