# What the tests of faults share: a cluster, shims that kill drivers (shim), tables with an old version to be followed by
# a new one, their comparison, and the table that is printed at the end.

## faults_setup
## For setup_file: a cluster, and `hadoop`, `yarn` and `beeline` that go by tests/engine/shim.
faults_setup() {
  engine_setup
  export FAULTS=$BATS_FILE_TMPDIR/faults
  # What a driver that is killed leaves.
  export TMPDIR=$BATS_FILE_TMPDIR/scratch
  mkdir -p "$FAULTS/bin" "$TMPDIR"
  : >"$FAULTS/outcomes"
  cluster_setup
  NAMENODE_HTTP=$(inside port namenode 1)
  export SLUICEBOX_STREAMING_JAR NAMENODE_HTTP
  SLUICEBOX_STREAMING_JAR=$(hadoop streaming-jar)
  for name in hadoop yarn hdfs beeline; do ln -s "$REPO/tests/engine/shim" "$FAULTS/bin/$name"; done
  export PATH=$FAULTS/bin:$PATH
  export DATE=2026-11-21
  # Several splits, of few rows. What needs no task of its own runs in the application master, which spares JVMs.
  export SLUICEBOX_JOB_OPTIONS='-D mapreduce.job.maps=3 -D mapreduce.job.ubertask.enable=true' SLUICEBOX_REDUCERS=1
  generate --rows 600 --dirt 0.06 --seed 5 >"$FAULTS/old.csv"
  generate --rows 300 --dirt 0.06 --seed 6 >"$FAULTS/new.csv"
}

## one_client
## For setup_file, behind faults_setup: the shim has one JVM for all calls of `hadoop fs`, those of steps and of the tests;
## a pipeline has its own.
one_client() {
  # shellcheck source=scripts/lib/client.sh
  . "$REPO/scripts/lib/client.sh"
  exec {TOLD}>&2
  export FAULTS_FS=$FAULTS/fs
  SLUICEBOX_FS=$FAULTS_FS client_start $$
}

## faults_teardown
## For teardown_file: the cluster goes, if it is this file's, and the table is handed to scripts/test, or printed.
faults_teardown() {
  REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
  [[ -n ${SLUICEBOX_TEST_CLUSTER:-} ]] || cluster down
  if [[ -n ${SLUICEBOX_TEST_OUTCOMES:-} ]]; then
    cat "$FAULTS/outcomes" >>"$SLUICEBOX_TEST_OUTCOMES"
  else
    sed 's/^/# /; s/\t/ | /g' "$FAULTS/outcomes" >&3
  fi
}

## outcome FAULT OUTCOME BEFORE AFTER
## A line of the table.
outcome() {
  printf '%s\t%s\t%s\t%s\n' "$@" >>"$FAULTS/outcomes"
}

## failed_outcome
## For teardown: a test that failed has its line too, and its reader ends.
failed_outcome() {
  : >"$FAULTS/stop"
  [[ -z ${SLEEPER:-} ]] || pkill -KILL -s "$(<"$FAULTS/fired")" || true
  [[ -n ${BATS_TEST_COMPLETED:-} ]] || outcome "$BATS_TEST_DESCRIPTION" FAILED - -
}

## lost MESSAGE...
## Fails the test and says what was lost.
lost() {
  printf 'LOST: %s\n' "$*" >&2
  return 1
}

## web METHOD PATH
## What the NameNode answers over HTTP, in milliseconds: a client of its own takes a second.
web() {
  inside http "$1" "$NAMENODE_HTTP" "$2&user.name=$(id -un)"
}

## inside FUNCTION ARG...
## A function of hadoop/engine/daemons.sh, for this cluster.
inside() {
  bash -c '. "$REPO/hadoop/engine/engine.sh"; . "$ENGINE/daemons.sh"; cluster_at "$SLUICEBOX_CLUSTER"; "$@"' _ "$@"
}

## spec_of TABLE
## Makes the spec of a table of the sales' columns, with a further gold table, and prints its path.
spec_of() {
  local spec=$FAULTS/$1.toml
  if [[ ! -e $spec ]]; then
    # shellcheck disable=SC2016  # for sluicebox
    printf 'select s.region, count(*) as orders, sum(s.total_revenue) as revenue from ${%s} s group by s.region\n' "$1" >"$FAULTS/$1.sql"
    sed "/^\[\[gold\]\]/,\$d; s/^name = \"sales\".*/name = \"$1\"/; s/^max_reject_ratio.*/max_reject_ratio = 0.5/" \
      "$SPECS/sales.toml" >"$spec"
    printf '[[gold]]\nname = "%s_by_region"\nquery = "%s.sql"\n' "$1" "$1" >>"$spec"
  fi
  printf '%s\n' "$spec"
}

## pipeline TABLE OPTION...
pipeline() {
  local table=$1
  shift
  "$REPO/scripts/pipeline" --spec "$(spec_of "$table")" --date "$DATE" "$@"
}

## step NAME TABLE
## One step of the run that brings the new rows.
step() {
  local spec
  spec=$(spec_of "$2")
  case $1 in
    land) "$REPO/scripts/land" --spec "$spec" --date "$DATE" --add "$FAULTS/new.csv" ;;
    pipeline) pipeline "$2" --add "$FAULTS/new.csv" ;;
    *) "$REPO/scripts/$1" "$(<"$FAULTS/$2.run")" ;;
  esac
}

## killed LABEL WHEN COMMAND... TABLE
## Runs a driver that is killed at a point; fails where it was not. Then its lock is as old as if its lease had passed.
killed() {
  local label=$1 when=$2 code=0
  shift 2
  rm -f "$FAULTS/fired"
  export -f pipeline step spec_of
  # shellcheck disable=SC2016  # for that shell
  FAULT_AT=$label FAULT_WHEN=$when setsid -w bash -c '"$@"' _ "$@" >"$FAULTS/killed.log" 2>&1 </dev/null 3>&- || code=$?
  [[ -e $FAULTS/fired && $code -eq 137 ]] || {
    cat "$FAULTS/killed.log" >&2
    lost "nothing yet, but the driver was not killed at '$label' ($when): exit $code"
  }
  age_locks "${*: -1}"
}

## paused LABEL TABLE COMMAND...
## Runs a driver, $SLEEPER, in the background until it stops at a point, for longer than its lease.
paused() {
  local label=$1 table=$2 tries
  shift 2
  rm -f "$FAULTS/fired"
  export -f pipeline step spec_of
  # shellcheck disable=SC2016  # for that shell
  FAULT_AT=$label FAULT_WHEN=pause setsid bash -c '"$@"' _ "$@" >"$FAULTS/paused.log" 2>&1 </dev/null 3>&- &
  SLEEPER=$!
  for ((tries = 0; tries < 600; tries++)); do
    [[ ! -s $FAULTS/fired ]] || break
    kill -0 "$SLEEPER" 2>/dev/null || break
    sleep 0.2
  done
  [[ -s $FAULTS/fired ]] || lost "nothing yet, but the driver did not come to '$label': $(cat "$FAULTS/paused.log")"
  age_locks "$table"
}

## wakes_up_too_late
## Lets the driver that was paused go on: it has to find that somebody took over, and to change nothing.
wakes_up_too_late() {
  local code=0
  pkill -CONT -s "$(<"$FAULTS/fired")"
  wait "$SLEEPER" || code=$?
  SLEEPER=''
  [[ $code -eq 6 ]] || lost "the lock: a driver that slept past its lease ended with $code: $(cat "$FAULTS/paused.log")"
  grep -q 'somebody took over' "$FAULTS/paused.log" || lost "the reason: $(cat "$FAULTS/paused.log")"
}

## age_locks TABLE
## Makes all signs of life of a table's workers an hour old, which a lease is not.
age_locks() {
  local folder=/sluicebox/$1/locks/$DATE name
  for name in $(web GET "/webhdfs/v1$folder?op=LISTSTATUS" | grep -o '"pathSuffix":"[^"]*"' | cut -d '"' -f 4); do
    web PUT "/webhdfs/v1$folder/$name?op=SETTIMES&modificationtime=$(($(date +%s) - 3600))000" >/dev/null
  done
}

COLUMNS_OF_SALES='region, country, item_type, sales_channel, order_priority, order_date, order_id, ship_date,
  units_sold, unit_price, unit_cost, total_revenue, total_cost, total_profit'

## state TABLE
## All that a run leaves, in a form in which two runs of the same files are equal: rows, control totals and checksum of gold
## and of the further gold table, quarantine, the ledger's entries and every path of the table's tree but the locks'.
state() {
  {
    # Hive is asked once: each beeline takes its second.
    ask "set hive.compute.query.using.stats=false;
      select 'gold', count(*), sum(total_revenue), sum(total_profit), sum(hash($COLUMNS_OF_SALES)) from $1 where load_date = '$DATE';
      select 'by region', count(*), sum(orders), sum(revenue), sum(hash(region, orders, revenue)) from $1_by_region where load_date = '$DATE';
      select 'quarantine', count(*), sum(hash(reason, column_name, split_start, record, raw, duplicate_of)) from $1_reject group by run_id;
      show tables" | awk -F '\t' -v table="$1" 'NF > 1 || index($0, table) == 1'
    # A line an entry.
    hadoop fs -cat "$SLUICEBOX_ROOT/$1/ledger/*.json" | tr -d " \n" | sed "s|}{|}\n{|g; s|$|\n|"
    hadoop fs -ls -R -C "$SLUICEBOX_ROOT/$1" | grep -v '/locks/'
    hadoop fs -ls -R -C "$SLUICEBOX_ROOT/$1_by_region"
  } | sed -E "s|$1|TABLE|g; s/[0-9-]{10}-[0-9a-f]{8}/RUN/g; s/[0-9a-f]{16}-[0-9]+/LOAD/g
    s/\"ledger\": ?\"[0-9a-f]*\"/\"ledger\": STATE/g; s/[0-9-]{10}T[0-9:]{8}Z/TIME/g
    s|/([0-9]{6})_[0-9]+$|/\1_TRY|" | LC_ALL=C sort
}

## same TABLE
## Fails where a table is not what the undisturbed run made of it, and says in what.
same() {
  state "$1" >"$FAULTS/$1.state"
  diff "$FAULTS/calm.state" "$FAULTS/$1.state" || lost "$1 is not what an undisturbed run leaves (< undisturbed, > $1)"
}

## rows_of TABLE
## The rows of gold.
rows_of() {
  ask "select count(*) from $1 where load_date = '$DATE'"
}

## read_on TABLE
## Reads gold again and again, in the background, until stop_reading: each answer is a line a row in $FAULTS/read, then `end`.
## Hive answers without a job, so that it has little to do but what is tested.
read_on() {
  local asked=0
  rm -f "$FAULTS/stop"
  : >"$FAULTS/read"
  {
    while [[ ! -e $FAULTS/stop ]]; do
      # One question at a time: what is asked waits for nothing.
      if (($(grep -cx end "$FAULTS/read") >= asked)); then
        printf "select * from %s where load_date = '%s'; select 'end';\n" "$1" "$DATE"
        ((++asked))
      fi
      sleep 2
    done
  } | "$REPO/hadoop/engine/bin/beeline" -u "$SLUICEBOX_JDBC" --silent=true --showHeader=false --outputformat=tsv2 \
    >"$FAULTS/read" 2>"$FAULTS/read.err" 3>&- &
  READER=$!
}

## stop_reading
## Lets the reader ask once more, for what it was asked last may have been answered before.
stop_reading() {
  local answers
  answers=$(grep -cx end "$FAULTS/read") || true
  until (($(grep -cx end "$FAULTS/read") > answers + 1)); do
    kill -0 "$READER" || lost "the reader: $(cat "$FAULTS/read.err")"
    sleep 0.2
  done
  : >"$FAULTS/stop"
  wait "$READER"
}

## old_then_new OLD NEW...
## Fails unless what the reader saw are these counts, in this order, and nothing else.
old_then_new() {
  local seen
  seen=$(awk '$0 == "end" { print rows + 0; rows = -1 } { rows++ }' "$FAULTS/read" | uniq | paste -sd' ')
  [[ $seen == "$*" ]] || {
    cat "$FAULTS/read.err" >&2
    lost "the reader's peace: it saw '$seen' rows, not '$*'"
  }
}
