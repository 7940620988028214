#!/usr/bin/env bats
# hadoop/engine: the launchers, run for real. Slow: each test starts JVMs.
bats_require_minimum_version 1.5.0

setup_file() {
  root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
  export PATH=$root/hadoop/engine/bin:$PATH
  # A blank in every path: it is the engine's and the caller's folder.
  export SLUICEBOX_ENGINE_HOME="$BATS_FILE_TMPDIR/engine home"
  "$root/hadoop/engine/setup"
}

setup() {
  work="$BATS_TEST_TMPDIR/a folder"
  mkdir -p "$work"
  cd "$work" || return
  # Where the engine's scratch folders go, as the path of its home isn't plain.
  export TMPDIR=$BATS_TEST_TMPDIR/tmp
  mkdir -p "$TMPDIR"
}

## query TEXT: the result's lines
query() {
  beeline --silent=true --outputformat=tsv2 --showHeader=false -e "$1"
}

@test "hadoop fs: exact bytes, one-line errors, real exit codes, stdin" {
  head -c 100000 /dev/urandom >bytes
  hadoop fs -cat "$work/bytes" | cmp - bytes
  hadoop fs -put - "$work/copy" <bytes
  cmp copy bytes
  run --separate-stderr hadoop fs -cat /none
  [ "$status" -eq 1 ]
  [ -z "$output" ]
  [ "$stderr" = "cat: \`/none': No such file or directory" ]
  run hdfs dfs -test -e "$work/none"
  [ "$status" -eq 1 ]
  [ -z "$output" ]
}

@test "hdfs getconf, hadoop version, yarn without a cluster" {
  [ "$(hdfs getconf -confKey fs.defaultFS)" = file:/// ]
  [[ $(hadoop version) == "Hadoop 3."* ]]
  [[ $(yarn application -list) == *'):0'* ]]
  run yarn application -kill application_1_1
  [ "$status" -ne 0 ]
}

@test "streaming, map only: several splits, -files, relative paths of the caller" {
  seq 1 300000 >numbers
  printf '#!/bin/sh\n[ "$(cat note)" = hi ] || exit 3\nexec cat\n' >m
  chmod +x m
  printf hi >note
  plain=$(mktemp -d /tmp/sluicebox.XXXXXX)
  cp m note numbers "$plain"
  cd "$plain"
  hadoop jar hadoop-streaming.jar -D fs.local.block.size=1048576 -D mapreduce.job.reduces=0 \
    -D stream.map.output=keyonlytext -files m,note -input numbers -output out -mapper ./m
  [ "$(find out -name 'part-*' | wc -l)" -ge 2 ]
  cat out/part-* | sort -n | cmp - numbers
  # No link and no folder of the runner's beside the caller's files.
  [ "$(ls | tr '\n' ' ')" = "m note numbers out " ]
  rm -r "$plain"
  [ -z "$(ls "$TMPDIR")" ]
}

@test "streaming, two reducers: whole lines sorted, partitioned by the first field" {
  seq 1 100000 | awk '{ print "k" $1 * 7919 % 5000 "\tv" $1 }' >lines
  hadoop jar hadoop-streaming.jar -D fs.local.block.size=1048576 -D mapreduce.job.reduces=2 \
    -D stream.num.map.output.key.fields=1000 -D mapreduce.partition.keypartitioner.options=-k1,1 \
    -D stream.reduce.output=keyonlytext -partitioner org.apache.hadoop.mapred.lib.KeyFieldBasedPartitioner \
    -input lines -output out -mapper /bin/cat -reducer /bin/cat
  for part in out/part-00000 out/part-00001; do
    [ -s "$part" ]
    LC_ALL=C sort -c "$part"
  done
  [ -z "$(comm -12 <(cut -f1 out/part-00000 | sort -u) <(cut -f1 out/part-00001 | sort -u))" ]
  cat out/part-* | sed 's/\t$//' | sort | cmp - <(sort lines)
}

@test "a failing task: exit 1, its stderr is shown and kept, the log is named" {
  echo x >in
  run --separate-stderr hadoop jar hadoop-streaming.jar -D mapreduce.job.reduces=0 \
    -input in -output out -mapper "bash -c 'echo the date is bad >&2; cat >/dev/null; exit 2'"
  [ "$status" -eq 1 ]
  [[ $stderr == *"the date is bad"* ]]
  log=${stderr##*full log: }
  grep -q "the date is bad" "$log"
  grep -q "subprocess failed with code 2" "$log"
}

@test "two streaming jobs at once" {
  seq 1 1000 >in
  hadoop jar hadoop-streaming.jar -D stream.map.output=keyonlytext -D mapreduce.job.reduces=0 -input in -output a -mapper cat &
  hadoop jar hadoop-streaming.jar -D stream.map.output=keyonlytext -D mapreduce.job.reduces=0 -input in -output b -mapper cat
  wait $!
  cmp a/part-00000 in
  cmp b/part-00000 in
}

@test "SIGTERM ends the job and leaves nothing behind" {
  echo x >in
  hadoop jar hadoop-streaming.jar -D mapreduce.job.reduces=0 -input in -output out \
    -mapper "bash -c 'touch $BATS_FILE_TMPDIR/running; sleep 60'" 3>&- &
  pid=$!
  for _ in $(seq 300); do
    [ ! -e "$BATS_FILE_TMPDIR/running" ] || break
    sleep 0.1
  done
  kill -TERM "$pid"
  code=0
  wait "$pid" || code=$?
  [ "$code" -eq 143 ]
  [ ! -e out/_SUCCESS ]
  [ -z "$(ls "$TMPDIR")" ]
}

@test "beeline: results alone on stdout, --hivevar, exit codes, the log named" {
  printf 'create temporary table w (n int, d decimal(18,2));\ninsert into w values (1, 12.30);\n' >q.hql
  printf "select n, cast(d as string), '\${hivevar:text}' from w;\n" >>q.hql
  run --separate-stderr beeline --silent=true --outputformat=tsv2 --showHeader=false \
    --hivevar 'text=a b;#=c' -f q.hql
  [ "$status" -eq 0 ]
  [ "$output" = $'1\t12.30\ta b;#=c' ]
  [ -z "$stderr" ]
  run --separate-stderr query 'select * from none_such'
  [ "$status" -ne 0 ]
  [ -z "$output" ]
  [[ ${stderr_lines[0]} == Error:*"Table not found 'none_such'"* ]]
  [ -s "${stderr##*full log: }" ]
}

@test "beeline: escaped text in, ORC out, a partition repointed, state kept between calls" {
  data=$(mktemp -d /tmp/sluicebox.XXXXXX)
  mkdir "$data/in"
  printf 'a\\\tb\t12.30\t\\N\nc\\\\d\t9999999999999999.99\t0001-01-01\n' >"$data/in/part-00000"
  cat >t.hql <<'HQL'
CREATE EXTERNAL TABLE raw (t string, m decimal(18,2), d date) ROW FORMAT DELIMITED
  FIELDS TERMINATED BY '\t' ESCAPED BY '\\' STORED AS TEXTFILE LOCATION '${data}/in';
CREATE EXTERNAL TABLE version (t string, m decimal(18,2), d date) PARTITIONED BY (run string) STORED AS ORC LOCATION '${data}/version';
INSERT OVERWRITE TABLE version PARTITION (run='1') SELECT t, m, d FROM raw;
INSERT OVERWRITE TABLE version PARTITION (run='2') SELECT t, m, d FROM raw WHERE d IS NULL;
CREATE EXTERNAL TABLE gold (t string, m decimal(18,2), d date) PARTITIONED BY (day date) STORED AS ORC;
ALTER TABLE gold ADD PARTITION (day='2026-11-21') LOCATION '${data}/version/run=1';
INSERT OVERWRITE LOCAL DIRECTORY '${local}/before' SELECT count(*) FROM gold;
ALTER TABLE gold PARTITION (day='2026-11-21') SET LOCATION '${data}/version/run=2';
INSERT OVERWRITE LOCAL DIRECTORY '${local}/after' SELECT count(*) FROM gold;
HQL
  beeline --silent=true -f t.hql --hivevar "data=file://$data" --hivevar "local=$work"
  [ "$(cat before/0*)" = 2 ]
  [ "$(cat after/0*)" = 1 ]
  [ "$(query 'select hex(t), cast(m as string), d <=> null from gold')" = $'610962\t12.30\ttrue' ]
  rm -r "$data"
}

@test "beeline: two at once take turns" {
  query 'select 1' >a &
  query 'select 2' >b
  wait $!
  [ "$(cat a b)" = $'1\n2' ]
}

@test "a damaged archive of classes costs time, nothing else" {
  cache="$BATS_TEST_TMPDIR/cache"
  jars=$(dirname "$(dirname "$(hadoop streaming-jar)")")
  mkdir -p "$cache/${jars##*/}"
  ln -s "$jars"/{hadoop,hive} "$cache/${jars##*/}/"
  head -c 100000 /dev/urandom >"$cache/${jars##*/}/hadoop.jsa"
  echo x >in
  SLUICEBOX_CACHE=$cache run hadoop fs -cat "$work/in"
  [ "$status" -eq 0 ]
  [ "$output" = x ]
}
