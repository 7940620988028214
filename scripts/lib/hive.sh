# shellcheck shell=bash
# Statements for Hive, and what it says is published.

## hive HQL_FILE OUTPUT_FILE WHAT
## Runs statements by beeline ($SLUICEBOX_JDBC, or what beeline itself is set up for); exits 3 where
## one fails, with beeline's own words. A beeline that finds no server for -f exits 0: only what the last statement
## prints says that all of them ran.
hive() {
  local url=() script=$WORK/statements/${1##*/} reason
  [[ -n ${SLUICEBOX_JDBC:-} ]] && url=(-u "$SLUICEBOX_JDBC")
  mkdir -p "${script%/*}"
  { cat "$1" && printf "\nSELECT 'sluicebox:done';\n"; } >"$script"
  # shellcheck disable=SC2086  # options, word by word
  # shellcheck disable=SC2317  # again calls it
  run_statements() {
    local code=0
    beeline "${url[@]}" ${SLUICEBOX_BEELINE_OPTIONS:-} --silent=true --showHeader=false --outputformat=tsv2 \
      -f "$script" >"$WORK/hive.out" 2>"$WORK/beeline.err" || code=$?
    hide_secrets "$WORK/beeline.err"
    ((code)) || ! grep -qx 'sluicebox:done' "$WORK/hive.out" || return 0
    # Where a session was lost Hive may still be at work on its statement: a second one must not meet it.
    grep -E 'Could not open client transport|Connection refused|Could not connect to meta store' "$WORK/beeline.err" >&2
    return 1
  }
  if ! again run_statements 2>/dev/null; then
    sed '/^$/d' "$WORK/beeline.err" | tail -n 15 >&2
    # It may have failed by its own question for the lock.
    [[ -z $LOCK ]] || guard now
    reason=$(grep -aE -m 1 '^(Error|FAILED)' "$WORK/beeline.err" || sed '/^$/d' "$WORK/beeline.err" | tail -n 1)
    die "$EXIT_IO" "Hive could not $3: ${reason:-beeline said nothing}; run again once that is mended"
  fi
  mv "$WORK/hive.out" "$2"
  sed -i '/^sluicebox:done$/d' "$2"
}

## hide_secrets FILE
## Takes passwords out of what beeline said: its messages quote the whole URL. What can't be rewritten is dropped.
hide_secrets() {
  # A colon at the end is the message's own.
  sed -E -i 's/((password|jwt)=)[^;?#[:space:]]*[^;?#[:space:]:]/\1…/Ig' "$1" 2>/dev/null || : >"$1"
}

## hql STAGE [OPTION...]
## Prints the statements of a stage of this run. What they change is changed under the lock that is held.
hql() {
  local stage=$1
  shift
  "$BIN/sluicebox" hql "$stage" --spec "$SPEC" --root "$ROOT" --run "$RUN" --date "$DATE" ${LOCK:+--lock "$LOCK"} "$@"
}

## load_id
## Prints what the folders that this driver loads into are named by: a version that was published, under another state of
## the ledger, is never written again, and the driver whose lock was taken over has folders of its own.
load_id() {
  local claim=${LOCK##*/}
  printf '%s-%s\n' "$LEDGER_STATE" "${claim%%.*}"
}

## drop_attempts LOAD [TABLE...]
## Removes what other attempts to load the run that is open left: their quarantine, and the versions that they made of these
## tables under the same state of the ledger, of which none was published. What load.json tells of stays: gold may be pointed
## back to it.
drop_attempts() {
  local load=$1 table left stays=$1
  local places=("$ROOT/$TABLE/reject/run_id=$RUN/load=*")
  for table in "${@:2}"; do places+=("$ROOT/$table/version/run_id=$RUN/load=${load%-*}-*"); done
  ! has load.json || stays=$("$BIN/sluicebox" get id "$WORK/load.json" 2>/dev/null) || stays=$load
  # They harm nobody, and they are HiveServer2's.
  dfs -ls -d -C "${places[@]}" >"$WORK/loads" 2>/dev/null || { note "cannot look for other attempts to load $RUN" && return; }
  mapfile -t left < <(grep -vE "/load=($load|$stays)\$" "$WORK/loads" || true)
  ((${#left[@]})) || return 0
  guard
  dfs -rm -r -f -skipTrash "${left[@]}" >/dev/null || note "${#left[@]} folders of other attempts to load $RUN stay"
}

## published_run DESCRIBED
## Prints the run that gold's partition points to, by what Hive said; nothing where there is none.
published_run() {
  local published
  published=$("$BIN/sluicebox" hql published --spec "$SPEC" --described "$1")
  awk -F '\t' -v table="$TABLE" '$3 == table { print $2 }' <<<"$published"
}

## is_published
## Whether gold, or a further gold table, points to this run, as Hive says.
is_published() {
  local published
  hql show >"$WORK/show.hql" || exit "$EXIT_IO"
  hive "$WORK/show.hql" "$WORK/shown" "say what is published"
  published=$("$BIN/sluicebox" hql published --spec "$SPEC" --described "$WORK/shown") || exit "$EXIT_IO"
  cut -f 2 <<<"$published" | grep -qxF -- "$RUN"
}
