//! The statements that bring a run's temp lines into gold, and what is read back from Hive.
//!
//! Nothing here talks to Hive: the scripts hand what is written here to `beeline`, and its answers back.
//! Every statement names its columns and its run, so that a script can be run again and two runs of one
//! table don't meet.

pub mod compare;
mod ddl;
mod described;
mod fence;
mod gold;
mod load;
mod publish;
mod quote;
pub mod reconcile;

use std::path::Path;

pub use described::{Described, Published, REJECT};
pub use fence::Lock;
pub use gold::Query;
pub use quote::{Root, Word};

use crate::exit::Result;
use crate::spec::Spec;

/// Stands before every script.
const SETTINGS: &str = include_str!("../../hadoop/hive/settings.hql");

/// What stands before the answer to [`Run::elsewhere`].
pub const ELSEWHERE: &str = "sluicebox:elsewhere:";

/// One run of a table, as its statements need to know it.
#[derive(Debug)]
pub struct Run<'s> {
    spec: &'s Spec,
    root: Root,
    id: Word,
    date: Word,
    load: Option<Word>,
    lock: Option<Lock>,
    queries: Vec<Query>,
}

impl<'s> Run<'s> {
    /// A run of `spec`, whose `[[gold]]` queries lie beside the spec file. Each `load` of a run has folders of its
    /// own: a reader may still hold what was loaded and published before. Where there is a `lock`, what changes something
    /// asks for it.
    ///
    /// # Errors
    /// Where a query can't be read or is no SELECT.
    pub fn new(
        spec: &'s Spec,
        spec_file: &Path,
        root: Root,
        [id, date]: [Word; 2],
        load: Option<Word>,
        lock: Option<Lock>,
    ) -> Result<Self> {
        Ok(Self { spec, root, id, date, load, lock, queries: Query::load_all(spec, spec_file)? })
    }

    /// The tables where they are not there yet, then what [`compare`] and [`Described::published`] ask for.
    #[must_use]
    pub fn prepare(&self) -> String {
        let mut script = self.script("prepare");
        for table in ddl::tables(self.spec, &self.root) {
            script.push(&table.create());
            if let ddl::Format::Temp(delimiter) = table.format {
                // An earlier spec may have made the table; people who look into it read by this one.
                script.push(&ddl::delimit(&table.quoted(), delimiter));
            }
            script.marked(described::TABLE, &table.name, &format!("DESCRIBE FORMATTED {}", table.quoted()));
        }
        for query in &self.queries {
            gold::describe(self, query, &mut script);
        }
        // The further gold tables may not be there yet; `publish` shows them.
        publish::show(self, &self.spec.name, &mut script);
        script.text
    }

    /// Makes the rejects visible, before any gate is judged, and shows what a gate compares with: the version
    /// that is published now.
    #[must_use]
    pub fn quarantine(&self) -> String {
        let mut script = self.fenced("quarantine");
        load::temp_lines(self, &mut script);
        load::quarantine(self, &mut script);
        script.ask();
        load::show_quarantine(self, &mut script);
        publish::show(self, &self.spec.name, &mut script);
        script.text
    }

    /// Loads the version, the quarantine and the further gold tables, and writes down what Hive counts.
    ///
    /// # Errors
    /// Where `described` has not the columns of a `[[gold]]` query.
    pub fn load(&self, described: Option<&Described>) -> Result<String> {
        let mut script = self.fenced("load");
        load::temp_lines(self, &mut script);
        load::rows(self, &mut script);
        for query in &self.queries {
            gold::load(self, query, described, &mut script)?;
        }
        script.ask();
        load::show(self, &mut script);
        load::books(self, &mut script);
        Ok(script.text)
    }

    /// Shows where gold, and the further gold tables, point.
    #[must_use]
    pub fn show(&self) -> String {
        let mut script = self.script("show");
        for table in gold_tables(self.spec) {
            publish::show(self, table, &mut script);
        }
        script.text
    }

    /// Counts how many keys of this run's version gold holds under other dates by now, behind [`ELSEWHERE`]; empty where
    /// a key may be there more than once.
    #[must_use]
    pub fn elsewhere(&self) -> String {
        let Some(dedup) = load::across(self) else { return String::new() };
        let mut script = self.fenced("elsewhere");
        load::elsewhere(self, dedup, ELSEWHERE, &mut script);
        script.text
    }

    /// Points gold, and the further gold tables, to this run's versions, and the quarantine to the rejects of that load.
    #[must_use]
    pub fn publish(&self) -> String {
        let mut script = self.fenced("publish");
        load::show_quarantine(self, &mut script);
        for table in gold_tables(self.spec) {
            script.ask();
            publish::point(self, table, &mut script);
        }
        for table in gold_tables(self.spec) {
            publish::show(self, table, &mut script);
        }
        script.text
    }

    /// Shows the quarantine in the order of its files, each row behind a mark; `limit` 0 is all of it. The raw line is
    /// base64: it may hold what ends a line or a field.
    #[must_use]
    pub fn rejects(&self, reason: Option<&str>, column: Option<&str>, limit: u64) -> String {
        let mut script = self.script("rejects");
        let mut only = self.run_partition();
        for (name, value) in [("reason", reason), ("column_name", column)] {
            if let Some(value) = value {
                only.push_str(&format!(" AND {name} = {}", quote::literal(value)));
            }
        }
        let number = |name: &str| format!("COALESCE(CAST({name} AS STRING), '')");
        let (start, record) = (number("split_start"), number("record"));
        let limit = if limit == 0 { String::new() } else { format!("\nLIMIT {limit}") };
        script.push(&format!(
            "SELECT {}, reason, column_name, COALESCE(file, ''), {start} AS s, {record} AS n, BASE64(CAST(raw AS BINARY)), \
             COALESCE(duplicate_of, '')\nFROM (SELECT * FROM {} WHERE {only}\nORDER BY file, split_start, record{limit}) q",
            quote::literal(REJECT),
            self.table(&format!("{}_reject", self.spec.name)),
        ));
        script.text
    }

    /// Drops the partitions that show this run's temp lines, quarantine and versions. The tables are external, so their
    /// files stay for who called this to remove.
    #[must_use]
    pub fn forget(&self) -> String {
        let mut script = self.fenced("forget");
        let own = ["_temp", "_reject", "_version"].map(|suffix| format!("{}{suffix}", self.spec.name));
        let further = self.spec.gold.iter().map(|gold| format!("{}_version", gold.name));
        for table in own.into_iter().chain(further) {
            let table = self.table(&table);
            script.ask();
            script.push(&format!("ALTER TABLE {table} DROP IF EXISTS PARTITION ({})", self.run_partition()));
        }
        script.text
    }

    fn script(&self, stage: &str) -> Script {
        let Self { spec, id, date, .. } = self;
        let text = format!(
            "-- {}: {stage} of run {id}, {} {date}. Written by `sluicebox hql {stage}`.\n{SETTINGS}\n",
            spec.name, spec.partition
        );
        let mut script = Script { text, fence: String::new() };
        script.push(&format!("USE {}", quote::name(&spec.database)));
        script
    }

    /// A script that stops where the lock was taken over: before it begins, and where it asks again.
    fn fenced(&self, stage: &str) -> Script {
        let mut script = self.script(stage);
        if let Some(lock) = &self.lock {
            script.push(&lock.table());
            script.fence = lock.fence();
            script.ask();
        }
        script
    }

    /// A table's name with its database.
    fn table(&self, name: &str) -> String {
        quote::table(&self.spec.database, name)
    }

    /// `run_id` of this run, as a partition and as a condition.
    fn run_partition(&self) -> String {
        format!("`run_id` = {}", self.id.literal())
    }

    /// Gold's partition of this run, as a partition and as a condition.
    fn gold_partition(&self) -> String {
        format!("{} = {}", quote::name(&self.spec.partition), self.date.literal())
    }

    /// Where a table's version of this run lies.
    fn version(&self, table: &str) -> String {
        version(&self.root, table, &self.id, self.load.as_ref())
    }

    /// The folder of this load of the run, in a folder of its table.
    fn loaded(&self, folder: &str) -> String {
        loaded(&self.root, folder, &self.id, self.load.as_ref())
    }
}

/// Where a table's version of a run lies.
fn version(root: &Root, table: &str, run: &Word, load: Option<&Word>) -> String {
    loaded(root, &format!("{table}/version"), run, load)
}

fn loaded(root: &Root, folder: &str, run: &Word, load: Option<&Word>) -> String {
    let load = load.map(|load| format!("/load={load}")).unwrap_or_default();
    root.join(&format!("{folder}/run_id={run}{load}"))
}

/// The tables that readers see: the spec's own, then its further ones.
#[must_use = "iterators are lazy"]
pub fn gold_tables(spec: &Spec) -> impl Iterator<Item = &str> {
    std::iter::once(spec.name.as_str()).chain(spec.gold.iter().map(|gold| gold.name.as_str()))
}

/// Statements, one behind the other.
#[derive(Debug)]
struct Script {
    text: String,
    /// The question for the lock; empty where there is none.
    fence: String,
}

impl Script {
    fn push(&mut self, statement: &str) {
        self.text.push_str(statement);
        self.text.push_str(";\n\n");
    }

    /// Asks for the lock, ahead of what others see. A driver can pause, and its machine die, within a script too.
    fn ask(&mut self) {
        if !self.fence.is_empty() {
            self.push(&self.fence.clone());
        }
    }

    /// Makes a partition and says where it lies, which it may have said otherwise before.
    fn partition(&mut self, table: &str, partition: &str, location: &str) {
        let location = quote::literal(location);
        self.push(&format!(
            "ALTER TABLE {table} ADD IF NOT EXISTS PARTITION ({partition}) LOCATION {location}"
        ));
        self.push(&format!("ALTER TABLE {table} PARTITION ({partition}) SET LOCATION {location}"));
    }

    /// A statement whose answer is found again behind a line of its own: Hive and Tez talk in between.
    fn marked(&mut self, kind: &str, name: &str, statement: &str) {
        self.mark(kind, name);
        self.push(statement);
    }

    fn mark(&mut self, kind: &str, name: &str) {
        self.push(&format!("SELECT {}", quote::literal(&described::mark(kind, name))));
    }
}
