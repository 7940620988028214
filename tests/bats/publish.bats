#!/usr/bin/env bats
# The last step alone, with a folder for the cluster and a file for what gold points to: who may publish, and what a
# try that died leaves. With real Hadoop and Hive it runs in tests/engine/pipeline.bats.

bats_require_minimum_version 1.5.0
load folder

setup() {
  folder_for_a_cluster
  export GOLD=$BATS_TEST_TMPDIR/gold
  RUN=2026-11-21-5555aaaa
  DIR=$BATS_TEST_TMPDIR/root/t/runs/$RUN LEDGER=$BATS_TEST_TMPDIR/root/t/ledger
  mkdir -p "$DIR/spec" "$LEDGER"
  stubs
  cat >"$DIR/spec/table.toml" <<'END'
version = 1
[table]
name = "t"
[dedup]
key = ["id"]
scope = "table"
[[column]]
name = "id"
type = "integer"
END
  printf '{"table": "t"}' >"$DIR/manifest.json"
  : >"$DIR/described"
  NONE=$(sha256sum </dev/null | cut -c 1-16)
  local before='"before": {"run": null, "rows": 0, "ledger": "'$NONE'"}'
  printf '{"records": 1, "ok": 1, "rejected": {}, %s}' "$before" >"$DIR/verdict.json"
  printf '{"id": "'$NONE'-1", "gold": 1, "gates": [], %s}' "$before" >"$DIR/load.json"
}

## stubs
## `beeline` that keeps where gold points.
stubs() {
  cat >bin/beeline <<'END'
#!/bin/bash
while [[ $1 != -f ]]; do shift; done
[[ ! -e $GOLD.dies ]] || exit 137
sed -n "s/.* SET LOCATION '\(.*\/version\/.*\)';/\1/p" "$2" >"$GOLD.new"
[[ ! -s $GOLD.new ]] || mv "$GOLD.new" "$GOLD"
echo sluicebox:partition:t
[[ ! -e $GOLD ]] || echo load_date=2026-11-21
echo sluicebox:location:t
[[ ! -e $GOLD ]] || printf 'partition values:\nlocation %s\n' "$(cat "$GOLD")"
echo sluicebox:end:t
[[ -e $GOLD.silent ]] || echo sluicebox:done
END
}

publish() {
  "$REPO/scripts/publish" "file://$DIR"
}

published() {
  [ "$(cat "$GOLD")" = "file://$BATS_TEST_TMPDIR/root/t/version/run_id=$RUN/load=$NONE-1" ]
  [ "$(ls -A "$LEDGER")" = "${1:-$RUN.json}" ]
}

@test "a publication points gold to the load and leaves one entry" {
  run -0 publish
  [[ $output == *"load_date=2026-11-21 -> run 5555aaaa"* ]]
  published
}

@test "publishing a published run changes nothing, but for what a try that died left" {
  run -0 publish
  : >"$LEDGER/_$RUN.1-1.json"
  run -0 publish
  [[ $output == *"done before"* ]]
  published
}

@test "the pipeline is told of rows in gold once they are there" {
  mkdir shared
  : >shared/events
  export SLUICEBOX_EVENTS=$PWD/shared/events
  touch "$GOLD.dies"
  run -3 publish
  [ ! -e shared/load.json ]
  rm "$GOLD.dies"
  run -0 publish
  [ -s shared/load.json ]
  # Nor does it take the time that finding it done takes.
  rm shared/load.json
  run -0 publish
  [ -s shared/load.json ]
  [ "$(grep -c '"event":"finished"' shared/events)" -eq 1 ]
  [[ $(tail -n 1 shared/events) == *'"event":"skipped"'* ]]
}

@test "what was published since stops it, and it leaves nothing" {
  : >"$LEDGER/2026-11-20-1111aaaa.json"
  run -5 publish
  [[ $output == *"another run was published"* ]]
  [ ! -e "$GOLD" ]
  [ "$(ls -A "$LEDGER")" = 2026-11-20-1111aaaa.json ]
}

@test "with scope = run another date does not matter" {
  sed -i 's/^scope.*/scope = "run"/' "$DIR/spec/table.toml"
  : >"$LEDGER/2026-11-20-1111aaaa.json"
  : >"$LEDGER/_2026-11-20-2222aaaa.1-1.json"
  run -0 publish
  [ -e "$LEDGER/$RUN.json" ]
}

@test "of two under way the smaller name waits and the other gives way" {
  : >"$LEDGER/_2026-11-22-1111aaaa.1-1.json"
  (sleep 2 && rm "$LEDGER/_2026-11-22-1111aaaa.1-1.json") &
  run -0 publish
  published
  rm "$LEDGER"/* "$GOLD"
  : >"$LEDGER/_2026-11-20-1111aaaa.1-1.json"
  run -5 publish
  [ ! -e "$GOLD" ]
  [ "$(ls -A "$LEDGER")" = _2026-11-20-1111aaaa.1-1.json ]
}

@test "one that is waited for and gets through stops it" {
  : >"$LEDGER/_2026-11-22-1111aaaa.1-1.json"
  (sleep 2 && mv "$LEDGER/_2026-11-22-1111aaaa.1-1.json" "$LEDGER/2026-11-22-1111aaaa.json") &
  run -5 publish
  [ ! -e "$GOLD" ]
}

@test "one of the same date has died, as its lock is free: it is not waited for, and forgotten" {
  : >"$LEDGER/_2026-11-21-1111aaaa.1-1.json"
  : >"$LEDGER/_2026-11-21-9999aaaa.1-1.json"
  run -0 publish
  published
}

@test "who gives way leaves the entry of a try that died half-way, which others must see" {
  : >"$LEDGER/_2026-11-20-1111aaaa.1-1.json"
  : >"$LEDGER/_2026-11-21-9999aaaa.1-1.json"
  run -5 publish
  [ ! -e "$GOLD" ]
  [ "$(ls -A "$LEDGER")" = $'_2026-11-20-1111aaaa.1-1.json\n_2026-11-21-9999aaaa.1-1.json' ]
}

@test "one that died long ago is not waited for" {
  touch -d '11 minutes ago' "$LEDGER/_2026-11-20-1111aaaa.1-1.json"
  run -0 publish
  published $'2026-11-21-5555aaaa.json\n_2026-11-20-1111aaaa.1-1.json'
}

@test "one that is as old but whose driver lives, and waits for Hive perhaps, has not died" {
  local locks=$BATS_TEST_TMPDIR/root/t/locks/2026-11-20
  mkdir -p "$locks"
  touch -d '12 minutes ago' "$locks"/{_3.x,3.x.0}
  touch -d '11 minutes ago' "$LEDGER/_2026-11-20-1111aaaa.1-1.json"
  touch "$locks/_3.x.7"
  run -5 publish
  [ ! -e "$GOLD" ]
  # Who works there now came later.
  rm "$locks"/*
  touch "$locks"/{_4.y,4.y.0}
  run -0 publish
  published $'2026-11-21-5555aaaa.json\n_2026-11-20-1111aaaa.1-1.json'
}

@test "Hive asks for the lock: who finds it taken over exits 6, and gold stays" {
  cp bin/beeline bin/hive
  cat >bin/beeline <<'END'
#!/bin/bash
grep -q 'SELECT assert_true' "${@: -1}" || exec bin/hive "$@"
: >"$LOCKS/9.other.0"
echo 'Error: java.io.IOException: ... ASSERT_TRUE(): assertion failed. (state=,code=0)' >&2
exit 1
END
  export LOCKS
  run -6 publish
  [[ $output == *'somebody took over'* ]]
  [ ! -e "$GOLD" ]
}

@test "one that died long ago, when it had pointed gold already, counts as published, and what was judged before does not" {
  local dead=$LEDGER/_2026-11-20-1111aaaa.1-1.json
  touch -d '11 minutes ago' "$dead"
  printf 'file:%s/root/t/version/run_id=2026-11-20-1111aaaa/load=%s-1\n' "$BATS_TEST_TMPDIR" "$NONE" >"$GOLD"
  run -5 publish
  [[ $output == *"another run was published"* ]]
  grep -q 1111aaaa "$GOLD"
  [[ $(ls -A "$LEDGER") == 2026-11-20-1111aaaa.until-*.json ]]
}

@test "SIGTERM ends Hive's statement before the lock is released; running again finishes it" {
  cat >bin/slow <<'END'
#!/bin/bash
trap 'sleep 1; : >"$GOLD.ended"; exit 143' TERM
: >"$GOLD.began"
while :; do sleep 0.1; done
END
  chmod +x bin/slow
  mv bin/beeline bin/quick
  ln -s slow bin/beeline
  "$REPO/scripts/publish" "file://$DIR" 3>&- &
  until [[ -e $GOLD.began ]]; do sleep 0.1; done
  # Somebody who waits for the lock gets it only then.
  run -6 publish
  kill -TERM $!
  until [[ -e $LOCKS/1 ]]; do sleep 0.1; done
  [ -e "$GOLD.ended" ]
  code=0
  wait $! || code=$?
  [ "$code" -eq 143 ]
  [ ! -e "$GOLD" ]
  mv bin/quick bin/beeline
  run -0 publish
  published
}

@test "where Hive dies without a word, that is said, and running again finishes it" {
  touch "$GOLD.dies"
  run -3 publish
  [[ $output == *"Hive could not publish"* ]]
  [ ! -e "$LEDGER/$RUN.json" ]
  rm "$GOLD.dies"
  run -0 publish
  published
}

@test "a beeline that finds no server, says nothing and exits 0 has published nothing" {
  : >"$GOLD.silent"
  run -3 publish
  [[ $output == *"Hive could not publish"* ]]
  [ ! -e "$LEDGER/$RUN.json" ]
}

@test "a run that gold points to is finished, whatever was published since" {
  echo "file:$BATS_TEST_TMPDIR/root/t/version/run_id=$RUN/load=$NONE-1" >"$GOLD"
  : >"$LEDGER/_$RUN.1-1.json"
  : >"$LEDGER/2026-11-20-1111aaaa.json"
  run -0 publish
  published $'2026-11-20-1111aaaa.json\n2026-11-21-5555aaaa.json'
}

@test "an answer of Hive's that is cut short is no answer" {
  : >"$LEDGER/2026-11-20-1111aaaa.json"
  sed -i '/sluicebox:end/d' bin/beeline
  run -3 publish
  [[ $output == *"Hive's answer"* ]]
  [ ! -e "$GOLD" ]
}
