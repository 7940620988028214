# Lines of Tez's local mode, and nothing else, out of what beeline prints as results.
/^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} ((Starting to run new|Completed running) task attempt: attempt_[0-9_]+|(Running|Completed) Dag: dag_[0-9_]+)$/d
