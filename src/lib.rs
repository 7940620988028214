//! sluicebox: Hadoop Streaming mappers and reducers that clean dates, money and labels, and prove
//! that nothing was lost.
//!
//! The folders spell the data flow: [`input`] cuts a stream into lines, [`record`] judges a line with the
//! conversions of [`transform`], [`output`] writes temp lines and the seal, [`task`] joins them. The fast path beside the
//! plain one is [`scan`] (which finds where fields end) and [`record::Fast`], led by a [`plan`] of the spec.
//! [`reduce`] keeps one row a key after the shuffle, [`validate`] holds what was written against what was
//! read, [`hive`] writes the statements that load it. [`command`] is what `sluicebox` takes. All of them are driven by one [`spec`].

pub mod advice;
pub mod command;
pub mod environment;
pub mod exit;
pub mod history;
pub mod hive;
pub mod input;
pub mod landing;
pub mod ledger;
pub mod locate;
pub mod lock;
pub mod metrics;
pub mod output;
pub mod plan;
pub mod record;
pub mod reduce;
pub mod retention;
pub mod scan;
pub mod spec;
pub mod task;
pub mod transform;
pub mod validate;
