# shellcheck shell=bash
# How a script begins and ends: its local folder, its last words, and what must not outlive it.

# Set from where a script begins its work to where that is done.
UNFINISHED=''

## scratch
## Makes the script's own local folder, $WORK, which goes when the script ends, as does a lock that it took.
scratch() {
  WORK=$(scratch_folder)
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
  # A signal that ends bash leaves the code of what had ended before.
  if ((code == 0)) && [[ -n $UNFINISHED ]]; then code=143; fi
  # What fails without a word of ours, such as a `cp` on a full disk, is no gate, nor is sed's 4 there a header's.
  if ((code == EXIT_GATE || code == EXIT_USAGE || code == EXIT_HEADER)) && [[ -n ${RUN:-} && ${0##*/} != pipeline && -z ${MESSAGE:-} && ! -s $WORK/last_words ]]; then
    code=$EXIT_IO
  fi
  end_children
  # A step that holds the lock ends before the pipeline, whose client it asks.
  [[ -z $LOCK_OWNED && -z $CLIENT_OWNED ]] || client_stop
  # What is tidied up now is not worth waiting for.
  # shellcheck disable=SC2034
  RETRY_FOR=0
  if [[ -n $JOB_RUNS ]]; then
    (guard now) 2>/dev/null
    # Who took over meanwhile may have jobs with the same tag.
    if (($? == EXIT_LOCKED)); then stop_own_job; else stop_jobs || true; fi
  fi
  report "$code"
  drop_lock
  rm -rf -- "$WORK"
  ((code == $1)) || exit "$code"
}

## report CODE
## Logs a script's failure. The pipeline has one of its own.
report() {
  (($1 == 0)) || event failed "exit=$1" "message=$(ending "$1")"
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
    printf 'exit %s\n' "$1"
  fi
}

## end_children
## Sends SIGTERM to what this script started and waits until it is gone; not to the client, which may be asked meanwhile.
end_children() {
  local pid
  for pid in /proc/[0-9]*; do
    pid=${pid#/proc/}
    if [[ $pid != "$BEAT" && $pid != "$CLIENT_STARTER" ]] && is_child "$pid" && kill -TERM "$pid" 2>/dev/null; then
      progress "ending what is under way"
      while is_child "$pid"; do sleep 0.1; done
      progress ''
    fi
  done
}

## is_child PID
## Whether a process was started by this script and runs still.
is_child() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # Behind the name in brackets: the state and the parent.
  [[ ${stat##*) } =~ ^[^Z]\ $$\  ]]
}
