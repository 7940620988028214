#!/usr/bin/env bats
# One at a time for a table and a date, with a folder for the cluster. Why the names of claims are enough is tested in
# src/lock.rs; the real file system is in tests/engine/pipeline.bats.

bats_require_minimum_version 1.5.0
load folder

setup() {
  folder_for_a_cluster
  export REPO LOCKS
  # What a script of the pipeline does with the lock; what it is given is done while it holds it.
  cat >worker <<'END'
#!/bin/bash
set -euo pipefail
. "$REPO/scripts/lib/common.sh"
. "$REPO/scripts/lib/run.sh"
BIN=$SLUICEBOX_BIN ROOT=file://$PWD/root TABLE=t DATE=2026-11-21
scratch
take_lock $$
echo "took ${LOCK##*/}"
eval "$1"
END
  chmod +x worker
}

## until_there FILE
## Waits for a file with something in it.
until_there() {
  until [[ -s $1 ]]; do sleep 0.1; done
}

@test "a lock is released at the end, also of a script that fails, and its generation stays known" {
  run -0 ./worker true
  [[ $output == *"took 1."* ]]
  run -7 ./worker 'exit 7'
  [[ $output == *"took 2."* ]]
  [[ -e $LOCKS/1 && -e $LOCKS/2 ]]
}

@test "who comes second exits 6 and says who holds it" {
  ./worker 'echo $$ >pid; while [[ ! -e done ]]; do sleep 0.1; done' >first 2>&1 3>&- &
  until_there pid
  run -6 ./worker true
  [[ $output == *"t for 2026-11-21 is being worked on by "*", process $(cat pid), since "*"after 600 s without one"* ]]
  : >done
  wait $!
  run -0 ./worker true
}

@test "of ten that start together one at a time gets through, and the others are told" {
  for i in {1..10}; do
    { ./worker 'mkdir busy && sleep 0.2 && rmdir busy' >"out.$i" 2>&1 3>&- && echo 0 >"code.$i" || echo $? >"code.$i"; } &
  done
  wait
  [ "$(grep -lx 0 code.* | wc -l)" -ge 1 ]
  [ "$(grep -lxE "0|6" code.* | wc -l)" -eq 10 ] || { tail -n 5 code.* out.* && false; }
}

@test "an owner that was killed is followed after its lease, and not before" {
  export SLUICEBOX_LEASE=4
  ./worker 'echo $$ >pid; sleep 60' >first 2>&1 3>&- &
  until_there pid
  kill -KILL "$(cat pid)"
  run -6 ./worker true
  sleep 5
  run -0 ./worker true
}

@test "an owner that lives is not followed, however long it works" {
  export SLUICEBOX_LEASE=2
  ./worker 'echo $$ >pid; while [[ ! -e done ]]; do sleep 0.1; done' >first 2>&1 3>&- &
  until_there pid
  sleep 5
  [ "$(ls "$LOCKS" | grep -c '^1')" -le 4 ]
  run -6 ./worker true
  : >done
  wait $!
}

@test "an owner that was paused for longer than its lease changes nothing when it wakes up" {
  export SLUICEBOX_LEASE=4
  ./worker 'echo $$ >pid; until [[ -e wake ]]; do sleep 0.1; done; guard; echo changed >gold' >first 2>&1 3>&- &
  local worker=$!
  until_there pid
  # With its signs of life, as where a whole machine stands still.
  mapfile -t pids < <(cat pid && pgrep -P "$(cat pid)")
  kill -STOP "${pids[@]}"
  sleep 5
  run -0 ./worker true
  : >wake
  kill -CONT "${pids[@]}"
  code=0
  wait "$worker" || code=$?
  [ "$code" -eq 6 ]
  grep -q 'somebody took over' first
  [ ! -e gold ]
}

@test "a script that SIGTERM ends leaves no lock" {
  ./worker 'echo $$ >pid; while sleep 0.1; do :; done' >first 2>&1 3>&- &
  until_there pid
  kill -TERM "$(cat pid)"
  wait $! || true
  [ -e "$LOCKS/1" ]
}

@test "a script that SIGTERM ends while it asks for the lock does not ask any more" {
  # The second listing takes its time.
  mv bin/hadoop bin/quick
  printf '#!/bin/bash\nif [[ $2 == -stat && -n $(ls "$LOCKS") ]]; then : >asks; sleep 5; fi\nexec quick "$@"\n' >bin/hadoop
  chmod +x bin/hadoop
  ./worker true >first 2>&1 3>&- &
  until [[ -e asks ]]; do sleep 0.1; done
  [ -n "$(ls "$LOCKS")" ]
  kill -TERM $!
  wait $! || true
  [ -z "$(ls "$LOCKS")" ]
}

@test "signs of life end with their owner, though another process has its number" {
  WORK=$PWD LEASE=4 LOCK=file://$PWD/claim TOLD=2
  . "$REPO/scripts/lib/run.sh"
  LEASE=4 LOCK=file://$PWD/claim
  started() { STARTED=$(cat start); }
  echo 1 >start
  beat_for $$ me 3>&-
  until [[ -e _claim.1 ]]; do sleep 0.1; done
  echo 2 >start
  sleep 3
  ! kill -0 "$BEAT" 2>/dev/null
}

@test "a guard that costs no JVM asks each time; else what it knows holds for a twentieth of a lease" {
  run -0 ./worker ': >"$LOCKS/9.1-1.0"; guard; echo went on'
  [[ $output == *"went on"* ]]
  rm -r "$LOCKS"
  run -6 ./worker 'client() { :; }; hadoop_fs() { hadoop fs "$@"; }; : >"$LOCKS/9.1-1.0"; guard; echo went on'
  [[ $output == *"somebody took over"* && $output != *"went on"* ]]
}

@test "where something had to be killed the lock is not free before its lease is over: Hive may still be at work" {
  run -0 ./worker 'KILLED=1'
  [[ $output == *"ends by itself in 600 s: what was killed"* ]]
  run -6 ./worker true
  rm -r "$LOCKS"
  # As a step tells its pipeline.
  run -0 ./worker ': >"$WORK/killed"'
  run -6 ./worker true
}

@test "what earlier runs left is removed now and then" {
  for i in {1..9}; do ./worker true; done
  (($(ls "$LOCKS" | wc -l) < 18))
  run -0 ./worker true
  [[ $output == *"took 10."* ]]
}

@test "a lease that is no number, and a folder that can't be written, are said" {
  run -2 env SLUICEBOX_LEASE=soon ./worker true
  [[ $output == *"SLUICEBOX_LEASE=soon"* ]]
  : >root
  run -3 ./worker true
  [[ $output == *"cannot "*"$LOCKS"* ]]
}

@test "a clock that is a day off takes nobody's lock and loses none: the file system's own counts" {
  export SLUICEBOX_LEASE=20
  mkdir off
  printf '#!/bin/sh\n[ "$1" != -r ] || exec /bin/date "$@"\nexec /bin/date -d "$CLOCK" "$@"\n' >off/date
  chmod +x off/date
  for CLOCK in '1 day' '1 day ago'; do
    export CLOCK
    rm -f pid done
    ./worker 'echo $$ >pid; while [[ ! -e done ]]; do sleep 0.1; done; GUARDED=-1000; guard' >first 2>&1 3>&- &
    until_there pid
    PATH=$PWD/off:$PATH run -6 ./worker true
    [[ $output == *"is being worked on by "* ]]
    : >done
    wait $!
    # And where it is the owner's that is off.
    rm -f pid done
    PATH=$PWD/off:$PATH ./worker 'echo $$ >pid; while [[ ! -e done ]]; do sleep 0.1; done; GUARDED=-1000; guard' >first 2>&1 3>&- &
    until_there pid
    grep -q "since $(/bin/date -u -d "$CLOCK" +%Y-%m-%d)T" "$LOCKS"/_*
    run -6 ./worker true
    : >done
    wait $!
  done
}
