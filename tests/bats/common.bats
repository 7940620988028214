#!/usr/bin/env bats
# scripts/lib/common.sh: a test a function.
bats_require_minimum_version 1.5.0

setup() {
  root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
  . "$root/scripts/lib/common.sh"
  site=$BATS_TEST_TMPDIR/site
  mkdir -p "$site"
}

## fake NAME: a command of the site's
fake() {
  printf '#!/bin/sh\necho site\n' >"$site/$1"
  chmod +x "$site/$1"
}

@test "die prints one line on stderr and exits with its code" {
  run --separate-stderr bash -c '. "$1"; die 3 no "such file"' name "$root/scripts/lib/common.sh"
  [ "$status" -eq 3 ]
  [ -z "$output" ]
  [ "$stderr" = "name: no such file" ]
}

@test "usage_error exits 2 and says where help is" {
  run bash -c '. "$1"; usage_error "no spec"' name "$root/scripts/lib/common.sh"
  [ "$status" -eq 2 ]
  [ "$output" = "name: no spec (see name --help)" ]
}

@test "progress says nothing where stderr is no terminal" {
  run progress "half way"
  [ -z "$output" ]
}

@test "step_done prints the name, the text and the seconds" {
  step_start
  run step_done land "3 files"
  [[ $output =~ ^land\ +3\ files\ +0\.[0-9]\ s$ ]]
}

@test "use_engine leaves a site's commands alone" {
  fake hadoop
  fake beeline
  PATH=$site:/usr/bin:/bin
  use_engine
  [ "$PATH" = "$site:/usr/bin:/bin" ]
  run engine_in_use
  [ "$status" -ne 0 ]
}

@test "use_engine goes first where the site has neither hadoop nor beeline" {
  fake yarn # node's package manager has that name, too
  PATH=$site:/usr/bin:/bin
  use_engine
  [ "$(command -v yarn)" = "$root/hadoop/engine/bin/yarn" ]
  engine_in_use
}

@test "use_engine refuses half a site: the other half would be a private one" {
  fake hadoop
  PATH=$site:/usr/bin:/bin
  run use_engine
  [ "$status" -eq 3 ]
  [[ $output == *"no beeline"* ]]
}

@test "streaming_jar takes the variables in order, and checks the file" {
  touch "$site/a.jar" "$site/b.jar"
  HADOOP_STREAMING_JAR=$site/b.jar run streaming_jar
  [ "$output" = "$site/b.jar" ]
  SLUICEBOX_STREAMING_JAR=$site/a.jar HADOOP_STREAMING_JAR=$site/b.jar run streaming_jar
  [ "$output" = "$site/a.jar" ]
  SLUICEBOX_STREAMING_JAR=$site/none.jar run streaming_jar
  [ "$status" -eq 3 ]
}

@test "streaming_jar finds the jar of an installation by its hadoop command" {
  mkdir -p "$site/h/bin" "$site/h/share/hadoop/tools/lib"
  touch "$site/h/share/hadoop/tools/lib/hadoop-streaming-3.4.2.jar"
  printf '#!/bin/sh\n' >"$site/h/bin/hadoop"
  chmod +x "$site/h/bin/hadoop"
  ln -s h/bin/hadoop "$site/hadoop"
  unset SLUICEBOX_STREAMING_JAR HADOOP_STREAMING_JAR HADOOP_HOME HADOOP_MAPRED_HOME
  PATH=$site:$PATH run streaming_jar
  [ "$output" = "$site/h/share/hadoop/tools/lib/hadoop-streaming-3.4.2.jar" ]
}

@test "need_packages is quiet where nothing is missing" {
  run need_packages sh=dash cat=coreutils
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

@test "need_packages gives the exact command to those who are not root" {
  [ "$EUID" -ne 0 ] || command -v setpriv >/dev/null || skip "needs setpriv"
  # The library is read through stdin: the checkout may be closed to that user.
  as_user=()
  [ "$EUID" -ne 0 ] || as_user=(setpriv --reuid=65534 --clear-groups)
  run "${as_user[@]}" bash -c '. /dev/stdin; need_packages none-such=pack-a sh=dash none-other=pack-b' \
    name <"$root/scripts/lib/common.sh"
  [ "$status" -eq 3 ]
  [[ $output == *"sudo apt-get install -y --no-install-recommends pack-a pack-b" ]]
}

@test "scratch_folder has a plain path whatever TMPDIR is" {
  mkdir -p "$BATS_TEST_TMPDIR/a b"
  TMPDIR="$BATS_TEST_TMPDIR/a b" run scratch_folder
  [ -d "$output" ]
  [[ $output != *' '* ]]
  rmdir "$output"
}

@test "stage_files copies under plain names and prints the list for -files" {
  printf 'x' >"$site/my table.toml"
  printf 'y' >"$site/mapper"
  chmod +x "$site/mapper"
  folder=$(scratch_folder)
  run stage_files "$folder" mapper="$site/mapper" "table.toml=$site/my table.toml"
  [ "$output" = "$folder/mapper,$folder/table.toml" ]
  [ -x "$folder/mapper" ]
  [ "$(cat "$folder/table.toml")" = x ]
  rm -r "$folder"
}

@test "binaries_dir honours SLUICEBOX_BIN, then cargo's variables" {
  SLUICEBOX_BIN=/opt/bin run binaries_dir
  [ "$output" = /opt/bin ]
  unset SLUICEBOX_BIN
  CARGO_TARGET_DIR=/tmp/target CARGO_BUILD_TARGET=x86_64-unknown-linux-musl run binaries_dir
  [ "$output" = /tmp/target/x86_64-unknown-linux-musl/release ]
}
