#!/usr/bin/env bats
# What people do by mistake, and names and numbers of files that nobody expects: a clear error that leaves nothing, or the
# right rows. What needs neither Hadoop nor Hive is in tests/bats/pipeline.bats; the tests build on each other.

bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  engine_setup
  unset SLUICEBOX_JOB_OPTIONS
  hive_server_up
  export DIR=$BATS_FILE_TMPDIR/work
  mkdir -p "$DIR/names" "$DIR/many"
  cat >"$DIR/items.toml" <<'END'
version = 1
[table]
name = "items"
[dedup]
key = ["id"]
[audit]
sum = ["id"]
[[column]]
name = "id"
type = "integer"
[[column]]
name = "note"
type = "text"
END
}

teardown_file() {
  hive_server_down
}

setup() {
  cd "$DIR" || return
}

pipeline() {
  "$REPO/scripts/pipeline" --spec items.toml "$@"
}

## runs TABLE
## The names of a table's runs.
runs() {
  ls "$SLUICEBOX_ROOT/$1/runs" 2>/dev/null
}

@test "names with blanks, quotes, a line break, a leading _, . or -: every file's rows reach gold" {
  in_chaos_alone
  local id=0 name
  # Hadoop's jobs skip names with _ and . silently.
  for name in _first.csv .hidden.csv '-dash.csv' "it's \"q\".csv" 'two  blanks .csv' $'line\nbreak.csv' $'a\ttab.csv' \
    'dollar$(x).csv' '*.csv' 'back\slash.csv' 'ünï.csv' 'a%41.csv' 'a:b.csv'; do
    printf 'id,note\n%d,x\n' $((++id)) >"names/$name"
  done
  cd names
  run -0 "$REPO/scripts/pipeline" --spec ../items.toml --date 2026-11-21 -- *.csv .hidden.csv
  [[ $output == *"13 files"*"13 records = 13 ok"* ]]
  run -0 ask "select count(*), sum(id) from items where load_date = '2026-11-21'"
  [ "$output" = $'13\t91' ]
}

@test "the same files and another spec: a comment changes nothing, a meaning makes a run of its own" {
  in_chaos_alone
  cp items.toml changed.toml
  printf '# A remark.\n' >>changed.toml
  cd names
  run -0 "$REPO/scripts/pipeline" --spec ../changed.toml --date 2026-11-21 -- *.csv .hidden.csv
  [[ $output == *"nothing to do"* ]]
  first=$(runs items)
  sed -i 's/^type = "text"/&\nmax_length = 10/' ../changed.toml
  run -0 "$REPO/scripts/pipeline" --spec ../changed.toml --date 2026-11-21 -- *.csv .hidden.csv
  [[ $output == *"(was ${first#2026-11-21-})"* ]]
  [ "$(runs items | wc -l)" -eq 2 ]
}

@test "a spec that is changed and a source that is gone while their run is under way: it goes on with what was landed" {
  in_chaos_alone
  printf 'id,note\n1,a long note\n' >gone.csv
  run -0 "$REPO/scripts/land" --spec items.toml --date 2026-11-22 gone.csv
  run_dir=$(sed -n 's/^ *file:/file:/p' <<<"$output")
  sed -i.kept 's/^type = "text"/&\nmax_length = 3/' items.toml
  rm gone.csv
  run -3 pipeline --date 2026-11-22 gone.csv
  run -0 pipeline --date 2026-11-22 --landed
  mv items.toml.kept items.toml
  [[ $output == *"${run_dir##*/} keeps the spec that it was landed with"*"1 records = 1 ok"*"gold 1 +"* ]]
}

@test "a query that names a table which Hive does not know: said before anything is landed" {
  sed 's/name = "items"/name = "orphan"/' items.toml >orphan.toml
  printf '[[gold]]\nname = "orphan_gold"\nquery = "orphan.sql"\n' >>orphan.toml
  # shellcheck disable=SC2016  # for sluicebox
  printf 'select o.id, z.name from ${orphan} o join nowhere z on z.id = o.id\n' >orphan.sql
  printf 'id,note\n1,x\n' >orphan.csv
  run -3 "$REPO/scripts/pipeline" --spec orphan.toml --date 2026-11-21 orphan.csv
  [[ $output == *"Table not found 'nowhere'"*"could not describe the tables of orphan"* ]]
  [ -z "$(runs orphan)" ]
}

@test "no room for temporary files: that is said, nothing is published, no lock stays" {
  [[ $EUID -eq 0 ]] || skip 'a small disk is mounted by root alone'
  mkdir small
  mount -t tmpfs -o size=64k none small || skip 'no disk may be mounted here'
  seq 1 40000 | sed '1iid,note
    s/$/,x/' >large.csv
  code=0
  SLUICEBOX_NOTIFY="cat >$DIR/small.told" SLUICEBOX_METRICS=$DIR TMPDIR=$DIR/small "$REPO/scripts/pipeline" --spec items.toml --date 2026-11-23 large.csv >small.log 2>&1 || code=$?
  umount small
  cat small.log
  [ "$code" -eq 3 ]
  grep -q 'No space left on device' small.log
  run ! ls "$SLUICEBOX_ROOT"/items/ledger/*2026-11-23*
  [ -e "$SLUICEBOX_ROOT/items/locks/2026-11-23/1" ]
  grep -q '"event":"failure"' small.told
  grep -qxF 'sluicebox_last_run_success{table="items"} 0' sluicebox_items.prom
}

@test "gold does not go back to a version whose key came in under another date since" {
  in_chaos_alone
  sed 's/name = "items"/name = "moved"/; s/^key = .*/&\nscope = "table"/' items.toml >moved.toml
  for id in 5 6; do printf 'id,note\n%d,x\n' "$id" >"id$id.csv"; done
  run_on() { "$REPO/scripts/pipeline" --spec moved.toml --date "$@"; }
  run -0 run_on 2026-11-21 id5.csv
  run -0 run_on 2026-11-21 --replace id6.csv
  [[ $output =~ run\ ([0-9a-f]{8})\ \(was ]]
  later=2026-11-21-${BASH_REMATCH[1]}
  # Its keys are nobody else's.
  run -0 "$REPO/scripts/pipeline" rollback --spec moved.toml --date 2026-11-21
  run -0 run_on 2026-11-22 id6.csv
  run -2 "$REPO/scripts/pipeline" rollback --spec moved.toml --date 2026-11-21 --to "$later"
  [[ $output == *"1 keys of run $later came into gold under other dates since"* ]]
  [ "$(ask 'select load_date, id from moved order by load_date')" = $'2026-11-21\t5\n2026-11-22\t6' ]
}

@test "thousands of files are landed; each one's rows reach gold" {
  in_chaos_alone
  local i files=2000
  for ((i = 1; i <= 2000; i++)); do printf 'id,note\n%d,x\n' "$i" >"many/$i.csv"; done
  # Each of the tasks would make a buffer of 64 MB for its one row.
  SLUICEBOX_JOB_OPTIONS='-D mapreduce.task.io.sort.mb=1' run -0 pipeline --date 2026-11-24 many/*.csv
  [[ $output == *"land       2,000 files"* ]]
  run -0 ask "select count(*), sum(id) from items where load_date = '2026-11-24'"
  [ "$output" = "$files"$'\t'"$((files * (files + 1) / 2))" ]
}
