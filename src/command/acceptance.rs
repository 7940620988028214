//! `--accept GATE --reason TEXT`: gates that may fail, and why.

use std::collections::BTreeMap;

use clap::builder::PossibleValuesParser;

use crate::exit::{Error, Result};
use crate::validate::GATES;

/// Gates that may fail, each with its reason.
#[derive(Debug, clap::Args)]
pub struct Acceptance {
    /// Let a gate fail; each needs a --reason
    #[arg(long, value_name = "GATE", value_parser = PossibleValuesParser::new(GATES))]
    accept: Vec<String>,
    /// Why the gate may fail, for the ledger
    #[arg(long, value_name = "TEXT")]
    reason: Vec<String>,
}

impl Acceptance {
    /// The gates that may fail, each with its reason.
    ///
    /// # Errors
    /// `Usage` where they don't pair, a gate stands there twice, or a reason is empty.
    pub fn reasons(&self) -> Result<BTreeMap<String, String>> {
        let Self { accept, reason } = self;
        if accept.len() != reason.len() {
            return Err(Error::Usage(format!(
                "{} --accept and {} --reason; give each accepted gate a reason of its own",
                accept.len(),
                reason.len()
            )));
        }
        let reasons: BTreeMap<_, _> = accept.iter().cloned().zip(reason.iter().cloned()).collect();
        if reasons.len() != accept.len() {
            return Err(Error::Usage(
                "a gate is accepted twice; give it one --accept and one --reason".to_owned(),
            ));
        }
        match reasons.iter().find(|(_, reason)| reason.trim().is_empty()) {
            Some((gate, _)) => {
                Err(Error::Usage(format!("the --reason for {gate} is empty; say why it may fail")))
            }
            None => Ok(reasons),
        }
    }
}
