# shellcheck shell=bash
# One run at a time for a table and a date: claims as files in ROOT/TABLE/locks/DATE. What their names mean, and why two
# can't both hold the lock and go on, stands in src/lock.rs.

# Who shows no sign of life for so many seconds is dead; four fit into a lease.
LEASE=${SLUICEBOX_LEASE:-600}
# The claim that is held, without the number of its signs of life; LOCK_OWNED where it is this script that releases it.
LOCK='' BEAT='' LOCK_OWNED=''
# What asks for the lock, as long as it is not known whether it is held.
ASKING=''
# When that was last asked, by the clock of this machine; the steps of a pipeline share it in a file.
GUARDED=0

## list_claims FOLDER
## Lists a folder's claims into $WORK/claims; makes the folder where there is none.
list_claims() {
  if dfs -stat '%Y %n' "$1/*" >"$WORK/claims" 2>"$WORK/claims.err"; then
    return
  fi
  grep -q 'No such file' "$WORK/claims.err" || die "$EXIT_IO" "cannot read $1: $(tail -n 1 "$WORK/claims.err")"
  dfs -mkdir -p "$1" || die "$EXIT_IO" "cannot write to $1; is --root yours?"
}

## take_lock DRIVER
## Takes the lock of $TABLE and $DATE, and shows signs of life for as long as the process DRIVER lives; exits 6 where
## somebody else holds it, and says who. Where the caller holds it already ($SLUICEBOX_LOCK) that is enough.
take_lock() {
  [[ $LEASE =~ ^[1-9][0-9]*$ ]] || usage_error "SLUICEBOX_LEASE=$LEASE is no number of seconds"
  if [[ -n ${SLUICEBOX_LOCK:-} ]]; then
    LOCK=$SLUICEBOX_LOCK
    return
  fi
  local driver=$1 folder=$ROOT/$TABLE/locks/$DATE owner now generation name asked answer word holder silent useless
  owner="$(id -un)@$(uname -n), process $driver, since $(date -u +%Y-%m-%dT%H:%M:%SZ)"
  for _ in {1..20}; do
    list_claims "$folder"
    generation=$("$BIN/sluicebox" lock next <"$WORK/claims")
    name=$generation.$$-$RANDOM$RANDOM
    ASKING=$folder/_$name
    # Hive, which asks for the lock as well, reads there whose it is.
    claim "$ASKING" "$name"$'\t'"$owner"
    asked=$SECONDS now=$EPOCHSECONDS
    list_claims "$folder"
    answer=$("$BIN/sluicebox" lock ask --lease "$LEASE" "_$name" <"$WORK/claims")
    # A listing that took long says nothing of those who showed signs of life meanwhile.
    (((SECONDS - asked) * 4 < LEASE)) || answer='give way'
    read -r word holder silent <<<"$answer"
    if [[ $word == take ]]; then
      claim "$folder/$name.0" "$name"$'\t'"$owner"
      LOCK=$folder/$name LOCK_OWNED=1 ASKING=''
      guarded_at "$now"
      beat_for "$driver" "$name"$'\t'"$owner"
      sed 1d <<<"$answer" | sed "s|^|$folder/|" >"$WORK/useless"
      # They harm nobody; a few are left lying.
      mapfile -t useless <"$WORK/useless"
      ((${#useless[@]} < 12)) || dfs -rm -f -skipTrash "${useless[@]}" >/dev/null || die "$EXIT_IO" "cannot write to $folder"
      return
    fi
    dfs -rm -f -skipTrash "$ASKING" >/dev/null || die "$EXIT_IO" "cannot write to $folder"
    ASKING=''
    if [[ $word == held ]]; then
      owner=$(dfs -cat "$folder/$holder" 2>/dev/null | cut -f 2) || owner='somebody who has just finished'
      die "$EXIT_LOCKED" "$TABLE for $DATE is being worked on by $owner; the last sign of life came $silent s ago, after $LEASE s without one it may be taken over"
    fi
    # Both of two that ask at once give way; chance says who comes back first.
    sleep "$((RANDOM % 3)).$((RANDOM % 10))"
  done
  die "$EXIT_LOCKED" "others ask for $TABLE and $DATE again and again; run again later"
}

## claim PATH OWNER
## Writes a claim's file, which says whose it is, to programs and to people.
claim() {
  dfs -put -f - "$1" <<<"$2" || die "$EXIT_IO" "cannot write to ${1%/*}; is --root yours?"
}

## beat_for DRIVER OWNER
## Shows signs of life four times a lease, until DRIVER is gone. It runs in a group of its own, so that it can be ended
## with what it started.
beat_for() {
  set -m
  (
    passed=0 beats=0 sign=${LOCK%/*}/_${LOCK##*/}
    started "$1" || exit
    since=$STARTED
    # Its number may be another one's by then.
    while sleep 1 && started "$1" && [[ $STARTED == "$since" ]]; do
      ((++passed * 4 >= LEASE)) || continue
      passed=0
      hadoop fs -put - "$sign.$((++beats))" <<<"$2" || continue
      # Not the last one: who lists the folder meanwhile may have its name and look at the file only now.
      ((beats < 3)) || hadoop fs -rm -f -skipTrash "$sign.$((beats - 2))" || true
    done
  ) </dev/null >/dev/null 2>&1 3>&- {TOLD}>&- &
  BEAT=$!
  disown
  set +m
}

## guard [now]
## Ends the script where the lock is not its own any more: it was silent for so long that somebody took over. It stands
## before whatever changes something. Where each question would start a JVM, what was asked within a twentieth of a lease is
## not asked again, unless it must be known now; a pause counts.
guard() {
  local lost now=$EPOCHSECONDS
  [[ -z $SHARED || ! -s $SHARED/guarded ]] || GUARDED=$(<"$SHARED/guarded")
  [[ ${1:-} == now ]] || client >/dev/null || ((GUARDED > now || (now - GUARDED) * 20 >= LEASE)) || return 0
  list_claims "${LOCK%/*}"
  lost=$("$BIN/sluicebox" lock lost "${LOCK##*/}" <"$WORK/claims")
  [[ $lost == false ]] ||
    die "$EXIT_LOCKED" "somebody took over the work on ${LOCK%/*} while this run was silent; nothing more is changed"
  guarded_at "$now"
}

## guarded_at TIME
## Remembers when the lock was known to be held, for the steps that follow as well.
guarded_at() {
  GUARDED=$1
  [[ -z $SHARED ]] || printf '%s\n' "$1" >"$SHARED/guarded"
}

## drop_lock
## Releases the lock; its generation stays known. Who was still asking for it asks no more. Where something had to be killed
## Hive may still be at work on what it was asked: then, as after a crash, nobody goes on before the lease is over.
drop_lock() {
  # A file system that does not answer is not waited for.
  local fs=(timeout --kill-after=5 60 hadoop fs) generation=${LOCK%.*}
  [[ -z $ASKING ]] || "${fs[@]}" -rm -f -skipTrash "$ASKING" >/dev/null 2>&1 || true
  [[ -n $LOCK_OWNED ]] || return 0
  kill -KILL -- "-$BEAT" 2>/dev/null || true
  if [[ -n $KILLED || -e $WORK/killed ]]; then
    note "$LOCK ends by itself in $LEASE s: what was killed may not have ended what it asked for"
  else
    "${fs[@]}" -put - "$generation" <<<"${generation##*/}"$'\treleased' 2>/dev/null || note "cannot release $LOCK; it ends by itself in $LEASE s"
  fi
  LOCK_OWNED=''
}
