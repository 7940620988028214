# shellcheck shell=bash
# What setup and the launchers share: where things are, and how a JVM is run.

# shellcheck source-path=SCRIPTDIR source=../../scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"

ENGINE=$CHECKOUT/hadoop/engine
# The jars stand outside the checkout, under the hash of what they are resolved from.
ENGINE_CACHE=$(realpath -ms -- "${SLUICEBOX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluicebox}")
ENGINE_JARS=$ENGINE_CACHE/engine-$(cat "$ENGINE"/{hadoop,hive}/pom.xml | sha256sum | cut -c1-12)
ENGINE_HOME=$(realpath -ms -- "${SLUICEBOX_ENGINE_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/sluicebox}")
ENGINE_LOGS=$(realpath -ms -- "${SLUICEBOX_LOG_DIR:-$ENGINE_HOME/logs}")
ENGINE_CONF=$(realpath -ms -- "${HADOOP_CONF_DIR:-$ENGINE/conf/hadoop}")
JAVA=java
if [[ -n ${JAVA_HOME:-} ]]; then
  JAVA=$JAVA_HOME/bin/java
fi

## engine_ready
## Resolves the jars on first use.
engine_ready() {
  if [[ ! -d $ENGINE_JARS ]]; then
    "$ENGINE/setup" || exit
  fi
}

## engine_scratch NAME
## Makes a folder for this process alone, named in $SCRATCH and removed at exit, and names its log in $LOG.
engine_scratch() {
  mkdir -p "$ENGINE_HOME/tmp" "$ENGINE_LOGS"
  # What a killed process left behind.
  find "$ENGINE_HOME/tmp" -mindepth 1 -maxdepth 1 -mmin +2880 -exec rm -rf {} + 2>/dev/null || true
  find "$ENGINE_LOGS" -maxdepth 1 -name '*.log' -mtime +14 -delete 2>/dev/null || true
  # A map's output in a folder with a blank in its name is not found by the reduces.
  SCRATCH=$(scratch_folder "$ENGINE_HOME/tmp")
  trap 'rm -rf "$SCRATCH"' EXIT
  LOG=$ENGINE_LOGS/$1-$(date +%Y%m%d-%H%M%S)-$$.log
  : >"$LOG"
}

# An archive lies where it was made for: at another place each JVM would first mend all addresses in it.
ARCHIVE_PLACE=(-XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0)

# Small code caches are swept again and again, and each process that a JVM starts is started by a second one.
FRUGAL=(-XX:-UseCodeCacheFlushing -Djdk.lang.Process.launchMechanism=VFORK)

## java_options PART HEAP
## Sets JAVA_OPTIONS: quick to start, and what Hadoop and Hive need to run on Java 17.
## PART (hadoop, hive) names the archive of loaded classes that setup made; a JVM to which it doesn't
## fit goes without.
java_options() {
  local package
  JAVA_OPTIONS=(
    -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Xmx$2"
    -XX:+IgnoreUnrecognizedVMOptions -Djava.net.preferIPv4Stack=true "${FRUGAL[@]}"
    "-Dsluicebox.home=$ENGINE_HOME" "-Dsluicebox.cwd=$PWD"
    "-Dsluicebox.tmp=${SCRATCH:-$ENGINE_HOME/tmp}" "-Dsluicebox.log=${LOG:-/dev/null}"
  )
  for package in java.io java.lang java.lang.invoke java.lang.reflect java.math java.net java.nio \
    java.security java.text java.time java.util java.util.concurrent java.util.concurrent.atomic \
    java.util.concurrent.locks java.util.regex java.util.zip jdk.internal.ref jdk.internal.reflect \
    sun.nio.ch sun.nio.cs sun.security.provider sun.security.util sun.security.x509; do
    JAVA_OPTIONS+=("--add-opens=java.base/$package=ALL-UNNAMED")
  done
  local_files "$1"
  JAVA_OPTIONS+=("-Dsluicebox.files=$FILES" "-Dsluicebox.contexts=$CONTEXTS")
  if [[ -f $ENGINE_JARS/$1.jsa ]]; then
    # The JVM would print on stdout why it goes without an archive.
    JAVA_OPTIONS+=(-Xshare:auto "-XX:SharedArchiveFile=$ENGINE_JARS/$1.jsa" "${ARCHIVE_PLACE[@]}" -Xlog:disable -Xlog:all=error:stderr)
  fi
  # shellcheck disable=SC2206  # options, separated by blanks as everywhere in Hadoop
  JAVA_OPTIONS+=(${HADOOP_CLIENT_OPTS:-})
}

## local_files PART
## Sets FILES and CONTEXTS, the classes for local files: the engine's own (files/), where setup could build them.
local_files() {
  # shellcheck disable=SC2034  # for the cluster too
  if [[ -f $ENGINE_JARS/$1/sluicebox-files.jar ]]; then
    FILES=sluicebox.LocalFiles CONTEXTS=sluicebox.LocalFilesOfContexts
  else
    FILES=org.apache.hadoop.fs.LocalFileSystem CONTEXTS=org.apache.hadoop.fs.local.LocalFs
  fi
}

## hadoop_class_path
## Prints the class path of Hadoop's commands. The jars stand first: an archive of classes holds for
## a class path that begins with what it was made from, and none of the jars carries a *-site.xml.
hadoop_class_path() {
  printf '%s\n' "$ENGINE_JARS/hadoop/*:$ENGINE/conf/log:$ENGINE_CONF${HADOOP_CLASSPATH:+:$HADOOP_CLASSPATH}"
}

## hive_class_path
## Prints the class path of Hive's commands; ahead of its jars the beeline of Hive 3, as the archive has them.
hive_class_path() {
  printf '%s\n' "$(hive_jars):$ENGINE/conf/log:${HIVE_CONF_DIR:-$ENGINE/conf/hive}:$ENGINE_CONF"
}

## hive_jars
## Prints the class path of Hive's jars; what stands first takes the place of what others have, too.
hive_jars() {
  # A Tez that is not in local mode must ship the whole jar.
  [[ -n ${HIVE_CONF_DIR:-} && ! -e $HIVE_CONF_DIR/engine-hive-site.xml ]] ||
    printf '%s:' "$ENGINE_JARS/hive/hive-exec-dag-utils.jar"
  printf '%s:' "$ENGINE_JARS"/hive/{hive-beeline-*,super-csv-*}.jar
  printf '%s\n' "$ENGINE_JARS/hive/*"
}

## run_main HEAP CLASS ARGS...
## Becomes a short command of Hadoop's, which speaks for itself on stderr.
run_main() {
  java_options hadoop "$1"
  exec "$JAVA" "${JAVA_OPTIONS[@]}" "-Dhadoop.root.logger=${HADOOP_ROOT_LOGGER:-WARN,console}" \
    -Dlog4j.configuration=sluicebox-log4j.properties -cp "$(hadoop_class_path)" "${@:2}"
}

## with_log COMMAND...
## Runs the command as run_child does. What it says on stderr goes to
## the log and to ours, less what conf/log/stderr.sed drops; its stdout comes out less
## what conf/log/stdout.sed drops. Where it fails the log is named. Returns its exit code.
with_log() {
  local code=0 out err
  mkfifo "$SCRATCH/stdout" "$SCRATCH/stderr"
  # They end when the command does, not before: a signal to our process group is not for them.
  (
    trap '' INT TERM HUP
    exec sed -u -E -f "$ENGINE/conf/log/stdout.sed" <"$SCRATCH/stdout" 9>&-
  ) &
  out=$!
  (
    trap '' INT TERM HUP
    tee -a "$LOG" <"$SCRATCH/stderr" 9>&- | sed -u -E -f "$ENGINE/conf/log/stderr.sed" >&2 9>&-
  ) &
  err=$!
  run_child "$@" >"$SCRATCH/stdout" 2>"$SCRATCH/stderr" || code=$?
  wait "$out" "$err" || true
  ((code == 0)) || note "exit $code; the full log: $LOG"
  return "$code"
}

## run_child COMMAND...
## Runs the command with our stdin, hands SIGTERM, SIGINT and SIGHUP on to it, and returns its exit code.
## Bash itself would first wait for it and then act on the signal.
run_child() {
  local code=0 pid
  "$@" <&0 &
  pid=$!
  trap 'kill -TERM "$pid" 2>/dev/null || true' TERM INT HUP
  wait "$pid" || code=$?
  # A signal ends the wait, not the child.
  while kill -0 "$pid" 2>/dev/null; do
    code=0
    wait "$pid" || code=$?
  done
  trap - TERM INT HUP
  return "$code"
}
