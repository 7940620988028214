//! From TOML to a spec, gathering every error on the way.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check::{self, Beside, Names};
use super::options::{Options, Reader, Span, SpecError, Value, wrong_type};
use super::{Column, Input, Invalid, Limits, Raw, Spec};
use crate::transform::TYPES;

/// Options of the contract that this version does not have; ignoring them would be a silent change.
const NOT_BUILT: &[&str] = &["accounting", "grouping", "symbols", "pattern", "mask"];

/// Reads and checks a spec, without the files that it names.
///
/// # Errors
/// All that is wrong with it, in the order of its lines.
pub fn parse(text: &str) -> Result<Spec, Vec<SpecError>> {
    parse_with(text, &|_| Ok(()))
}

/// As `parse`, with the files that it names: `beside` tells whether one can be read.
pub(super) fn parse_with(text: &str, beside: &Beside) -> Result<Spec, Vec<SpecError>> {
    let mut reader = Reader::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().unwrap_or(0..0);
        reader.error(&at, format!("not TOML: {}", error.message().replace('\n', "; ")));
    }
    let spec = spec(&mut reader, &root, beside);
    let errors = reader.into_errors();
    match spec {
        Some(spec) if errors.is_empty() => Ok(spec),
        _ => Err(errors),
    }
}

fn spec(reader: &mut Reader, root: &Spanned<DeTable>, beside: &Beside) -> Option<Spec> {
    let table = root.get_ref();
    let mut top = Options::new(table, 0..0);
    if top.take("version").is_none_or(|v| v.get_ref().as_integer().is_none_or(|n| n.as_str() != "1")) {
        let at =
            table.iter().find(|(key, _)| key.get_ref() == "version").map_or(0..0, |(_, value)| value.span());
        reader.error(&at, "the spec's version is missing or another; add version = 1 as its first line");
    }
    let mut head = section(reader, &mut top, "table");
    let name_at = head.place("name");
    let name = head.string(reader, "name").unwrap_or_else(|| {
        reader.error(&name_at, "[table] needs a name, such as name = \"sales\"");
        "unnamed"
    });
    let database_at = head.place("database");
    let database = head.string(reader, "database").unwrap_or("default");
    let partition_at = head.place("partition");
    let partition = head.string(reader, "partition").unwrap_or("load_date");
    head.finish(reader, "[table]");
    for (what, text, at) in [
        ("name", name, &name_at),
        ("database", database, &database_at),
        ("partition", partition, &partition_at),
    ] {
        check::identifier(reader, what, text, at);
    }

    let (input, null_at) = input(reader, &mut top);
    let mut output = section(reader, &mut top, "output");
    let delimiter_at = output.place("delimiter");
    let delimiter = byte(reader, &mut output, "delimiter").unwrap_or(b'\t');
    // Statuses, column names, numbers and dates are written without an escape.
    if delimiter.is_ascii_alphanumeric()
        || matches!(delimiter, b'\\' | b'"' | b'+' | b'-' | b'.' | b'_' | b'{' | b'}')
    {
        reader.error(
            &delimiter_at,
            "the output delimiter can't stand in a name, a number, a date or an escape; use \"\\t\"",
        );
    }
    output.finish(reader, "[output]");
    let limits = limits(reader, &mut top);
    let raw = raw(reader, &mut top);
    let types = top.take("type");
    let columns = columns(reader, &mut top, types);
    let mut names = Names { partition, columns: &columns };
    check::columns(reader, &mut names, table);
    check::nulls(reader, &names, input.null.iter().zip(&null_at));
    let dedup = top.take("dedup").and_then(|value| check::dedup(reader, &names, value));
    let sums = check::sums(reader, &names, top.take("audit"));
    let listed = tables(reader, top.take("rule"), "[[rule]]");
    let rules = check::rules(reader, &names, &listed);
    let listed = tables(reader, top.take("gold"), "[[gold]]");
    let gold = check::gold(reader, name, &listed, beside);
    top.finish(reader, "the spec");
    let first_kept = columns.iter().position(|column| column.transform.is_some())?;
    Some(Spec {
        name: name.to_owned(),
        database: database.to_owned(),
        partition: partition.to_owned(),
        input,
        delimiter,
        limits,
        raw,
        dedup,
        sums,
        columns,
        first_kept,
        rules,
        gold,
        meaning: meaning(&DeValue::Table(table.clone())),
    })
}

/// The options of a section, empty where the spec has none.
fn section<'t>(reader: &mut Reader, top: &mut Options<'t>, key: &'static str) -> Options<'t> {
    top.take(key).and_then(|value| Options::of_section(reader, key, value)).unwrap_or_default()
}

/// The tables of a `[[key]]` list.
pub(super) fn tables<'t>(
    reader: &mut Reader,
    value: Option<&'t Value<'t>>,
    written: &str,
) -> Vec<(&'t DeTable<'t>, Span)> {
    let Some(value) = value else { return Vec::new() };
    let mut tables = Vec::new();
    match value.get_ref().as_array() {
        Some(items) => {
            for item in items {
                match item.get_ref().as_table() {
                    Some(table) => tables.push((table, item.span())),
                    None => wrong_type(reader, written, item, "a table"),
                }
            }
        }
        None => wrong_type(reader, written, value, "a list of tables: write it with two brackets"),
    }
    tables
}

/// A key that takes one ASCII character.
fn byte(reader: &mut Reader, options: &mut Options, key: &'static str) -> Option<u8> {
    let at = options.place(key);
    match options.string(reader, key)?.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Some(*byte),
        _ => {
            reader.error(
                &at,
                format!("`{key}` takes one ASCII character, not a line end, such as \",\" or \"\\t\""),
            );
            None
        }
    }
}

/// How the source is read, and where each text that means NULL stands.
fn input(reader: &mut Reader, top: &mut Options) -> (Input, Vec<Span>) {
    let mut options = section(reader, top, "input");
    let format_at = options.place("format");
    if let Some(format) = options.string(reader, "format")
        && format != "csv"
    {
        reader.error(
            &format_at,
            format!("input format \"{format}\" is not built yet; this version reads \"csv\""),
        );
    }
    let delimiter = byte(reader, &mut options, "delimiter").unwrap_or(b',');
    let quote_at = options.place("quote");
    let quote = if options.is_empty_string("quote") {
        options.take("quote");
        None
    } else {
        Some(byte(reader, &mut options, "quote").unwrap_or(b'"'))
    };
    if quote == Some(delimiter) {
        reader.error(&quote_at, "`quote` and `delimiter` are the same character; they must differ");
    }
    let by_default = vec![(String::new(), options.at())];
    let (null, null_at) = options.strings(reader, "null").unwrap_or(by_default).into_iter().unzip();
    let input = Input {
        delimiter,
        quote,
        header: options.boolean(reader, "header").unwrap_or(true),
        null,
        max_record_bytes: options
            .integer(reader, "max_record_bytes", 1..(1 << 30) + 1)
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(1 << 20),
    };
    options.finish(reader, "[input]");
    (input, null_at)
}

fn limits(reader: &mut Reader, top: &mut Options) -> Limits {
    let mut options = section(reader, top, "limits");
    let limits = Limits {
        min_rows: options
            .integer(reader, "min_rows", 0..i64::MAX)
            .and_then(|rows| u64::try_from(rows).ok())
            // An empty export must not replace a full table unless the spec says so.
            .unwrap_or(1),
        max_reject_ratio: options.ratio(reader, "max_reject_ratio"),
        max_drop_ratio: options.ratio(reader, "max_drop_ratio"),
        max_replaced_ratio: options.ratio(reader, "max_replaced_ratio"),
    };
    options.finish(reader, "[limits]");
    limits
}

fn raw(reader: &mut Reader, top: &mut Options) -> Raw {
    let mut options = section(reader, top, "quarantine");
    let choices = [("keep", Raw::Keep), ("redact", Raw::Redact), ("none", Raw::None)];
    let raw = options.choice(reader, "raw", &choices);
    options.finish(reader, "[quarantine]");
    raw.unwrap_or(Raw::Keep)
}

/// Named types: each is a built-in type with some of its options.
type NamedTypes<'t> = Vec<(&'t str, &'t DeTable<'t>)>;

fn named_types<'t>(reader: &mut Reader, value: Option<&'t Value<'t>>) -> NamedTypes<'t> {
    let mut named = NamedTypes::new();
    let Some(value) = value else { return named };
    let Some(table) = value.get_ref().as_table() else {
        wrong_type(reader, "type", value, "tables: write [type.NAME]");
        return named;
    };
    for (name, options) in table {
        let key = name.get_ref().as_ref();
        let Some(options) = options.get_ref().as_table() else {
            wrong_type(reader, key, options, "a table: write [type.NAME]");
            continue;
        };
        if TYPES.iter().any(|(built_in, _)| *built_in == key) {
            reader
                .error(&name.span(), format!("`{key}` is a type already; give the named type another name"));
        }
        // Built once for its own errors, so that they are found where nobody uses it, and shown once.
        let mut own = Options::new(options, name.span());
        if !own.has("type") {
            reader.error(&name.span(), format!("[type.{key}] needs a type, such as type = \"money\""));
        }
        let built = transform(reader, &mut own, &[]);
        own.boolean(reader, "nullable");
        invalid(reader, &mut own);
        // A type that isn't known has no options of its own: they would only be reported as unknown.
        if built.is_some() {
            own.finish(reader, &format!("[type.{key}]"));
        }
        named.push((key, options));
    }
    named
}

/// Builds the transform that `type` names from the options of its table.
fn transform<'t>(
    reader: &mut Reader,
    options: &mut Options<'t>,
    named: &[(&'t str, &'t DeTable<'t>)],
) -> Option<Box<dyn crate::transform::Transform>> {
    let at = options.place("type");
    let mut name = options.string(reader, "type")?;
    if let Some((_, base)) = named.iter().find(|(key, _)| *key == name) {
        options.inherit(base);
        name = options.string(reader, "type")?;
    }
    for key in NOT_BUILT {
        if options.has(key) {
            reader.error(&options.place(key), format!("`{key}` is not built yet in this version; remove it"));
            options.take(key);
        }
    }
    let Some((_, build)) = TYPES.iter().find(|(built_in, _)| *built_in == name) else {
        let known: Vec<&str> =
            TYPES.iter().map(|(key, _)| *key).chain(named.iter().map(|(key, _)| *key)).collect();
        reader.error(&at, format!("type \"{name}\" is not known; use one of: {}", known.join(", ")));
        return None;
    };
    Some(build(reader, options))
}

fn columns<'t>(reader: &mut Reader, top: &mut Options<'t>, types: Option<&'t Value<'t>>) -> Vec<Column> {
    let named = named_types(reader, types);
    let listed = tables(reader, top.take("column"), "[[column]]");
    listed.into_iter().map(|(table, at)| column(reader, table, at, &named)).collect()
}

fn column<'t>(reader: &mut Reader, table: &'t DeTable<'t>, at: Span, named: &NamedTypes<'t>) -> Column {
    let mut options = Options::new(table, at.clone());
    // A named type can carry `nullable` and `invalid` too; the column's own keys come first.
    if let Some(base) = base(table, named) {
        options.inherit(base);
    }
    let name = options.string(reader, "name").unwrap_or_else(|| {
        reader.error(&at, "a column needs a name, such as name = \"region\"");
        ""
    });
    let from_at = options.place("from");
    let from = options.string(reader, "from").unwrap_or(name);
    // A name of its own that holds one is no Hive name, which is said already.
    if from.contains(['\n', '\r']) && from != name {
        reader.error(&from_at, "`from` holds a line end, so no header can have it; take it out");
    }
    let nullable_at = options.place("nullable");
    let nullable = options.boolean(reader, "nullable");
    let drop = options.boolean(reader, "drop").unwrap_or(false);
    let invalid_at = options.place("invalid");
    let invalid = invalid(reader, &mut options);
    let typed = options.place("type") != at;
    let transform = transform(reader, &mut options, named);
    // A type that isn't known has no options of its own: they would only be reported as unknown.
    if transform.is_some() || !typed {
        options.finish(reader, &format!("column `{name}`"));
    }
    if !drop && !typed {
        reader.error(&at, format!("column `{name}` needs a type, such as type = \"text\""));
    }
    if drop && (nullable.is_some() || invalid != Invalid::Reject) {
        let at = if nullable.is_some() { nullable_at } else { invalid_at.clone() };
        reader
            .error(&at, format!("column `{name}` is dropped, so it is never checked; remove this or `drop`"));
    }
    let nullable = nullable.unwrap_or(false);
    if invalid == Invalid::Null && !nullable && !drop {
        let message =
            format!("column `{name}` turns a bad value into NULL but may not be NULL; add nullable = true");
        reader.error(&invalid_at, message);
    }
    Column {
        name: name.to_owned(),
        from: from.to_owned(),
        dropped: drop,
        transform: transform.filter(|_| !drop),
        nullable,
        invalid,
    }
}

/// The named type that a column's `type` means, if it means one.
fn base<'t>(table: &DeTable, named: &NamedTypes<'t>) -> Option<&'t DeTable<'t>> {
    let (_, value) = table.iter().find(|(key, _)| key.get_ref() == "type")?;
    let name = value.get_ref().as_str()?;
    named.iter().find(|(key, _)| *key == name).map(|(_, base)| *base)
}

fn invalid(reader: &mut Reader, options: &mut Options) -> Invalid {
    const WANTED: &str = "\"reject\", \"null\" or { replace = \"...\" }";
    let Some(value) = options.take("invalid") else { return Invalid::Reject };
    let replacement = value.get_ref().as_table().and_then(|table| {
        let text = table.iter().find(|(key, _)| key.get_ref() == "replace")?.1.get_ref().as_str()?;
        (table.len() == 1).then_some(text)
    });
    match (value.get_ref().as_str(), replacement) {
        (Some("reject"), _) => Invalid::Reject,
        (Some("null"), _) => Invalid::Null,
        (_, Some(text)) if !text.contains(['\n', '\r']) => Invalid::Replace(text.to_owned()),
        _ => {
            wrong_type(reader, "invalid", value, WANTED);
            Invalid::Reject
        }
    }
}

/// A canonical text of a value: keys sorted, no comments, no layout.
fn meaning(value: &DeValue) -> String {
    match value {
        DeValue::Table(table) => {
            let mut keys: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{:?}:{}", key.get_ref(), meaning(value.get_ref())))
                .collect();
            keys.sort();
            format!("{{{}}}", keys.join(","))
        }
        DeValue::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| meaning(item.get_ref())).collect();
            format!("[{}]", items.join(","))
        }
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => format!("{}/{}", number.as_str(), number.radix()),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
    }
}
