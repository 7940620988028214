# shellcheck shell=bash disable=SC2154
# scripts/bench: the mapper and its peers on one file, then the other binaries, as medians of several rounds.

# Those that read less than 30 MB a second, and Miller, which keeps eight times the file in memory, get less of it.
million=$clean
if ((rows > 1000000)); then
  million=$WORK/million.csv
  head -n 1000001 "$clean" >"$million"
fi

# Each entry: a group, a name, the file it reads, the command.
entries=()
## entry GROUP NAME FILE COMMAND
entry() {
  entries+=("$1"$'\t'"$2"$'\t'"$3"$'\t'"$4")
}

## there COMMAND [NAME]
## Whether there is such a command; where not, says which peer is left out.
there() {
  command -v "$1" >/dev/null || { progress '' && note "no $1 on PATH: ${2:-$1} is left out" && return 1; }
}

## python_peers
## Prints a Python that has DuckDB and Polars; nothing where there can be none.
python_peers() {
  local venv=${SLUICEBOX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluicebox}/peers
  if [[ ! -f $venv/done ]]; then
    rm -rf "$venv"
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet -r "$peers/requirements.txt" || return 0
    : >"$venv/done"
  fi >&2
  printf '%s\n' "$venv/bin/python"
}

cd "$WORK" || exit
mapper=$BIN/mapper
# The tiers of this machine, the slowest first, as the message about an unknown one lists them.
said=$(SLUICEBOX_TIER=unknown "$mapper" 2>&1 </dev/null) || true
IFS=', ' read -ra tiers <<<"${said##*there are: }"
[[ ${tiers[0]:-} == plain ]] || die "$EXIT_GATE" "the mapper does not say what tiers there are: $said"

entry mapper 'wc -l' "$clean" 'wc -l'
entry mapper 'sluicebox mapper' "$clean" "$mapper"
# What AVX-512 gains.
[[ " ${tiers[*]} " != *' avx2 avx512 '* ]] || entry mapper 'sluicebox, AVX2 tier' "$clean" "SLUICEBOX_TIER=avx2 $mapper"
entry mapper 'sluicebox, portable tier' "$clean" "SLUICEBOX_TIER=portable $mapper"
entry mapper 'sluicebox, plain tier' "$clean" "SLUICEBOX_TIER=plain $mapper"
ours=${#entries[@]}
entry mapper 'Rust: csv, chrono, rust_decimal' "$clean" "$BIN/examples/peer"
for awk in mawk gawk; do
  ! there "$awk" || entry mapper "$awk" "$million" "$awk -f $peers/mapper.awk"
done
! there mlr Miller || entry mapper 'Miller' "$million" "mlr --icsv --onidx put -q -f $peers/mapper.mlr"
if there python3 'Python, with DuckDB and Polars,'; then
  entry mapper 'Python' "$million" "python3 $peers/mapper.py"
  python=$(python_peers)
  if [[ -n $python ]]; then
    entry mapper 'DuckDB, 1 thread' "$clean" "$python $peers/mapper_duckdb.py"
    entry mapper 'Polars, 1 thread' "$clean" "POLARS_MAX_THREADS=1 $python $peers/mapper_polars.py"
  else
    progress ''
    note "pip could not install DuckDB and Polars: both are left out"
  fi
fi

# No figure without the right answer: of ours every byte of the whole file, of the peers the rows of a million records.
plain=$(SLUICEBOX_TIER=plain "$mapper" <"$clean" | cksum)
rows_of_plain=$(SLUICEBOX_TIER=plain "$mapper" <"$million" | grep -a $'^ok\t' | cksum)
for i in "${!entries[@]}"; do
  IFS=$'\t' read -r _ name file command <<<"${entries[i]}"
  progress "comparing: $name"
  if ((i == 0)); then
    continue # wc
  elif ((i < ours)); then
    [[ $(sh -c "$command" <"$file" | cksum) == "$plain" ]] || die "$EXIT_GATE" "$name writes other bytes than the plain path"
  else
    [[ $(sh -c "$command" <"$million" | grep -a $'^ok\t' | cksum) == "$rows_of_plain" ]] ||
      die "$EXIT_GATE" "$name writes other rows than the plain path"
  fi
done

progress 'making what the other binaries read'
# 25 of the 34 kinds of dirt are rejected. The one that is 5,000 bytes long is left out: it is cheap by the byte, and would
# be a twelfth of the file.
generate --dirt 0.071 --quoted 0.02 | grep -av xxxxxxxxxx | sed 's/$/\r/' >dirty.csv
"$mapper" <"$clean" >temp
"$mapper" --keyed <"$clean" | sort -S 256M -T . >keyed

## sealed COUNT
## A count of the dirty file's seal.
sealed() {
  sed -n "s/.*\"$1\":\([0-9]*\)[,}].*/\1/p" seal
}
# The dirty file is what README says of it.
"$mapper" <dirty.csv | tail -n 1 >seal
records=$(sealed records)
rejected=$((records - $(sealed ok)))
# What is drawn by chance may be a little less.
((rejected * 1000 >= records * 45)) || die "$EXIT_GATE" "of $records records only $rejected are rejected, not 5 %"
quoted=$(grep -ac '"' dirty.csv)
((quoted * 100 >= records * 5)) || die "$EXIT_GATE" "of $records records only $quoted have quotes, not 5 %"
grep -aq $'\xc3' dirty.csv || die "$EXIT_GATE" 'the dirty file has no accents'
! grep -aqv $'\r$' dirty.csv || die "$EXIT_GATE" 'the dirty file has lines that do not end with CRLF'

## every_tier FILE COMMAND...
## Dies where a tier writes other bytes than the plain path.
every_tier() {
  local file=$1 name=${2##*/} tier plain
  shift
  progress "comparing: $name, $file"
  plain=$(SLUICEBOX_TIER=plain "$@" <"$file" | cksum)
  for tier in "${tiers[@]:1}"; do
    [[ $(SLUICEBOX_TIER=$tier "$@" <"$file" | cksum) == "$plain" ]] ||
      die "$EXIT_GATE" "$name's $tier tier writes other bytes than the plain path for $file"
  done
}
every_tier dirty.csv "$mapper"
every_tier temp "$BIN/validator" --partial
every_tier keyed "$BIN/reducer"
piped="cat | $mapper | cat"
[[ $(sh -c "$piped" <"$clean" | cksum) == "$plain" ]] || die "$EXIT_GATE" 'in a pipe the mapper writes other bytes'

entry pipe 'cat, cat, cat' "$clean" 'cat | cat | cat'
entry pipe 'cat, mapper, cat' "$clean" "$piped"
entry dirty 'wc -l' dirty.csv 'wc -l'
entry dirty 'sluicebox mapper' dirty.csv "$mapper"
entry validator 'wc -l' temp 'wc -l'
entry validator 'sluicebox validator' temp "$BIN/validator --partial"
entry reducer 'uniq' keyed 'uniq'
entry reducer 'sluicebox reducer' keyed "$BIN/reducer"

## measure INDEX GROUP FILE COMMAND
## Runs a command once; appends milliseconds and KiB at the peak to its times. A pipe has all cores, as its
## commands work side by side.
measure() {
  local TIMEFORMAT=%3R took on=("${one_core[@]}")
  [[ $2 != pipe ]] || on=()
  took=$({ time "${on[@]}" env time -f %M -o memory sh -c "$4" <"$3" >/dev/null 2>&1; } 2>&1)
  printf '%s %s\n' "${took/./}" "$(tail -n 1 memory)" >>"times.$1"
}
for round in 1 2 3 4 5; do
  for i in "${!entries[@]}"; do
    IFS=$'\t' read -r group name file command <<<"${entries[i]}"
    progress "round $round: $group, $name"
    touch "times.$i"
    if (($(awk '{ sum += $1 } END { print sum + 0 }' "times.$i") < 30000)); then
      measure "$i" "$group" "$file" "$command"
    fi
  done
done
progress ''

{
  printf '# group\tname\tbytes\tseconds\tpeak KiB\trounds; made by scripts/bench %s\n' "$rows"
  for i in "${!entries[@]}"; do
    IFS=$'\t' read -r group name file command <<<"${entries[i]}"
    sort -n "times.$i" | awk -v what="$group"$'\t'"$name"$'\t'"$(stat -c %s "$file")" \
      '{ took[NR] = $1; peak = $2 > peak ? $2 : peak }
      END { printf "%s\t%.3f\t%d\t%d\n", what, (took[int((NR + 1) / 2)] + took[int(NR / 2) + 1]) / 2000, peak, NR }'
  done
} >times.tsv
cd "$CHECKOUT/benches" || exit
cp "$WORK/times.tsv" .
awk -f times.awk times.tsv
awk -f picture.awk times.tsv >times.svg
