# What the tests on the real engine share.

## engine_setup
## For setup_file: an engine of the test file's own, the binaries, and the repository as $REPO.
engine_setup() {
  REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
  # shellcheck source=scripts/lib/common.sh
  . "$REPO/scripts/lib/common.sh"
  forget_site
  BIN=$(binaries_dir)
  export REPO BIN
  export SLUICEBOX_BIN=$BIN
  export SLUICEBOX_ENGINE_HOME=$BATS_FILE_TMPDIR/engine SLUICEBOX_ROOT=$BATS_FILE_TMPDIR/root
  export PATH=$REPO/hadoop/engine/bin:$PATH
  export SPECS=$REPO/testdata/specs SAMPLES=$REPO/testdata/samples
  # Small splits: the samples are small, and several splits are the point.
  export SLUICEBOX_JOB_OPTIONS="-D fs.local.block.size=32768"
}

## hive_server_up
## For setup_file: one Hive for all calls of beeline, for each of them alone takes seconds to start.
hive_server_up() {
  local port=$((20000 + $$ % 20000)) waited=0
  hiveserver2 "$port" 3>&- &
  HIVE_SERVER=$!
  export HIVE_SERVER SLUICEBOX_JDBC=jdbc:hive2://127.0.0.1:$port/
  until (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    sleep 0.5
    ((++waited < 240)) && kill -0 "$HIVE_SERVER" || return 1
  done
}

## hive_server_down
## For teardown_file.
hive_server_down() {
  kill "$HIVE_SERVER"
  wait "$HIVE_SERVER" || true
}

## generate OPTION...
## The generator of sales records.
generate() {
  "$BIN/examples/generate" "$@"
}

## cluster_setup
## For setup_file, behind engine_setup: a cluster, and its commands. Files that run one after the other can share one, by
## $SLUICEBOX_TEST_CLUSTER, which scripts/test stops.
cluster_setup() {
  # A blank in its path: Hadoop stands none, the cluster must.
  export SLUICEBOX_CLUSTER="${SLUICEBOX_TEST_CLUSTER:-$BATS_FILE_TMPDIR/the cluster}"
  # The link to it, of a plain name, outlives the file that was first.
  TMPDIR=$(dirname "${SLUICEBOX_TEST_CLUSTER:-$BATS_FILE_TMPDIR/.}") cluster up
  environment=$(cluster env)
  eval "$environment"
}

cluster() {
  "$REPO/hadoop/engine/cluster" "$@"
}

## ask QUERY
## Hive's answer, as tab-separated lines.
ask() {
  beeline ${SLUICEBOX_JDBC:+-u "$SLUICEBOX_JDBC"} --silent=true --showHeader=false --outputformat=tsv2 -e "$1"
}

## watched_mapper FOLDER
## Makes a folder of binaries whose mapper leaves a copy of what each task writes in FOLDER/written.
watched_mapper() {
  mkdir -p "$1/written"
  ln -s "$BIN"/{reducer,validator,sluicebox} "$1/"
  [[ ! -f $BIN/fs-server.jar ]] || ln -s "$BIN/fs-server.jar" "$1/"
  printf '#!/bin/bash\nset -o pipefail\n"%s" "$@" | tee "%s/written/$$"\n' "$BIN/mapper" "$1" >"$1/mapper"
  chmod +x "$1/mapper"
}

## short_names FOLDER
## Fails unless the keyed rows in there name their files without the folder that all of them are in.
short_names() {
  cat "$1/written/"* | LC_ALL=C grep -a '^k:' | tr '\0' '\n' | sed -n 'n;p' >"$1/names"
  [ -s "$1/names" ] && ! grep -v $'^%/[0-9a-z.]*\t' "$1/names"
}

## rows PART...
## The ok rows of part files, in one order.
rows() {
  cat "$@" | grep -a $'^ok\t' | LC_ALL=C sort
}

## rejects PART...
## Reason, column and raw line of the rejects, in one order; positions are relative to the split.
rejects() {
  cat "$@" | grep -av -e $'^ok\t' -e $'^seal\t' | cut -f 1,2,6- | LC_ALL=C sort
}

## in_chaos_alone
## Leaves a test out where there is no time for all of them.
in_chaos_alone() {
  [[ -n ${SLUICEBOX_CHAOS:-} ]] || skip 'for scripts/test chaos'
}
