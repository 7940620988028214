//! What was found wrong, in words: where, what was expected, what was found, what to do.

use crate::ledger::grouped;

/// How many problems are told; a run that has more is not mended one by one.
const TOLD: usize = 100;

/// The problems found, in order.
#[derive(Debug, Default)]
pub struct Problems {
    told: Vec<String>,
    more: u64,
}

impl Problems {
    /// Notes one.
    pub fn note(&mut self, problem: String) {
        if self.told.len() < TOLD {
            self.told.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Notes one where what the seals say is not what the lines show; returns whether it is.
    pub fn compare(&mut self, part: &str, what: &str, says: u128, shows: u128) -> bool {
        let equal = says == shows;
        if !equal {
            let why = if shows < says { LESS } else { MORE };
            let (says, shows) = (grouped(says), grouped(shows));
            self.note(format!("{part}: the seals say {says} {what}, the lines show {shows}: {why}"));
        }
        equal
    }

    /// Notes one where lines that are as many as were sealed have another checksum.
    pub fn compare_checksums(&mut self, part: &str, what: &str, [says, shows]: [u64; 2]) {
        if says != shows {
            self.note(format!(
                "{part}: the {what} are not those that were sealed: the seals say checksum {says:016x}, the lines \
                 show {shows:016x}: {EDITED}"
            ));
        }
    }

    /// All of them, with the number of those that are not told.
    pub fn into_vec(mut self) -> Vec<String> {
        if self.more > 0 {
            self.told.push(format!("and {} more problems", grouped(self.more)));
        }
        self.told
    }
}

const LESS: &str = "the file was cut short or edited after the job; run transform again";
const EDITED: &str = "the file was edited after the job; run transform again";
const MORE: &str = "a seal is missing, or lines were added after the job; run transform again";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_an_end() {
        let mut problems = Problems::default();
        (0..TOLD + 1500).for_each(|number| problems.note(number.to_string()));
        let told = problems.into_vec();
        assert_eq!((told.len(), told[TOLD].as_str()), (TOLD + 1, "and 1,500 more problems"));
    }
}
