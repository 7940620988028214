//! `region`: any closed vocabulary. White space folds, then case, then aliases, then the allowed labels.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{hold_length, max_length};
use super::{Class, Transform, Value};
use crate::record::Reason;
use crate::spec::options::{Options, Reader, Span, string_list, wrong_type};

#[derive(Debug, Clone, Copy)]
enum Case {
    Upper,
    Lower,
    Keep,
}

#[derive(Debug)]
struct Region {
    case: Case,
    /// From every other spelling to the label.
    aliases: BTreeMap<String, String>,
    allowed: Option<BTreeSet<String>>,
    max_length: Option<usize>,
}

pub(super) fn build(reader: &mut Reader, options: &mut Options) -> Box<dyn Transform> {
    let cases = [("upper", Case::Upper), ("lower", Case::Lower), ("keep", Case::Keep)];
    let case = options.choice(reader, "case", &cases).unwrap_or(Case::Keep);
    let allowed_at = options.place("allowed");
    let allowed = options.strings(reader, "allowed").map(|labels| {
        if labels.is_empty() {
            reader.error(
                &allowed_at,
                "`allowed` is empty, so no value could pass; list the labels, or remove it",
            );
        }
        for (label, at) in &labels {
            canonical(reader, label, case, at);
        }
        labels.into_iter().map(|(label, _)| label).collect::<BTreeSet<_>>()
    });
    let aliases = aliases(reader, options, case, allowed.as_ref());
    Box::new(Region { case, aliases, allowed, max_length: max_length(reader, options) })
}

fn aliases(
    reader: &mut Reader,
    options: &mut Options,
    case: Case,
    allowed: Option<&BTreeSet<String>>,
) -> BTreeMap<String, String> {
    let mut aliases = BTreeMap::new();
    let Some(value) = options.take("aliases") else { return aliases };
    let Some(table) = value.get_ref().as_table() else {
        wrong_type(reader, "aliases", value, "a table of lists, such as { \"EUROPE\" = [\"EU\"] }");
        return aliases;
    };
    let labels: Vec<&str> = table.iter().map(|(label, _)| label.get_ref().as_ref()).collect();
    for (label, spellings) in table {
        let name = label.get_ref().as_ref();
        canonical(reader, name, case, &label.span());
        if allowed.is_some_and(|allowed| !allowed.contains(name)) {
            reader.error(
                &label.span(),
                format!(
                    "label \"{name}\" is not in `allowed`, so its aliases would all be rejected; add it there"
                ),
            );
        }
        for (spelling, at) in string_list(reader, name, spellings).unwrap_or_default() {
            let folded = folded(&spelling, case);
            let label =
                labels.contains(&folded.as_str()) || allowed.is_some_and(|allowed| allowed.contains(&folded));
            if folded != name && label {
                reader
                    .error(&at, format!("alias \"{spelling}\" is a label of its own; remove one of the two"));
            }
            if let Some(other) = aliases.insert(folded, name.to_owned())
                && other != name
            {
                reader.error(
                    &at,
                    format!("alias \"{spelling}\" stands for \"{other}\" already; remove one of the two"),
                );
            }
        }
    }
    aliases
}

/// A label must come out of the folding as it went in, else it could be written in two ways.
fn canonical(reader: &mut Reader, label: &str, case: Case, at: &Span) {
    let folded = folded(label, case);
    if folded != label {
        reader.error(at, format!("label \"{label}\" is not in the column's own form; write it \"{folded}\""));
    }
}

/// Appends the text with its inner white space as single spaces, in the wanted case.
fn fold(text: &str, case: Case, out: &mut Vec<u8>) {
    let start = out.len();
    for word in text.split_whitespace() {
        if out.len() > start {
            out.push(b' ');
        }
        out.extend_from_slice(word.as_bytes());
    }
    let folded = &mut out[start..];
    let turn = match case {
        Case::Keep => return,
        Case::Upper if folded.is_ascii() => return folded.make_ascii_uppercase(),
        Case::Lower if folded.is_ascii() => return folded.make_ascii_lowercase(),
        Case::Upper => str::to_uppercase,
        Case::Lower => str::to_lowercase,
    };
    let turned = turn(utf8(folded));
    out.truncate(start);
    out.extend_from_slice(turned.as_bytes());
}

/// What was folded comes from texts, so this can't fail.
fn utf8(folded: &[u8]) -> &str {
    std::str::from_utf8(folded).unwrap_or_default()
}

fn folded(text: &str, case: Case) -> String {
    let mut out = Vec::new();
    fold(text, case, &mut out);
    utf8(&out).to_owned()
}

impl Transform for Region {
    fn hive(&self) -> String {
        "STRING".to_owned()
    }

    fn class(&self) -> Class {
        Class::Text
    }

    fn longest_label(&self) -> usize {
        self.aliases.values().map(String::len).max().unwrap_or(0)
    }

    fn names(&self, text: &str) -> bool {
        let folded = folded(text, self.case);
        self.aliases.iter().any(|(spelling, label)| *spelling == folded || *label == folded)
            || self.allowed.as_ref().is_some_and(|allowed| allowed.contains(&folded))
    }

    fn convert(&self, text: &str, out: &mut Vec<u8>) -> Result<Value, Reason> {
        let start = out.len();
        fold(text, self.case, out);
        if let Some(label) = self.aliases.get(utf8(&out[start..])) {
            out.truncate(start);
            out.extend_from_slice(label.as_bytes());
        }
        let label = utf8(&out[start..]);
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(label)) {
            return Err(Reason::Region);
        }
        hold_length(label, self.max_length)?;
        Ok(Value::Text)
    }
}
