//! Why a streaming job failed, and what to do: the client says little more than a number.

use std::collections::BTreeMap;

use crate::landing::Source;

/// A task attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// The attempt's id; empty where the client does not say it, as without a cluster.
    pub attempt: String,
    /// The exit code of its program, where that is why it failed.
    pub code: Option<i32>,
    /// The file and the place in it that it read, `FILE:START+LENGTH`; empty where nothing says it.
    pub split: String,
    /// The last lines that its program wrote to stderr.
    pub words: Vec<String>,
}

/// What stands in a client's or a task's log when something other than the program is the reason; and what to do.
const KNOWN: &[(&str, &str)] = &[
    (
        "beyond physical memory limits",
        "YARN ended a task for its memory; raise mapreduce.map.memory.mb and mapreduce.reduce.memory.mb",
    ),
    (
        "beyond the 'PHYSICAL' memory limit",
        "YARN ended a task for its memory; raise mapreduce.map.memory.mb and mapreduce.reduce.memory.mb",
    ),
    (
        "OutOfMemoryError",
        "a Java process ran out of memory; raise mapreduce.map.java.opts or mapreduce.map.memory.mb",
    ),
    ("NSQuotaExceededException", "the folder's quota of names is used up; clean up or raise it"),
    ("DSQuotaExceededException", "the folder's quota of space is used up; clean up or raise it"),
    ("No space left on device", "a disk is full; free space where the task's log says"),
    (
        "could only be written to",
        "HDFS takes no more blocks: its disks are full or its DataNodes are down (hdfs dfsadmin -report)",
    ),
    ("Input path does not exist", "the run's landed files are gone; land them again"),
    ("already exists", "an earlier attempt left its folder; run again, which removes it"),
    (
        "Timed out after",
        "a task said nothing for too long; look at its node, or raise mapreduce.task.timeout",
    ),
    ("unknown queue", "the queue is not there; mend mapreduce.job.queuename in SLUICEBOX_JOB_OPTIONS"),
    (
        "Permission denied",
        "the user may not read or write there; see hdfs dfs -ls on the path that the message names",
    ),
    ("was killed by user", "somebody killed the job"),
    ("Connection refused", "a service of the cluster is down"),
];

/// What an exit code of a task's program asks for.
fn of_code(code: i32) -> &'static str {
    match code {
        1 => "a gate failed or the books don't balance: its words say which",
        2 => {
            "its spec or its command line is wrong: does `sluicebox check` pass, and are binaries and spec of one version?"
        }
        3 => {
            "it could not read its input or write its output: its words say which; the node's disk may be full"
        }
        4 => "a file's header is not the spec's: mend the file or the spec",
        126 => "the node can't execute it: another architecture, or a work folder mounted noexec",
        127 => "the node did not find it, or the shell it needs: was it shipped with -files?",
        134 | 136 | 139 => "it crashed; please report it with the split that it read",
        137 => {
            "it was killed (SIGKILL): the kernel or YARN was short of memory; raise mapreduce.map.memory.mb"
        }
        141 => "Hadoop stopped reading what it wrote (SIGPIPE): see the task's syslog for the reason",
        143 => "it was told to end (SIGTERM): the job or its container was killed",
        _ => "this is no code of ours: was another program given as mapper or reducer?",
    }
}

/// The attempts that failed, by what the client printed and what `yarn logs` did, the last one last.
#[must_use]
pub fn failures(client: &str, logs: &str) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    let mut attempt = String::new();
    for line in client.lines() {
        if line.contains("Status : FAILED") {
            word_with(line, "attempt_").unwrap_or_default().clone_into(&mut attempt);
        }
        if let Some(code) = code(line)
            && failures.last().is_none_or(|last| attempt.is_empty() || last.attempt != attempt)
        {
            failures.push(Failure { attempt: attempt.clone(), code: Some(code), ..Failure::default() });
        }
    }
    // Where a job ends before its client asks again, the client names no attempt; the master's log does.
    for line in logs.lines().filter(|line| line.contains(EXITED)) {
        if let (Some(attempt), Some(code)) = (word_with(line, "attempt_"), code(line))
            && failures.iter().all(|failure| failure.attempt != attempt)
        {
            failures.push(Failure { attempt: attempt.to_owned(), code: Some(code), ..Failure::default() });
        }
    }
    let containers = containers(logs);
    let tasks = || containers.iter().filter(|log| !log.contains(EXITED));
    if failures.is_empty() {
        // Nodes hand in their logs one by one: the master's is not there yet.
        return tasks()
            .filter_map(|log| {
                let mut failure = Failure { code: Some(log.lines().find_map(code)?), ..Failure::default() };
                failure.tell(log);
                Some(failure)
            })
            .collect();
    }
    let task = |failure: &Failure| failure.attempt.rsplit_once('_').map(|(task, _)| task.to_owned());
    let of_one_task = failures.windows(2).all(|pair| task(&pair[0]) == task(&pair[1]));
    let count = failures.len();
    for failure in &mut failures {
        // Without a cluster the client's log is the tasks' as well.
        let text = if failure.attempt.is_empty() {
            client.to_owned()
        } else {
            let names = |log: &&String| log.contains(&failure.attempt);
            // The master's log names all of them.
            let (master, own): (Vec<&String>, Vec<&String>) =
                containers.iter().filter(names).partition(|log| log.contains(EXITED));
            let logs = if own.is_empty() { master } else { own };
            logs.into_iter().map(String::as_str).collect::<Vec<_>>().join("\n")
        };
        failure.tell(&text);
        if failure.split.is_empty() && failure.words.is_empty() {
            // A task's own log need not name its attempt. One of several that failed alike may be another's.
            let alike = |log: &&String| log.lines().any(|line| code(line) == failure.code);
            let alike: Vec<&String> = tasks().filter(alike).collect();
            if let Some(last) = alike.last() {
                failure.tell(last);
                if !of_one_task || alike.len() > count {
                    failure.attempt.clear();
                }
            }
        }
    }
    failures
}

/// What each container logged, in the order of their names. Its stderr and its syslog stand apart, each behind its name.
fn containers(logs: &str) -> Vec<String> {
    let mut containers: BTreeMap<&str, String> = BTreeMap::new();
    for part in logs.split("Container: ").skip(1) {
        let name = part.split_whitespace().next().unwrap_or_default();
        containers.entry(name).or_default().push_str(part);
    }
    containers.into_values().collect()
}

impl Failure {
    /// Takes from a log what the attempt read, and its program's words.
    fn tell(&mut self, log: &str) {
        self.split = log
            .lines()
            .rev()
            .find_map(|line| line.split_once("Processing split: "))
            .map_or(String::new(), |(_, split)| split.trim().to_owned());
        if self.attempt.contains("_r_") {
            // Where the master runs the tasks itself, its log has what the maps read.
            self.split.clear();
        }
        let mut words = own_words(log);
        if words.is_empty() && !log.contains(EXITED) {
            // What is no program of ours, such as a shell that could not start one, speaks in its own way. So does the
            // master, of itself.
            words = stderr_of_task(log);
        }
        // The engine's log says again what its client said.
        words.dedup();
        self.words = words[words.len().saturating_sub(5)..].iter().map(|line| (*line).to_owned()).collect();
    }
}

/// The lines that our programs wrote: their messages, and a panic's two.
fn own_words(log: &str) -> Vec<&str> {
    let mut panicked = false;
    let own = |line: &&str| {
        let message =
            std::mem::replace(&mut panicked, line.starts_with("thread '") && line.contains(" panicked at "));
        message || panicked || PROGRAMS.iter().any(|program| line.starts_with(program))
    };
    log.lines().map(str::trim).filter(own).collect()
}

/// What a container's stderr has, but for the frame that YARN puts around it and what Java's loggers say of themselves.
fn stderr_of_task(log: &str) -> Vec<&str> {
    let mut inside = false;
    let told = |line: &&str| {
        if let Some(kind) = line.strip_prefix("LogType:") {
            inside = kind.trim() == "stderr";
            return false;
        }
        inside &= !line.starts_with("End of LogType:") && !line.starts_with("container_");
        inside && !line.is_empty() && !FRAME.iter().any(|beginning| line.starts_with(beginning))
    };
    log.lines().map(str::trim).filter(told).collect()
}

/// What begins lines of a container's log that no program wrote.
const FRAME: [&str; 9] = [
    "LogLastModifiedTime:",
    "Log Upload Time:",
    "LogLength:",
    "LogContents:",
    "Log Contents:",
    "***",
    "===",
    "log4j:",
    "SLF4J:",
];

/// What an application master says of an attempt that failed.
const EXITED: &str = " - exited : ";

/// What our programs' messages begin with.
const PROGRAMS: [&str; 3] = ["mapper: ", "reducer: ", "validator: "];

/// Says in one paragraph why a job failed. `sources` are the landed files under the names that people know.
#[must_use]
pub fn advise(client: &str, logs: &str, sources: &[Source]) -> String {
    let failures = failures(client, logs);
    let Some(last) = failures.last() else {
        let known =
            [client, logs].into_iter().find_map(|text| KNOWN.iter().find(|(words, _)| text.contains(words)));
        return known.map_or_else(
            || {
                // Behind Java's stack there is nothing that says more.
                let said = client
                    .lines()
                    .map(str::trim)
                    .rfind(|line| !line.is_empty() && !line.starts_with("at ") && !line.starts_with("... "));
                format!("no task's program failed; its client's last words: {}", said.unwrap_or("none"))
            },
            |(_, advice)| (*advice).to_owned(),
        );
    };
    let code = last.code.unwrap_or(0);
    let task = if last.attempt.is_empty() { "a task".to_owned() } else { format!("task {}", last.attempt) };
    let split = if last.split.is_empty() {
        String::new()
    } else {
        let landed = |source: &&Source| last.split.contains(&format!("/landed/{}:", source.landed));
        let of =
            sources.iter().find(landed).map(|source| format!(" of {}", source.source)).unwrap_or_default();
        format!(", which read {}{of},", last.split)
    };
    let words = if last.words.is_empty() {
        String::new()
    } else {
        format!("\n  its last words: {}", last.words.join("\n                  "))
    };
    // What killed it may stand in the container's log alone.
    let known =
        KNOWN.iter().find(|(words, _)| code > 128 && [client, logs].iter().any(|text| text.contains(words)));
    let advice = known.map_or(of_code(code), |(_, advice)| *advice);
    format!("the program of {task}{split} ended with {code}{words}\n  what to do: {advice}")
}

/// The code of a line such as `… subprocess failed with code 4`.
fn code(line: &str) -> Option<i32> {
    let (_, rest) = line.split_once("subprocess failed with code ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The word of a line that begins with something.
fn word_with<'l>(line: &'l str, beginning: &str) -> Option<&'l str> {
    line.split(|c: char| c.is_whitespace() || c == ',').find(|word| word.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "INFO mapreduce.Job: Running job: job_17_0001\n\
        INFO mapreduce.Job: Task Id : attempt_17_0001_m_000003_0, Status : FAILED\n\
        Error: java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 4\n\
        \tat org.apache.hadoop.streaming.PipeMapRed\n\
        INFO mapreduce.Job: Task Id : attempt_17_0001_m_000003_1, Status : FAILED\n\
        Error: java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 4\n";
    const LOGS: &str = "Container: container_1 on a\nLogType:syslog\nattempt_17_0001_m_000003_0 Processing split: hdfs://a/0.csv:0+9\n\
        \nContainer: container_2 on a\nLogType:stderr\nmapper: hdfs://a/1.csv, line 1: the header drifted\n\
        \nContainer: container_2 on a\nLogType:syslog\nINFO attempt_17_0001_m_000003_1\nINFO Processing split: hdfs://a/1.csv:0+264\n";

    #[test]
    fn the_last_attempt_that_failed_is_told_with_its_split_and_words() {
        let text = advise(CLIENT, LOGS, &[]);
        assert_eq!(
            text,
            "the program of task attempt_17_0001_m_000003_1, which read hdfs://a/1.csv:0+264, ended with 4\n  \
             its last words: mapper: hdfs://a/1.csv, line 1: the header drifted\n  \
             what to do: a file's header is not the spec's: mend the file or the spec"
        );
        assert_eq!(failures(CLIENT, "").len(), 2);
        // A landed file, by the name that people know.
        let landed = ["00000.csv", "1.csv"].map(|landed| Source {
            source: format!("exports/{landed}"),
            path: String::new(),
            landed: landed.to_owned(),
            size: 0,
            sha256: String::new(),
            lines: 0,
        });
        let text = advise(CLIENT, &LOGS.replace("//a/1.csv:", "//a/landed/1.csv:"), &landed);
        assert!(text.contains("which read hdfs://a/landed/1.csv:0+264 of exports/1.csv, ended"), "{text}");
    }

    /// A job that failed at once: its client has seen no attempt fail, and the tasks' own logs don't name theirs.
    const SUDDEN: &str = "INFO mapreduce.Job: Job job_17_0002 failed with state FAILED due to: Task failed task_17_0002_m_000004\n";

    fn sudden(failed: &[u8]) -> String {
        let mut logs = String::new();
        for task in failed {
            logs += &format!(
                "Container: container_{task} on a\nLogType:stderr\nmapper: out of luck {task}\n\
                 Container: container_{task} on a\nLogType:syslog\nProcessing split: hdfs://a/{task}.csv:0+9\n\
                 Exception running child : java.lang.RuntimeException: subprocess failed with code 3\n"
            );
        }
        logs += "Container: container_0 on a\nLogType:syslog\n";
        for task in failed {
            logs += &format!(
                "Task: attempt_17_0002_m_00000{task}_0 - exited : subprocess failed with code 3\n\
                 Diagnostics report from attempt_17_0002_m_00000{task}_0: Error: subprocess failed with code 3\n"
            );
        }
        logs
    }

    #[test]
    fn a_job_that_failed_at_once_is_explained_by_its_tasks_logs() {
        let text = advise(SUDDEN, &sudden(&[4]), &[]);
        let expected = "the program of task attempt_17_0002_m_000004_0, which read hdfs://a/4.csv:0+9, ended with 3\n  \
                        its last words: mapper: out of luck 4\n";
        assert!(text.starts_with(expected), "{text}");
        // Before the master's log is there.
        let logs = sudden(&[4]);
        let text = advise(SUDDEN, logs.split("Container: container_0").next().unwrap(), &[]);
        let expected = "the program of a task, which read hdfs://a/4.csv:0+9, ended with 3\n  \
                        its last words: mapper: out of luck 4\n";
        assert!(text.starts_with(expected), "{text}");
        // Which of two that failed alike it was nobody says.
        let text = advise(SUDDEN, &sudden(&[4, 5]), &[]);
        let expected = "the program of a task, which read hdfs://a/5.csv:0+9, ended with 3\n  \
                        its last words: mapper: out of luck 5\n";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn the_last_words_of_what_is_no_message_of_ours_are_told() {
        let logs = |stderr: &str| {
            format!(
                "Container: container_2 on a\n====\nLogType:stderr\nLogLength:9\nLogContents:\n{stderr}\n\nEnd of LogType:stderr\n***\n\
                 \nContainer: container_2 on a\nLogType:syslog\nINFO attempt_17_0001_m_000003_1\n"
            )
        };
        for (stderr, words) in [
            (
                "mapper: a note\nthread 'main' (7) panicked at src/x.rs:1:2:\nout of luck\nnote: run with `RUST_BACKTRACE=1`",
                "mapper: a note|thread 'main' (7) panicked at src/x.rs:1:2:|out of luck",
            ),
            (
                "log4j:WARN No appenders\n/bin/sh: ./mapper: Permission denied",
                "/bin/sh: ./mapper: Permission denied",
            ),
            ("/bin/sh: 1: ./mapper: not found", "/bin/sh: 1: ./mapper: not found"),
        ] {
            assert_eq!(failures(CLIENT, &logs(stderr))[1].words.join("|"), words);
        }
        // Without a cluster there is one log for all.
        let client =
            "INFO a\nthread 'main' panicked at src/x.rs:1:2:\nout of luck\nsubprocess failed with code 101\n";
        assert_eq!(failures(client, "")[0].words.len(), 2);
    }

    #[test]
    fn what_the_master_says_of_itself_is_no_tasks_last_word() {
        let logs = "Container: container_1 on a\nLogType:stderr\nLogContents:\nINFO: Binding a to b\nEnd of LogType:stderr\n\
                    Container: container_1 on a\nLogType:syslog\nTask: attempt_1_0001_m_000000_0 - exited : \
                    java.lang.RuntimeException: subprocess failed with code 3\n\
                    Container: container_2 on a\nLogType:stderr\nLogContents:\nmapper: out of luck\nEnd of LogType:stderr\n\
                    Container: container_2 on a\nLogType:syslog\nINFO Processing split: hdfs://h/a.csv:0+9\n\
                    Exception running child : java.lang.RuntimeException: subprocess failed with code 3\n";
        let client = "Task Id : attempt_1_0001_m_000000_0, Status : FAILED\nsubprocess failed with code 3\n";
        let failures = failures(client, logs);
        assert_eq!(failures[0].words, ["mapper: out of luck"]);
        assert_eq!(failures[0].split, "hdfs://h/a.csv:0+9");
    }

    #[test]
    fn what_no_task_is_to_blame_for_is_told_in_the_clients_words() {
        let client = "INFO a\nException in thread \"main\" java.io.IOException: no such thing\n\tat a.b(C.java:1)\n\t... 3 more\n\n";
        assert!(
            advise(client, "", &[])
                .ends_with("last words: Exception in thread \"main\" java.io.IOException: no such thing")
        );
    }

    #[test]
    fn memory_is_named_where_the_log_says_so() {
        let client = "subprocess failed with code 137\nContainer is running beyond physical memory limits";
        assert!(advise(client, "", &[]).contains("memory.mb"));
        assert!(advise("Exception: Input path does not exist: x", "", &[]).contains("land them again"));
        assert!(advise("", "", &[]).contains("no task's program failed"));
    }
}
