//! Further gold tables: a SELECT of the user's over this run's rows.

use std::path::Path;

use super::ddl::{self, Columns};
use super::quote::{literal, name};
use super::{Described, Run, Script, described, load};
use crate::exit::{Error, Result};
use crate::spec::Spec;

/// A `[[gold]]` query, cut into what is passed on and what is filled in.
#[derive(Debug)]
pub struct Query {
    /// The table that it makes.
    pub name: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `${TABLE}`: this run's rows.
    Rows,
    /// `${date}`: the partition's value.
    Date,
}

impl Query {
    /// Reads all queries of a spec.
    ///
    /// # Errors
    /// Where a file can't be read or is not one SELECT.
    pub fn load_all(spec: &Spec, spec_file: &Path) -> Result<Vec<Self>> {
        let folder = spec_file.parent().unwrap_or(Path::new(""));
        spec.gold
            .iter()
            .map(|gold| {
                let path = folder.join(&gold.query);
                let text = std::fs::read_to_string(&path).map_err(|error| {
                    Error::Usage(format!(
                        "cannot read {}, the query of {}: {error}",
                        path.display(),
                        gold.name
                    ))
                })?;
                let pieces = cut(&text, &spec.name)
                    .map_err(|(line, what)| Error::Usage(format!("{}:{line}: {what}", path.display())))?;
                Ok(Self { name: gold.name.clone(), pieces })
            })
            .collect()
    }

    /// The query with `rows` in the place of this run's rows.
    fn fill(&self, run: &Run, rows: &str) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Date => run.date.literal(),
                Piece::Rows => format!("({rows})"),
            })
            .collect()
    }
}

/// This run's rows.
fn rows(run: &Run) -> String {
    format!("SELECT {} FROM {} v", load::kept_list(run, "v"), load::ROWS)
}

/// Their columns and types alone: the version table itself may not have the spec's newest columns yet.
fn no_rows(run: &Run) -> String {
    let columns: Vec<String> = ddl::kept(run.spec)
        .iter()
        .map(|(column, hive_type)| format!("CAST(NULL AS {hive_type}) AS {}", name(column)))
        .collect();
    format!("SELECT {}", columns.join(", "))
}

/// Takes a query apart: comments go, text in quotes is made safe for beeline, `${...}` is found.
fn cut(text: &str, table: &str) -> std::result::Result<Vec<Piece>, (usize, String)> {
    let mut pieces = Vec::new();
    let mut out = String::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut ended = false;
    while let Some(character) = rest.chars().next() {
        let wrong = |what: String| (text[..text.len() - rest.len()].matches('\n').count() + 1, what);
        if rest.starts_with("--") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        if ended && !character.is_whitespace() {
            return Err(wrong("something follows `;`; a query is one SELECT".to_owned()));
        }
        if let Some(variable) = rest.strip_prefix("${") {
            let (key, after) =
                variable.split_once('}').ok_or_else(|| wrong("`${` without `}`".to_owned()))?;
            let piece = match key {
                "date" => Piece::Date,
                key if key.eq_ignore_ascii_case(table) => Piece::Rows,
                _ => {
                    return Err(wrong(format!(
                        "${{{key}}} is not known; there are ${{{table}}}, this run's rows, and ${{date}}, the \
                         partition's value"
                    )));
                }
            };
            pieces.push(Piece::Text(std::mem::take(&mut out)));
            pieces.push(piece);
            rest = after;
            continue;
        }
        if matches!(character, '\'' | '"' | '`') {
            let length = quoted_length(rest).ok_or_else(|| wrong(format!("{character} is not closed")))?;
            let inside = &rest[1..length - 1];
            if inside.contains("${") {
                return Err(wrong(
                    "${...} stands in quotes; take them away, it is quoted by itself".to_owned(),
                ));
            }
            out.push_str(&if character == '`' { rest[..length].to_owned() } else { safe(character, inside) });
            rest = &rest[length..];
            continue;
        }
        if character == ';' {
            ended = true;
        } else {
            out.push(character);
        }
        rest = &rest[character.len_utf8()..];
    }
    pieces.push(Piece::Text(out.trim_end().to_owned()));
    let first = match &mut pieces[0] {
        Piece::Text(first) => {
            *first = first.trim_start().to_owned();
            first.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase()
        }
        _ => String::new(),
    };
    if !matches!(first.as_str(), "select" | "with") {
        return Err((1, "the query must begin with SELECT or WITH".to_owned()));
    }
    Ok(pieces)
}

/// The length of what stands in quotes at the start of `text`, the quotes included.
fn quoted_length(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote != '`' {
            characters.next();
        } else if character == quote {
            return Some(at + 1);
        }
    }
    None
}

/// Text in quotes without what beeline would take for the end of a statement or for a comment.
fn safe(quote: char, inside: &str) -> String {
    let mut out = String::from(quote);
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(';') => out.push_str("\\u003B"),
                Some(escaped) => out.extend(['\\', escaped]),
                None => out.push('\\'),
            },
            ';' => out.push_str("\\u003B"),
            '\n' => out.push_str("\\n"),
            '-' if out.ends_with('-') => out.push_str("\\u002D"),
            plain => out.push(plain),
        }
    }
    out.push(quote);
    out
}

/// The view through which Hive says what columns a query has. Named by the run, for two may describe at once.
fn view(run: &Run, query: &Query) -> String {
    run.table(&format!("{}_query_{}", query.name, run.id.as_name()))
}

/// Asks for a query's columns, and for those of its tables where they are there.
pub(super) fn describe(run: &Run, query: &Query, script: &mut Script) {
    let view = view(run, query);
    script.push(&format!("CREATE OR REPLACE VIEW {view} AS\n{}", query.fill(run, &no_rows(run))));
    script.marked(described::QUERY, &query.name, &format!("DESCRIBE {view}"));
    script.push(&format!("DROP VIEW IF EXISTS {view}"));
    for table in [query.name.clone(), format!("{}_version", query.name)] {
        // Unlike DESCRIBE it answers with nothing where there is no such table.
        let show = format!(
            "SHOW TABLE EXTENDED IN {} LIKE {}",
            name(&run.spec.database),
            literal(&table.to_lowercase())
        );
        script.marked(described::SHOWN, &table, &show);
    }
}

/// Loads a further gold table's version. Its columns are named one by one, as they were compared.
pub(super) fn load(
    run: &Run,
    query: &Query,
    described: Option<&Described>,
    script: &mut Script,
) -> Result<()> {
    let columns: Columns = match described {
        Some(described) => described.query(&query.name)?,
        None => {
            return Err(Error::Usage(format!(
                "--described is missing; the columns of {} stand in what the script of `sluicebox hql prepare` printed",
                query.name
            )));
        }
    };
    let list: Vec<String> = columns.iter().map(|(column, _)| format!("q.{}", name(column))).collect();
    let select = format!("SELECT {}\nFROM (\n{}\n) q", list.join(", "), query.fill(run, &rows(run)));
    load::load(&load::further(&query.name), &columns, &run.version(&query.name), &select, script);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(query: &str) -> String {
        let show = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Rows => "<rows>".to_owned(),
            Piece::Date => "<date>".to_owned(),
        };
        match cut(query, "sales") {
            Ok(pieces) => pieces.iter().map(show).collect(),
            Err((line, what)) => format!("{line}: {what}"),
        }
    }

    #[test]
    fn what_is_passed_on_of_a_query() {
        for (query, passed) in [
            ("-- all of it;\n SELECT a FROM ${sales} s;\n-- done\n", "SELECT a FROM <rows> s"),
            ("select 1 from ${SALES} s where d = ${date}", "select 1 from <rows> s where d = <date>"),
            (
                "WITH x AS (SELECT ';' -- it's ${odd}\n) SELECT '--', \"a\\';\" FROM x",
                "WITH x AS (SELECT '\\u003B' \n) SELECT '-\\u002D', \"a\\'\\u003B\" FROM x",
            ),
            ("SELECT `a;--b` FROM t", "SELECT `a;--b` FROM t"),
            ("SELECT 'a\nb'", "SELECT 'a\\nb'"),
        ] {
            assert_eq!(text(query), passed);
        }
    }

    #[test]
    fn what_is_no_query() {
        for (query, error) in [
            ("", "1: the query must begin"),
            ("DROP TABLE x", "1: the query must begin"),
            ("SELECT 1;\nDROP TABLE x", "2: something follows `;`"),
            ("SELECT\n ${run}", "2: ${run} is not known"),
            ("SELECT '${date}'", "1: ${...} stands in quotes"),
            ("SELECT 'a", "1: ' is not closed"),
            ("SELECT ${a", "1: `${` without"),
        ] {
            assert!(text(query).starts_with(error), "{query}: {}", text(query));
        }
    }
}
