# shellcheck shell=bash
# The daemons of `cluster`: which there are, how each is started, asked whether it is ready, and stopped.
#
#     DIR/conf/        what HADOOP_CONF_DIR and HIVE_CONF_DIR name
#     DIR/logs/        a log a daemon
#     DIR/nodemanager1/logs/APPLICATION/CONTAINER/   what a task wrote
#     DIR/pids/ ports formatted path lock            the books of `cluster`
#     DIR/*            the daemons' own folders

# In the order in which they start.
readonly DAEMONS=(resourcemanager metastore namenode datanode1 datanode2 nodemanager1 nodemanager2 historyserver hiveserver2)

# Each daemon's ports, as offsets in the cluster's block; the first is the one that `status` shows.
readonly BLOCK=32 FIRST_BLOCK=12000 BLOCKS=250 # below what systems hand out to outgoing connections
declare -rA OFFSETS=(
  [namenode]='0 1' [datanode1]='2 3 4' [datanode2]='5 6 7' [resourcemanager]='8 9 10 11 12'
  [nodemanager1]='13 14 15 16' [nodemanager2]='17 18 19 20' [metastore]=21 [hiveserver2]=22
  [historyserver]='23 24 25'
)

## cluster_at FOLDER
## Sets DIR, the cluster's folder, and PLAIN, the same without a blank or other character that Hadoop
## would trip over in a path: where DIR has one, a link of a plain name is made to it.
cluster_at() {
  DIR=$(realpath -ms -- "$1")
  PLAIN=$DIR PORTS='' NAME_NODE='' RESOURCE_MANAGER=''
  if [[ -s $DIR/path ]]; then PLAIN=$(<"$DIR/path"); fi
  if [[ -s $DIR/ports ]]; then known_ports; fi
  # What the functions of engine.sh go by.
  # shellcheck disable=SC2034
  ENGINE_HOME=$PLAIN ENGINE_CONF=$PLAIN/conf
  export HADOOP_CONF_DIR=$ENGINE_CONF HIVE_CONF_DIR=$ENGINE_CONF
}

## known_ports
## Reads the block of ports that was chosen.
known_ports() {
  PORTS=$(<"$DIR/ports")
  NAME_NODE=$(port namenode 1) RESOURCE_MANAGER=$(port resourcemanager 4)
}

## port NAME [N]
## Prints a daemon's first port, or its (N+1)th.
port() {
  local offsets
  read -r -a offsets <<<"${OFFSETS[$1]}"
  printf '%d\n' $((PORTS + offsets[${2:-0}]))
}

## listening PORT
listening() {
  (exec 4<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

## choose_ports
## Chooses a block of ports, once: what HDFS is called stands in Hive's metastore. No two clusters of a
## user choose the same, whether they run or not.
choose_ports() {
  [[ -z $PORTS ]] || return 0
  local claims=$ENGINE_CACHE/ports base try of start=$((RANDOM % BLOCKS))
  local -A claimed=()
  exec 7>>"$claims"
  flock 7
  while IFS=$'\t' read -r base of; do
    [[ ! -s $of/ports || $(<"$of/ports") != "$base" ]] || claimed[$base]=$of
  done <"$claims"
  for ((try = 0; try < BLOCKS; try++)); do
    base=$((FIRST_BLOCK + (start + try) % BLOCKS * BLOCK))
    if [[ -n ${claimed[$base]:-} ]] || ! block_is_free "$base"; then continue; fi
    printf '%s\n' "$base" >"$DIR/ports"
    claimed[$base]=$DIR
    for base in "${!claimed[@]}"; do printf '%s\t%s\n' "$base" "${claimed[$base]}"; done >"$claims"
    exec 7>&-
    known_ports
    return
  done
  die "$EXIT_IO" "no $BLOCK free ports in a row from $FIRST_BLOCK on"
}

## block_is_free BASE
block_is_free() {
  local offset
  for ((offset = 0; offset < BLOCK; offset++)); do
    ! listening $(($1 + offset)) || return 1
  done
}

## prepare
## Makes the cluster's folder with its configuration, and the paths by which Hadoop reaches it.
prepare() {
  local name used=''
  for name in "${DAEMONS[@]}"; do
    if alive "$name"; then used=1; fi
  done
  # What daemons that were killed left.
  [[ -n $used ]] || rm -rf "$DIR/tmp"
  mkdir -p "$DIR"/{conf,logs,pids,tmp}
  if [[ ! $DIR =~ ^[A-Za-z0-9/._-]+$ && ! -L $PLAIN ]]; then
    PLAIN=$(scratch_folder)/cluster
    ln -s "$DIR" "$PLAIN"
    printf '%s\n' "$PLAIN" >"$DIR/path"
  fi
  ln -sfn "$ENGINE_JARS" "$DIR/jars"
  cluster_at "$DIR"
  choose_ports
  # Where it is up already, clients read these.
  local made=$DIR/tmp/conf.$$
  mkdir "$made"
  cp "$ENGINE"/conf/cluster/*.xml "$made/"
  cp "$ENGINE/conf/hive/hive-site.xml" "$made/engine-hive-site.xml"
  cluster_xml >"$made/cluster.xml"
  mv "$made"/* "$DIR/conf/"
  rmdir "$made"
}

## cluster_xml
## Prints what the configuration is made for: this folder, these ports.
cluster_xml() {
  local pair archive=''
  [[ ! -f $ENGINE_JARS/hadoop.jsa ]] || archive="-XX:SharedArchiveFile=$PLAIN/jars/hadoop.jsa ${ARCHIVE_PLACE[*]}"
  local_files hadoop
  printf '<?xml version="1.0"?>\n<!-- Written by hadoop/engine/cluster. -->\n<configuration>\n'
  for pair in "dir=$PLAIN" "conf=$PLAIN/conf" "jars=$PLAIN/jars" "archive=$archive" "frugal=${FRUGAL[*]}" \
    "files=$FILES" "contexts=$CONTEXTS" \
    "port.namenode=$(port namenode)" "port.namenode.http=$NAME_NODE" \
    "port.resourcemanager=$(port resourcemanager)" "port.resourcemanager.scheduler=$(port resourcemanager 1)" \
    "port.resourcemanager.tracker=$(port resourcemanager 2)" "port.resourcemanager.admin=$(port resourcemanager 3)" \
    "port.resourcemanager.http=$RESOURCE_MANAGER" \
    "port.historyserver=$(port historyserver)" "port.historyserver.admin=$(port historyserver 1)" \
    "port.historyserver.http=$(port historyserver 2)" \
    "port.metastore=$(port metastore)" "port.hiveserver2=$(port hiveserver2)"; do
    printf '  <property><name>cluster.%s</name><value>%s</value></property>\n' "${pair%%=*}" "${pair#*=}"
  done
  printf '</configuration>\n'
}

## pid_of NAME
## Prints the pid of a daemon that runs. A pid alone proves nothing, it may be another's by now: what it
## runs must say that it is this daemon of this cluster.
pid_of() {
  local pid
  read -r pid 2>/dev/null <"$DIR/pids/$1" || return 1
  grep -qzxF -- "-Dsluicebox.daemon=$DIR/$1" "/proc/$pid/cmdline" 2>/dev/null || return 1
  printf '%s\n' "$pid"
}

## alive NAME
alive() {
  pid_of "$1" >/dev/null
}

## in_jvm PART HEAP CLASS ARGS...
## Sets COMMAND to the command of the daemon $name.
in_jvm() {
  # The caller's options are for clients.
  # shellcheck disable=SC2034
  local HADOOP_CLIENT_OPTS=''
  local class_path level=${SLUICEBOX_LOG_LEVEL:-WARN}
  LOG=$DIR/logs/$name.log
  java_options "$1" "$2"
  class_path=$("$1_class_path")
  COMMAND=(
    "$JAVA_HOME/bin/java" "${JAVA_OPTIONS[@]}" "-Dsluicebox.daemon=$DIR/$name" "-Djava.io.tmpdir=$PLAIN/tmp"
    "-Dhadoop.root.logger=$level,file" -Dlog4j.configuration=sluicebox-log4j.properties
    "-Dsluicebox.level=$level" -Dlog4j2.configurationFile=sluicebox-log4j2.properties
    "-Dderby.stream.error.file=$LOG" -Dderby.infolog.append=true
    -cp "$class_path" "${@:3}"
  )
}

## daemon_command NAME
## Sets COMMAND. What differs between two of a kind is said here, all else in conf/cluster.
daemon_command() {
  local name=$1 here=127.0.0.1
  case $name in
    namenode) in_jvm hadoop 256m org.apache.hadoop.hdfs.server.namenode.NameNode "${@:2}" ;;
    datanode*)
      in_jvm hadoop 192m org.apache.hadoop.hdfs.server.datanode.DataNode \
        -D "dfs.datanode.address=$here:$(port "$name")" -D "dfs.datanode.http.address=$here:$(port "$name" 1)" \
        -D "dfs.datanode.ipc.address=$here:$(port "$name" 2)" -D "dfs.datanode.data.dir=$PLAIN/$name"
      ;;
    resourcemanager) in_jvm hadoop 256m org.apache.hadoop.yarn.server.resourcemanager.ResourceManager ;;
    nodemanager*)
      in_jvm hadoop 192m org.apache.hadoop.yarn.server.nodemanager.NodeManager \
        -D "yarn.nodemanager.address=$here:$(port "$name")" -D "yarn.nodemanager.localizer.address=$here:$(port "$name" 1)" \
        -D "yarn.nodemanager.webapp.address=$here:$(port "$name" 2)" -D "mapreduce.shuffle.port=$(port "$name" 3)" \
        -D "yarn.nodemanager.local-dirs=$PLAIN/$name/local" -D "yarn.nodemanager.log-dirs=$PLAIN/$name/logs"
      ;;
    historyserver) in_jvm hadoop 192m org.apache.hadoop.mapreduce.v2.hs.JobHistoryServer ;;
    metastore) in_jvm hive 384m org.apache.hadoop.hive.metastore.HiveMetaStore -p "$(port metastore)" ;;
    # It runs the queries.
    hiveserver2) in_jvm hive 768m org.apache.hive.service.server.HiveServer2 --hiveconf "hive.server2.thrift.port=$(port "$name")" ;;
  esac
}

## launch NAME
## Starts a daemon that doesn't run, and returns at once.
launch() {
  local name=$1 offset tries
  alive "$name" && return
  for offset in ${OFFSETS[$name]}; do
    # One that was killed lets go of its ports with its last thread, some moments after it is gone.
    for ((tries = 0; tries < 20; tries++)); do
      listening $((PORTS + offset)) || continue 2
      sleep 0.25
    done
    die "$EXIT_IO" "port $((PORTS + offset)) of $name is taken by another program; end that, or use another --dir"
  done
  daemon_command "$name"
  (
    # Nothing of the caller's stays open: pipes, our lock, the terminal.
    exec </dev/null >>"$LOG" 2>&1
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      if ((fd > 2)); then eval "exec $fd>&-"; fi
    done
    cd "$DIR" || exit
    printf '%s\n' "$BASHPID" >"$DIR/pids/$name"
    exec setsid "${COMMAND[@]}"
  ) &
  # For a moment it is a shell still, which nobody would know for the daemon.
  until alive "$name" || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
}

## format
## Formats HDFS, once.
format() {
  [[ ! -e $DIR/formatted ]] || return 0
  local name=format
  in_jvm hadoop 256m org.apache.hadoop.hdfs.server.namenode.NameNode -format -force -nonInteractive
  "${COMMAND[@]}" </dev/null >>"$LOG" 2>&1 9>&- || die "$EXIT_IO" "cannot format HDFS; the log: $LOG"
  : >"$DIR/formatted"
}

## http METHOD PORT PATH
http() {
  # shellcheck disable=SC2016  # for the shell in there
  timeout 5 bash -c 'exec 4<>"/dev/tcp/127.0.0.1/$2" &&
    printf "%s %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" "$1" "$3" >&4 && cat <&4' _ "$@" 2>/dev/null
}

## shared_folders
## Makes the folders of HDFS that a site's users find there. What is there stays as it is.
shared_folders() {
  local user folder tries
  user=$(id -un)
  for folder in /tmp?permission=1777 "/user/$user?permission=750"; do
    tries=1
    # A NameNode that says it is ready may still refuse its first call.
    until http PUT "$NAME_NODE" "/webhdfs/v1$folder&op=MKDIRS&user.name=$user" | grep -q '"boolean":true'; do
      ((tries++ < 20)) || failed namenode "cannot make ${folder%\?*} on HDFS"
      sleep 0.5
    done
  done
}

## says PORT PATH TEXT
## Whether what is got holds a text.
says() {
  local answer
  answer=$(http GET "$1" "$2") || return 1
  [[ $answer == *"$3"* ]]
}

## ready NAME
## Whether a daemon does its work: it listens, and those that it works for know it.
ready() {
  listening "$(port "$1")" || return 1
  case $1 in
    namenode) says "$NAME_NODE" '/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo' '"Safemode" : ""' ;;
    datanode*) says "$NAME_NODE" '/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo' "127.0.0.1:$(port "$1")\\\"" ;;
    resourcemanager) says "$RESOURCE_MANAGER" /ws/v1/cluster/info '"state":"STARTED"' ;;
    nodemanager*) says "$RESOURCE_MANAGER" '/ws/v1/cluster/nodes?states=RUNNING' ":$(port "$1")\"" ;;
  esac
}

## await NAME...
## Waits until each is ready, and says so. Names the log of one that ends, or that takes too long.
await() {
  local waiting=("$@") left name deadline=$((SECONDS + TIMEOUT))
  while ((${#waiting[@]})); do
    left=()
    for name in "${waiting[@]}"; do
      if ready "$name"; then
        step_done cluster "$(printf '%-16s 127.0.0.1:%s' "$name" "$(port "$name")")"
      elif ! alive "$name"; then
        failed "$name" "$name ended while it started"
      else
        left+=("$name")
      fi
    done
    waiting=("${left[@]}")
    ((${#waiting[@]} == 0)) && break
    ((SECONDS < deadline)) || failed "${waiting[0]}" "not ready within $TIMEOUT s: ${waiting[*]}"
    progress "waiting for ${waiting[*]}"
    sleep 0.2
  done
}

## failed NAME MESSAGE
failed() {
  progress ''
  tail -n 5 "$DIR/logs/$1.log" >&2 || true
  die "$EXIT_IO" "$2; the log: $DIR/logs/$1.log"
}

## end SIGNAL SECONDS NAME...
## Sends a signal to daemons and waits for their end; fails where one still runs then.
end() {
  local signal=$1 tries=$(($2 * 10)) name pid running=("${@:3}") left
  for name in "${running[@]}"; do
    if pid=$(pid_of "$name"); then kill "-$signal" "$pid" 2>/dev/null || true; fi
  done
  while ((tries-- > 0)); do
    left=()
    for name in "${running[@]}"; do
      if alive "$name"; then left+=("$name"); else rm -f "$DIR/pids/$name"; fi
    done
    running=("${left[@]}")
    ((${#running[@]})) || return 0
    progress "waiting for the end of ${running[*]}"
    sleep 0.1
  done
  return 1
}

## stop NAME...
stop() {
  end TERM 20 "$@" || end KILL 10 "$@" || die "$EXIT_IO" "cannot kill all of: $*"
}

## containers NAME
## Prints the pids of what a NodeManager started, tasks and what those started, by the folder they work in:
## where it was killed, they outlive it.
containers() {
  local proc where physical
  physical=$(realpath -m -- "$DIR")
  find /proc/[0-9]*/cwd -maxdepth 0 -printf '%h\t%l\n' 2>/dev/null | while IFS=$'\t' read -r proc where; do
    [[ $where != "$physical/$1/local/"* ]] || printf '%s\n' "${proc#/proc/}"
  done || true
}

## kill_containers NAME
kill_containers() {
  local pids
  for _ in {1..50}; do
    mapfile -t pids < <(containers "$1")
    ((${#pids[@]})) || return 0
    kill -KILL "${pids[@]}" 2>/dev/null || true
    sleep 0.1
  done
  die "$EXIT_IO" "cannot kill what $1 left: ${pids[*]}"
}
