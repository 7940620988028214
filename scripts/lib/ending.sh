# shellcheck shell=bash
# How a script begins and ends: its local folder, its last words, and what must not outlive it.

# Set from where a script begins its work to where that is done.
UNFINISHED=''
# Seconds that what was told to end has for it; a script of ours needs more, which ends its own jobs and children.
GRACE=30 GRACE_OF_SCRIPTS=300
# What may have outlived the script.
LEFT=''
# Set where something had to be killed: what it had asked of Hive may go on.
# shellcheck disable=SC2034  # lock.sh reads it
KILLED=''
# Why it ends, where it is known; nobody's of that name in the caller's environment.
MESSAGE=''

## scratch
## Makes the script's own local folder, $WORK, which goes when the script ends, as does a lock that it took.
scratch() {
  WORK=$(scratch_folder) || {
    MESSAGE='there is no room for temporary files' WORK=/dev/null
    report "$EXIT_IO" 2>/dev/null || true
    exit "$EXIT_IO"
  }
  export SLUICEBOX_LAST_WORDS=$WORK/last_words
  # What is said while a command's stderr is kept.
  # shellcheck disable=SC2034  # retry.sh reads it
  exec {TOLD}>&2
  trap 'at_exit $?' EXIT
  # What Ctrl-C ends as well would be told as the reason.
  trap 'exit 130' INT
}

## at_exit CODE
## Ends what still works for this script, says how it ended, and only then releases the lock: a signal ends bash at once,
## but not what it waits for.
at_exit() {
  local code=$1
  set +e
  trap '' TERM INT HUP
  # A signal may have come where a command's stderr is kept.
  exec 2>&"$TOLD"
  # A signal that ends bash leaves the code of what had ended before.
  if ((code == 0)) && [[ -n $UNFINISHED ]]; then code=143; fi
  # What fails without a word of ours, such as a `cp` on a full disk, is no gate, nor is sed's 4 there a header's.
  if ((code == EXIT_GATE || code == EXIT_USAGE || code == EXIT_HEADER)) && [[ -n ${RUN:-} && ${0##*/} != pipeline && -z ${MESSAGE:-} && ! -s $WORK/last_words ]]; then
    code=$EXIT_IO
  fi
  end_descendants
  # A step that holds the lock ends before the pipeline, whose client it asks.
  [[ -z $LOCK_OWNED && -z $CLIENT_OWNED ]] || client_stop
  # What is tidied up now is not worth waiting for.
  # shellcheck disable=SC2034
  RETRY_FOR=0
  if [[ -n $JOB_RUNS ]]; then
    # Who took over meanwhile may have jobs with the same tag.
    # shellcheck disable=SC2317  # within calls it
    ours() { guard now; }
    within 60 ours 2>/dev/null
    if (($? == EXIT_LOCKED)); then stop_own_job; else stop_jobs; fi
  fi
  [[ -z $LEFT ]] || note "$LEFT"
  report "$code"
  drop_lock
  rm -rf -- "$WORK"
  ((code == $1)) || exit "$code"
}

## report CODE
## Logs a script's failure. The pipeline has one of its own.
report() {
  (($1 == 0)) || event failed "exit=$1" "message=$(ending "$1")${LEFT:+; $LEFT}"
}

## ending CODE
## Prints why a script ended with this code: its own last words, a program's, or what the code says.
ending() {
  if [[ -n ${MESSAGE:-} ]]; then
    printf '%s\n' "$MESSAGE"
  elif (($1 == 130 || $1 == 143)); then
    printf 'ended by a signal\n'
  elif (($1 > 128 && $1 < 193)); then
    printf 'ended by signal %s\n' $(($1 - 128))
  elif [[ -s $WORK/last_words ]]; then
    cat "$WORK/last_words"
  else
    printf 'exit %s' "$1"
    { printf '\n' >"$WORK/room"; } 2>/dev/null || printf '; cannot write to %s, is its disk full?' "$WORK"
    printf '\n'
  fi
}

## end_descendants
## Sends SIGTERM to what this script started, and to what that started, and waits until it is gone; SIGKILL to what is still
## there after its grace. Another script of ours ends what is its own. The client stays: it may be asked meanwhile.
end_descendants() {
  local ends=() lives=() one grace=$GRACE until killed=''
  descendants '' "$$"
  ends=("${FOUND[@]}")
  for one in "${ends[@]}"; do
    ! is_script "${one%:*}" || grace=$GRACE_OF_SCRIPTS
  done
  until=$((SECONDS + grace))
  send TERM "${ends[@]}"
  while one_runs "${ends[@]}"; do
    progress "ending what is under way"
    if ((SECONDS >= until)); then
      if [[ -n $killed ]]; then
        LEFT="process ${LIVES%:*} can't be ended"
        break
      fi
      note "process ${LIVES%:*} did not end within $grace s, and is killed"
      # With what they started since. The numbers of those that are gone may be others' by now.
      for one in "${ends[@]}"; do
        ! one_runs "$one" || lives+=("${one%:*}")
      done
      descendants all "${lives[@]}"
      ends+=("${FOUND[@]}")
      send KILL "${ends[@]}"
      [[ $grace == "$GRACE" ]] || LEFT="a step was killed, and a job of ${RUN:-its run} may run on; see: yarn application -list -appTags ${RUN:-RUN}"
      # shellcheck disable=SC2034  # lock.sh reads it
      KILLED=1
      killed=1 until=$((SECONDS + 5))
      # For the pipeline, which has the lock.
      { [[ -z $SHARED ]] || : >"$SHARED/killed"; } 2>/dev/null
    fi
    sleep 0.1
  done
  progress ''
}

## descendants ALL PID...
## Sets FOUND to what the processes started, and what that started, each as PID:STARTED, parents first; what another script
## of ours started only where ALL is not empty.
descendants() {
  local pid i queue=("${@:2}")
  local -A children=() since=()
  FOUND=()
  for pid in /proc/[0-9]*; do
    pid=${pid#/proc/}
    if started "$pid"; then children[$PARENT]+=" $pid" since[$pid]=$STARTED; fi
  done
  for ((i = 0; i < ${#queue[@]}; i++)); do
    for pid in ${children[${queue[i]}]:-}; do
      [[ $pid != "$BEAT" && $pid != "$CLIENT_STARTER" ]] || continue
      FOUND+=("$pid:${since[$pid]}")
      if [[ -n $1 ]] || ! is_script "$pid"; then queue+=("$pid"); fi
    done
  done
}

## started PID
## Sets PARENT and STARTED, in ticks, of a process; false where it has ended. With STARTED, the next process with its number
## is not taken for it.
started() {
  local stat='' fields
  { IFS='' read -r -d '' stat <"/proc/$1/stat"; } 2>/dev/null || true
  # Behind the name in brackets, from the third field on: the state first.
  # shellcheck disable=SC2206  # words
  fields=(${stat##*) })
  [[ ${fields[0]:-Z} != [ZX] ]] || return 1
  PARENT=${fields[1]} STARTED=${fields[19]}
}

## one_runs PID:STARTED...
## Whether one of them runs still; sets LIVES to it.
one_runs() {
  for LIVES in "$@"; do
    if started "${LIVES%:*}" && [[ $STARTED == "${LIVES#*:}" ]]; then return 0; fi
  done
  return 1
}

## send SIGNAL PID:STARTED...
send() {
  local one
  for one in "${@:2}"; do
    ! one_runs "$one" || kill "-$1" "${one%:*}" 2>/dev/null || true
  done
}

## is_script PID
## Whether it is another script of ours, which knows what it must end; not a subshell of this one.
is_script() {
  local words=() own=()
  { mapfile -d '' -t words <"/proc/$1/cmdline" && mapfile -d '' -t own <"/proc/$$/cmdline"; } 2>/dev/null || return 1
  [[ ${words[1]:-} == */* && ${words[1]%/*} -ef $CHECKOUT/scripts && ${words[*]} != "${own[*]}" ]]
}

## within SECONDS FUNCTION...
## Runs a function in a subshell, which gets SIGKILL after so many seconds, with what it started.
within() {
  local until=$((SECONDS + $1)) pid ends
  ("${@:2}") &
  pid=$!
  while started "$pid" && ((SECONDS < until)); do sleep 0.1; done
  if started "$pid"; then
    ends=("$pid:$STARTED")
    descendants all "$pid"
    send KILL "${ends[@]}" "${FOUND[@]}"
  fi
  wait "$pid"
}
