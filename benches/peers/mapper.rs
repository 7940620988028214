//! The mapper for the sales exports as a Rust program for this one table would be: `chrono` for days, `rust_decimal`
//! for amounts, the `csv` crate for lines with quotes. It is what the plain path must not be slower than.
//!
//! It writes the same ok and reject lines as `mapper --spec testdata/specs/sales.toml`, and a seal of its own.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};
use xxhash_rust::xxh3::xxh3_64;

const HEADER: &str = "Region,Country,Item Type,Sales Channel,Order Priority,Order Date,Order ID,Ship Date,\
                      Units Sold,Unit Price,Unit Cost,Total Revenue,Total Cost,Total Profit";
const COLUMNS: usize = 14;
const MAX_RECORD: usize = 4096;
const REGIONS: [(&str, &[&str]); 7] = [
    ("SUB-SAHARAN AFRICA", &["SSA", "SUB SAHARAN AFRICA"]),
    ("MIDDLE EAST AND NORTH AFRICA", &["MENA"]),
    ("EUROPE", &["EUR"]),
    ("ASIA", &["APAC"]),
    ("CENTRAL AMERICA AND THE CARIBBEAN", &["CAC"]),
    ("AUSTRALIA AND OCEANIA", &["ANZ"]),
    ("NORTH AMERICA", &["NA"]),
];

/// Why a record can't be taken, and which column it was.
type Reject = (&'static str, &'static str);

#[derive(Default)]
struct Mapper {
    regions: HashMap<&'static str, &'static str>,
    /// A label on its way to the lookup.
    label: String,
    /// The row that is being made.
    row: String,
    revenue: Decimal,
    profit: Decimal,
}

fn present<'t>(text: &'t str, column: &'static str) -> Result<&'t str, Reject> {
    let text = text.trim();
    if text.is_empty() { Err(("required", column)) } else { Ok(text) }
}

fn day(text: &str, column: &'static str) -> Result<NaiveDate, Reject> {
    let number = |text: &str, least: usize, most: usize| {
        let fits = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let text = present(text, column)?;
    let date = || {
        let (month, rest) = text.split_once('/')?;
        let (day, year) = rest.split_once('/')?;
        let year = number(year, 4, 4).filter(|year| *year > 0)?;
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(month, 1, 2)?, number(day, 1, 2)?)
    };
    date().ok_or(("date", column))
}

fn money(text: &str, column: &'static str) -> Result<Decimal, Reject> {
    let text = present(text, column)?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let amount = (all_digits(whole) && all_digits(fraction)).then(|| text.parse::<Decimal>().ok()).flatten();
    let mut amount = amount.ok_or(("money", column))?;
    if amount.scale() != 2 {
        amount = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        amount.rescale(2);
    }
    if amount.abs() >= Decimal::from(10_u64.pow(16)) {
        return Err(("money", column));
    }
    Ok(if amount.is_zero() { Decimal::new(0, 2) } else { amount })
}

fn integer(text: &str, column: &'static str) -> Result<i64, Reject> {
    present(text, column)?.parse().map_err(|_| ("integer", column))
}

fn required<'t>(text: &'t str, column: &'static str) -> Result<&'t str, Reject> {
    if text.is_empty() { Err(("required", column)) } else { Ok(text) }
}

fn one_of<'t>(text: &'t str, labels: &[&str], column: &'static str) -> Result<&'t str, Reject> {
    let text = present(text, column)?;
    if labels.contains(&text) { Ok(text) } else { Err(("region", column)) }
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        if matches!(character, '\\' | '\t') {
            out.push('\\');
        }
        out.push(character);
    }
}

/// Whether every quote that opens a field closes it: the csv crate reads on where one doesn't.
fn well_quoted(line: &[u8]) -> bool {
    let (mut at, mut starts) = (0, true);
    while at < line.len() {
        if starts && line[at] == b'"' {
            at += 1;
            loop {
                match (line.get(at), line.get(at + 1)) {
                    (Some(b'"'), Some(b'"')) => at += 2,
                    (Some(b'"'), None) => return true,
                    (Some(b'"'), Some(b',')) => break,
                    (None | Some(b'"'), _) => return false,
                    _ => at += 1,
                }
            }
            at += 1;
        }
        starts = line[at] == b',';
        at += 1;
    }
    true
}

impl Mapper {
    fn new() -> Self {
        let spellings = REGIONS.iter().flat_map(|(region, aliases)| {
            aliases.iter().chain([region]).map(move |spelling| (*spelling, *region))
        });
        Self { regions: spellings.collect(), ..Self::default() }
    }

    /// Makes the row of a record's fields.
    fn convert(&mut self, fields: &[&str]) -> Result<(), Reject> {
        self.label.clear();
        for word in present(fields[0], "region")?.split_whitespace() {
            if !self.label.is_empty() {
                self.label.push(' ');
            }
            self.label.push_str(word);
        }
        self.label.make_ascii_uppercase();
        let region = self.regions.get(self.label.as_str()).ok_or(("region", "region"))?;
        let country = required(fields[1], "country")?;
        let item = required(fields[2], "item_type")?;
        if item.len() > 40 && item.chars().count() > 40 {
            return Err(("length", "item_type"));
        }
        let channel = one_of(fields[3], &["Online", "Offline"], "sales_channel")?;
        let priority = present(fields[4], "order_priority")?.to_ascii_uppercase();
        let priority = one_of(&priority, &["C", "H", "M", "L"], "order_priority")?;
        let ordered = day(fields[5], "order_date")?;
        let order_id = integer(fields[6], "order_id")?;
        let shipped = day(fields[7], "ship_date")?;
        let units = integer(fields[8], "units_sold")?;
        if units < 0 {
            return Err(("range", "units_sold"));
        }
        let price = money(fields[9], "unit_price")?;
        let cost = money(fields[10], "unit_cost")?;
        let revenue = money(fields[11], "total_revenue")?;
        let total_cost = money(fields[12], "total_cost")?;
        let profit = money(fields[13], "total_profit")?;
        if shipped < ordered {
            return Err(("rule", "shipped_after_order"));
        }
        let row = &mut self.row;
        row.clear();
        let _ = write!(row, "{region}\t");
        escape(country, row);
        row.push('\t');
        escape(item, row);
        let _ = write!(row, "\t{channel}\t{priority}\t{ordered}\t{order_id}\t{shipped}\t{units}");
        let _ = write!(row, "\t{price}\t{cost}\t{revenue}\t{total_cost}\t{profit}");
        self.revenue += revenue;
        self.profit += profit;
        Ok(())
    }

    fn judge(&mut self, line: &[u8], fields: &mut csv::StringRecord) -> Result<(), Reject> {
        if line.len() > MAX_RECORD {
            return Err(("too_long", ""));
        }
        let text = std::str::from_utf8(line).map_err(|_| ("encoding", ""))?;
        let mut places = [""; COLUMNS];
        let mut count = 0;
        let mut take = |field| {
            if let Some(place) = places.get_mut(count) {
                *place = field;
            }
            count += 1;
        };
        if text.contains('"') {
            if !well_quoted(line) {
                return Err(("quote", ""));
            }
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line);
            reader.read_record(fields).map_err(|_| ("quote", ""))?;
            fields.iter().for_each(&mut take);
        } else {
            text.split(',').for_each(&mut take);
        }
        if count == COLUMNS { self.convert(&places) } else { Err(("field_count", "")) }
    }
}

fn main() -> io::Result<()> {
    let mut input = BufReader::with_capacity(256 * 1024, io::stdin().lock());
    let mut out = BufWriter::with_capacity(256 * 1024, io::stdout().lock());
    let (mut line, mut fields, mut mapper) = (Vec::new(), csv::StringRecord::new(), Mapper::new());
    let (mut lines, mut records, mut ok, mut bytes, mut checksum) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    let mut rejected = BTreeMap::<Reject, u64>::new();
    while {
        line.clear();
        input.read_until(b'\n', &mut line)?
    } > 0
    {
        lines += 1;
        let end = line.strip_suffix(b"\n").unwrap_or(&line);
        let end = end.strip_suffix(b"\r").unwrap_or(end);
        if end.is_empty() || end == HEADER.as_bytes() {
            continue;
        }
        records += 1;
        match mapper.judge(end, &mut fields) {
            Ok(()) => {
                let row = mapper.row.as_bytes();
                ok += 1;
                bytes += row.len() as u64;
                checksum = checksum.wrapping_add(xxh3_64(row));
                out.write_all(b"ok\t")?;
                out.write_all(row)?;
                out.write_all(b"\n")?;
            }
            Err((reason, column)) => {
                *rejected.entry((reason, column)).or_default() += 1;
                write!(out, "{reason}\t{column}\t-\t0\t{records}\t")?;
                let end = &end[..end.len().min(MAX_RECORD)];
                let raw = if reason == "encoding" { STANDARD.encode(end).into_bytes() } else { end.to_vec() };
                for byte in raw {
                    out.write_all(if matches!(byte, b'\\' | b'\t') { b"\\" } else { b"" })?;
                    out.write_all(&[byte])?;
                }
                out.write_all(b"\n")?;
            }
        }
    }
    let (revenue, profit) = (mapper.revenue, mapper.profit);
    writeln!(
        out,
        "seal\tlines {lines} records {records} ok {ok} rejected {rejected:?} bytes {bytes} checksum \
         {checksum:016x} total_revenue {revenue} total_profit {profit}"
    )?;
    out.flush()
}
