#!/usr/bin/env bats
# The release binaries as they are shipped with -files: all that a node needs, and small enough for every task.
bats_require_minimum_version 1.5.0

setup() {
  root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
  . "$root/scripts/lib/common.sh"
  bin=$(binaries_dir)
}

## number FILE OFFSET BYTES: a little-endian number
number() {
  od -A n -v --endian=little -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

## segments FILE: the type of each segment of a 64-bit ELF file
segments() {
  local table size count at
  [ "$(head -c 5 "$1")" = $'\x7fELF\x02' ] || return
  table=$(number "$1" 32 8) size=$(number "$1" 54 2) count=$(number "$1" 56 2)
  for ((at = 0; at < count; at++)); do
    number "$1" $((table + at * size)) 4
  done
}

@test "each binary is static: no segment asks for a dynamic linker" {
  local -r PT_LOAD=1 PT_INTERP=3
  for name in mapper reducer validator sluicebox; do
    segments "$bin/$name" >"$BATS_TEST_TMPDIR/segments"
    grep -qx $PT_LOAD "$BATS_TEST_TMPDIR/segments"
    run -1 grep -x $PT_INTERP "$BATS_TEST_TMPDIR/segments"
  done
  # What is not static is told from it.
  segments "$(command -v bash)" >"$BATS_TEST_TMPDIR/segments"
  grep -qx $PT_INTERP "$BATS_TEST_TMPDIR/segments"
}

@test "each binary is below 4 MiB" {
  for name in mapper reducer validator sluicebox; do
    size=$(stat -c %s "$bin/$name")
    echo "$name: $size"
    ((size < 4 << 20))
  done
}
