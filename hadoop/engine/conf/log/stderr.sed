# What Hive says of every session and query (and of a failure twice), out of what stderr shows; the log has it.
/^$/d
/^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} ((Starting to run new|Completed running) task attempt: attempt_[0-9_]+|(Running|Completed) Dag: dag_[0-9_]+)$/d
/^Hive Session ID = /d
/^Query ID = /d
/^Total jobs = [0-9]+$/d
/^Launching Job [0-9]+ out of [0-9]+$/d
/^Status: Running \(Executing on YARN cluster/d
/^Loading data to table /d
/^Tez session hasn't been created yet\. Opening session$/d
/^FAILED: /d
/^No Stats for [^ ]+, Columns: /d
/^Shutting down tez session\.$/d
/^\t Time taken (to load dynamic partitions|for adding to write entity )/d
/^(Moving data to (local )?directory|Dropped the partition) /d
/^context \[anonymous\] [0-9:]+ attribute [A-Z_]+ isn't defined$/d
