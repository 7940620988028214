//! Writes made-up "Sales Records" as CSV: clean rows, and as much dirt as asked for.
//!
//! The same arguments give the same bytes on every machine and in every release, so a sample is its
//! command line. The dirt is drawn from a stream of its own: with the same seed, the rows between the
//! dirty ones do not change with the ratio of dirt.

use std::io::{self, Write};
use std::process::ExitCode;

const HELP: &str = "\
Writes made-up sales records as CSV with a header to standard output.

Usage: generate [OPTIONS]

Options:
  --rows N     lines after the header, dirty ones included [default: 1000]
  --dirt R     ratio of dirty lines, from 0 to 1 [default: 0]
  --seed S     another seed gives other rows and other order ids [default: 1]
  --index      put a column `Index` first (15 columns instead of 14)
  --plain      leave out the countries that need quotes or are not ASCII
  --quoted R   ratio of rows whose country is in quotes without need, from 0 to 1 [default: 0]
  --explain    say on standard error how many of each kind were written: KIND<TAB>COUNT
  --help       print this

Examples:
  generate --rows 1000000 --plain > clean.csv          about 120 MB
  generate --rows 5000 --dirt 0.015 --explain > dirty.csv
  generate --rows 100000 --index --seed 7 | mapper --spec testdata/specs/sales_indexed.toml

Exit codes: 0 done, 2 wrong usage, 3 output could not be written (a closed pipe included).
";

/// The greatest number of rows that can each have a nine-digit order id of their own.
const ORDER_IDS: u64 = 900_000_000;

/// What is collected before it is written.
const PAGE: usize = 256 * 1024;

const HEADER: [&str; 14] = [
    "Region",
    "Country",
    "Item Type",
    "Sales Channel",
    "Order Priority",
    "Order Date",
    "Order ID",
    "Ship Date",
    "Units Sold",
    "Unit Price",
    "Unit Cost",
    "Total Revenue",
    "Total Cost",
    "Total Profit",
];

// Where in HEADER the columns stand that dirt falls on.
const REGION: usize = 0;
const COUNTRY: usize = 1;
const ITEM_TYPE: usize = 2;
const ORDER_DATE: usize = 5;
const SHIP_DATE: usize = 7;
const UNITS_SOLD: usize = 8;
const UNIT_PRICE: usize = 9;
const UNIT_COST: usize = 10;
const TOTAL_REVENUE: usize = 11;
const TOTAL_COST: usize = 12;
const TOTAL_PROFIT: usize = 13;

const CHANNELS: [&str; 2] = ["Offline", "Online"];
const PRIORITIES: [&str; 4] = ["C", "H", "L", "M"];

/// An item type with its unit price and unit cost, in cents.
const ITEMS: [(&str, u64, u64); 12] = [
    ("Baby Food", 25_528, 15_942),
    ("Beverages", 4_745, 3_179),
    ("Cereal", 20_570, 11_711),
    ("Clothes", 10_928, 3_584),
    ("Cosmetics", 43_720, 26_333),
    ("Fruits", 933, 692),
    ("Household", 66_827, 50_254),
    ("Meat", 42_189, 36_469),
    ("Office Supplies", 65_121, 52_496),
    ("Personal Care", 8_173, 5_667),
    ("Snacks", 15_258, 9_744),
    ("Vegetables", 15_406, 9_093),
];

/// A region, the code that other systems write for it, and its countries between semicolons.
const REGIONS: [(&str, &str, &str); 7] = [
    (
        "Sub-Saharan Africa",
        "SSA",
        "Angola; Benin; Botswana; Burkina Faso; Burundi; Cameroon; Cape Verde; Chad; Comoros; Congo, \
         Democratic Republic of the; Côte d'Ivoire; Djibouti; Eritrea; Ethiopia; Gabon; Ghana; Guinea; \
         Guinea-Bissau; Kenya; Lesotho; Liberia; Madagascar; Malawi; Mali; Mauritania; Mauritius; \
         Mozambique; Namibia; Niger; Nigeria; Rwanda; São Tomé and Príncipe; Senegal; Seychelles; Sierra \
         Leone; South Africa; Sudan; Swaziland; Tanzania; The Gambia; Togo; Uganda; Zambia; Zimbabwe",
    ),
    (
        "Middle East and North Africa",
        "MENA",
        "Algeria; Azerbaijan; Bahrain; Egypt; Iran; Iraq; Israel; Jordan; Kuwait; Lebanon; Libya; \
         Morocco; Oman; Pakistan; Qatar; Saudi Arabia; Somalia; Syria; Tunisia; Turkey; United Arab \
         Emirates; Yemen",
    ),
    (
        "Europe",
        "EUR",
        "Albania; Andorra; Armenia; Austria; Belarus; Belgium; Bosnia and Herzegovina; Bulgaria; Croatia; \
         Cyprus; Czech Republic; Denmark; Estonia; Finland; France; Georgia; Germany; Greece; Hungary; \
         Iceland; Ireland; Italy; Kosovo; Latvia; Liechtenstein; Lithuania; Luxembourg; Malta; Moldova, \
         Republic of; Monaco; Montenegro; Netherlands; Norway; Poland; Portugal; Romania; Russia; San \
         Marino; Serbia; Slovakia; Slovenia; Spain; Sweden; Switzerland; Ukraine; United Kingdom",
    ),
    (
        "Asia",
        "APAC",
        "Bangladesh; Bhutan; Brunei; Cambodia; China; India; Indonesia; Japan; Kazakhstan; Korea, North; \
         Korea, South; Kyrgyzstan; Laos; Malaysia; Maldives; Mongolia; Myanmar (\"Burma\"); Nepal; \
         Philippines; Singapore; Sri Lanka; Taiwan; Tajikistan; Thailand; Turkmenistan; Uzbekistan; \
         Vietnam",
    ),
    (
        "Central America and the Caribbean",
        "CAC",
        "Antigua and Barbuda; Barbados; Belize; Costa Rica; Cuba; Curaçao; Dominica; Dominican Republic; \
         El Salvador; Grenada; Guatemala; Haiti; Honduras; Jamaica; Nicaragua; Panama; Saint Lucia; The \
         Bahamas; Trinidad and Tobago",
    ),
    (
        "Australia and Oceania",
        "ANZ",
        "Australia; East Timor; Fiji; Kiribati; Marshall Islands; Micronesia, Federated States of; Nauru; \
         New Zealand; Palau; Papua New Guinea; Samoa; Solomon Islands; Tonga; Tuvalu; Vanuatu",
    ),
    ("North America", "NA", "Canada; Greenland; Mexico; United States of America"),
];

/// What is done to a row to make it dirty.
#[derive(Clone, Copy)]
enum Dirt {
    /// One column's CSV text is replaced.
    Field(usize, fn(&str, &mut Random) -> Vec<u8>),
    /// The whole line, without its line feed, is changed.
    Line(fn(&mut Vec<u8>)),
    /// The row is changed before it is written.
    Row(fn(&mut Row, &mut Random)),
    /// An earlier clean row is changed and written again in the row's place.
    Earlier(fn(&mut Row, &mut Random)),
    /// A line with no bytes stands in the row's place.
    Blank,
}

/// All kinds of dirt; `kinds.tsv` says what the spec `sales.toml` makes of each.
const KINDS: [(&str, Dirt); 34] = [
    ("date_month_13", Dirt::Field(ORDER_DATE, month_13)),
    ("date_february_30", Dirt::Field(ORDER_DATE, |date, _| format!("2/30/{}", date_parts(date)[2]).into())),
    ("date_iso", Dirt::Field(ORDER_DATE, iso)),
    ("date_short_year", Dirt::Field(SHIP_DATE, short_year)),
    ("empty_region", Dirt::Field(REGION, |_, _| Vec::new())),
    ("empty_date", Dirt::Field(SHIP_DATE, |_, _| Vec::new())),
    ("empty_amount", Dirt::Field(UNIT_PRICE, |_, _| Vec::new())),
    // The letter O for a zero.
    ("money_letter", Dirt::Field(UNIT_PRICE, |amount, _| format!("{}O", &amount[..amount.len() - 1]).into())),
    ("money_exponent", Dirt::Field(TOTAL_REVENUE, exponent)),
    ("money_decimals", Dirt::Field(UNIT_COST, more_decimals)),
    ("money_thousands", Dirt::Field(TOTAL_COST, |amount, _| grouped(amount).into())),
    ("money_symbol", Dirt::Field(UNIT_PRICE, |amount, _| format!("${amount}").into())),
    ("money_huge", Dirt::Field(TOTAL_PROFIT, |amount, random| digits(40 - amount.len(), amount, random))),
    ("money_spaces", Dirt::Field(TOTAL_REVENUE, spaces_around)),
    ("units_fraction", Dirt::Field(UNITS_SOLD, |units, _| format!("{units}.5").into())),
    ("units_letters", Dirt::Field(UNITS_SOLD, |_, _| b"abc".to_vec())),
    ("units_huge", Dirt::Field(UNITS_SOLD, |units, random| digits(25 - units.len(), units, random))),
    ("units_negative", Dirt::Field(UNITS_SOLD, |units, _| format!("-{units}").into())),
    ("region_case", Dirt::Field(REGION, odd_case)),
    ("region_spaces", Dirt::Field(REGION, |region, _| format!(" {} ", region.replace(' ', "  ")).into())),
    ("region_alias", Dirt::Field(REGION, alias)),
    ("region_unknown", Dirt::Field(REGION, |_, random| random.pick(&["Atlantis", "Unknown", "n/a"]).into())),
    // Half a round from the other kind that needs an earlier row.
    ("exact_copy", Dirt::Earlier(|_, _| {})),
    ("field_missing", Dirt::Line(drop_last_field)),
    ("field_extra", Dirt::Line(|line| line.extend_from_slice(b",0"))),
    ("quote_unclosed", Dirt::Field(COUNTRY, |country, _| format!("\"{}", bare(country)).into())),
    ("quote_then_text", Dirt::Field(COUNTRY, |country, _| format!("\"{}\" (the)", bare(country)).into())),
    // ISO 8859-1, which is not UTF-8.
    ("bytes_latin1", Dirt::Field(COUNTRY, |_, _| b"Cura\xe7ao".to_vec())),
    ("record_long", Dirt::Field(ITEM_TYPE, |_, _| vec![b'x'; 5000])),
    ("text_long", Dirt::Field(ITEM_TYPE, |item, _| format!("{item:.<100}").into())),
    // Both the TAB and the backslash mean something in Hive's text format.
    ("text_tab", Dirt::Field(COUNTRY, |country, _| format!("\"{}\t\\N\"", bare(country)).into())),
    ("ship_before_order", Dirt::Row(ship_before_order)),
    ("order_id_again", Dirt::Earlier(ship_later)),
    ("blank_line", Dirt::Blank),
];

fn month_13(date: &str, random: &mut Random) -> Vec<u8> {
    let [_, _, year] = date_parts(date);
    format!("{}/{}/{year}", 13 + random.below(7), 32 + random.below(60)).into()
}

fn iso(date: &str, _: &mut Random) -> Vec<u8> {
    let [month, day, year] = date_parts(date);
    format!("{year}-{month:0>2}-{day:0>2}").into()
}

fn short_year(date: &str, _: &mut Random) -> Vec<u8> {
    let [month, day, year] = date_parts(date);
    format!("{month}/{day}/{}", &year[2..]).into()
}

fn exponent(amount: &str, _: &mut Random) -> Vec<u8> {
    let digits = amount.replace('.', "");
    format!("{}.{}E+{:02}", &digits[..1], &digits[1..], amount.len() - 4).into()
}

/// More than two decimals, among them an exact half and digits that carry over the point.
fn more_decimals(amount: &str, random: &mut Random) -> Vec<u8> {
    [amount, random.pick(&["5", "25", "4999", "995"])].concat().into()
}

fn spaces_around(amount: &str, random: &mut Random) -> Vec<u8> {
    let (before, after) = [(" ", ""), ("", "\t"), ("  ", " ")][random.index(3)];
    [before, amount, after].concat().into()
}

fn odd_case(region: &str, _: &mut Random) -> Vec<u8> {
    let swap = |(at, letter): (usize, u8)| {
        if at % 2 == 0 { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() }
    };
    region.bytes().enumerate().map(swap).collect()
}

fn alias(region: &str, _: &mut Random) -> Vec<u8> {
    let known = REGIONS.iter().find(|(name, _, _)| *name == region);
    known.map_or(region, |(_, code, _)| code).into()
}

fn drop_last_field(line: &mut Vec<u8>) {
    let end = line.iter().rposition(|&byte| byte == b',').unwrap_or(line.len());
    line.truncate(end);
}

fn ship_before_order(row: &mut Row, random: &mut Random) {
    row.shipped = row.ordered - 1 - random.below(FIRST_ORDER) as usize;
}

fn ship_later(row: &mut Row, random: &mut Random) {
    row.shipped += 1 + random.below(LATEST_CHANGE) as usize;
}

/// Month, day and year of a clean date.
fn date_parts(date: &str) -> [&str; 3] {
    let mut parts = date.split('/');
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// An amount with thousands separators, at least one, and so in quotes.
fn grouped(amount: &str) -> String {
    let (whole, cents) = amount.split_at(amount.len() - 3);
    let whole = if whole.len() > 3 { whole.to_owned() } else { format!("1{whole:0>3}") };
    let comma = |(at, digit)| [if at > 0 && (whole.len() - at) % 3 == 0 { "," } else { "" }, digit].concat();
    let digits = whole.split("").filter(|digit| !digit.is_empty());
    format!("\"{}{cents}\"", digits.enumerate().map(comma).collect::<String>())
}

/// So many random digits, the first one not zero, and then the text.
fn digits(count: usize, text: &str, random: &mut Random) -> Vec<u8> {
    let all = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let mut digits = random.pick(&all[1..]).to_owned();
    for _ in 1..count {
        digits.push_str(random.pick(&all));
    }
    digits.push_str(text);
    digits.into()
}

/// A field's CSV text without the quotes around it.
fn bare(field: &str) -> &str {
    field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
}

/// `SplitMix64`. Written out here because the samples must be the same bytes for ever, which no
/// library promises of its generator and the standard library of its hasher.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    fn below(&mut self, limit: u32) -> u32 {
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// True in a `ratio` of the calls.
    fn chance(&mut self, ratio: f64) -> bool {
        f64::from((self.next() >> 32) as u32) < ratio * 4_294_967_296.0
    }

    fn pick<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.index(texts.len())]
    }

    fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }
}

/// One sale, by numbers: days count in the calendar, the others in the tables above.
#[derive(Clone, Copy)]
struct Row {
    index: u64,
    place: usize,
    item: usize,
    channel: usize,
    priority: usize,
    ordered: usize,
    shipped: usize,
    order_id: u64,
    units: u64,
}

/// The days before the first order that a wrong ship date can fall on.
const FIRST_ORDER: u32 = 31;
/// Days on which orders come in: 2010-01-01 to 2017-07-28.
const ORDER_DAYS: u32 = 2766;
/// The most days until the order ships.
const SHIPPING: u32 = 50;
/// The most days that a later version of a row moves its ship date.
const LATEST_CHANGE: u32 = 20;

/// The texts of all days that can occur, as `M/D/YYYY`.
fn calendar() -> Vec<String> {
    let leap = |year: u32| year.is_multiple_of(4); // true between 1901 and 2099
    let (mut year, mut month, mut day) = (2009, 12, 1);
    let days = FIRST_ORDER + ORDER_DAYS + SHIPPING + LATEST_CHANGE;
    let next = |_| {
        let text = format!("{month}/{day}/{year}");
        let length = match month {
            2 if leap(year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (year, month, day) = match (month, day == length) {
            (12, true) => (year + 1, 1, 1),
            (_, true) => (year, month + 1, 1),
            _ => (year, month, day + 1),
        };
        text
    };
    (0..days).map(next).collect()
}

/// Every region and country in CSV form.
fn places(plain: bool) -> Vec<(&'static str, String)> {
    let countries = REGIONS
        .iter()
        .flat_map(|(region, _, countries)| countries.split("; ").map(move |name| (*region, name)));
    let form = |(region, name): (&'static str, &str)| {
        let special = name.contains([',', '"']);
        let country = if special { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() };
        (!plain || !special && name.is_ascii()).then_some((region, country))
    };
    countries.filter_map(form).collect()
}

/// The output, with the places in its last line where the fields begin.
struct Page {
    bytes: Vec<u8>,
    fields: Vec<usize>,
}

impl Page {
    fn line(&mut self) {
        self.fields.clear();
    }

    fn field(&mut self) {
        if !self.fields.is_empty() {
            self.bytes.push(b',');
        }
        self.fields.push(self.bytes.len());
    }

    fn text(&mut self, text: &str) {
        self.field();
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.field();
        self.digits(number);
    }

    fn cents(&mut self, cents: u64) {
        self.number(cents / 100);
        let rest = (cents % 100).to_le_bytes()[0];
        self.bytes.extend_from_slice(&[b'.', b'0' + rest / 10, b'0' + rest % 10]);
    }

    fn digits(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10).to_le_bytes()[0];
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.bytes.extend_from_slice(&digits[start..]);
    }
}

struct Options {
    rows: u64,
    dirt: f64,
    seed: u64,
    index: bool,
    plain: bool,
    quoted: f64,
    explain: bool,
}

/// What the command line asks for; `None` for the help.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options =
        Options { rows: 1000, dirt: 0.0, seed: 1, index: false, plain: false, quoted: 0.0, explain: false };
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("`{option}` needs a value; see --help"));
        match option.as_str() {
            "--rows" => {
                options.rows = parse(&option, &value()?, "0 to 900000000", |rows| *rows <= ORDER_IDS)?;
            }
            "--dirt" => {
                options.dirt = parse(&option, &value()?, "0 to 1", |dirt| (0.0..=1.0).contains(dirt))?;
            }
            "--seed" => options.seed = parse(&option, &value()?, "a whole number", |_| true)?,
            "--index" => options.index = true,
            "--plain" => options.plain = true,
            "--quoted" => {
                options.quoted = parse(&option, &value()?, "0 to 1", |quoted| (0.0..=1.0).contains(quoted))?;
            }
            "--explain" => options.explain = true,
            "--help" | "-h" => return Ok(None),
            _ => return Err(format!("unknown option `{option}`; see --help")),
        }
    }
    Ok(Some(options))
}

fn parse<T: std::str::FromStr>(
    option: &str,
    text: &str,
    wanted: &str,
    fits: fn(&T) -> bool,
) -> Result<T, String> {
    text.parse().ok().filter(fits).ok_or_else(|| format!("`{option}` takes {wanted}, not `{text}`"))
}

/// Makes rows and dirt, and counts what was made.
struct Generator {
    index: bool,
    dirt: f64,
    quoted: f64,
    calendar: Vec<String>,
    places: Vec<(&'static str, String)>,
    first_order_id: u64,
    rows: Random,
    spoiler: Random,
    /// The kind of dirt whose turn it is: taking turns, all come up equally often.
    turn: usize,
    /// A clean row that can be repeated. Each is used once: what becomes of a third row with the same
    /// order id would depend on the other two.
    earlier: Option<Row>,
    clean: u64,
    counts: [u64; KINDS.len()],
}

impl Generator {
    fn new(options: &Options) -> Self {
        let mut rows = Random(options.seed);
        let first_order_id = rows.next() % ORDER_IDS;
        let mut spoiler = Random(rows.next());
        Self {
            index: options.index,
            dirt: options.dirt,
            quoted: options.quoted,
            calendar: calendar(),
            places: places(options.plain),
            first_order_id,
            rows,
            turn: spoiler.index(KINDS.len()),
            spoiler,
            earlier: None,
            clean: 0,
            counts: [0; KINDS.len()],
        }
    }

    fn header(&self, page: &mut Page) {
        page.line();
        if self.index {
            page.text("Index");
        }
        for name in HEADER {
            page.text(name);
        }
        page.bytes.push(b'\n');
    }

    /// Appends line number `index`, from 0.
    fn next(&mut self, index: u64, page: &mut Page) {
        let row = self.row(index);
        page.line();
        if self.spoiler.chance(self.dirt) {
            self.spoil(row, page);
        } else {
            self.write(&row, page);
            self.earlier.get_or_insert(row);
            self.clean += 1;
        }
        page.bytes.push(b'\n');
    }

    fn row(&mut self, index: u64) -> Row {
        // A step that shares no factor with the number of ids reaches each of them once.
        let order_id = 100_000_000 + (self.first_order_id + index * 618_033_989) % ORDER_IDS;
        let random = &mut self.rows;
        let ordered = (FIRST_ORDER + random.below(ORDER_DAYS)) as usize;
        Row {
            index,
            place: random.index(self.places.len()),
            item: random.index(ITEMS.len()),
            channel: random.index(CHANNELS.len()),
            priority: random.index(PRIORITIES.len()),
            ordered,
            shipped: ordered + random.below(SHIPPING + 1) as usize,
            order_id,
            units: u64::from(1 + random.below(10_000)),
        }
    }

    fn write(&self, row: &Row, page: &mut Page) {
        let (region, country) = &self.places[row.place];
        let (item, price, cost) = ITEMS[row.item];
        if self.index {
            page.number(row.index);
        }
        page.text(region);
        // By the row itself and not by a stream: one that is repeated is the same bytes, and no draw is shifted.
        let quoted = !country.starts_with('"') && Random(row.order_id).chance(self.quoted);
        let quote = if quoted { "\"" } else { "" };
        page.text(quote);
        page.bytes.extend([country, quote].iter().flat_map(|text| text.bytes()));
        page.text(item);
        page.text(CHANNELS[row.channel]);
        page.text(PRIORITIES[row.priority]);
        page.text(&self.calendar[row.ordered]);
        page.number(row.order_id);
        page.text(&self.calendar[row.shipped]);
        page.number(row.units);
        page.cents(price);
        page.cents(cost);
        page.cents(row.units * price);
        page.cents(row.units * cost);
        page.cents(row.units * (price - cost));
    }

    fn spoil(&mut self, mut row: Row, page: &mut Page) {
        // There may be no earlier row to repeat yet; then the next kind has its turn.
        while matches!(KINDS[self.turn].1, Dirt::Earlier(_)) && self.earlier.is_none() {
            self.turn = (self.turn + 1) % KINDS.len();
        }
        match KINDS[self.turn].1 {
            Dirt::Field(column, change) => {
                self.write(&row, page);
                let at = column + usize::from(self.index);
                let end = page.fields.get(at + 1).map_or(page.bytes.len(), |next| next - 1);
                let field = page.fields[at]..end;
                let text = String::from_utf8_lossy(&page.bytes[field.clone()]).into_owned();
                page.bytes.splice(field, change(&text, &mut self.spoiler));
            }
            Dirt::Line(change) => {
                self.write(&row, page);
                let mut line = page.bytes.split_off(page.fields[0]);
                change(&mut line);
                page.bytes.append(&mut line);
            }
            Dirt::Row(change) => {
                change(&mut row, &mut self.spoiler);
                self.write(&row, page);
            }
            Dirt::Earlier(change) => {
                if let Some(mut earlier) = self.earlier.take() {
                    change(&mut earlier, &mut self.spoiler);
                    self.write(&earlier, page);
                }
            }
            Dirt::Blank => {}
        }
        self.counts[self.turn] += 1;
        self.turn = (self.turn + 1) % KINDS.len();
    }

    fn explain(&self) -> String {
        let kinds = KINDS.iter().map(|(name, _)| *name).zip(self.counts);
        let lines = std::iter::once(("clean", self.clean)).chain(kinds);
        lines.map(|(kind, count)| [kind, "\t", &count.to_string(), "\n"].concat()).collect()
    }
}

fn generate(options: &Options, out: &mut impl Write) -> io::Result<Generator> {
    let mut generator = Generator::new(options);
    let mut page = Page { bytes: Vec::with_capacity(PAGE + 8192), fields: Vec::new() };
    generator.header(&mut page);
    for index in 0..options.rows {
        generator.next(index, &mut page);
        if page.bytes.len() >= PAGE {
            out.write_all(&page.bytes)?;
            page.bytes.clear();
        }
    }
    out.write_all(&page.bytes)?;
    out.flush()?;
    Ok(generator)
}

/// Says something on standard error; where that is closed there is nobody left to tell.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            say(&format!("generate: {message}\n"));
            return ExitCode::from(2);
        }
    };
    let mut out = io::stdout().lock();
    let written = match options {
        None => out.write_all(HELP.as_bytes()).and_then(|()| out.flush()),
        Some(options) => generate(&options, &mut out).map(|generator| {
            if options.explain {
                say(&generator.explain());
            }
        }),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("generate: writing to standard output: {error}\n"));
            ExitCode::from(3)
        }
    }
}
