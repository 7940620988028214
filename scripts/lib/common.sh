# shellcheck shell=bash
# The one function library of the scripts:
#
#     . "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
#
# A command that fails in `$(...)` ends the script as any other does: bash would go on without this.
((BASH_VERSINFO[0] >= 5)) || {
  printf '%s: bash 5 is needed, this is %s\n' "${0##*/}" "$BASH_VERSION" >&2
  exit 3
}
shopt -s inherit_errexit

# Messages go to stderr: stdout belongs to what a script prints as its result.

# The program's exit codes; scripts and binaries share them.
# shellcheck disable=SC2034  # they are for those who source this file
readonly EXIT_GATE=1 EXIT_USAGE=2 EXIT_IO=3 EXIT_HEADER=4
# The scripts' own: another run was published since this one was judged.
# shellcheck disable=SC2034
readonly EXIT_OVERTAKEN=5
# Somebody else works on this table and date.
# shellcheck disable=SC2034
readonly EXIT_LOCKED=6

# The root of the checkout.
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly CHECKOUT

## note MESSAGE...
## Prints one line on stderr, after the program's name.
note() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
}

## die CODE MESSAGE...
## Prints the message as `note` does and exits with CODE; the log gets it from $MESSAGE.
die() {
  local code=$1
  shift
  note "$@"
  # shellcheck disable=SC2034  # the log reads it (ending.sh)
  MESSAGE=$*
  # Where this is a subshell that is all that is left of it.
  { printf '%s' "$*" >"${SLUICEBOX_LAST_WORDS:-/dev/null}"; } 2>/dev/null || true
  exit "$code"
}

## usage_error MESSAGE...
## die for a wrong command line: says where help is, exits 2.
usage_error() {
  die "$EXIT_USAGE" "$* (see ${0##*/} --help)"
}

## progress TEXT
## Replaces the terminal's current line by TEXT; `progress ''` clears it.
## Prints nothing where stderr is not a terminal, so logs stay readable.
progress() {
  if [[ -t 2 ]]; then
    printf '\r\033[K%s' "$1" >&2
  fi
}

## event NAME KEY=VALUE...
## Logs nothing: a run has a log (events.sh), other scripts have none.
event() {
  :
}

## step_start
## Starts the clock that the next step_done reads.
step_start() {
  # shellcheck disable=SC2034  # ending.sh reads it
  UNFINISHED=1
  STEP_STARTED=${EPOCHREALTIME/[.,]/}
}

## step_done NAME TEXT
## Prints one step's line: its name, what it did, and the seconds since step_start; logs it, too.
step_done() {
  local micros=$((${EPOCHREALTIME/[.,]/} - STEP_STARTED))
  local tenths=$(((micros + 50000) / 100000))
  progress ''
  printf '%-10s %-60s %3d.%d s\n' "$1" "$2" $((tenths / 10)) $((tenths % 10))
  # shellcheck disable=SC2034
  UNFINISHED=''
  event finished "seconds=$((tenths / 10)).$((tenths % 10))" "what=$2"
}

## need_packages COMMAND=PACKAGE...
## Makes sure that every COMMAND is there. Root gets the missing Debian packages installed;
## anybody else is told the exact command, and the exit is 3.
need_packages() {
  local pair packages=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}")
  done
  if ((${#packages[@]} == 0)); then
    return 0
  fi
  local install="apt-get install -y --no-install-recommends ${packages[*]}"
  if ! command -v apt-get >/dev/null; then
    die "$EXIT_IO" "missing: ${packages[*]} (these are the names of the Debian packages)"
  fi
  if ((EUID != 0)); then
    die "$EXIT_IO" "missing; run this first: sudo $install"
  fi
  note "installing ${packages[*]}"
  local log
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  # The package lists of a fresh machine are empty or old: only then are they fetched.
  # shellcheck disable=SC2086  # a command with its words
  if ! { $install || { apt-get update && $install; }; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    die "$EXIT_IO" "could not install ${packages[*]}; the full log: $log"
  fi
  rm -f "$log"
}

## use_engine
## Puts the embedded engine on PATH where PATH has neither `hadoop` nor `beeline`; on an edge node all
## stays as it is. Where one of the two is missing it exits 3: half a job on the site's cluster and half
## in a private Hive would look like success.
use_engine() {
  local missing=()
  command -v hadoop >/dev/null || missing+=(hadoop)
  command -v beeline >/dev/null || missing+=(beeline)
  case ${#missing[@]} in
    1) die "$EXIT_IO" "PATH has no ${missing[0]}, only the other of hadoop and beeline; add the site's" ;;
    2) export PATH=$CHECKOUT/hadoop/engine/bin:$PATH ;;
  esac
}

## forget_site
## Drops what the caller's environment says of a site: the demo and the tests have an engine of their own.
forget_site() {
  unset HADOOP_CONF_DIR HADOOP_CLASSPATH HIVE_CONF_DIR HADOOP_STREAMING_JAR SLUICEBOX_ROOT SLUICEBOX_ENGINE_HOME SLUICEBOX_CLUSTER \
    SLUICEBOX_JDBC SLUICEBOX_BEELINE_OPTIONS SLUICEBOX_JOB_OPTIONS SLUICEBOX_REDUCERS SLUICEBOX_AUDIT_HERE SLUICEBOX_STREAMING_JAR \
    SLUICEBOX_NOTIFY SLUICEBOX_METRICS SLUICEBOX_LOG SLUICEBOX_RETRY_FOR SLUICEBOX_SETTLE
}

## engine_in_use
## True where `hadoop` is the embedded engine's.
engine_in_use() {
  [[ $(command -v hadoop) == "$CHECKOUT/hadoop/engine/bin/hadoop" ]]
}

## embedded
## True where it runs in one process, on local files: no configuration says that there is a cluster.
embedded() {
  engine_in_use && [[ -z ${HADOOP_CONF_DIR:-} ]]
}

## streaming_jar
## Prints the path of the streaming jar: $SLUICEBOX_STREAMING_JAR, $HADOOP_STREAMING_JAR, the
## engine's own name for it, or where the usual distributions keep it. Exits 3 where there is none.
streaming_jar() {
  local jar=${SLUICEBOX_STREAMING_JAR:-${HADOOP_STREAMING_JAR:-}}
  if [[ -n $jar ]]; then
    [[ -f $jar ]] || die "$EXIT_IO" "no such streaming jar: $jar"
    printf '%s\n' "$jar"
    return
  fi
  if engine_in_use; then
    hadoop streaming-jar
    return
  fi
  local bin home
  bin=$(readlink -f "$(command -v hadoop)") || bin=/usr/bin/hadoop
  home=${HADOOP_HOME:-$(dirname "$(dirname "$bin")")}
  for jar in \
    "${HADOOP_MAPRED_HOME:-$home}"/share/hadoop/tools/lib/hadoop-streaming-*.jar \
    "$home"/share/hadoop/tools/lib/hadoop-streaming-*.jar \
    "${HADOOP_MAPRED_HOME:-/usr/lib/hadoop-mapreduce}"/hadoop-streaming*.jar \
    /usr/lib/hadoop-mapreduce/hadoop-streaming*.jar \
    /opt/cloudera/parcels/CDH/lib/hadoop-mapreduce/hadoop-streaming*.jar \
    /usr/hdp/current/hadoop-mapreduce-client/hadoop-streaming*.jar; do
    if [[ -f $jar ]]; then
      printf '%s\n' "$jar"
      return
    fi
  done
  die "$EXIT_IO" "no hadoop-streaming jar found; set SLUICEBOX_STREAMING_JAR to its path"
}

## scratch_folder [BASE]
## Makes a folder for temporary files and prints its path. It is in BASE, $TMPDIR or /tmp: in the first
## whose path is a whole one and holds no blank or other character that has a meaning in a URI. The caller removes it.
scratch_folder() {
  local base
  for base in "${1:-}" "${TMPDIR:-}" /tmp; do
    [[ ! $base =~ ^/[A-Za-z0-9/._-]*$ ]] || break
  done
  mktemp -d "$base/sluicebox.XXXXXX" || die "$EXIT_IO" "cannot write to $base"
}

## stage_files FOLDER NAME=PATH...
## Copies each file into the folder under its plain name, and prints the list for -files. Hadoop has
## no way to say a path with a blank in it there, and the task sees the name.
stage_files() {
  local folder=$1 pair list=()
  shift
  for pair in "$@"; do
    cp -- "${pair#*=}" "$folder/${pair%%=*}" || die "$EXIT_IO" "cannot copy ${pair#*=}"
    list+=("$folder/${pair%%=*}")
  done
  (IFS=, && printf '%s\n' "${list[*]}")
}

## binaries_dir
## Prints the folder of the release binaries: $SLUICEBOX_BIN, else cargo's target folder.
## .cargo/config.toml names the target, so they stand below its triple.
binaries_dir() {
  local target
  if [[ -n ${SLUICEBOX_BIN:-} ]]; then
    printf '%s\n' "$SLUICEBOX_BIN"
    return
  fi
  target=${CARGO_BUILD_TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
  printf '%s\n' "${CARGO_TARGET_DIR:-$CHECKOUT/target}/$target/release"
}

## build_binaries
## Builds the release binaries, unless $SLUICEBOX_BIN names built ones. cargo decides whether
## there is anything to do; it speaks on stderr, and a failed build exits 3.
build_binaries() {
  local quiet=--quiet
  if [[ -n ${SLUICEBOX_BIN:-} ]]; then
    [[ -x $SLUICEBOX_BIN/mapper ]] || die "$EXIT_IO" "no mapper in SLUICEBOX_BIN: $SLUICEBOX_BIN"
    return
  fi
  command -v cargo >/dev/null || die "$EXIT_IO" "no cargo on PATH: see https://rustup.rs, or set SLUICEBOX_BIN"
  [[ -t 2 ]] && quiet=--color=auto
  (cd "$CHECKOUT" && cargo build --release --bins "$quiet") >&2 ||
    die "$EXIT_IO" "the build failed"
  build_client "$(binaries_dir)/fs-server.jar" "$CHECKOUT/hadoop/client/sluicebox/FsServer.java"
}

## build_client JAR SOURCE
## Builds what scripts/lib/client.sh starts. Nothing depends on it: where it can't be built there is none.
build_client() {
  local java=${JAVA_HOME:+$JAVA_HOME/bin/} classes
  [[ ! $1 -nt $2 ]] || return 0
  rm -f "$1"
  { command -v "${java}javac" && command -v "${java}jar"; } >/dev/null || return 0
  classes=$(mktemp -d)
  # Java 8 is what the oldest sites run on.
  { "${java}javac" -source 8 -target 8 -Xlint:-options -d "$classes" "$2" && "${java}jar" cf "$1.$$" -C "$classes" . &&
    mv "$1.$$" "$1"; } >&2 || note "cannot build $2: each command of the file system starts a JVM of its own"
  rm -rf "$classes"
}
