#!/usr/bin/env bats
# What may pass is tried again, what can't is not; and how a run ended is told. With commands that fail as real ones do.

bats_require_minimum_version 1.5.0
load folder

setup() {
  folder_for_a_cluster
  export WORK=$BATS_TEST_TMPDIR/work BIN=$SLUICEBOX_BIN SLUICEBOX_LOG=$BATS_TEST_TMPDIR/log
  mkdir "$WORK"
  # shellcheck source=scripts/lib/run.sh
  . "$REPO/scripts/lib/run.sh"
  # Nothing here waits.
  printf '#!/bin/bash\necho "$1" >>"$WORK/slept"\n' >bin/sleep
  chmod +x bin/sleep
  TABLE=t DATE=2026-11-21 RUN=2026-11-21-0123abcd
}

## fails TIMES LINE
## Makes `weak`, a command that fails so many times with that on stderr, and then prints what it reads.
fails() {
  printf '%s\n' "$2" >said
  cat >bin/weak <<END
#!/bin/bash
echo x >>tried
(( \$(wc -l <tried) > $1 )) || { echo half; cat said >&2; exit 7; }
cat
END
  chmod +x bin/weak
}

@test "a service that comes back is waited for, longer each time, and its answer comes out once" {
  fails 4 'ls: Call From a/1 to b:8020 failed: java.net.ConnectException: Connection refused; see http://wiki'
  run --separate-stderr -0 again weak - <<<'the answer'
  [ "$output" = 'the answer' ]
  [ "$(wc -l <tried)" -eq 5 ]
  # Between half of 1, 2, 4, 8 and the whole.
  mapfile -t slept <"$WORK/slept"
  ((slept[0] == 1 && slept[1] >= 1 && slept[1] <= 2 && slept[2] >= 2 && slept[2] <= 4 && slept[3] >= 4 && slept[3] <= 8))
  [[ $stderr == *"try 4 failed, the next one comes in ${slept[3]} s"*"Connection refused"* ]]
  [ "$(grep -c '"event":"retried"' "$SLUICEBOX_LOG")" -eq 4 ]
  [[ $(tail -n 1 "$SLUICEBOX_LOG") == *'"reason":"ls: Call From'*'"run":"2026-11-21-0123abcd"'*'"try":4'* ]]
}

@test "what can't pass is not tried again" {
  fails 9 'ls: Permission denied: user=a, access=READ_EXECUTE'
  run -7 again weak
  [[ $output == *half*"Permission denied"* ]]
  [ "$(wc -l <tried)" -eq 1 ]
  [ ! -e "$WORK/slept" ]
}

@test "waiting has an end and a longest wait; 0 tries once" {
  fails 99 'Name node is in safe mode.'
  run -7 again weak
  mapfile -t slept <"$WORK/slept"
  local sum=0 longest=0 wait
  for wait in "${slept[@]}"; do
    sum=$((sum + wait)) longest=$((wait > longest ? wait : longest))
  done
  ((sum >= 300 && sum < 360 && longest <= 60))
  RETRY_FOR=0
  rm tried
  run -7 again weak
  [ "$(wc -l <tried)" -eq 1 ]
  RETRY_FOR=long
  run -2 again weak
  [[ $output == *"SLUICEBOX_RETRY_FOR=long is no number"* ]]
}

@test "who lost the lock while waiting does not try again" {
  fails 1 'Connection refused'
  guard() { die "$EXIT_LOCKED" 'somebody took over'; }
  LOCK=$LOCKS/1.x
  run -6 again weak
  [ "$(wc -l <tried)" -eq 1 ]
}

@test "an outage has an end for who holds a lock too, which is asked for in between" {
  printf '#!/bin/bash\necho x >>asked\necho "stat: Call From a/1 to b:8020 failed: Connection refused" >&2\nexit 1\n' >bin/hadoop
  fails 99 'Connection refused'
  RETRY_FOR=40 LOCK=$LOCKS/1.x GUARDED=0 TOLD=2
  run -3 again weak
  [[ $output == *"cannot read $LOCKS"*"Connection refused"* ]]
  # One try of its own, and then those of the question, which end.
  [ "$(wc -l <tried)" -eq 1 ]
  mapfile -t slept <"$WORK/slept"
  ((${#slept[@]} < 15 && slept[-1] > 4))
}

@test "what a client of the file system warns of is no reason to try again, only its own words are" {
  local warning='WARN ipc.Client: Failed to connect to server: nn1/10.0.0.1:8020: Connection refused'
  printf '#!/bin/bash\necho x >>asked\necho "%s" >&2\n[[ $2 != -test ]] || exit 1\necho "$WORDS" >&2\nexit 1\n' "$warning" >bin/hadoop
  export WORDS='stat: `/a Connection refused.csv'"'"': No such file or directory'
  run -1 again hadoop_fs -stat %Y /a
  run -1 again hadoop_fs -test -e /a
  [ "$(wc -l <asked)" -eq 2 ]
  RETRY_FOR=1
  for WORDS in 'stat: Operation category READ is not supported in state standby. Visit https://s.apache.org/sbnn-error' \
    'stat: Unable to create new block.'; do
    rm asked
    run -1 again hadoop_fs -stat %Y /a
    [ "$(wc -l <asked)" -gt 1 ]
  done
}

@test "a job is found by its run and its folder, however that is spelled, and not that of another folder" {
  local tag
  ROOT=hdfs://nn1:8020/data/in tag=$(job_tag)
  [[ $tag == "$RUN"-???????? ]]
  for ROOT in hdfs:///data/in hdfs://ns1/data//in; do [ "$(job_tag)" = "$tag" ]; done
  for ROOT in hdfs:///test/in hdfs://nn1:8020/data; do [ "$(job_tag)" != "$tag" ]; done
}

@test "a rename whose answer was lost is done" {
  mkdir from
  LOCK=''
  guard() { :; }
  cat >bin/hadoop <<'END'
#!/bin/bash
case $2 in
  -mv)
    [[ ! -e to ]] || { echo 'mv: `from: No such file or directory' >&2; exit 1; }
    mv from to
    echo 'mv: Connection reset by peer' >&2
    exit 1
    ;;
  -test) [[ -e $4 ]] ;;
esac
END
  run -0 finish from to
  [ -d to ]
}

@test "the log has whole lines alone, whatever is said" {
  event failed $'message=a "quoted"\ttext\nof two lines \\ \xff' 'exit=3' 'empty='
  event finished seconds=1.5
  [ "$(wc -l <"$SLUICEBOX_LOG")" -eq 2 ]
  tail -n 1 "$SLUICEBOX_LOG" >second.json
  head -n 1 "$SLUICEBOX_LOG" >first.json
  [[ $("$BIN/sluicebox" get message first.json) == $'a "quoted"\ttext\nof two lines \\ '* ]]
  [ "$("$BIN/sluicebox" get exit first.json) $("$BIN/sluicebox" get seconds second.json)" = '3 1.5' ]
  [ "$("$BIN/sluicebox" get run second.json)" = 2026-11-21-0123abcd ]
  ! "$BIN/sluicebox" get empty first.json
}

@test "a pipeline that a signal ends is told as a failure, though what it had run last had not failed" {
  printf '#!/bin/bash\n: >"%s/began"\nexec /bin/sleep 60\n' "$PWD" >bin/beeline
  chmod +x bin/beeline
  # Under nohup the tests themselves ignore SIGHUP.
  for signal in TERM HUP; do
    rm -f began
    SLUICEBOX_NOTIFY="cat >>$PWD/told" SLUICEBOX_METRICS=$PWD SLUICEBOX_ROOT=file://$PWD/root SLUICEBOX_STREAMING_JAR=$PWD/began \
      env --default-signal=HUP "$REPO/scripts/pipeline" --spec "$REPO/testdata/specs/region_dim.toml" --date 2026-11-21 "$REPO/testdata/region_dim.csv" >out 2>&1 3>&- &
    for _ in {1..100}; do [[ ! -e began ]] || break; /bin/sleep 0.1; done
    [ -e began ] || { cat out && false; }
    kill -"$signal" $!
    code=0
    wait $! || code=$?
    ((code > 128))
    cat out told
    [[ $(tail -n 1 told) == *'"event":"failure"'* && $(tail -n 1 told) == *'"exit":143'* ]]
    grep -qxF 'sluicebox_last_run_success{table="region_dim"} 0' sluicebox_region_dim.prom
  done
}

@test "a command that is told and fails is no failure of the run" {
  export SLUICEBOX_NOTIFY='cat >told; exit 3'
  run -0 tell success exit=0
  [[ $output == *"SLUICEBOX_NOTIFY failed (3)"* ]]
  [[ $(cat told) == '{"at":'*'"event":"success"'*'"exit":0'* ]]
}
