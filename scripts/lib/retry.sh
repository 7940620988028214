# shellcheck shell=bash
# What may pass is tried again: exponential backoff with jitter, a cap, and an end. What can't pass is not.

# How many seconds may be spent waiting, in all, for one command to succeed; 0 tries once.
RETRY_FOR=${SLUICEBOX_RETRY_FOR:-300}
# The longest single wait.
readonly RETRY_CAP=60

# What clients say of a service that is away, starting, or losing a machine.
MAY_PASS='[Cc]onnection refused|Connection reset|[Tt]imed out|[Nn]o ?[Rr]oute ?[Tt]o ?[Hh]ost|SafeModeException|in safe mode'
MAY_PASS+='|StandbyException|RetriableException|EOFException|End of File Exception|could only be (replicated|written) to [0-9]'
MAY_PASS+='|Could not obtain block|BlockMissingException|All datanodes .* are bad|Unable to close file|Could not open client transport'
MAY_PASS+='|TTransportException|SocketException|Could not connect to meta store|ApplicationNotFoundException'
# What the file system's commands make of it: the message alone, without its class.
MAY_PASS+='|not supported in state standby|NameNode still not started|Unable to create new block|Could not get block locations'
MAY_PASS+='|AM Container for .* exited|ApplicationMaster .*(lost|expired)'
readonly MAY_PASS

# Why the last command failed that was tried again for nothing, or not at all.
REASON=''

## may_pass FILE [COMMAND...]
## Prints the line of a command's stderr which says that its failure may pass; false where none does. Of a command of the
## file system its own line counts: its client also warns of what it got over, as where one of two NameNodes is away.
may_pass() {
  local own
  if [[ ${2:-} == hadoop_fs ]]; then
    # That a path is not there is an answer, and `-test` gives its own without a word.
    if own=$(grep -aE -- "^-?${3#-}: " "$1"); then
      ! grep -q 'No such file or directory' <<<"$own" && grep -aE -m 1 -- "$MAY_PASS" <<<"$own"
      return
    fi
    [[ $3 != -test ]] || return 1
  fi
  grep -aE -m 1 -- "$MAY_PASS" "$1"
}

## again COMMAND...
## Runs a command, or a function, that can be repeated as a whole: until it succeeds, fails for good, or the time for
## waiting is over. It reads stdin anew each time, if one of its words is `-`; what it prints comes out when it has ended. $try counts.
again() {
  # One of these may be tried again within another.
  local depth=$((${depth:-0} + 1)) spent=0 pause=1 try wait code reason
  local name=$WORK/again.$BASHPID.$depth
  [[ $RETRY_FOR =~ ^[0-9]{1,6}$ ]] || usage_error "SLUICEBOX_RETRY_FOR=$RETRY_FOR is no number of seconds"
  if [[ " $* " == *' - '* ]]; then cat >"$name.in" || return "$EXIT_IO"; else : >"$name.in" || return "$EXIT_IO"; fi
  for ((try = 1; ; try++)); do
    code=0
    "$@" <"$name.in" >"$name.out" 2>"$name.err" || code=$?
    if ((code == 0 || spent >= RETRY_FOR)) || ! reason=$(may_pass "$name.err" "$@"); then
      break
    fi
    # Between half of it and the whole: those that failed together don't come back together.
    wait=$((pause - RANDOM % (pause / 2 + 1)))
    note "try $try failed, the next one comes in $wait s: ${reason:0:300}" 2>&"${TOLD:-2}"
    event retried "try=$try" "wait=$wait" "command=${*:1:3}" "reason=${reason:0:300}"
    sleep "$wait"
    # Meanwhile somebody may have taken over. Within that question it is not asked again, or there would be no end of it.
    [[ -z ${LOCK:-} ]] || ((depth > 1)) || guard 2>&"${TOLD:-2}"
    ((spent += wait, pause = pause * 2 < RETRY_CAP ? pause * 2 : RETRY_CAP))
  done
  # shellcheck disable=SC2034  # fs reads it
  ((code == 0)) || REASON=$(may_pass "$name.err" "$@" || sed '/^[[:space:]]*$/d; / WARN /d' "$name.err" | tail -n 1)
  # Half an answer is none: the disk may be full.
  cat "$name.out" || { ((code)) || code=$EXIT_IO; }
  cat "$name.err" >&2
  rm -f "$name".{in,out,err}
  return "$code"
}

## dfs ARG...
## `hadoop fs`, tried again where that may help: each call of it is such that it can be repeated.
dfs() {
  again hadoop_fs "$@"
}
