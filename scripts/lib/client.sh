# shellcheck shell=bash
# One JVM for nearly all that a pipeline asks of its file system: each `hadoop fs` would start one of its own.

# Set where it is to end with this script; the child that started it, where this script did.
# shellcheck disable=SC2034  # ending.sh reads them
CLIENT_OWNED='' CLIENT_STARTER=''

## client_start DRIVER
## Starts hadoop/client/sluicebox/FsServer.java in the new folder $SLUICEBOX_FS. It ends when the process DRIVER does. Where
## it was not built, or has ended, each call is a `hadoop fs` of its own.
client_start() {
  local jar=$BIN/fs-server.jar
  [[ -f $jar && ! -e $SLUICEBOX_FS ]] || return 0
  # What the embedded engine has to fetch at its first use is to be seen.
  ! engine_in_use || hadoop classpath >/dev/null
  { mkdir "$SLUICEBOX_FS" && mkfifo "$SLUICEBOX_FS/ask"; } || return 0
  HADOOP_CLASSPATH=$jar${HADOOP_CLASSPATH:+:$HADOOP_CLASSPATH} HADOOP_ROOT_LOGGER=${HADOOP_ROOT_LOGGER:-WARN,console} \
    hadoop sluicebox.FsServer "$SLUICEBOX_FS" "$1" </dev/null >"$SLUICEBOX_FS/log" 2>&1 3>&- {TOLD}>&- &
  # shellcheck disable=SC2034
  CLIENT_STARTER=$!
  # Until it writes its own.
  [[ -e $SLUICEBOX_FS/pid ]] || printf '%s\n' "$!" >"$SLUICEBOX_FS/pid" || return 0
  # Known by its command line, it must have become what it was started as.
  for _ in {1..200}; do
    if client >/dev/null || ! kill -0 "$!" 2>/dev/null; then break; fi
    sleep 0.01
  done
}

## client
## Prints the pid of the JVM, or of who starts it; false where it has ended.
client() {
  local pid words
  # Said outright: while a script ends, a bare `return` would give what was before.
  [[ -n ${SLUICEBOX_FS:-} ]] || return 1
  { read -r pid <"$SLUICEBOX_FS/pid" && mapfile -d '' -t words <"/proc/$pid/cmdline"; } 2>/dev/null &&
    [[ " ${words[*]} " == *" sluicebox.FsServer $SLUICEBOX_FS "* ]] && printf '%s\n' "$pid"
}

## client_stop
## Ends the JVM, with what it does; within five seconds it may close its files.
client_stop() {
  local pid tries signal=TERM
  for ((tries = 0; tries < 100; tries++)); do
    pid=$(client) || return 0
    ((tries < 50)) || signal=KILL
    kill "-$signal" "$pid" 2>/dev/null || true
    sleep 0.1
  done
}

## hadoop_fs ARG...
## `hadoop fs`, by the pipeline's client where there is one. What it prints comes out when it has ended.
hadoop_fs() {
  local request ask answer code=''
  if ! client >/dev/null; then
    hadoop fs "$@" || code=$?
    return "${code:-0}"
  fi
  request=$SLUICEBOX_FS/$BASHPID
  # Of a process that had this number before.
  rm -f "$request" "$request".*
  if ! { { [[ " $* " != *' - '* ]] || cat >"$request.in"; } && printf '%s\0' "$@" >"$request" && mkfifo "$request.answer"; }; then
    printf '%s: cannot write to %s\n' "$1" "$SLUICEBOX_FS" >&2
    return "$EXIT_IO"
  fi
  # Open for reading and writing: then neither waits for somebody at the other end.
  exec {ask}<>"$SLUICEBOX_FS/ask" {answer}<>"$request.answer"
  printf '%s\n' "$BASHPID" >&"$ask"
  until read -r -t 1 -u "$answer" code; do
    client >/dev/null || break
  done
  [[ -n $code ]] || read -r -t 0.1 -u "$answer" code || true
  exec {ask}>&- {answer}>&-
  if [[ -n $code && $code != - ]]; then
    cat "$request.out" || code=$EXIT_IO
    cat "$request.err" >&2
  elif rm "$request" 2>/dev/null; then
    # It was not begun.
    code=0
    if [[ -e $request.in ]]; then hadoop fs "$@" <"$request.in" || code=$?; else hadoop fs "$@" || code=$?; fi
  else
    # In the words by which it is known that this may pass.
    printf '%s: End of File Exception: the JVM that did it has ended\n' "$1" >&2
    code=$EXIT_IO
  fi
  rm -f "$request".*
  return "$code"
}
