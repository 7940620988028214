//! What the parts of a spec must agree on.

use toml::de::DeTable;

use super::options::{Options, Reader, Span, Value};
use super::{Column, Dedup, Gold, Invalid, Operator, Rule};
use crate::transform::Class;

/// Whether a file that the spec names can be read: parsing itself touches no file.
pub(super) type Beside<'f> = dyn Fn(&str) -> std::io::Result<()> + 'f;

/// The names that the rest of a spec refers to.
pub(super) struct Names<'a> {
    pub partition: &'a str,
    pub columns: &'a [Column],
}

impl Names<'_> {
    /// The column of that name, which must be written.
    fn column(&self, reader: &mut Reader, name: &str, at: &Span) -> Option<usize> {
        match self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)) {
            Some(index) if self.columns[index].transform.is_some() => Some(index),
            Some(_) => {
                reader.error(
                    at,
                    format!("column `{name}` is dropped or wrong itself, so it can't be used here"),
                );
                None
            }
            None => {
                let known: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
                reader.error(at, format!("no column is called \"{name}\"; there are: {}", known.join(", ")));
                None
            }
        }
    }

    /// The column of that name, which must not be one of those `before` it in its list.
    fn another(
        &self,
        reader: &mut Reader,
        name: &str,
        at: &Span,
        mut before: impl Iterator<Item = usize>,
    ) -> Option<usize> {
        let index = self.column(reader, name, at)?;
        if before.any(|other| other == index) {
            reader.error(at, format!("column `{name}` is named twice; remove one"));
        }
        Some(index)
    }

    fn strings(&self, reader: &mut Reader, names: Vec<(String, Span)>) -> Vec<usize> {
        let mut columns = Vec::new();
        for (name, at) in names {
            columns.extend(self.another(reader, &name, &at, columns.iter().copied()));
        }
        columns
    }
}

/// A name that Hive takes as it is.
pub(super) fn identifier(reader: &mut Reader, what: &str, text: &str, at: &Span) {
    let fits = text.len() <= 100
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !fits {
        let message = format!(
            "{what} \"{text}\" is not a Hive name; use up to 100 letters, digits and _, a letter first"
        );
        reader.error(at, message);
    }
}

/// Column names: legal, unique as Hive compares them, not reserved; labels that fit on a line.
pub(super) fn columns(reader: &mut Reader, names: &mut Names, root: &DeTable) {
    let places: Vec<Span> = root
        .iter()
        .find(|(key, _)| key.get_ref() == "column")
        .and_then(|(_, value)| value.get_ref().as_array())
        .map(|items| items.iter().map(name_place).collect())
        .unwrap_or_default();
    if names.columns.is_empty() {
        reader
            .error(&(0..0), "the spec has no columns; add one [[column]] per source column, in source order");
        return;
    }
    if names.columns.iter().all(|column| column.transform.is_none()) && reader.is_clean() {
        reader.error(&places[0], "all columns are dropped; nothing would be written");
    }
    for (index, (column, at)) in names.columns.iter().zip(&places).enumerate() {
        let name = column.name.as_str();
        if !name.is_empty() {
            identifier(reader, "column", name, at);
        }
        if ["status", "run_id", names.partition].iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
            reader.error(
                at,
                format!("column name \"{name}\" is reserved; choose another and keep `from` as it is"),
            );
        }
        if names.columns[..index].iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
            reader.error(at, format!("column \"{name}\" is there twice (Hive ignores case); rename one"));
        }
    }
}

/// A text that means NULL is never looked up, so it can't be a label, too; and it must be one that can come.
pub(super) fn nulls<'n>(
    reader: &mut Reader,
    names: &Names,
    markers: impl Iterator<Item = (&'n String, &'n Span)>,
) {
    // A column that is wrong itself may be meant to keep white space.
    let trims = |column: &Column| {
        column.dropped || column.transform.as_ref().is_some_and(|transform| transform.trims())
    };
    let all_trim = names.columns.iter().all(trims);
    for (marker, at) in markers {
        let inner = marker.trim();
        if all_trim && inner != marker {
            let message = format!(
                "no value can be {marker:?}: white space around a value is dropped before it is compared, but for \
                 text columns, and there are none; write {inner:?}"
            );
            reader.error(at, message);
            continue;
        }
        for column in names.columns {
            // With white space around it, it means NULL only where that is kept.
            let may_come = inner == marker || !trims(column);
            if may_come && column.transform.as_ref().is_some_and(|transform| transform.names(marker)) {
                let message = format!(
                    "\"{marker}\" means NULL, but column `{}` has it as a label or an alias; remove one of the two",
                    column.name
                );
                reader.error(at, message);
            }
        }
    }
}

fn name_place(item: &Value) -> Span {
    let name = item.get_ref().as_table().and_then(|t| t.iter().find(|(key, _)| key.get_ref() == "name"));
    name.map_or_else(|| item.span(), |(_, value)| value.span())
}

pub(super) fn dedup(reader: &mut Reader, names: &Names, value: &Value) -> Option<Dedup> {
    let mut options = Options::of_section(reader, "dedup", value)?;
    let key_at = options.place("key");
    let key_names = options.strings(reader, "key").unwrap_or_default();
    if key_names.is_empty() {
        reader.error(&key_at, "[dedup] needs a key, such as key = [\"order_id\"]");
    }
    let key = names.strings(reader, key_names);
    for index in &key {
        let column = &names.columns[*index];
        if column.nullable || column.invalid != Invalid::Reject {
            let message = format!(
                "key column `{}` must never be NULL or replaced; remove nullable and invalid",
                column.name
            );
            reader.error(&key_at, message);
        }
    }
    let mut prefer: Vec<(usize, bool)> = Vec::new();
    for (text, at) in options.strings(reader, "prefer").unwrap_or_default() {
        let mut words = text.split_whitespace();
        let (name, order, more) = (words.next().unwrap_or_default(), words.next(), words.next());
        match (order, more) {
            (None | Some("asc" | "desc"), None) => {
                let before = prefer.iter().map(|(index, _)| *index);
                let index = names.another(reader, name, &at, before);
                prefer.extend(index.map(|index| (index, order == Some("desc"))));
            }
            _ => {
                reader
                    .error(&at, format!("`prefer` takes \"COLUMN asc\" or \"COLUMN desc\", not \"{text}\""));
            }
        }
    }
    // Rows of one key are alike in it: it decides nothing, and would only make lines longer.
    prefer.retain(|(index, _)| !key.contains(index));
    let across_partitions = options.choice(reader, "scope", &[("run", false), ("table", true)]);
    options.finish(reader, "[dedup]");
    Some(Dedup { key, prefer, across_partitions: across_partitions.unwrap_or(false) })
}

pub(super) fn sums(reader: &mut Reader, names: &Names, value: Option<&Value>) -> Vec<usize> {
    let Some(mut options) = value.and_then(|value| Options::of_section(reader, "audit", value)) else {
        return Vec::new();
    };
    let at = options.place("sum");
    let listed = options.strings(reader, "sum").unwrap_or_default();
    let sums = names.strings(reader, listed);
    options.finish(reader, "[audit]");
    for index in &sums {
        let column = &names.columns[*index];
        if !matches!(column.class(), Some(Class::Number { .. }))
            || matches!(column.invalid, Invalid::Replace(_))
        {
            let message = format!(
                "`{}` has no control total: it takes money or integer without a replacement",
                column.name
            );
            reader.error(&at, message);
        }
    }
    sums
}

pub(super) fn rules(reader: &mut Reader, names: &Names, listed: &[(&DeTable, Span)]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for (table, at) in listed {
        let mut options = Options::new(table, at.clone());
        let name_at = options.place("name");
        let name = options.string(reader, "name").unwrap_or_default();
        let compare_at = options.place("compare");
        let compare = options.strings(reader, "compare").unwrap_or_default();
        options.finish(reader, "[[rule]]");
        identifier(reader, "rule name", name, &name_at);
        if rules.iter().any(|rule| rule.name == name) {
            reader.error(&name_at, format!("rule \"{name}\" is there twice; rename one"));
        }
        let [(left, left_at), (operator, operator_at), (right, right_at)] = compare.as_slice() else {
            reader.error(&compare_at, "a rule needs compare = [\"COLUMN\", \">=\", \"COLUMN\"]");
            continue;
        };
        let operator = match operator.as_str() {
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            "=" | "==" => Operator::Equal,
            "!=" | "<>" => Operator::NotEqual,
            ">=" => Operator::GreaterOrEqual,
            ">" => Operator::Greater,
            other => {
                reader.error(operator_at, format!("\"{other}\" is no comparison; use < <= = != >= or >"));
                continue;
            }
        };
        let (left_index, right_index) =
            (names.column(reader, left, left_at), names.column(reader, right, right_at));
        let (Some(left_index), Some(right_index)) = (left_index, right_index) else { continue };
        if left_index == right_index {
            reader.error(&compare_at, format!("`{left}` is compared with itself; name two columns"));
        }
        let class = |index: usize| names.columns[index].class();
        let comparable = match (class(left_index), class(right_index)) {
            (Some(Class::Number { .. }), Some(Class::Number { .. })) => true,
            (left, right) => left == right,
        };
        if !comparable {
            reader.error(
                &compare_at,
                format!("`{left}` and `{right}` are of types that don't compare; use two of a kind"),
            );
        }
        rules.push(Rule { name: name.to_owned(), left: left_index, operator, right: right_index });
    }
    rules
}

/// What is put behind a table's name for its companions.
const COMPANIONS: &[&str] = &["", "_temp", "_reject", "_version"];

pub(super) fn gold(
    reader: &mut Reader,
    table: &str,
    listed: &[(&DeTable, Span)],
    beside: &Beside,
) -> Vec<Gold> {
    let mut gold: Vec<Gold> = Vec::new();
    for (options, at) in listed {
        let mut options = Options::new(options, at.clone());
        let name_at = options.place("name");
        let name = options.string(reader, "name").unwrap_or_default().to_owned();
        let query_at = options.place("query");
        let query = options.string(reader, "query").unwrap_or_default().to_owned();
        options.finish(reader, "[[gold]]");
        identifier(reader, "gold table", &name, &name_at);
        let tables = std::iter::once(table).chain(gold.iter().map(|gold| gold.name.as_str()));
        let all = |name: &str| {
            COMPANIONS.iter().map(|end| format!("{name}{end}").to_lowercase()).collect::<Vec<_>>()
        };
        let own = all(&name);
        let taken = |other: &str| all(other).iter().any(|companion| own.contains(companion));
        if tables.into_iter().any(taken) {
            reader.error(
                &name_at,
                format!("gold table \"{name}\" meets a table of another name in this spec; rename it"),
            );
        }
        let plain = !query.is_empty() && !query.contains('/') && !query.starts_with('.');
        if !plain || gold.iter().any(|gold| gold.query == query && gold.name == name) {
            reader.error(&query_at, "[[gold]] needs query = \"FILE.sql\", a file beside the spec");
        } else if let Err(error) = beside(&query) {
            let message = format!(
                "cannot read {query}, the query of {name}: {error}; put it beside the spec, or mend its name"
            );
            reader.error(&query_at, message);
        }
        gold.push(Gold { name, query });
    }
    gold
}
