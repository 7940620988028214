#!/usr/bin/env bats
# The one JVM that a pipeline has for `hadoop fs`: it does what a JVM a call does, and where it dies nothing is lost.

bats_require_minimum_version 1.5.0
load helpers

setup() {
  engine_setup
  [[ -f $BIN/fs-server.jar ]] || skip 'there is no javac'
  # shellcheck source=scripts/lib/client.sh
  . "$REPO/scripts/lib/client.sh"
  # shellcheck source=scripts/lib/retry.sh
  . "$REPO/scripts/lib/retry.sh"
  WORK=$BATS_TEST_TMPDIR
  FILES=file://$WORK
  exec {TOLD}>&2
  export SLUICEBOX_FS=$WORK/fs
  client_start $$
  cd "$WORK" || return
}

teardown() {
  [[ -z ${SLUICEBOX_FS:-} ]] || client_stop
}

@test "each command's output, error and exit code are those of a JVM of its own" {
  printf 'a\0\xff\r\nb' >bytes
  mkdir 'a b'
  local -a commands=("-cat $FILES/bytes" "-cat $FILES/none" "-ls -C $FILES/a*" "-test -e $FILES/none" "-test -e $FILES/bytes"
    "-stat %n $FILES/*s" "-nonsense" "-mkdir $FILES/bytes/x" "-mv $FILES/none $FILES/new" "-rm -f $FILES/none" "-get -f $FILES/none $WORK/")
  for command in "${commands[@]}"; do
    code=0 expected=0
    # shellcheck disable=SC2086  # words
    hadoop fs $command >expected.out 2>expected.err || expected=$?
    # It is the client that is asked.
    hadoop() { return 99; }
    # shellcheck disable=SC2086
    hadoop_fs $command >found.out 2>found.err || code=$?
    unset -f hadoop
    echo "$command: $code, $expected"
    [ "$code" -eq "$expected" ]
    diff expected.out found.out
    diff expected.err found.err
  done
  hadoop_fs -cat "$FILES/bytes" | cmp - bytes
  # It leaves nothing.
  [ -z "$(ls fs | grep -vxE 'ask|log|pid')" ]
  [ ! -s fs/log ]
}

@test "stdin, blanks and what is nobody's pattern reach the command as they are" {
  printf 'one\ntwo\n' | hadoop_fs -put - "$FILES/a b"
  printf 'three\n' | dfs -put -f - "$FILES/c"
  [ "$(cat 'a b' c)" = $'one\ntwo\nthree' ]
  [ "$(hadoop_fs -cat "$FILES/a b")" = $'one\ntwo' ]
  # Asked from several shells at once it does one after the other.
  for i in {1..20}; do hadoop_fs -cat "$FILES/c" >"out.$i" & done
  wait $(jobs -p | grep -vx "$(<fs/pid)")
  [ "$(cat out.* | sort | uniq -c | tr -s ' ')" = ' 20 three' ]
}

@test "a client that is not there is done without" {
  hadoop_fs -test -e /
  kill -KILL "$(client)"
  printf 'one\n' | hadoop_fs -put - "$FILES/a"
  [ "$(hadoop_fs -cat "$FILES/a")" = one ]
  run -1 hadoop_fs -test -e "$FILES/none"
}

@test "a client that is killed before it begins a command is done without" {
  hadoop_fs -test -e /
  pid=$(client)
  kill -STOP "$pid"
  printf 'one\n' | hadoop_fs -put - "$FILES/a" 3>&- &
  until [[ -n $(find fs -name '*.answer') ]]; do sleep 0.1; done
  kill -KILL "$pid"
  wait $!
  [ "$(cat a)" = one ]
}

@test "a client that is killed amid a command: that may pass, and the command is done by another JVM" {
  mkfifo endless
  # It reads until somebody has written.
  {
    until [[ -n $(find fs -name '*.out') ]]; do sleep 0.1; done
    kill -KILL "$(client)"
    while client >/dev/null; do sleep 0.1; done
    sleep 0.5
    printf 'late\n' >endless
  } 3>&- &
  export WORK
  # shellcheck disable=SC2016  # for that shell
  run -0 --separate-stderr timeout 60 bash -c \
    '. "$REPO/scripts/lib/common.sh"; . "$REPO/scripts/lib/client.sh"; . "$REPO/scripts/lib/retry.sh"; dfs -cat "$1"' _ "$FILES/endless"
  [ "$output" = late ]
  [[ $stderr == *"try 1 failed"*"End of File Exception"* ]]
}

@test "client_stop ends it amid a command, which is told" {
  mkfifo endless
  hadoop_fs -cat "$FILES/endless" >out 2>err 3>&- &
  until [[ -e fs/$!.out ]]; do sleep 0.1; done
  client_stop
  run ! client
  code=0
  wait $! || code=$?
  [ "$code" -eq 3 ]
  grep -q 'End of File Exception' err
}

@test "client_stop ends one that does not listen any more" {
  hadoop_fs -test -e /
  kill -STOP "$(client)"
  client_stop
  run ! client
}

@test "no room for what a command prints is an error" {
  [[ $EUID -eq 0 ]] || skip 'a small disk is mounted by root alone'
  client_stop
  mkdir small
  mount -t tmpfs -o size=64k none small || skip 'no disk may be mounted here'
  head -c 100000 /dev/zero >large
  SLUICEBOX_FS=$WORK/small/fs
  client_start $$
  code=0
  hadoop_fs -cat "$FILES/large" >out 2>err || code=$?
  client_stop
  umount -l small
  [ "$code" -eq 3 ]
}

@test "it ends when its driver does, even by kill -9" {
  # shellcheck disable=SC2016  # for that shell
  WORK=$WORK/other REPO=$REPO BIN=$BIN bash -c '
    . "$REPO/scripts/lib/common.sh"; . "$REPO/scripts/lib/client.sh"
    mkdir "$WORK"; exec {TOLD}>&2; export SLUICEBOX_FS=$WORK/fs; client_start $$; hadoop_fs -test -e /; client >pid; kill -KILL $$' 3>&- || true
  [ -s pid ]
  for _ in {1..50}; do
    [[ -e /proc/$(<pid) ]] || break
    sleep 0.1
  done
  [ ! -e "/proc/$(<pid)" ]
}
