#!/usr/bin/env bats
# What an attempt that was killed leaves, and who finds it, with a folder for the cluster. The whole pipeline is in
# tests/engine/pipeline.bats.

bats_require_minimum_version 1.5.0
load folder

setup() {
  folder_for_a_cluster
  export SLUICEBOX_STREAMING_JAR=$BATS_TEST_TMPDIR/jar
  : >jar
  RUN=2026-11-21-5555aaaa
  DIR=$BATS_TEST_TMPDIR/root/t/runs/$RUN
  mkdir -p "$DIR"/{spec,landed} root/t/ledger
  cp "$REPO/testdata/specs/region_dim.toml" "$DIR/spec/table.toml"
  : | tee "$DIR/manifest.json" >"$DIR/described"
  # A job that writes one part; YARN, whose one job runs until it is killed.
  cat >bin/job <<'END'
#!/bin/bash
output=${*: -1} output=${output#file://}
[[ -z ${JOB_WAITS:-} ]] || { echo "application_1_0001" >yarn.jobs; : >job.began; sleep 60 & wait; }
mkdir "$output" && echo new >"$output/part-00000" && : >"$output/_SUCCESS"
END
  cat >bin/yarn <<'END'
#!/bin/bash
echo "$*" >>yarn.log
case $2 in
  -list) cat yarn.jobs 2>/dev/null || true ;;
  -kill) rm -f yarn.jobs ;;
esac
END
  chmod +x bin/job bin/yarn
  sed -i 's/^shift$/[[ $1 != jar ]] || exec job "$@"\nshift/' bin/hadoop
}

transform() {
  "$REPO/scripts/transform" "file://$DIR"
}

@test "what a killed attempt left is removed, its job killed first" {
  mkdir "$DIR/_transform"
  echo old >"$DIR/_transform/part-00007"
  echo 'application_1_0001' >yarn.jobs
  run -0 transform
  [[ $output == *"killing application_1_0001"* ]]
  [ "$(ls "$DIR/out")" = $'_SUCCESS\npart-00000' ]
  [ ! -e "$DIR/_transform" ]
  grep -q -- "-appTags $RUN" yarn.log
  # Done is done, and is no measure of how long it takes.
  SLUICEBOX_LOG=$PWD/log run -0 transform
  [[ $output == *"done before"* ]]
  [[ $(cat log) == *'"event":"skipped"'*'"step":"transform"'* ]]
}

@test "a job that a killed attempt left waiting in its queue is killed, though it has made no folder yet" {
  echo 'application_1_0001' >yarn.jobs
  run -0 transform
  [[ $output == *"killing application_1_0001"* ]]
}

@test "an owner that was paused until somebody took over kills no job of theirs when it wakes up" {
  export SLUICEBOX_LEASE=4
  sed -i 's/sleep 60 & wait;/until [[ -e go ]]; do sleep 0.1; done; exit 1;/' bin/job
  JOB_WAITS=1 "$REPO/scripts/transform" "file://$DIR" >first 2>&1 3>&- &
  local driver=$! pids
  until [[ -e job.began ]]; do sleep 0.1; done
  # With its signs of life, as where a whole machine stands still.
  mapfile -t pids < <(pgrep -P "$driver")
  kill -STOP "$driver" "${pids[@]}"
  sleep 5
  run -0 transform
  echo 'application_1_0002' >yarn.jobs
  : >go
  kill -CONT "$driver" "${pids[@]}"
  code=0
  wait "$driver" || code=$?
  cat first
  ((code != 0))
  [ -e yarn.jobs ]
  [ "$(cat "$DIR/out/part-00000")" = new ]
}

@test "SIGTERM kills the job by its tag, leaves no output and releases the lock; running again finishes it" {
  SLUICEBOX_LOG=$PWD/log JOB_WAITS=1 "$REPO/scripts/transform" "file://$DIR" 3>&- &
  until [[ -e job.began ]]; do sleep 0.1; done
  kill -TERM $!
  code=0
  wait $! || code=$?
  [ "$code" -eq 143 ]
  [ ! -e yarn.jobs ]
  [[ -e $LOCKS/1 && ! -e $DIR/out ]]
  [[ $(cat log) == *'"event":"failed"'*'"exit":143'*'"message":"ended by a signal"'* ]]
  run -0 transform
  [ "$(cat "$DIR/out/part-00000")" = new ]
}

@test "SIGTERM with a ResourceManager that does not answer: it is asked for a while, that the job may run on is told, the lock is free" {
  # It answers until the job runs; then the time that it has is soon over.
  sed -i '2i [[ ! -e job.began ]] || exec sleep 600' bin/yarn
  printf '#!/bin/bash\nwhile [[ $1 == -* ]]; do shift; done\nexec /usr/bin/timeout --kill-after=1 1 "${@:2}"\n' >bin/timeout
  chmod +x bin/timeout
  SLUICEBOX_LOG=$PWD/log JOB_WAITS=1 "$REPO/scripts/transform" "file://$DIR" >out 2>&1 3>&- &
  until [[ -e job.began ]]; do sleep 0.1; done
  kill -TERM $!
  /usr/bin/timeout 60 tail --pid=$! -f /dev/null
  code=0
  wait $! || code=$?
  cat out log
  [ "$code" -eq 143 ]
  [ -e "$LOCKS/1" ]
  grep -q "^transform: YARN can't be asked for jobs of $RUN, which may run on; see: yarn application" out
  [[ $(cat log) == *'"event":"failed"'*"ended by a signal; YARN can't be asked for jobs of $RUN"* ]]
}

@test "the steps of a pipeline fetch nothing that one before had, and ask for the lock once in a while" {
  mkdir shared
  : >shared/events
  export SLUICEBOX_EVENTS=$PWD/shared/events SLUICEBOX_LOCK=file://$LOCKS/1.me
  mkdir -p "$LOCKS"
  : >"$LOCKS/1.me.0"
  sed -i "2i echo \"\$*\" >>$PWD/calls" bin/hadoop
  run -0 transform
  [ "$(ls "shared/$RUN")" = $'described\nmanifest.json\nspec' ]
  grep -q -- '^fs -get' calls
  grep -q -- '^fs -stat' calls
  rm -r calls "$DIR/out"
  run -0 transform
  [ -e "$DIR/out" ]
  run ! grep -E -- '^fs -(get|stat)' calls
  # What was asked too long ago is asked again.
  echo 1 >shared/guarded
  rm -r "$DIR/out"
  : >"$LOCKS/2"
  : >"shared/$RUN/new"
  run -6 transform
  [ ! -e "$DIR/_transform" ]
}

@test "a script whose lock was taken over changes nothing more" {
  export SLUICEBOX_LOCK=file://$LOCKS/1.me
  mkdir -p "$LOCKS" "$DIR/_transform"
  : | tee "$LOCKS/1.me.0" >"$LOCKS/2"
  run -6 transform
  [[ $output == *"somebody took over"* && ! -e $DIR/out && -e $DIR/_transform ]]
  rmdir "$DIR/_transform"
  run -6 transform
  [[ ! -e $DIR/out && ! -e $DIR/_transform ]]
  : >"$DIR/out"
  run -6 "$REPO/scripts/audit" "file://$DIR"
  [[ ! -e $DIR/verdict.json ]]
}
