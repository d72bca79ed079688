//! Says what kind of statement a text is, where the data of an INSERT begins and which format was asked for.
//! What is refused for what it reaches: `guard.rs`.

use super::Refusal;
use super::lexer::{Kind, Lexer, Token, tokens};

/// What is to be done with a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// SELECT and the like: the result may be streamed.
    Select,
    /// SHOW, DESCRIBE, EXPLAIN, EXISTS, CHECK: a small result.
    Show,
    /// INSERT whose rows follow in `format`.
    Insert {
        /// The input format by name.
        format: String,
    },
    /// DDL, INSERT … SELECT, KILL, SYSTEM, OPTIMIZE and so on.
    Write,
}

/// A statement that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) action: Action,
    /// Bytes of the text that go to the engine as SQL: all, or the head of an INSERT without `FORMAT …`.
    pub(crate) sql_end: usize,
    /// Where the rows of an INSERT begin in the text; its length otherwise.
    pub(crate) data_at: usize,
    /// `FORMAT x` of a statement that answers.
    pub(crate) output_format: Option<String>,
}

/// Does the text begin with INSERT? Then its head can be read before all of it has arrived.
pub(crate) fn begins_with_insert(text: &[u8]) -> bool {
    matches!(Lexer::new(text).token(), Ok(Some(token)) if token.is("INSERT"))
}

/// The head of an INSERT: the statement, and the tokens that were read of it. `Ok(None)`: the text ends
/// before the head does, more of it is needed.
pub(crate) fn insert_head(text: &[u8]) -> Result<Option<(Statement, Vec<Token<'_>>)>, Refusal> {
    let mut lexer = Lexer::new(text);
    let mut read: Vec<Token<'_>> = Vec::new();
    let mut depth = 0_usize;
    while let Some(token) = lexer.token()? {
        let target_named = names_target(&read);
        match &token.kind {
            Kind::Sign(b'(') => depth += 1,
            Kind::Sign(b')') => depth = depth.saturating_sub(1),
            Kind::Word(_) if depth == 0 && target_named => {
                if token.is("SELECT") || token.is("WITH") || token.is("WATCH") {
                    return whole(text).map(Some);
                }
                if token.is("VALUES") && token.end < text.len() {
                    return Ok(Some((rows(token.start, token.end, "Values".to_owned()), read)));
                }
                if token.is("FORMAT") {
                    return with_format(text, lexer, token, read);
                }
            }
            Kind::Word(_) | Kind::Quoted(_) | Kind::Text(_) | Kind::Sign(_) => {}
        }
        read.push(token);
    }
    Ok(None)
}

/// `INSERT INTO [TABLE] a.b` has been read: only from here on are words keywords.
fn names_target(read: &[Token<'_>]) -> bool {
    let mut rest = read.get(1..).unwrap_or_default();
    for word in ["INTO", "TABLE"] {
        if rest.first().is_some_and(|t| t.is(word)) && rest.len() > 1 {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    match rest {
        [] => false,
        [one] => !one.is("INTO") && !one.is("TABLE"),
        [_, dot, more @ ..] if dot.is_sign(b'.') => !more.is_empty(),
        _ => true,
    }
}

fn rows(sql_end: usize, data_at: usize, format: String) -> Statement {
    Statement {
        action: Action::Insert { format },
        sql_end,
        data_at,
        output_format: None,
    }
}

type Head<'a> = Result<Option<(Statement, Vec<Token<'a>>)>, Refusal>;

/// Reads the name of the format and finds the first byte of data, as `ParserInsertQuery` does: blanks up to
/// and with one line break belong to the statement. A name that ends where the text ends may be cut.
fn with_format<'a>(
    text: &'a [u8],
    mut lexer: Lexer<'a>,
    word: Token<'a>,
    mut read: Vec<Token<'a>>,
) -> Head<'a> {
    let Some(name) = lexer.token()?.filter(|name| name.end < text.len()) else {
        return Ok(None);
    };
    let Some(format) = name.name().map(str::to_owned) else {
        return Err(Refusal::syntax("FORMAT is not followed by the name of a format"));
    };
    let blanks = text.get(name.end..).unwrap_or_default();
    let skipped = blanks
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t' | 0x0c))
        .count();
    let newline = match blanks.get(skipped..).unwrap_or_default() {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => 0,
    };
    let statement = rows(word.start, name.end + skipped + newline, format);
    read.extend([word, name]);
    Ok(Some((statement, read)))
}

/// Any statement that is complete in the text.
pub(crate) fn whole(text: &[u8]) -> Result<(Statement, Vec<Token<'_>>), Refusal> {
    let mut all = tokens(text)?;
    while all.last().is_some_and(|t| t.is_sign(b';')) {
        all.pop();
    }
    if all.iter().any(|t| t.is_sign(b';')) {
        return Err(Refusal::syntax("multi-statements are not allowed"));
    }
    let sql_end = all.last().map_or(0, |t| t.end);
    let action = action(&all)?;
    let rows_missing = all.first().is_some_and(|t| t.is("INSERT")) && !all.iter().any(|t| t.is("SELECT"));
    if rows_missing {
        return Err(Refusal::syntax("INSERT has neither FORMAT, VALUES nor SELECT"));
    }
    let output_format = output_format(&all);
    Ok((
        Statement {
            action,
            sql_end,
            data_at: text.len(),
            output_format,
        },
        all,
    ))
}

/// Words that a statement may begin with and that answer with rows of any number.
const SELECTS: [&str; 3] = ["SELECT", "WITH", "FROM"];
/// Words that answer with a few rows and change nothing.
const SHOWS: [&str; 6] = ["SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK"];
/// Words of the writer. What is missing here (ATTACH, DETACH, GRANT, …) is not run at all, BACKUP and RESTORE in one form
/// ([`backs_up`]).
const WRITES: [&str; 15] = [
    "INSERT", "CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "EXCHANGE", "OPTIMIZE", "SET", "USE", "KILL",
    "SYSTEM", "DELETE", "UPDATE", "UNDROP",
];
/// Words that are known and refused, as opposed to ones that are no statement.
const REFUSED: [&str; 16] = [
    "ATTACH", "DETACH", "BACKUP", "RESTORE", "GRANT", "REVOKE", "EXECUTE", "WATCH", "MOVE", "COPY", "BEGIN",
    "COMMIT", "ROLLBACK", "PARALLEL", "SNAPSHOT", "IMPORT",
];

fn action(all: &[Token<'_>]) -> Result<Action, Refusal> {
    let Some(first) = all.iter().find(|t| !t.is_sign(b'(')) else {
        return Err(Refusal::syntax("empty query"));
    };
    let among = |words: &[&str]| words.iter().any(|w| first.is(w));
    if among(&SELECTS) {
        // `WITH … INSERT INTO … SELECT` writes.
        let writes = all
            .windows(2)
            .any(|w| matches!(w, [a, b] if a.is("INSERT") && b.is("INTO")));
        return Ok(if writes { Action::Write } else { Action::Select });
    }
    if among(&SHOWS) {
        return Ok(Action::Show);
    }
    if among(&WRITES) {
        return Ok(Action::Write);
    }
    if backs_up(all) {
        return Ok(Action::Write);
    }
    if among(&REFUSED) {
        let word = first.name().unwrap_or_default().to_ascii_uppercase();
        return Err(Refusal::denied(format!("{word} is not available on this server")));
    }
    Err(Refusal::syntax(
        "the text does not begin with a statement that is known here",
    ))
}

/// `BACKUP DATABASE x TO File('name/')` and `RESTORE DATABASE x FROM File('name/')`: from and to the folder `backups` of the data
/// folder, under a name that leads nowhere else.
pub(super) fn backs_up(all: &[Token<'_>]) -> bool {
    let [word, database, _, direction, file, open, name, close] = all else {
        return false;
    };
    let direct = (word.is("BACKUP") && direction.is("TO")) || (word.is("RESTORE") && direction.is("FROM"));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let named = matches!(&name.kind, Kind::Text(text) if text.strip_suffix('/').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)
    }));
    direct && database.is("DATABASE") && file.is("File") && open.is_sign(b'(') && named && close.is_sign(b')')
}

/// `… FORMAT name [SETTINGS …]` at the end, outside parentheses.
fn output_format(all: &[Token<'_>]) -> Option<String> {
    let last = all.iter().rposition(|t| t.is("SETTINGS")).filter(|&at| at >= 2);
    let ends_with = |end: usize| match all.get(..end) {
        Some([.., word, name]) if word.is("FORMAT") => name.name().map(str::to_owned),
        _ => None,
    };
    ends_with(all.len()).or_else(|| last.and_then(ends_with))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> (usize, usize, Action) {
        let (statement, _) = insert_head(text.as_bytes()).unwrap().unwrap();
        (statement.sql_end, statement.data_at, statement.action)
    }

    #[test]
    fn the_head_of_an_insert_ends_where_its_rows_begin() {
        for (sql, format, rest) in [
            ("INSERT INTO t ", "CSV", "\n1,2"),
            ("INSERT INTO t (a, `format`) /* FORMAT x */ ", "Native", "\n\x01"),
            ("insert into table a.`values` ", "JSONEachRow", " \r\n{}"),
            ("INSERT INTO format ", "TSV", " \t\n\n1"),
            ("INSERT INTO t SETTINGS a = 1, b = 'FORMAT' ", "TSV", "\n1"),
        ] {
            let text = format!("{sql}FORMAT {format}{rest}");
            let (sql_end, data_at, action) = head(&text);
            assert_eq!(&text[..sql_end], sql);
            assert_eq!(
                action,
                Action::Insert {
                    format: format.to_owned()
                }
            );
            let blanks = rest.find('\n').unwrap() + 1;
            assert_eq!(&text[data_at..], &rest[blanks..], "{text:?}");
        }
        let (sql_end, data_at, _) = head("INSERT INTO values VALUES (1)");
        assert_eq!((sql_end, data_at), (19, 25));
    }

    #[test]
    fn a_head_that_is_cut_anywhere_is_either_incomplete_or_the_same() {
        let text = b"INSERT INTO a.t (x, `y`) SETTINGS z = 'a' FORMAT JSONEachRow\n{\"x\":1}";
        let whole = insert_head(text).unwrap().unwrap().0;
        for cut in 0..text.len() {
            // A cut quote is an error only when nothing more comes: here more text does.
            if let Ok(Some((statement, _))) = insert_head(&text[..cut]) {
                assert!(cut > whole.data_at - 1, "{cut}");
                assert_eq!(statement.action, whole.action);
            }
        }
    }

    #[test]
    fn one_statement_and_no_more() {
        for good in [
            "SELECT 1;",
            "SELECT ';' ; ;",
            "SELECT $$;$$",
            "SELECT 1 -- ; \n",
            "SELECT /* ; /* */ */ 1",
        ] {
            whole(good.as_bytes()).unwrap();
        }
        for bad in [
            "SELECT 1; SELECT 2",
            "SELECT 1 /* */ ; /* x */ y",
            "",
            ";",
            "1 + 1",
            "DETACH TABLE t",
        ] {
            assert!(whole(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_output_format_is_the_last_word() {
        let format = |sql: &str| whole(sql.as_bytes()).unwrap().0.output_format;
        assert_eq!(format("SELECT 1 FORMAT JSON").as_deref(), Some("JSON"));
        assert_eq!(
            format("SELECT 1 format CSV SETTINGS a = 1;").as_deref(),
            Some("CSV")
        );
        assert_eq!(format("SELECT format FROM t"), None);
        assert_eq!(format("SELECT 'x FORMAT JSON'"), None);
    }
}
