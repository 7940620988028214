# shellcheck shell=bash
# How gold's partition is pointed to a run: one operation of the metastore a table, between two changes of the ledger.

# A publication takes seconds.
readonly DEAD_AFTER_MS=600000

## point_gold LOAD [OPTION...]
## Points gold to this load of the run that is open ($RUN), and writes the ledger; options go to the entry. Exits 5 where others publish meanwhile.
point_gold() {
  local load=$1 entry=$LEDGER/$RUN.json hidden=_$RUN.$$-$RANDOM.json
  shift
  "$BIN/sluicebox" ledger --verdict "$WORK/verdict.json" --load "$WORK/load.json" --run "$RUN" \
    --at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$@" >"$WORK/entry.json"
  keep "$LEDGER/$hidden" "$WORK/entry.json"
  take_turn "$hidden"
  # Where gold points to a run, its entry says that all of gold does: while that is being changed there is none.
  if has "$RUN.json"; then
    finish "$entry" "${entry%.json}.until-$(date -u +%Y%m%dT%H%M%SZ).json"
  fi
  progress "${0##*/}: repointing gold"
  hql publish --load "$load" >"$WORK/publish.hql"
  guard now
  hive "$WORK/publish.hql" "$WORK/published" "publish $RUN"
  "$BIN/sluicebox" hql published --spec "$SPEC" --described "$WORK/published" --run "$RUN" --root "$ROOT" \
    --load "$load" >/dev/null || die "$EXIT_IO" "gold does not point to $RUN as it should; run again"
  # Not before: until gold is whole, what died half-way must be seen by who publishes another date.
  forget_tries
  finish "$LEDGER/$hidden" "$entry"
}

## all_of_gold LOAD
## Whether every gold table points to this load of the run that is open.
all_of_gold() {
  is_published || return
  # That it is not so is no failure, nor the words of a later one.
  SLUICEBOX_LAST_WORDS='' "$BIN/sluicebox" hql published --spec "$SPEC" --described "$WORK/shown" --run "$RUN" --root "$ROOT" \
    --load "$1" >/dev/null 2>&1
}

## forget_tries
## Removes the entries that tries at this date left: under its lock no other one is under way.
forget_tries() {
  local tries
  mapfile -t tries < <(grep -oE "/_$DATE-[0-9a-f]{8}\..*" "$WORK/listing" | sed "s|^|$LEDGER|" || true)
  ((${#tries[@]})) || return 0
  guard
  fs -rm -f -skipTrash "${tries[@]}" >/dev/null
}

## take_turn HIDDEN
## The ledger changes before gold does. Two that publish at once each write first and look then, so at least one of them
## sees the other: the smaller name waits until the other is done or gave way.
take_turn() {
  local hidden=$1 at look mine name waits
  for look in {1..30}; do
    dfs -stat '%Y %n' "$LEDGER/*" >"$WORK/entries" || die "$EXIT_IO" "cannot read $LEDGER"
    sed "s|^[0-9]* |$LEDGER/|" "$WORK/entries" >"$WORK/ledger"
    [[ $(ledger_state "$WORK/ledger") == "$LEDGER_STATE" ]] || give_way "$hidden"
    in_scope <"$WORK/ledger" >"$WORK/names"
    mine=$(awk -v own="$hidden" '$2 == own { print $1 }' "$WORK/entries")
    waits=''
    while read -r at name; do
      # Under the lock of this date what was under way there has died.
      [[ $name == _* && $name != _"$DATE"-* ]] || continue
      grep -qxF -- "$name" "$WORK/names" || continue
      # By the file system's clock. What has been under way for so long died there, or waits for Hive.
      if ((mine - at >= DEAD_AFTER_MS)) && ! at_work "$name" "$at" "$mine"; then
        ! has_pointed_gold "$name" || give_way "$hidden"
        continue
      fi
      [[ $name > $hidden ]] || give_way "$hidden"
      waits=$name
    done <"$WORK/entries"
    [[ -n $waits ]] || return 0
    progress "${0##*/}: waiting for ${waits#_} ($look)"
    sleep 1
  done
  give_way "$hidden"
}

## at_work ENTRY THEN NOW
## Whether who wrote an entry of another date still holds that date's lock, and lives.
at_work() {
  local folder=$ROOT/$TABLE/locks/${1:1:10}
  if ! dfs -stat '%Y %n' "$folder/*" >"$WORK/other.claims" 2>"$WORK/other.err"; then
    grep -q 'No such file' "$WORK/other.err" || die "$EXIT_IO" "cannot read $folder: $(tail -n 1 "$WORK/other.err")"
    return 1
  fi
  [[ $("$BIN/sluicebox" lock alive --lease "$LEASE" --then "$2" --now "$3" <"$WORK/other.claims") == true ]]
}

## has_pointed_gold ENTRY
## Whether a publication of another date that died had pointed gold to its run before. Then this run was judged by what was
## there before, perhaps: the entry is made to say so, and the next one is judged by it. Running that other run again still
## ends its publication.
has_pointed_gold() {
  local run=${1#_}
  run=${run%%.*}
  RUN=$run DATE=${run:0:10} hql show >"$WORK/other.hql" || exit "$EXIT_IO"
  hive "$WORK/other.hql" "$WORK/other" "say what is published for ${run:0:10}"
  "$BIN/sluicebox" hql published --spec "$SPEC" --described "$WORK/other" >"$WORK/other.points" || exit "$EXIT_IO"
  cut -f 2 "$WORK/other.points" | grep -qxF -- "$run" || return 1
  guard
  # Where that run is at work again by now, it says so itself.
  hadoop_fs -mv "$LEDGER/$1" "$LEDGER/$run.until-$(date -u +%Y%m%dT%H%M%SZ).json" >/dev/null 2>&1 || true
}

## give_way HIDDEN
give_way() {
  fs -rm -f -skipTrash "$LEDGER/$1" >/dev/null
  overtaken
}
