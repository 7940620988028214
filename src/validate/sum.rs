//! Sums over seals. They are kept in 128 bits, so that no number in a seal can overflow them.

use std::collections::BTreeMap;

use crate::output::{Kind, Reduced, Seal};
use crate::spec::Spec;
use crate::transform::Total;

/// Counts by reason and column.
pub type Rejected = BTreeMap<String, BTreeMap<String, u128>>;

/// What any number of seals say together.
#[derive(Debug, Clone, Default)]
pub struct Sum {
    pub seals: u128,
    pub lines: u128,
    pub records: u128,
    pub ok: u128,
    pub blank: u128,
    pub headers: u128,
    pub bytes: u128,
    pub checksum: u64,
    pub reject_checksum: u64,
    /// What duplicates add to it.
    pub duplicate_checksum: u64,
    pub rejected: Rejected,
    pub replaced: BTreeMap<String, u128>,
    pub totals: BTreeMap<String, Total>,
    pub duplicates: u128,
    pub copies: u128,
    pub received_checksum: u64,
    pub passed_rejects: u128,
    pub passed_seals: u128,
}

impl Sum {
    /// Nothing, with a zero for each control total.
    pub fn new(spec: &Spec) -> Self {
        let zero =
            |column: &usize| (spec.columns[*column].name.clone(), Total::zero(spec.sum_scale(*column)));
        Self { totals: spec.sums.iter().map(zero).collect(), ..Self::default() }
    }

    /// Adds a seal.
    ///
    /// # Errors
    /// Where its totals are not the spec's.
    pub fn add(&mut self, spec: &Spec, seal: &Seal) -> Result<(), String> {
        let one = Self::of(spec, seal)?;
        self.merge(&one);
        Ok(())
    }

    /// A seal alone.
    fn of(spec: &Spec, seal: &Seal) -> Result<Self, String> {
        let wide = |counts: &BTreeMap<String, u64>| -> BTreeMap<String, u128> {
            counts.iter().map(|(column, count)| (column.clone(), u128::from(*count))).collect()
        };
        let Reduced { duplicates, copies, received_checksum, passed } = seal.reduced.unwrap_or_default();
        Ok(Self {
            seals: 1,
            lines: seal.lines.into(),
            records: seal.records.into(),
            ok: seal.ok.into(),
            blank: seal.blank.into(),
            headers: seal.headers.into(),
            bytes: seal.bytes.into(),
            checksum: seal.checksum,
            reject_checksum: seal.reject_checksum,
            duplicate_checksum: if seal.kind == Kind::Reduce { seal.reject_checksum } else { 0 },
            rejected: seal.rejected.iter().map(|(reason, columns)| (reason.clone(), wide(columns))).collect(),
            replaced: wide(&seal.replaced),
            totals: totals(spec, seal)?.into_iter().map(|(name, total)| (name.to_owned(), total)).collect(),
            duplicates: duplicates.into(),
            copies: copies.into(),
            received_checksum,
            passed_rejects: passed.rejects.into(),
            passed_seals: passed.seals.into(),
        })
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        self.seals += other.seals;
        self.lines += other.lines;
        self.records += other.records;
        self.ok += other.ok;
        self.blank += other.blank;
        self.headers += other.headers;
        self.bytes += other.bytes;
        self.checksum = self.checksum.wrapping_add(other.checksum);
        self.reject_checksum = self.reject_checksum.wrapping_add(other.reject_checksum);
        self.duplicate_checksum = self.duplicate_checksum.wrapping_add(other.duplicate_checksum);
        for (reason, columns) in &other.rejected {
            merge(self.rejected.entry(reason.clone()).or_default(), columns);
        }
        merge(&mut self.replaced, &other.replaced);
        for (name, total) in &other.totals {
            self.totals.entry(name.clone()).and_modify(|sum| sum.merge(total)).or_insert(*total);
        }
        self.duplicates += other.duplicates;
        self.copies += other.copies;
        self.received_checksum = self.received_checksum.wrapping_add(other.received_checksum);
        self.passed_rejects += other.passed_rejects;
        self.passed_seals += other.passed_seals;
    }

    /// Records rejected, duplicates among them.
    pub fn rejected_count(&self) -> u128 {
        self.rejected.values().flat_map(BTreeMap::values).sum()
    }

    /// The checksum of the rejects that mappers made.
    pub fn mapped_reject_checksum(&self) -> u64 {
        self.reject_checksum.wrapping_sub(self.duplicate_checksum)
    }

    /// The duplicates among the rejects.
    pub fn rejected_duplicates(&self) -> u128 {
        self.rejected.get(DUPLICATE).map_or(0, |columns| columns.values().sum())
    }
}

fn merge(sums: &mut BTreeMap<String, u128>, counts: &BTreeMap<String, u128>) {
    for (column, count) in counts {
        *sums.entry(column.clone()).or_default() += count;
    }
}

/// The reason that only a reducer gives.
pub const DUPLICATE: &str = "duplicate";

/// A seal's control totals: exactly those that the spec asks for, each at its scale.
///
/// # Errors
/// What is wrong with them.
pub fn totals<'s>(spec: &'s Spec, seal: &Seal) -> Result<Vec<(&'s str, Total)>, String> {
    let total = |column: &usize| {
        let (name, scale) = (spec.columns[*column].name.as_str(), spec.sum_scale(*column));
        // 50 digits are a thousand billion amounts of 38. More are no total, and would overflow a sum of totals.
        let text = seal.totals.get(name).filter(|text| text.len() <= 52);
        let total = text.and_then(|text| Total::parse(text, scale));
        total
            .map(|total| (name, total))
            .ok_or_else(|| format!("has no total of {name} with {scale} decimals"))
    };
    let totals: Vec<_> = spec.sums.iter().map(total).collect::<Result<_, _>>()?;
    if seal.totals.len() == totals.len() {
        Ok(totals)
    } else {
        Err("has a total that the spec does not ask for".to_owned())
    }
}
