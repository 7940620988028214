#!/usr/bin/env bats
# What an operator does with runs: rejects, replay, status, rollback, clean; and what a run tells of itself. With Hive
# behind a HiveServer2. The tests build on each other, in their order.

bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  engine_setup
  hive_server_up
  export DIR=$BATS_FILE_TMPDIR SLUICEBOX_JOB_OPTIONS='-D fs.local.block.size=1048576'
  export SLUICEBOX_NOTIFY="cat >>'$DIR/told'" SLUICEBOX_METRICS=$DIR SLUICEBOX_LOG=$DIR/log
  mkdir "$DIR/spec" "$DIR/in"
  cat >"$DIR/spec/things.toml" <<'END'
version = 1
[table]
name = "things"
[audit]
sum = ["id"]
[[column]]
name = "id"
type = "integer"
[[column]]
name = "day"
type = "date"
format = "%d.%m.%Y"
[[gold]]
name = "things_by_day"
query = "by_day.sql"
END
  echo 'select t.day, count(*) as things from ${things} t group by t.day' >"$DIR/spec/by_day.sql"
  # Blank lines, a second header and CRLF, so that a record's number is not its line's.
  printf 'id,day\r\n1,1.2.2026\r\n\r\nid,day\r\nx,1.2.2026\r\n2,2.2.2026\r\n' >"$DIR/in/a.csv"
  printf 'id,day\n3,3.3.2026\n\n4,30.2.2026\n"5,1.1.2026\n' | gzip >"$DIR/in/b.csv.gz"
}

teardown_file() {
  hive_server_down
}

setup() {
  cd "$REPO" || return
  OF=(--spec "$DIR/spec/things.toml" --date 2026-11-21)
  RUNS=$SLUICEBOX_ROOT/things/runs
}

## in_gold
## Rows and the sum of the keys in both gold tables.
in_gold() {
  ask "select count(*), sum(t.id), max(d.things) from things t,
    (select sum(things) as things from things_by_day where load_date = '2026-11-21') d where t.load_date = '2026-11-21'"
}

## told NAME
## Whether the last event that was told has this name and these words.
told() {
  local last
  last=$(tail -n 1 "$DIR/told")
  [[ $last == *"\"event\":\"$1\""* && $last == *"${2:-}"* ]] || { echo "told: $last" && false; }
}

@test "a run tells of its success, with metrics and a log of its steps" {
  run -0 scripts/pipeline status --spec "$DIR/spec/things.toml"
  [[ $output == "no runs of things below "* ]]
  run -0 scripts/pipeline "${OF[@]}" "$DIR"/in/*
  [ "$(in_gold)" = $'3\t6\t3' ]
  told success '"what":"gold 3 + duplicates 0 + copies 0'
  for step in land transform audit load publish; do
    grep -q '"event":"finished".*"step":"'$step'"' "$SLUICEBOX_LOG"
    grep -q '^sluicebox_step_duration_seconds{table="things",step="'$step'"} [0-9.]*$' "$DIR/sluicebox_things.prom"
  done
  for sample in 'last_run_success{table="things"} 1' 'records{table="things",outcome="quarantined"} 3'; do
    grep -qxF "sluicebox_$sample" "$DIR/sluicebox_things.prom"
  done
}

@test "rejects are shown with the names and the lines of their files" {
  run -0 --separate-stderr scripts/pipeline rejects "${OF[@]}"
  [ "$output" = 'a.csv:5: integer/id: x,1.2.2026
b.csv.gz:4: date/day: 4,30.2.2026
b.csv.gz:5: quote: "5,1.1.2026' ]
  run -0 --separate-stderr scripts/pipeline rejects "${OF[@]}" --reason date --limit 1
  [ "$output" = 'b.csv.gz:4: date/day: 4,30.2.2026' ]
  run -2 scripts/pipeline rejects --spec "$DIR/spec/things.toml" --date 2026-01-01
  [[ $output == *"no run of things for 2026-01-01"* ]]
}

@test "a failure is told with its reason, and changes nothing" {
  printf 'id,date\n7,1.1.2026\n' >"$DIR/drifted.csv"
  run -4 scripts/pipeline "${OF[@]}" --add "$DIR/drifted.csv"
  told failure '"exit":4'
  told failure '"failed_step":"land"'
  told failure 'the header drifted'
  grep -qxF 'sluicebox_last_run_success{table="things"} 0' "$DIR/sluicebox_things.prom"
  grep -q '^sluicebox_last_success_timestamp_seconds' "$DIR/sluicebox_things.prom"
}

@test "corrected rejects are sent through, once none would be rejected again; the recovery is told" {
  run -0 scripts/pipeline rejects "${OF[@]}" --export "$DIR/mend.csv"
  [[ $output == *"3 records written to"* ]]
  run -1 scripts/pipeline replay "${OF[@]}" "$DIR/mend.csv"
  [[ $output == *"3 records of $DIR/mend.csv would be rejected again"* ]]
  sed -i 's/^x,/6,/; s/30\.2/28.2/; s/^"//' "$DIR/mend.csv"
  run -0 scripts/pipeline replay "${OF[@]}" "$DIR/mend.csv"
  [[ $output == *"gold 6 + duplicates 0"* ]]
  [ "$(in_gold)" = $'6\t21\t6' ]
  told recovery
  [ ! -e "$RUNS/_failed-2026-11-21" ]
}

@test "status shows both versions, and rollback points gold back to the one before" {
  run -0 scripts/pipeline rollback "${OF[@]}"
  [ "$(in_gold)" = $'3\t6\t3' ]
  run -0 scripts/pipeline status "${OF[@]}"
  [[ ${lines[1]} == 2026-11-21-*"  published "*"  6  "*"  3 "*pass ]]
  [[ ${lines[2]} == 2026-11-21-*"  superseded "*"  9  "*"  6 "*pass ]]
  [[ $(cat "$SLUICEBOX_ROOT/things/ledger/${lines[1]%% *}.json") == *"\"rolled_back_from\": \"${lines[2]%% *}\""* ]]
  run -2 scripts/pipeline rollback "${OF[@]}"
  [[ $output == *"was the first version"* ]]
  # What was taken back does not come again by itself.
  run -2 scripts/pipeline "${OF[@]}" --landed
  [[ $output == *"was published before; scripts/pipeline rollback --to "* ]]
  [ "$(in_gold)" = $'3\t6\t3' ]
}

@test "clean removes what was superseded for long enough, never what gold points to, and keeps the books" {
  run -0 scripts/pipeline clean --spec "$DIR/spec/things.toml"
  [ "$(ls -d "$RUNS"/2026* | wc -l)" -eq 2 ]
  run -0 scripts/pipeline clean --spec "$DIR/spec/things.toml" --keep 0s --dry-run
  [[ $output == "would remove 2026-11-21-"*" (superseded)" ]]
  local gone=${lines[0]#would remove }
  gone=${gone%% *}
  # As it is left where a clean-up dies behind its first rename; that is finished without waiting for its time.
  mv "$RUNS/$gone" "$RUNS/_cleaning-$gone"
  run -0 scripts/pipeline clean --spec "$DIR/spec/things.toml"
  [[ $output == *"removed _cleaning-$gone"* ]]
  [ "$(in_gold)" = $'3\t6\t3' ]
  [ "$(ls "$RUNS")" = "$(ls "$RUNS" | grep -vF "$gone")" ]
  [ "$(find "$SLUICEBOX_ROOT" -name "run_id=$gone" | wc -l)" -eq 0 ]
  [ -z "$(ask "select 1 from things_version where run_id = '$gone' union all select 1 from things_reject where run_id = '$gone'")" ]
  (cd "$SLUICEBOX_ROOT/things/archive/$gone" && [ -s manifest.json ] && [ -s verdict.json ] && [ -s spec/table.toml ] && [ ! -e landed ])
  run -2 scripts/pipeline rollback "${OF[@]}" --to "$gone"
  [[ $output == *"run $gone was cleaned away; "*"/archive/$gone"* ]]
  run -2 scripts/pipeline rejects --spec "$DIR/spec/things.toml" --run "$gone"
  [[ $output == *"run $gone was cleaned away; "* ]]
}

@test "clean removes the loads of a run that stays which were superseded for long enough" {
  local run version reject own
  run=$(ls "$RUNS" | grep '^2026')
  version=$SLUICEBOX_ROOT/things/version/run_id=$run reject=$SLUICEBOX_ROOT/things/reject/run_id=$run
  own=$(ls "$version")
  # Of a driver that died, or before another date was published.
  mkdir "$version/load=old-1" "$reject/load=old-1" "$version/load=young-2" "$version/load=last-3"
  touch -d '9 days ago' "$version/load=old-1" "$reject/load=old-1" "$RUNS/$run/load.json"
  touch -d '9 days ago' "$version/$own" "$reject/$own"
  touch -d '1 hour ago' "$version/load=young-2"
  run -0 scripts/pipeline clean --spec "$DIR/spec/things.toml" --dry-run
  [ "$output" = "would remove load=old-1 of $run (superseded)" ]
  run -0 scripts/pipeline clean --spec "$DIR/spec/things.toml"
  [[ $output == *"removed load=old-1 of $run (superseded)"* ]]
  [ "$(ls "$version")" = "$(printf '%s\n' "$own" load=last-3 load=young-2 | sort)" ]
  [ "$(ls "$reject")" = "$own" ]
  [ "$(in_gold)" = $'3\t6\t3' ]
  # The last one may be at work.
  run -0 scripts/pipeline clean --spec "$DIR/spec/things.toml" --keep 0s
  [ "$(ls "$version")" = "$(printf '%s\n' "$own" load=last-3 | sort)" ]
  rmdir "$version/load=last-3"
}

@test "a pipeline that is ended, or killed, leaves no JVM of its file system; ended, it frees its lock" {
  local signal
  mkdir "$DIR/slow" "$DIR/tmp"
  ln -s "$BIN"/{reducer,validator,sluicebox,fs-server.jar} "$DIR/slow/"
  printf '#!/bin/sh\n: >"%s/running"\nexec sleep 60\n' "$DIR" >"$DIR/slow/mapper"
  chmod +x "$DIR/slow/mapper"
  for signal in TERM KILL; do
    rm -f "$DIR/running"
    TMPDIR=$DIR/tmp SLUICEBOX_BIN=$DIR/slow setsid scripts/pipeline --spec "$DIR/spec/things.toml" --date 2026-11-28 "$DIR/in/a.csv" \
      >"$DIR/log.$signal" 2>&1 3>&- </dev/null &
    until [[ -e $DIR/running ]]; do
      kill -0 $! || { cat "$DIR/log.$signal" && false; }
      sleep 0.2
    done
    pgrep -f "sluicebox.FsServer $DIR/tmp/"
    kill "-$signal" $!
    code=0
    wait $! || code=$?
    [ "$code" -eq $((128 + $(kill -l "$signal"))) ]
    [[ $signal == TERM ]] || sleep 3
    run ! pgrep -f "sluicebox.FsServer $DIR/tmp/"
    [[ $signal == TERM ]] || pkill -KILL -s $! || true
  done
  # The second had the lock of the first.
  ! grep 'is being worked on' "$DIR/log.KILL"
  [ "$(ls "$SLUICEBOX_ROOT/things/locks/2026-11-28" | grep -xc '[0-9]*')" -eq 1 ]
}
