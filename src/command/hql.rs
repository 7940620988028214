//! `sluicebox hql`: scripts for beeline, and what its answers mean.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;

use crate::command::Acceptance;
use crate::exit::{Error, Exit, Result};
use crate::hive::reconcile::reconcile;
use crate::hive::{Described, Lock, Query, Root, Run, Word, compare, gold_tables};
use crate::record::Reason;
use crate::spec::Spec;
use crate::validate::Verdict;

/// Write the scripts that load a run into Hive, and judge Hive's answers
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The scripts are for `beeline --silent=true --outputformat=tsv2 --showHeader=false -f SCRIPT`.
In the order of a run:

  land     prepare > a.hql; beeline -f a.hql > described; compare --described described > b.hql
           (run b.hql where it is not empty); published --described described
  audit    quarantine --load ID > c.hql
  load     load --load ID --described described > d.hql; beeline -f d.hql > books;
           reconcile --load ID --verdict verdict.json --books books
  publish  publish --load ID > e.hql; beeline -f e.hql > described;
           published --load ID --described described --run RUN --root ROOT
           (show > f.hql shows the same without publishing)

Exit codes: 0 done, 1 Hive's counts or gold's place differ from the run's, 2 usage, spec, or a table that
can't follow the spec, 3 input or output error.")]
pub struct Arguments {
    #[command(subcommand)]
    stage: Stage,
}

#[derive(Debug, clap::Subcommand)]
enum Stage {
    /// Script: make the tables where they are missing, describe them, and show what is published
    Prepare(OfRun),
    /// Print the script that makes the tables follow the spec, nothing where they do; refuse (2) where they can't
    Compare {
        #[command(flatten)]
        spec: OfSpec,
        /// Where the tables' data lie: a URI or an absolute path
        #[arg(long, value_name = "URI")]
        root: Root,
        /// What beeline printed for `prepare`
        #[arg(long, value_name = "FILE")]
        described: PathBuf,
    },
    /// Print `published TAB RUN TAB TABLE TAB LOCATION` for each gold table with a partition of the date
    Published {
        #[command(flatten)]
        spec: OfSpec,
        /// What beeline printed for `prepare` or `publish`
        #[arg(long, value_name = "FILE")]
        described: PathBuf,
        /// Fail (1) unless all gold tables point to this run
        #[arg(long, value_name = "RUN", requires = "root")]
        run: Option<Word>,
        /// Where the tables' data lie
        #[arg(long, value_name = "URI", requires = "run")]
        root: Option<Root>,
        /// The load of the run
        #[arg(long, value_name = "ID", requires = "run")]
        load: Option<Word>,
    },
    /// Script: show where the gold tables point
    Show(OfRun),
    /// Script: make the run's rejects visible
    Quarantine(OfRun),
    /// Script: load the version, the quarantine and the further gold tables, and count them
    Load {
        #[command(flatten)]
        run: OfRun,
        /// What beeline printed for `prepare`; needed where the spec has [[gold]]
        #[arg(long, value_name = "FILE")]
        described: Option<PathBuf>,
    },
    /// Compare Hive's books with the verdict and print one JSON object; fail (1) with what differs, or where a gate
    /// fails by the rows that reach gold: then the object has the gates alone
    Reconcile {
        #[command(flatten)]
        spec: OfSpec,
        /// The validator's verdict
        #[arg(long, value_name = "FILE")]
        verdict: PathBuf,
        /// What beeline printed for `load`
        #[arg(long, value_name = "FILE")]
        books: PathBuf,
        /// The load of the run
        #[arg(long, value_name = "ID")]
        load: Option<Word>,
        #[command(flatten)]
        acceptance: Acceptance,
    },
    /// Script: point gold's partition to the run's version, and show where it points
    Publish(OfRun),
    /// Script: count the keys of the run's version that gold holds under other dates by now, as
    /// `sluicebox:elsewhere:N`; nothing where a key may be there more than once
    Elsewhere(OfRun),
    /// Script: show the run's quarantine, for `sluicebox rejects`
    Rejects {
        #[command(flatten)]
        run: OfRun,
        /// Those of this reason alone
        #[arg(long, value_parser = PossibleValuesParser::new(Reason::ALL.map(Reason::name)))]
        reason: Option<String>,
        /// Those of this column, or rule, alone
        #[arg(long)]
        column: Option<String>,
        /// So many at most; 0 for all
        #[arg(long, default_value_t = 0)]
        limit: u64,
    },
    /// Script: forget a run that gold does not point to; its files stay
    Forget(OfRun),
}

#[derive(Debug, clap::Args)]
struct OfSpec {
    /// The table spec
    #[arg(long, value_name = "FILE", default_value = "table.toml")]
    spec: PathBuf,
}

#[derive(Debug, clap::Args)]
struct OfRun {
    #[command(flatten)]
    spec: OfSpec,
    /// Where the tables' data lie: a URI or an absolute path
    #[arg(long, value_name = "URI")]
    root: Root,
    /// The run's id
    #[arg(long, value_name = "RUN")]
    run: Word,
    /// The value of gold's partition
    #[arg(long, value_name = "DATE")]
    date: Word,
    /// Which load of the run: each has folders of its own, for a reader may still hold the one before, and a statement of
    /// a driver that died may still be at work
    #[arg(long, value_name = "ID")]
    load: Option<Word>,
    /// The lock that is held, FOLDER/GENERATION.OWNER: quarantine, load, elsewhere, publish and forget fail where it was taken over
    #[arg(long, value_name = "CLAIM")]
    lock: Option<Lock>,
}

/// Does what the stage asks.
///
/// # Errors
/// A wrong spec, an answer that can't be read, or one that is not what it should be.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    match &arguments.stage {
        Stage::Prepare(of) => script(of, |run| Ok(run.prepare())),
        Stage::Show(of) => script(of, |run| Ok(run.show())),
        Stage::Quarantine(of) => script(of, |run| Ok(run.quarantine())),
        Stage::Publish(of) => script(of, |run| Ok(run.publish())),
        Stage::Elsewhere(of) => script(of, |run| Ok(run.elsewhere())),
        Stage::Rejects { run: of, reason, column, limit } => {
            script(of, |run| Ok(run.rejects(reason.as_deref(), column.as_deref(), *limit)))
        }
        Stage::Forget(of) => script(of, |run| Ok(run.forget())),
        Stage::Load { run: of, described } => {
            let described = described.as_deref().map(super::read).transpose()?;
            let described = described.as_deref().map(Described::parse);
            script(of, |run| run.load(described.as_ref()))
        }
        Stage::Compare { spec: of, root, described } => {
            let spec = Spec::load(&of.spec)?;
            let queries = Query::load_all(&spec, &of.spec)?;
            let described = Described::parse(&super::read(described)?);
            super::print(&compare::compare(&spec, &queries, root, &described)?)
        }
        Stage::Published { spec: of, described, run, root, load } => {
            let spec = Spec::load(&of.spec)?;
            let described = Described::parse(&super::read(described)?);
            if let (Some(run), Some(root)) = (run, root) {
                let tables: Vec<&str> = gold_tables(&spec).collect();
                described.must_be_published(&tables, root, run, load.as_ref())?;
            }
            let line =
                |p: &crate::hive::Published| format!("published\t{}\t{}\t{}\n", p.run, p.table, p.location);
            super::print(&described.published()?.iter().map(line).collect::<String>())
        }
        Stage::Reconcile { spec: of, verdict, books, load, acceptance } => {
            let accepted = acceptance.reasons()?;
            let spec = Spec::load(&of.spec)?;
            let verdict = Verdict::read(super::read(verdict)?.as_bytes())?;
            let loaded = reconcile(&spec, &verdict, accepted, load.as_ref(), &super::read(books)?)?;
            let json = |value: serde_json::Result<String>| {
                value.map_err(|error| Error::Input(format!("cannot write the result: {error}")))
            };
            if let Err(refused) = loaded.pass() {
                // For the metrics: nothing of it reaches gold.
                let gates = BTreeMap::from([("gates", &loaded.gates)]);
                super::print(&format!("{}\n", json(serde_json::to_string(&gates))?))?;
                return Err(refused);
            }
            super::print(&format!("{}\n", json(serde_json::to_string(&loaded))?))
        }
    }
}

fn script(of: &OfRun, write: impl FnOnce(&Run) -> Result<String>) -> Result<Exit> {
    let spec = Spec::load(&of.spec.spec)?;
    let words = [of.run.clone(), of.date.clone()];
    let run = Run::new(&spec, &of.spec.spec, of.root.clone(), words, of.load.clone(), of.lock.clone())?;
    super::print(&write(&run)?)
}
