#!/usr/bin/env bats
# Metrics and sample alerts, as Prometheus' own tool reads them.

bats_require_minimum_version 1.5.0

setup() {
  # shellcheck source=scripts/lib/common.sh
  . "$BATS_TEST_DIRNAME/../../scripts/lib/common.sh"
  BIN=$(binaries_dir)
  cd "$BATS_TEST_TMPDIR" || return
}

@test "the sample alerts are well-formed, and fire for what they are about" {
  cp "$CHECKOUT/hadoop/prometheus/alerts.yml" .
  run -0 promtool check rules alerts.yml
  cat >alerts.test.yml <<'END'
rule_files: [alerts.yml]
evaluation_interval: 1h
tests:
  - interval: 1h
    input_series:
      - series: sluicebox_last_run_success{table="bad"}
        values: 1x10 0x40
      - series: sluicebox_last_success_timestamp_seconds{table="bad"}
        values: 0x50
      - series: sluicebox_last_run_success{table="good"}
        values: 1x50
      - series: sluicebox_records{table="good",outcome="read"}
        values: 1000x50
      - series: sluicebox_records{table="good",outcome="quarantined"}
        values: 6x50
      - series: sluicebox_gate_accepted{table="good",gate="min_rows",column=""}
        values: 1x50
    alert_rule_test:
      - {eval_time: 10h, alertname: SluiceboxRunFailed, exp_alerts: []}
      - eval_time: 11h
        alertname: SluiceboxRunFailed
        exp_alerts: [{exp_labels: {table: bad, severity: page}, exp_annotations: {
          summary: "The last run of bad failed; gold still has its last version",
          description: "scripts/pipeline status shows how far it came; running it again goes on from there."}}]
      - {eval_time: 26h, alertname: SluiceboxTableStale, exp_alerts: []}
      - eval_time: 27h
        alertname: SluiceboxTableStale
        exp_alerts: [{exp_labels: {table: bad, severity: page}, exp_annotations: {
          summary: "bad was published 1d 3h 0m 0s ago",
          description: "The schedule did not start it, or it fails, or it hangs."}}]
      - eval_time: 1h
        alertname: SluiceboxQuarantineGrows
        exp_alerts: [{exp_labels: {table: good, severity: ticket}, exp_annotations: {
          summary: "6 records of good are in quarantine",
          description: "scripts/pipeline rejects shows them with their files and lines."}}]
      - eval_time: 1h
        alertname: SluiceboxGateAccepted
        exp_alerts: [{exp_labels: {table: good, gate: min_rows, severity: ticket}, exp_annotations: {
          summary: "good was published though min_rows failed",
          description: "Somebody accepted it with a reason that the ledger keeps."}}]
END
  run -0 promtool test rules alerts.test.yml
}

@test "metrics are well-formed, and what a failure says nothing of stays" {
  printf '%s\n' '{"event":"finished","step":"land","seconds":1.5}' '{"event":"retried"}' 'half a line' >events
  echo '{"records": 1000, "ok": 990, "gates": []}' >verdict
  echo '{"gold": 980, "duplicates": 4, "copies": 6, "gates": [{"gate": "max_replaced_ratio", "column": "a \"b\"", "pass": false, "accepted": "known"}]}' >load
  "$BIN/sluicebox" metrics --table sales --outcome success --events events --verdict verdict --load load >first
  promtool check metrics <first
  grep -qxF 'sluicebox_records{table="sales",outcome="quarantined"} 14' first
  grep -qxF 'sluicebox_gate_accepted{table="sales",gate="max_replaced_ratio",column="a \"b\""} 1' first
  : >events
  "$BIN/sluicebox" metrics --table sales --outcome failure --events events --former first >second
  promtool check metrics <second
  grep -qxF 'sluicebox_last_run_success{table="sales"} 0' second
  diff <(grep -v last_run first) <(grep -v last_run second)
  # One that was judged and not loaded has its own numbers, and none of the run before.
  echo '{"records": 3, "ok": 1, "gates": []}' >verdict
  "$BIN/sluicebox" metrics --table sales --outcome failure --events events --former second --verdict verdict >third
  [ "$(sed -n 's/^sluicebox_records.*outcome="//p' third | sort | paste -sd' ')" = 'copies"} 0 gold"} 0 quarantined"} 2 read"} 3' ]
}
