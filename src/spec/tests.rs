//! What a spec must not say: every line that is marked with `# here` is an error, and no other line.

use super::parse::{parse, parse_with};

const HEAD: &str = "version = 1\n[table]\nname = \"t\"\n";

/// Columns of every kind, for what names them.
const COLUMNS: &str = r#"
[[column]]
name = "id"
type = "integer"
[[column]]
name = "amount"
type = "money"
[[column]]
name = "day"
type = "date"
format = "%Y-%m-%d"
[[column]]
name = "gone"
type = "text"
drop = true
"#;

/// Holds that the marked lines of `text`, and they alone, have an error that says `message`.
#[track_caller]
fn refused(text: &str, message: &str) {
    let marked = text.lines().zip(1..).filter(|(line, _)| line.ends_with("# here"));
    let marked: Vec<usize> = marked.map(|(_, number)| number).collect();
    let errors = parse(text).expect_err(text);
    let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, marked, "{text}{errors:?}");
    for error in errors {
        assert!(error.message.contains(message), "{text}{error:?}");
        assert!(!error.message.contains(['\n', '\r']), "{error:?}");
    }
}

#[test]
fn a_column_whose_options_contradict_each_other() {
    for (options, message) in [
        ("type = \"region\"\nallowed = [] # here", "`allowed` is empty"),
        ("type = \"integer\"\nmin = 2\nmax = 1 # here", "`max` is below `min`"),
        ("type = \"money\"\nmin = 0.02\nmax = \"0.01\" # here", "`max` is below `min`"),
        (
            "type = \"date\"\nformat = \"%Y%m%d\"\nmin = 2024-01-02\nmax = \"2024-01-01\" # here",
            "`max` is below `min`",
        ),
        ("type = \"integer\"\nmax = 9223372036854775808 # here", "a whole number"),
        ("type = \"money\"\nprecision = 5\nmax = 1000 # here", "up to 3 digits before the point and 2 after"),
        ("type = \"money\"\nprecision = 5\nmin = \"-1000.00\" # here", "(`precision` 5, `scale` 2)"),
        ("type = \"money\"\nmin = 0.001 # here\nmax = 0.011 # here", "and 2 after it"),
        ("type = \"money\"\nscale = 0\nmin = 0.5 # here", "and 0 after it"),
        ("type = \"money\"\nprecision = 2\nscale = 2\nmax = 1 # here", "up to 0 digits before"),
        ("type = \"text\"\nfrom = \"two\\nlines\" # here", "`from` holds a line end"),
        ("type = \"text\"\nfrom = \"cr\\r\" # here", "`from` holds a line end"),
        (
            "type = \"region\"\ncase = \"upper\"\nallowed = [\"A\", \"B\"]\n\
             aliases = { \"A\" = [\"x\"], \"B\" = [\"X\"] } # here",
            "alias \"X\" stands for \"A\" already",
        ),
        (
            "type = \"region\"\nallowed = [\"A\"]\naliases = { \"B\" = [\"x\"] } # here",
            "label \"B\" is not in `allowed`",
        ),
    ] {
        refused(&format!("{HEAD}[[column]]\nname = \"c\"\n{options}\n"), message);
    }
}

#[test]
fn a_name_with_a_line_end() {
    refused(
        &format!("{HEAD}[[column]]\nname = \"a\\r\\nb\" # here\ntype = \"text\"\n"),
        "\"a\\r\\nb\" is not a",
    );
}

#[test]
fn bounds_at_the_edge_of_what_a_column_holds() {
    for bounds in [
        "precision = 5\nmin = -999.99\nmax = 999.99",
        "precision = 5\nmax = \"999.9900\"",
        "precision = 2\nscale = 2\nmin = 0\nmax = 0.99",
        "scale = 0\nmax = 1.0",
        "precision = 38\nscale = 0\nmax = \"99999999999999999999999999999999999999\"",
        "precision = 38\nscale = 38\nmax = \"0.9\"",
    ] {
        let text = format!("{HEAD}[[column]]\nname = \"c\"\ntype = \"money\"\n{bounds}\n");
        assert!(parse(&text).is_ok(), "{text}");
    }
}

#[test]
fn a_text_that_is_null_and_a_label() {
    let text = |input: &str, options: &str| {
        format!("{HEAD}[input]{input}\n[[column]]\nname = \"c\"\ntype = \"region\"\n{options}\n")
    };
    let namibia = "allowed = [\"DE\", \"NA\"]";
    for (input, options) in [
        ("\nnull = [\"NA\"] # here", namibia),
        ("\nnull = [\"\", \"na\"] # here", "case = \"upper\"\nallowed = [\"NA\"]"),
        ("\nnull = [\"N/A\"] # here", "aliases = { \"NONE\" = [\"N/A\"] }"),
        ("\nnull = [\"NONE\"] # here", "aliases = { \"NONE\" = [\"N/A\"] }"),
        // The section stands for what it does not say.
        (" # here\nheader = true", "allowed = [\"\", \"A\"]"),
    ] {
        refused(&text(input, options), "means NULL, but column `c` has it as a label or an alias");
    }
    for (input, options) in [
        ("\nnull = [\"na\"]", namibia),
        ("\nnull = [\"NA\"]", "case = \"upper\""),
        ("\nnull = []", "allowed = [\"\", \"A\"]"),
        ("\nnull = [\"NA\"]", "allowed = [\"NA\"]\ndrop = true\n[[column]]\nname = \"d\"\ntype = \"text\""),
    ] {
        assert!(parse(&text(input, options)).is_ok(), "{input} {options}");
    }
}

#[test]
fn a_text_that_is_null_with_white_space_around_it() {
    // It is no label where white space is dropped.
    let text = "[input]\nnull = [\" NA\"]\n[[column]]\nname = \"a\"\ntype = \"text\"\n[[column]]\nname = \"b\"\n\
                type = \"region\"\nallowed = [\"NA\"]\n";
    assert!(parse(&(HEAD.to_owned() + text)).is_ok());
    let text = |null: &str, columns: &str| {
        format!("{HEAD}[input]\nnull = {null}\n{COLUMNS}[[column]]\nname = \"c\"\n{columns}")
    };
    // The one text column of the others is dropped.
    for (null, fix) in [
        (r#"["", " N "] # here"#, r#"no value can be " N ": white space"#),
        (r#"["N\t"] # here"#, r#"there are none; write "N""#),
        (r#"["\u00a0"] # here"#, r#"there are none; write """#),
        (r#"["\r\n"] # here"#, r#"no value can be "\r\n""#),
    ] {
        refused(&text(null, "type = \"region\"\n"), fix);
    }
    assert!(parse(&text("[\" N \"]", "type = \"text\"\n")).is_ok(), "a text keeps its white space");
    refused(&text("[\" N \"]", "type = \"txt\" # here\n"), "type \"txt\" is not known");
    assert!(parse(&text("[\"N A\"]", "type = \"region\"\n")).is_ok());
}

#[test]
fn lists_that_name_columns() {
    for (list, message) in [
        ("[dedup]\nkey = [\"id\"]\nprefer = [\"day desc\", \"DAY\"] # here", "`DAY` is named twice"),
        ("[dedup]\nkey = [\"id\"]\nprefer = [\"day asc\", \"day asc\"] # here", "`day` is named twice"),
        ("[dedup]\nkey = [\"id\", \"id\"] # here", "`id` is named twice"),
        ("[audit]\nsum = [\"amount\", \"Amount\"] # here", "`Amount` is named twice"),
        (
            "[[rule]]\nname = \"r\"\ncompare = [\"day\", \"<\", \"day\"] # here",
            "`day` is compared with itself",
        ),
        ("[[rule]]\nname = \"r\"\ncompare = [\"id\", \"<=\", \"ID\"] # here", "`id` is compared with itself"),
    ] {
        refused(&format!("{HEAD}{list}\n{COLUMNS}"), message);
    }
    for (column, message) in [("gone", "`gone` is dropped"), ("nowhere", "no column is called \"nowhere\"")] {
        for list in [
            "[dedup]\nkey = [\"COLUMN\"] # here",
            "[dedup]\nkey = [\"id\"]\nprefer = [\"COLUMN desc\"] # here",
            "[audit]\nsum = [\"COLUMN\"] # here",
            "[[rule]]\nname = \"r\"\ncompare = [\"COLUMN\", \"<\", \"day\"] # here",
            "[[rule]]\nname = \"r\"\ncompare = [\"day\", \"<\", \"COLUMN\"] # here",
        ] {
            refused(&format!("{HEAD}{}\n{COLUMNS}", list.replace("COLUMN", column)), message);
        }
    }
}

#[test]
fn a_query_that_cannot_be_read_is_told_with_the_rest() {
    let text = format!(
        "{HEAD}owner = \"me\"\n{COLUMNS}[[gold]]\nname = \"a\"\nquery = \"a.sql\"\n[[gold]]\nname = \"b\"\n\
         query = \"b.sql\"\n"
    );
    let errors = parse_with(&text, &|query| match query {
        "a.sql" => Ok(()),
        _ => Err(std::io::ErrorKind::PermissionDenied.into()),
    })
    .unwrap_err();
    let told: Vec<_> = errors.iter().map(|error| (error.line, error.message.as_str())).collect();
    let fix =
        "cannot read b.sql, the query of b: permission denied; put it beside the spec, or mend its name";
    assert_eq!(told, [(4, errors[0].message.as_str()), (text.lines().count(), fix)]);
}
