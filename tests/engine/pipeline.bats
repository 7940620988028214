#!/usr/bin/env bats
# The whole pipeline, with Hive behind a HiveServer2 as on a cluster (demo.bats has it in one process). The tests
# of this file build on each other, in their order.

bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  engine_setup
  hive_server_up
  export DIR=$BATS_FILE_TMPDIR
  mkdir "$DIR/spec" "$DIR/in" "$DIR/late"
  cat >"$DIR/spec/orders.toml" <<'END'
version = 1
[table]
name = "orders"
[limits]
max_reject_ratio = 0.4
max_drop_ratio = 0.6
[dedup]
key = ["id"]
prefer = ["day desc"]
scope = "table"
[audit]
sum = ["amount", "id"]
[[column]]
name = "id"
type = "integer"
[[column]]
name = "day"
type = "date"
format = "%m/%d/%Y"
[[column]]
name = "amount"
type = "money"
rounding = "half_up"
[[column]]
name = "note"
type = "text"
nullable = true
[[gold]]
name = "orders_by_day"
query = "by day.sql"
END
  cat >"$DIR/spec/by day.sql" <<'END'
-- One row a day.
select o.day, count(*) as orders, sum(o.amount) as amount from ${orders} o group by o.day;
END
  # Names that a shell, a URI or Hadoop could trip over; white space, quotes and a TAB among the values.
  printf 'id,day,amount,note\n1,1/2/2024,10.005,"a\tb, \\N"\n2,1/3/2024,-0,\n2,1/3/2024,0.00,\n3,13/1/2024,1,x\n' \
    >"$DIR/in/a b,c's \"1\".csv"
  printf '\xef\xbb\xbfid,day,amount,note\r\n4,12/31/9999,9999999999999999.99,\\N\r\n2,1/4/2024,7,later\r\n' \
    >"$DIR/in/_g[1]*{x}?%20#.csv"
  printf 'id,day,amount,note\n5,1/1/0001,-5.5,gz\n' | gzip >"$DIR/in/plainly.csv"
}

teardown_file() {
  hive_server_down
}

setup() {
  cd "$REPO" || return
}

## pipeline DATE OPTION...
pipeline() {
  local date=$1
  shift
  scripts/pipeline --spec "$DIR/spec/orders.toml" --date "$date" "$@"
}

## tree
## Every file of the state with its content's checksum, hidden attempts too; who worked on it is no state.
tree() {
  (cd "$SLUICEBOX_ROOT" && find . -type f ! -name '.*.crc' ! -path '*/locks/*' -exec cksum {} + | LC_ALL=C sort -k 3)
}

## run_dir DATE
## The newest run of a date.
run_dir() {
  local dirs=("$SLUICEBOX_ROOT/orders/runs/$1-"*)
  printf 'file://%s\n' "${dirs[-1]}"
}

@test "dirty exports reach gold, and their rejects reach quarantine" {
  watched_mapper "$DIR/watched"
  SLUICEBOX_BIN=$DIR/watched run -0 pipeline 2026-11-20 "$DIR"/in/*
  short_names "$DIR/watched"
  [[ $output == *"books balance"* && $output == *"Hive agrees"* ]]
  [[ $output == *"quarantine 3: date/day 1, duplicate 2"* ]]
  run -0 ask "select id, day, amount, note from orders where load_date = '2026-11-20' order by id"
  [ "${lines[0]}" = $'1\t2024-01-02\t10.01\ta\tb, \\N' ]
  [ "${lines[1]}" = $'2\t2024-01-04\t7.00\tlater' ]
  [ "${lines[2]}" = $'4\t9999-12-31\t9999999999999999.99\t\\N' ]
  [ "${lines[3]}" = $'5\t0001-01-01\t-5.50\tgz' ]
  [ ${#lines[@]} -eq 4 ]
}

@test "quarantine keeps reason, column, position and raw line; the further gold table is there" {
  # The winner of order 2 came last; the two that lost are equal, and each keeps its own position.
  run -0 ask "select reason, column_name, record, raw from orders_reject order by reason, record;
    select day, orders, amount from orders_by_day where load_date = '2026-11-20' order by day limit 1"
  [ "${lines[0]}" = $'date\tday\t4\t3,13/1/2024,1,x' ]
  [ "${lines[1]}" = $'duplicate\t\t2\t2\t2024-01-03\t0.00\t\\N' ]
  [ "${lines[2]}" = $'duplicate\t\t3\t2\t2024-01-03\t0.00\t\\N' ]
  [ "${lines[3]}" = $'0001-01-01\t1\t-5.50' ]
}

@test "a second run changes nothing" {
  tree >"$DIR/before"
  # From another folder, by other paths, in another order.
  cd "$DIR/in"
  run -0 "$REPO/scripts/pipeline" --date 2026-11-20 --spec ../spec/orders.toml ./plainly.csv ./a* ./_*
  [[ $output == *"nothing to do"* ]]
  run -0 "$REPO/scripts/pipeline" --date 2026-11-20 --spec ../spec/orders.toml --landed
  [[ $output == *"nothing to do"* ]]
  tree | diff "$DIR/before" -
}

@test "a run that leaves out a published file is refused; --add goes on from it" {
  printf 'id,day,amount,note\n6,1/6/2024,6,late\n' >"$DIR/late/late.csv"
  run -2 pipeline 2026-11-20 "$DIR/late/late.csv"
  [[ $output == *"plainly.csv"* && $output == *"--replace"* ]]
  run -0 pipeline 2026-11-20 --add "$DIR/late/late.csv"
  [[ $output == *"(was "* ]]
  # Said twice it is done once.
  run -0 pipeline 2026-11-20 --add "$DIR/late/late.csv"
  [[ $output == *"nothing to do"* ]]
  run -0 ask "select count(*), sum(id) from orders where load_date = '2026-11-20'"
  [ "$output" = $'5\t18' ]
}

@test "two dates at once: the same order reaches gold once" {
  # 1 is an equal row, 2 another one; 7 and 8 are new, but the other date has 8 too.
  printf 'id,day,amount,note\n1,1/2/2024,10.01,"a\tb, \\N"\n2,1/9/2024,8,again\n7,1/7/2024,7,new\n8,1/8/2024,8,\n' \
    >"$DIR/late/next.csv"
  printf 'id,day,amount,note\n8,1/8/2024,8,other\n9,1/9/2024,9,\n' >"$DIR/late/other.csv"
  pipeline 2026-11-22 "$DIR/late/other.csv" >"$DIR/other.log" 2>&1 3>&- &
  run -0 pipeline 2026-11-21 "$DIR/late/next.csv"
  wait $! || { cat "$DIR/other.log" && false; }
  run -0 ask "select id, count(*) from orders where id in (1, 2, 7, 8, 9) group by id order by id"
  [ "$output" = $'1\t1\n2\t1\n7\t1\n8\t1\n9\t1' ]
  run -0 ask "select file, record, duplicate_of, raw from orders_reject where duplicate_of = '2026-11-20'"
  [ "$output" = $'\tNULL\t2026-11-20\t2\t2024-01-09\t8.00\tagain' ]
  # Whichever of the two was published last knows the other's 8.
  run -0 ask "select count(*) from orders_reject where duplicate_of in ('2026-11-21', '2026-11-22')"
  [ "$output" = 1 ]
}

@test "--replace leaves published files out; the run is judged anew by what reaches gold" {
  printf 'id,day,amount,note\n7,1/9/2024,2,\n9,1/9/2024,2,\n302,1/1/2024,1,\n' >"$DIR/late/few.csv"
  run -2 pipeline 2026-11-20 "$DIR/late/few.csv"
  # Three rows would do beside the five before, but other dates hold two of the three.
  run -1 pipeline 2026-11-20 --replace "$DIR/late/few.csv"
  [[ $output == *"max_drop_ratio  0.8"*"at most 0.6: FAILS"* ]]
  run -0 ask "select count(*) from orders where load_date = '2026-11-20'"
  [ "$output" = 5 ]
  run -0 pipeline 2026-11-20 --replace --accept max_drop_ratio --reason 'most of it came on Monday' "$DIR/late/few.csv"
  [[ $output == *"gold 1 + duplicates 2 + copies 0"*"(was "* ]]
  run -0 ask "select id, load_date from orders where id in (7, 9, 302)"
  [ "$(sort <<<"$output")" = $'302\t2026-11-20\n7\t2026-11-21\n9\t2026-11-22' ]
  grep -rq 'most of it came on Monday' "$SLUICEBOX_ROOT/orders/ledger/"
}

@test "a file with only a header and an empty one make an empty partition, where that is accepted; of two runs one works" {
  printf 'id,day,amount,note\n' >"$DIR/late/header.csv"
  : >"$DIR/late/empty.csv"
  empty=(2026-11-27 --accept min_rows --reason 'a holiday' "$DIR/late/header.csv" "$DIR/late/empty.csv")
  pipeline "${empty[@]}" >"$DIR/one.log" 2>&1 3>&- &
  code=0 other=0
  pipeline "${empty[@]}" >"$DIR/two.log" 2>&1 || code=$?
  wait $! || other=$?
  [ "$code $other" = '0 6' ] || [ "$code $other" = '6 0' ] || { cat "$DIR"/{one,two}.log && false; }
  run -0 cat "$DIR"/{one,two}.log
  [[ $output == *"orders for 2026-11-27 is being worked on by "*" process "* ]]
  [[ $output == *"0 records"*"books balance"*"gold 0"* ]]
  run -0 ask "select count(*) from orders where load_date = '2026-11-27'"
  [ "$output" = 0 ]
}

@test "a run over the reject limit publishes nothing; its rejects can be queried; accepting it publishes" {
  printf 'id,day,amount,note\n10,1/8/2024,8,\n9,x,9,\nx,1/1/2024,9,\n' >"$DIR/late/next.csv"
  run -1 pipeline 2026-11-21 "$DIR/late/next.csv"
  [[ $output == *"max_reject_ratio"* && $output == *"--accept"* ]]
  [[ $output =~ run_id\ =\ \'([0-9a-f-]+)\' ]]
  run -0 ask "select id from orders where load_date = '2026-11-21' order by id;
    select count(*) from orders_reject where run_id = '${BASH_REMATCH[1]}'"
  [ "${lines[0]}" = 7 ]
  [ "${lines[-1]}" = 2 ]
  run -0 scripts/pipeline status --spec "$DIR/spec/orders.toml" --date 2026-11-21
  [[ ${lines[1]} == *"  transformed "*"  3 "*"  -  "*"  2 "*"fail, max_reject_ratio failed" ]]
  run -2 pipeline 2026-11-21 --accept max_reject_ratio "$DIR/late/next.csv"
  [[ $output == *"--reason"* ]]
  run -0 pipeline 2026-11-21 --accept max_reject_ratio --reason "vendor's outage" "$DIR/late/next.csv"
  run -0 ask "select id from orders where load_date = '2026-11-21'"
  [ "$output" = 10 ]
  grep -rq "vendor's outage" "$SLUICEBOX_ROOT/orders/ledger/"
}

@test "a part file that is removed, cut short or doubled after the job is found" {
  printf 'id,day,amount,note\n' >"$DIR/late/many.csv"
  for id in {100..140}; do printf '%s,1/1/2024,1,\n' "$id"; done >>"$DIR/late/many.csv"
  scripts/land --spec "$DIR/spec/orders.toml" --date 2026-11-29 "$DIR/late/many.csv"
  run_dir=$(run_dir 2026-11-29)
  scripts/transform "$run_dir"
  out=${run_dir#file://}/out
  rm -f "$out"/.*.crc
  cp -r "$out" "$DIR/whole"
  for harm in 'rm part-00001' 'truncate -s -40 part-00001' 'cp part-00001 part-00002'; do
    (cd "$out" && $harm)
    run -1 scripts/audit "$run_dir"
    [[ $output == *"DO NOT balance"* && ! -e $out ]]
    cp -r "$DIR/whole" "$out"
  done
  run -2 scripts/load "$run_dir"
  [[ $output == *"did not pass its audit"* ]]
  run -0 ask "select count(*) from orders where load_date = '2026-11-29'"
  [ "$output" = 0 ]
  scripts/audit "$run_dir"
  # The job closes the books with the same words.
  mv "${run_dir#file://}/books.json" "$DIR/books.json"
  rm -f "${run_dir#file://}"/{verdict.json,.*.crc}
  SLUICEBOX_AUDIT_HERE=0 scripts/audit "$run_dir"
  [ -e "${run_dir#file://}/_audit/_SUCCESS" ]
  cmp "$DIR/books.json" "${run_dir#file://}/books.json"
}

@test "a root that can't be written, or that is not the table's own, is named, and nothing is landed" {
  sed '/^\[\[gold\]\]/,$d; s/^name = "orders/&_elsewhere/' "$DIR/spec/orders.toml" >"$DIR/spec/elsewhere.toml"
  run -3 scripts/pipeline --spec "$DIR/spec/elsewhere.toml" --date 2026-11-28 --root /proc/none "$DIR"/in/plainly.csv
  [[ $output == */proc/none/orders_elsewhere* ]]
  run -2 pipeline 2026-11-28 --root "$DIR/elsewhere" "$DIR"/in/plainly.csv
  [[ $output == *"orders_version: it lies in "*"use the root that it was made with"* ]]
  [ -z "$(find "$DIR/elsewhere" -path '*/runs/2026-11-28*')" ]
}

@test "a spec that the table can't follow is refused before landing; a column added at the end is not" {
  tree >"$DIR/before"
  sed '/^\[\[gold\]\]/,$d; s/^rounding/scale = 4\n&/; s/^name = "note"/name = "remark"\nfrom = "note"/' \
    "$DIR/spec/orders.toml" >"$DIR/spec/other.toml"
  run -2 scripts/pipeline --spec "$DIR/spec/other.toml" --date 2026-11-23 "$DIR"/in/plainly.csv
  [[ $output == *amount* && $output == *note* && $output == *remark* ]]
  tree | diff "$DIR/before" -
  sed '/^\[\[gold\]\]/,$d' "$DIR/spec/orders.toml" >"$DIR/spec/wider.toml"
  printf '[[column]]\nname = "extra"\ntype = "integer"\n' >>"$DIR/spec/wider.toml"
  printf 'id,day,amount,note,extra\n200,1/1/2024,1,,42\n' >"$DIR/late/wider.csv"
  run -0 scripts/pipeline --spec "$DIR/spec/wider.toml" --date 2026-11-23 "$DIR/late/wider.csv"
  run -0 ask "select id, extra from orders where id in (200, 302) order by id"
  [ "${lines[0]}" = $'200\t42' ]
  [ "${lines[1]}" = $'302\tNULL' ]
}
