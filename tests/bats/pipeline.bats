#!/usr/bin/env bats
# What the pipeline's scripts refuse before Hadoop or Hive is asked anything.

bats_require_minimum_version 1.5.0

setup() {
  REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
  # shellcheck source=scripts/lib/common.sh
  . "$REPO/scripts/lib/common.sh"
  SLUICEBOX_BIN=$(binaries_dir)
  # Whatever is asked of Hadoop or Hive here fails the test.
  mkdir "$BATS_TEST_TMPDIR/bin"
  for tool in hadoop hdfs yarn beeline; do
    printf '#!/bin/sh\necho "asked $0 $*" >&2; exit 99\n' >"$BATS_TEST_TMPDIR/bin/$tool"
    chmod +x "$BATS_TEST_TMPDIR/bin/$tool"
  done
  export SLUICEBOX_BIN PATH=$BATS_TEST_TMPDIR/bin:$PATH SLUICEBOX_ROOT=hdfs:///data
  cd "$BATS_TEST_TMPDIR"
  spec=$REPO/testdata/specs/region_dim.toml
  good=$REPO/testdata/region_dim.csv
}

pipeline() {
  "$REPO/scripts/pipeline" --spec "$spec" --date 2026-11-21 "$@"
}

@test "every script has help with an example and its exit codes" {
  for script in pipeline land transform audit load publish; do
    run -0 "$REPO/scripts/$script" --help
    [[ $output == *Usage:* && $output == *Example* && $output == *"Exit codes"* ]]
  done
}

@test "a wrong command line exits 2 and names what is wrong" {
  run -2 "$REPO/scripts/pipeline" --date 2026-11-21 "$good"
  [[ $output == *"--spec is missing"* ]]
  run -2 "$REPO/scripts/pipeline" --spec "$spec" "$good"
  [[ $output == *"--date is missing"* ]]
  run -2 pipeline
  [[ $output == *"no source files"* ]]
  run -2 pipeline --frobnicate "$good"
  [[ $output == *"unknown option --frobnicate"* ]]
  run -2 "$REPO/scripts/pipeline" --spec "$spec" --date
  [[ $output == *"pipeline: --date needs a value"* ]]
  run -2 pipeline --result file "$good"
  [[ $output == *"unknown option --result"* ]]
  run -2 pipeline --landed "$good"
  [[ $output == *"leave files, --add and --wait away"* ]]
  run -2 "$REPO/scripts/pipeline" staus --spec "$spec"
  [[ $output == *"neither a command nor a file staus"* ]]
  run -2 "$REPO/scripts/replay" --spec "$spec" --date 2026-11-21 "$good" "$good"
  [[ $output == *"one file at a time"* ]]
  for step in transform audit load publish; do
    run -2 "$REPO/scripts/$step"
    run -2 "$REPO/scripts/$step" /no/run
    [[ $output == *"is no run"* ]]
  done
}

@test "what contradicts itself is refused before anything is read" {
  run -2 pipeline --add --replace none.csv
  [[ $output == *"--add"*"--replace"*"one of them"* ]]
  run -2 pipeline --accept min_rows none.csv
  [[ $output == *"1 --accept and 0 --reason"* && $output != *Usage* ]]
  run -2 pipeline --accept books --reason known none.csv
  [[ $output == *"min_rows"* ]]
  run -2 pipeline --accept min_rows --reason ' ' none.csv
  [[ $output == *"is empty"* ]]
}

@test "a date that is none exits 2" {
  for date in 11/21/2026 2026-02-30 2026-1-1 today ''; do
    run -2 "$REPO/scripts/pipeline" --spec "$spec" --date "$date" "$good"
    [[ $output == *"is no day"* || -z $date ]]
    [[ -z $date ]] || run -2 "$REPO/scripts/rollback" --spec "$spec" --date "$date"
  done
}

@test "a missing, unreadable or doubled source is named" {
  run -3 pipeline none.csv
  [[ $output == *none.csv* ]]
  if [ "$EUID" -eq 0 ] && command -v setpriv >/dev/null; then
    cp "$good" locked.csv
    chmod 000 locked.csv
    run -3 setpriv --reuid=65534 --clear-groups "$SLUICEBOX_BIN/sluicebox" stage --spec "$spec" --date 2026-11-21 \
      --into out locked.csv
    [[ $output == *"cannot read locked.csv"*"Permission denied"* ]]
  fi
  mkfifo pipe
  for none in "$BATS_TEST_TMPDIR" pipe; do
    run -2 pipeline "$none"
    [[ $output == *"is not a file"* ]]
  done
  run -2 pipeline "$good" "$good"
  [[ $output == *twice* ]]
}

@test "a header that drifted exits 4 and shows both" {
  printf 'Region,Land,Sales Zone\nx,y,z\n' >drifted.csv
  run -4 pipeline "$good" drifted.csv
  [[ $output == *drifted.csv* && $output == *"Region,Continent,Sales Zone"* && $output == *"Region,Land,Sales Zone"* ]]
}

@test "a file that is no text says what it is" {
  printf 'PK\003\004rest' >book.xlsx
  run -3 pipeline book.xlsx
  [[ $output == *spreadsheet* ]]
  gzip -c "$good" | head -c 60 >short.gz
  run -3 pipeline short.gz
  [[ $output == *short.gz*"cut short"* ]]
}

@test "a root that Hadoop would misread, or that can't rename, is refused" {
  for root in 'relative/path' '/a b' '/a,b' '/a*' 's3a://bucket/x'; do
    run -2 pipeline --root "$root" "$good"
    [[ $output == *"--root $root"* ]]
  done
}

@test "a spec with errors shows all of them before anything else" {
  printf 'version = 1\n[table]\nname = "t"\nnmae = 1\n[[column]]\nname = "a"\ntype = "monye"\n' >bad.toml
  run -2 "$REPO/scripts/pipeline" --spec bad.toml --date 2026-11-21 "$good"
  [[ $output == *"bad.toml:4:"* && $output == *"bad.toml:7:"* ]]
}
