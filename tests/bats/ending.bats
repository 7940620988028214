#!/usr/bin/env bats
# What a script that is ended ends with it, and what it must not wait for.

bats_require_minimum_version 1.5.0
load folder

setup() {
  folder_for_a_cluster
  export REPO
  cat >worker <<'END'
#!/bin/bash
set -euo pipefail
. "$REPO/scripts/lib/common.sh"
. "$REPO/scripts/lib/run.sh"
BIN=$SLUICEBOX_BIN TABLE=t DATE=2026-11-21 RUN=2026-11-21-0123abcd
scratch
UNFINISHED=1
eval "$1"
END
  chmod +x worker
}

teardown() {
  [[ ! -s pid ]] || kill -KILL "$(cat pid)" 2>/dev/null || true
}

## terminated COMMANDS
## Lets a worker do them until there is a file `pid`, sends it SIGTERM and waits until it has ended.
terminated() {
  ./worker "$1" >out 2>&1 3>&- &
  local worker=$!
  until [[ -s pid ]]; do sleep 0.1; done
  kill -TERM "$worker"
  timeout 60 tail --pid="$worker" -f /dev/null
  code=0
  wait "$worker" || code=$?
  [ "$code" -eq 143 ]
}

@test "what a wrapper started is ended and waited for, though the wrapper is gone at once" {
  cat >wrapper <<'END'
#!/bin/bash
bash -c 'trap "sleep 1; : >ended; exit" TERM; echo $$ >pid; while :; do sleep 0.1; done'
true
END
  chmod +x wrapper
  terminated ./wrapper
  [ -e ended ]
}

@test "what SIGTERM does not end is killed after its grace, with what it started, and that is said" {
  terminated 'GRACE=1; bash -c '\''trap "" TERM; bash -c "echo \$\$ >pid; while :; do sleep 0.1; done"; true'\'
  # shellcheck source=scripts/lib/run.sh
  . "$REPO/scripts/lib/run.sh"
  # What has ended may have a number still.
  run ! started "$(cat pid)"
  grep -q 'did not end within 1 s, and is killed' out
}

@test "a step has more time than others, and ends itself what it started" {
  cat >look <<'END'
"$REPO/scripts/land" --spec "$REPO/testdata/specs/region_dim.toml" --date 2026-11-21 --root "file://$PWD/root" --wait 2m none.csv &
land=$!
until is_script "$land"; do sleep 0.1; done
FOUND=()
until ((${#FOUND[@]} > 1)); do descendants all "$$"; done
descendants '' "$$"
[[ ${FOUND[*]%:*} == "$land" ]]
(! is_script "$$")
(! is_script "$BASHPID")
(! is_script "$BASHPID")
: >looked
END
  ./worker '. ./look' || true
  [ -e looked ]
}

@test "a process that has the number of another by now is left alone" {
  sleep 60 3>&- &
  echo $! >pid
  # shellcheck source=scripts/lib/run.sh
  . "$REPO/scripts/lib/run.sh"
  started "$!"
  one_runs "$!:$STARTED"
  run ! one_runs "$!:$((STARTED - 1))"
  send KILL "$!:$((STARTED - 1))"
  one_runs "$!:$STARTED"
  send KILL "$!:$STARTED"
  wait "$!" || true
  run ! one_runs "$!:$STARTED"
}

@test "a function that waits for what does not answer is given up" {
  cat >ask <<'END'
stuck() { bash -c 'echo $$ >pid; while :; do sleep 0.1; done'; true; }
answers() { return 6; }
code=0
within 60 answers || code=$?
((code == 6))
(! within 1 stuck)
: >given.up
END
  run ./worker '. ./ask'
  [ -e given.up ]
  # shellcheck source=scripts/lib/run.sh
  . "$REPO/scripts/lib/run.sh"
  while started "$(cat pid)"; do sleep 0.1; done
}

@test "a job that YARN does not end is said to run on, in these words" {
  # shellcheck source=scripts/lib/run.sh
  . "$REPO/scripts/lib/run.sh"
  WORK=$PWD RUN=2026-11-21-0123abcd
  printf '#!/bin/sh\necho application_1_0001\n' >bin/yarn
  # A minute is over.
  kill_job() { SECONDS=$((SECONDS + 60)); }
  code=0
  stop_jobs 2>err || code=$?
  [ "$code" -eq 1 ]
  [[ $LEFT == "application_1_0001, a job of $RUN, runs on though it was killed"* ]]
  printf '#!/bin/sh\n' >bin/yarn
  stop_jobs
  [ -z "$LEFT" ]
}
