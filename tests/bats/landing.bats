#!/usr/bin/env bats
# What --wait waits for, before Hadoop or Hive is asked anything. What others do while it sleeps stands in steps/N, for the
# Nth time that it does, so nothing here depends on how fast a machine is.

bats_require_minimum_version 1.5.0

setup() {
  REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
  # shellcheck source=scripts/lib/common.sh
  . "$REPO/scripts/lib/common.sh"
  cd "$BATS_TEST_TMPDIR"
  mkdir bin steps
  # What it asks of Hadoop first ends it: then its sources were found whole.
  for tool in hadoop hdfs yarn beeline; do
    printf '#!/bin/sh\necho "asked $0 $*" >&2; exit 99\n' >"bin/$tool"
  done
  cat >bin/sleep <<'END'
#!/bin/bash
echo "$1" >>slept
step=steps/$(wc -l <slept)
[[ ! -e $step ]] || . "$step"
END
  chmod +x bin/*
  SLUICEBOX_BIN=$(binaries_dir)
  # No pause of its own is as long.
  export SLUICEBOX_BIN PATH=$BATS_TEST_TMPDIR/bin:$PATH SLUICEBOX_ROOT=hdfs:///data SLUICEBOX_SETTLE=7
  header='Region,Continent,Sales Zone'
}

## lands OPTION... FILE...
lands() {
  "$REPO/scripts/land" --spec "$REPO/testdata/specs/region_dim.toml" --date 2026-11-21 "$@"
}

## slept TIME...
## Whether it slept so many seconds each time, and no more times.
slept() {
  diff <(printf '%s\n' "$@") slept
}

## arrived REASON TIME...
## Whether it waited for this reason first, slept so, and went on.
arrived() {
  [[ $output == *"waiting for "*" s at most: $1"*"asked "* ]]
  slept "${@:2}"
}

@test "a source that is not there yet is waited for, until the deadline" {
  echo "printf '%s\n' '$header' 'x,y,z' >late.csv" >steps/2
  run -3 lands --wait 1h late.csv
  arrived 'cannot read late.csv' 1 2 7
  run -3 lands --wait 1s never.csv
  [[ $output == *"waiting for "*"land: waited for 1s: cannot read never.csv" ]]
  run -2 lands --wait soon late.csv
  [[ $output == *"--wait soon is no time"* ]]
  SLUICEBOX_SETTLE=long run -2 lands --wait 1s late.csv
  [[ $output == *"SLUICEBOX_SETTLE=long"* ]]
}

@test "a source that is still being written is waited for, with --add as well" {
  local add
  for add in '' --add; do
    rm -f slept
    # Cut within the header, then within a record. Then it is written anew, which its size does not show.
    printf 'Regio' >late.csv
    echo "printf '%s\nx,' '${header#Regio}' >>late.csv" >steps/1
    echo 'touch -d @1 late.csv' >steps/3
    run -3 lands --wait 1h ${add:+--add} late.csv
    arrived 'late.csv is still being written' 7 1 7 2 7
  done
}

@test "a source that changes while it is read is waited for" {
  printf '%s\nx,y,z\n' "$header" >late.csv
  mkdir wrapped
  cp "$SLUICEBOX_BIN/mapper" wrapped/
  cat >wrapped/sluicebox <<END
#!/bin/bash
[[ \$1 != stage || -e read ]] || { : >read && echo 'u,v,w' >>late.csv; }
exec '$SLUICEBOX_BIN/sluicebox' "\$@"
END
  chmod +x wrapped/sluicebox
  SLUICEBOX_BIN=$PWD/wrapped run -3 lands --wait 1h late.csv
  arrived 'late.csv is still being written' 7 1 7
}

@test "what comes with a source is waited for where it is named, empty, or arrives meanwhile" {
  printf '%s\nx,y,z\n' "$header" >late.csv
  echo ': >late.csv.count' >steps/1
  echo 'echo 1 >late.csv.count' >steps/2
  run -3 lands --wait 1h late.csv late.csv.count
  arrived 'cannot read late.csv.count' 1 2 7
  rm late.csv.count slept steps/*
  : >late.csv.sha256
  echo 'rm late.csv.sha256' >steps/1
  echo 'echo 1 >late.csv.count' >steps/2
  run -3 lands --wait 1h late.csv
  arrived 'late.csv.sha256 is empty' 1 7 2 7
}

@test "a source that is not what its sender says is waited for" {
  printf '%s\nx,y,z\n' "$header" >late.csv
  echo 2 >late.csv.count
  echo 'echo u,v,w >>late.csv' >steps/2
  run -3 lands --wait 1h late.csv
  arrived 'late.csv is not what was sent: late.csv.count says 2 records, it has 1' 7 1 7
  gzip -c late.csv >whole
  head -c 40 whole >late.csv
  rm slept
  echo 'cat whole >late.csv' >steps/2
  run -3 lands --wait 1h --add late.csv
  [[ $output == *"at most: "*late.csv*"cut short"*"asked "* ]]
  slept 7 1 7
}

@test "once the time is over it says which file has not arrived" {
  printf '%s\nx,y,z\n' "$header" | tee whole.csv >late.csv
  printf '#!/bin/sh\necho x,y,z >>late.csv\n' >bin/sleep
  run -3 lands --wait 1s whole.csv late.csv
  [[ $output == *"land: waited for 1s: late.csv is still being written" && $output != *"asked "* ]]
  : >late.csv
  printf '#!/bin/sh\n' >bin/sleep
  run -3 lands --wait 1s whole.csv late.csv
  [[ $output == *"land: waited for 1s: late.csv is empty; if it is meant to be, write 0 into late.csv.count" ]]
  [[ $output != *"asked "* ]]
}

@test "a source that is meant to be empty says so; without --wait it is landed as it is" {
  : >none.csv
  run -3 lands none.csv
  [[ $output == *"asked "* && ! -e slept ]]
  echo 0 >none.csv.count
  run -3 lands --wait 1h none.csv
  [[ $output == *"asked "* && $output != *waiting* ]]
  slept 7
}

@test "what can't pass is not waited for" {
  printf '%s\nx,y,z\n' "$header" >s.csv
  printf 'PK\003\004rest' >book.xlsx
  run -3 lands --wait 1h s.csv book.xlsx
  [[ $output == "sluicebox: book.xlsx is a zip archive or a spreadsheet"* ]]
  { gzip -c s.csv && head -c 512 /dev/zero; } >padded.gz
  run -3 lands --wait 1h padded.gz
  [[ $output == *"padded.gz has zeros behind its gzip data"* ]]
  echo one >s.csv.count
  run -3 lands --wait 1h s.csv
  [[ $output == *'s.csv.count: `one` is not a number of records' ]]
  sed 1s/Zone/Area/ s.csv >drifted.csv
  run -4 lands --wait 1h drifted.csv
  [[ $output == *"Sales Area"* ]]
  rm s.csv.count
  run -2 lands --wait 1h s.csv ./s.csv
  [[ $output == *twice* ]]
  slept 7 7 7 7 7
}
