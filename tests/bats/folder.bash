# A cluster's file system for tests that need its commands but not its Java.

## folder_for_a_cluster
## For setup: goes to the test's own folder and puts a `hadoop` on PATH whose `fs` works on local folders and is as noisy
## as a cluster's client. Sets REPO, SLUICEBOX_BIN, and LOCKS, the folder of a table t's locks.
folder_for_a_cluster() {
  REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd -P)
  # shellcheck source=scripts/lib/common.sh
  . "$REPO/scripts/lib/common.sh"
  cd "$BATS_TEST_TMPDIR" || return
  SLUICEBOX_BIN=$(binaries_dir)
  # shellcheck disable=SC2034  # for the tests
  LOCKS=$BATS_TEST_TMPDIR/root/t/locks/2026-11-21
  export SLUICEBOX_BIN PATH=$BATS_TEST_TMPDIR/bin:$PATH
  mkdir -p bin
  cat >bin/hadoop <<'END'
#!/bin/bash
echo 'WARN util.NativeCodeLoader: Unable to load native-hadoop library' >&2
shift
args=("${@//file:\/\//}")
case $1 in
  -ls)
    depth=1
    for dir in "${args[@]:1}"; do
      case $dir in
        -C) ;;
        -d) depth=0 ;;
        *) find $dir -mindepth "$depth" -maxdepth "$depth" ;;
      esac
    done
    ;;
  -get | -cp) cp -r "${args[@]:1}" ;;
  -put)
    [[ $2 != -f ]] || args=(-put "${args[@]:2}")
    if [[ ${args[1]} == - ]]; then
      cat >"${args[2]}._COPYING_" && mv "${args[2]}._COPYING_" "${args[2]}"
    else
      cp "${args[@]:1}"
    fi
    ;;
  -mv) mv "${args[@]:1}" ;;
  -rm) for file in "${args[@]:1}"; do [[ $file == -[rfs]* ]] || rm -r "$file"; done ;;
  -mkdir) mkdir -p "${args[2]}" ;;
  -cat) cat ${args[@]:1} ;;
  -stat)
    for file in ${args[2]}; do
      [[ -e $file || $file != *'*' ]] || { echo "stat: '$file': No such file or directory" >&2 && exit 1; }
      # A file may be renamed meanwhile.
      at=$(date -r "$file" +%s%3N 2>/dev/null) && printf '%s %s\n' "$at" "${file##*/}"
    done
    true
    ;;
  *) echo "no stub for $*" >&2 && exit 9 ;;
esac
END
  printf '#!/bin/sh\nexit 9\n' | tee bin/hdfs bin/beeline >bin/yarn
  chmod +x bin/*
}
