#!/usr/bin/env bats
# Real Hadoop Streaming gives the rows that a pipe gives.

bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  engine_setup
  mkdir "$BATS_FILE_TMPDIR/in"
  generate --rows 2000 --dirt 0.1 --seed 11 >"$BATS_FILE_TMPDIR/in/a.csv"
  generate --rows 1000 --dirt 0.1 --seed 12 | sed 's/$/\r/' >"$BATS_FILE_TMPDIR/in/b.csv"
  generate --rows 500 --dirt 0.1 --seed 13 | gzip >"$BATS_FILE_TMPDIR/in/c.csv.gz"
  cp "$SPECS/sales.toml" "$BATS_FILE_TMPDIR/table.toml"
  # The same table without a key: map-only.
  sed '/^\[dedup\]/,/^$/d' "$SPECS/sales.toml" >"$BATS_FILE_TMPDIR/flat.toml"
}

setup() {
  cd "$BATS_FILE_TMPDIR" || return
}

everything() {
  cat in/a.csv in/b.csv && gzip -dc in/c.csv.gz
}

@test "map-only over several splits gives the rows of cat | mapper" {
  cp flat.toml "$BATS_TEST_TMPDIR/table.toml"
  hadoop jar hadoop-streaming.jar -D fs.local.block.size=65536 -D mapreduce.job.reduces=0 \
    -D stream.map.output=keyonlytext -files "$BIN/mapper,$BATS_TEST_TMPDIR/table.toml" \
    -mapper ./mapper -input in -output map-only
  everything | "$BIN/mapper" --spec flat.toml >map-only.txt
  diff <(rows map-only/part-*) <(rows map-only.txt)
  diff <(rejects map-only/part-*) <(rejects map-only.txt)
  (($(cat map-only/part-* | grep -c ^seal) > 5))
  cat map-only/part-* | "$BIN/validator" --spec flat.toml >verdict.json || true
  grep -Eq '"balanced": ?true' verdict.json
}

@test "two reducers over several splits give the rows of cat | mapper | sort | reducer" {
  hadoop jar hadoop-streaming.jar -D fs.local.block.size=65536 -D mapreduce.job.reduces=2 \
    -D stream.map.output=keyonlytext -D stream.reduce.input=keyonlytext -D stream.reduce.output=keyonlytext \
    -D mapreduce.partition.binarypartitioner.left.offset=-4 \
    -files "$BIN/mapper,$BIN/reducer,table.toml" -mapper './mapper --keyed' -reducer ./reducer \
    -partitioner org.apache.hadoop.mapred.lib.BinaryPartitioner -input in -output reduced
  everything | "$BIN/mapper" --keyed | LC_ALL=C sort | "$BIN/reducer" >reduced.txt
  diff <(rows reduced/part-*) <(rows reduced.txt)
  diff <(rejects reduced/part-*) <(rejects reduced.txt)
  cat reduced/part-* | "$BIN/validator" >verdict.json || true
  grep -Eq '"balanced": ?true' verdict.json
}

@test "a reducer that gets nothing writes nothing, and the books balance" {
  mkdir one
  head -n 2 in/a.csv >one/a.csv
  hadoop jar hadoop-streaming.jar -D mapreduce.job.reduces=5 \
    -D stream.map.output=keyonlytext -D stream.reduce.input=keyonlytext -D stream.reduce.output=keyonlytext \
    -D mapreduce.partition.binarypartitioner.left.offset=-4 \
    -files "$BIN/mapper,$BIN/reducer,table.toml" -mapper './mapper --keyed' -reducer ./reducer \
    -partitioner org.apache.hadoop.mapred.lib.BinaryPartitioner -input one -output few
  [ "$(find few -name 'part-*' -empty | wc -l)" -ge 3 ]
  cat few/part-* | "$BIN/validator" >verdict.json
  grep -Eq '"rows": ?1' verdict.json
}

@test "a header that drifted fails the job and says so" {
  mkdir drifted
  sed '1s/Region/Area/' in/a.csv >drifted/a.csv
  run -1 hadoop jar hadoop-streaming.jar -D mapreduce.job.reduces=0 -D stream.map.output=keyonlytext \
    -files "$BIN/mapper,table.toml" -mapper ./mapper -input drifted -output none
  [[ $output == *"header drifted"* ]]
  [[ $output == *"expected: Region"*"found:    Area"* ]]
}
