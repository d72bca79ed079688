//! From a request to a statement that may run: reads the text (query parameter, then body, as ClickHouse
//! joins them), classifies it, checks it against the guard and the user's rights, and writes the settings.

use bytes::Bytes;

use super::access::User;
use super::asked::Asked;
use super::input::{self, Input};
use crate::session::Session;
use crate::sql::guard::{Guard, input_format};
use crate::sql::lexer::Token;
use crate::sql::statement::{Action, begins_with_insert, insert_head, whole};
use crate::status::Failure;
use crate::values::Parameters;

/// The longest statement that is read, the data of an INSERT not counted. The engine's own limit is the
/// setting `max_query_size` (256 KiB).
const MAX_STATEMENT: usize = 16 << 20;
/// What a reader's statement may take at most: seconds, bytes of memory.
const READER_SECONDS: f64 = 60.0;
const READER_MEMORY: u64 = 4 << 30;

/// A statement, ready to run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) action: Action,
    pub(crate) sql: Bytes,
    /// The first rows of an INSERT, which came with its head.
    pub(crate) data: Bytes,
    /// `FORMAT` of the statement, or the default that was asked for.
    pub(crate) format: String,
    pub(crate) parameters: Parameters,
    /// Statements to run before, on the same connection.
    pub(crate) settings: Vec<String>,
}

/// Reads and checks. Nothing of the engine is used yet.
pub(crate) fn plan(
    session: &Session,
    asked: &mut Asked,
    user: User,
    input: &mut Input,
    tag: &str,
) -> Result<Plan, Failure> {
    let text = read(asked, input)?;
    let head = if begins_with_insert(&text) {
        insert_head(&text)?
    } else {
        None
    };
    let (statement, tokens) = match head {
        Some(head) => head,
        None => whole(&text)?,
    };
    session.guard.check(&tokens, &asked.parameters, &asked.database)?;
    allowed(&statement.action, user, asked.only_reads)?;
    if let Action::Insert { format } = &statement.action {
        input_format(format)?;
    }
    let sql = own_uuid(session, &text, &tokens, statement.sql_end);
    let default = || {
        asked
            .default_format
            .clone()
            .unwrap_or_else(|| "TabSeparated".to_owned())
    };
    let format = statement.output_format.unwrap_or_else(default);
    let streamed =
        statement.action == Action::Select && super::select::streams(&format) && !asked.wait_end_of_query;
    let cap = (!streamed).then_some(session.max_result_bytes);
    let settings = settings(asked, user, tag, cap)?;
    let data = text.slice(statement.data_at.min(text.len())..);
    let parameters = Parameters::new(std::mem::take(&mut asked.parameters));
    Ok(Plan {
        action: statement.action,
        sql,
        data,
        format,
        parameters,
        settings,
    })
}

/// The text: all of it, or of an INSERT at least the head.
fn read(asked: &mut Asked, input: &mut Input) -> Result<Bytes, Failure> {
    let mut text = std::mem::take(&mut asked.query).into_bytes();
    if !text.is_empty() {
        text.push(b'\n');
    }
    let mut tried = 0;
    loop {
        // A head is looked for again when the text has doubled: never quadratic.
        if text.len() >= tried * 2 && begins_with_insert(&text) {
            tried = text.len();
            // An error may only mean that a quote is cut here; if it stays, `plan` meets it again.
            if matches!(insert_head(&text), Ok(Some(_))) {
                return Ok(text.into());
            }
        }
        match input.next().map_err(|e| input::failure(&e))? {
            Some(more) => text.extend_from_slice(&more),
            None => break,
        }
        if text.len() > MAX_STATEMENT {
            return Err(Failure::new(
                229,
                "the statement is too long. (QUERY_IS_TOO_LARGE)",
            ));
        }
    }
    // Marks a word at the very end as complete.
    text.push(b'\n');
    Ok(text.into())
}

fn allowed(action: &Action, user: User, only_reads: bool) -> Result<(), Failure> {
    let reads = matches!(action, Action::Select | Action::Show);
    if reads || (user == User::Writer && !only_reads) {
        return Ok(());
    }
    let who = if user == User::Reader {
        "the user may only read"
    } else {
        "GET may only read, use POST"
    };
    Err(Failure::new(
        164,
        &format!("Cannot execute query in readonly mode: {who}. (READONLY)"),
    ))
}

/// `serverUUID()` of chdb is all zeros: it becomes the one of the data folder.
fn own_uuid(session: &Session, text: &Bytes, tokens: &[Token<'_>], end: usize) -> Bytes {
    let called = |w: &[Token<'_>]| match w {
        [name, open, close] if open.is_sign(b'(') && close.is_sign(b')') => {
            name.is("serverUUID").then_some((name.start, close.end))
        }
        _ => None,
    };
    let places: Vec<(usize, usize)> = tokens
        .windows(3)
        .filter_map(called)
        .filter(|place| place.1 <= end)
        .collect();
    if places.is_empty() {
        return text.slice(..end);
    }
    let mut out = Vec::with_capacity(end + places.len() * 64);
    let mut from = 0;
    let uuid = session.facts.server_uuid;
    for (start, after) in places {
        out.extend_from_slice(text.get(from..start).unwrap_or_default());
        out.extend_from_slice(format!("(toUUID('{uuid}') AS `serverUUID()`)").as_bytes());
        from = after;
    }
    out.extend_from_slice(text.get(from..end).unwrap_or_default());
    out.into()
}

/// `SET …` and `USE …`. An unknown setting is the engine's to refuse, with code 115. `cap`: bytes of a result
/// that is kept in memory as a whole.
fn settings(asked: &Asked, user: User, tag: &str, cap: Option<u64>) -> Result<Vec<String>, Failure> {
    let mut all = vec![format!("query_cache_tag = {}", quoted(tag))];
    for (name, value) in &asked.settings {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(Failure::new(
                115,
                "Unknown setting: the name is not one. (UNKNOWN_SETTING)",
            ));
        }
        Guard::setting(name)?;
        if user == User::Writer || name != "readonly" {
            all.push(format!("{name} = {}", quoted(value)));
        }
    }
    let asked_for = |name: &str| {
        asked
            .settings
            .iter()
            .rev()
            .find(|s| s.0 == name)
            .map(|s| s.1.as_str())
    };
    if let Some(cap) = cap {
        let own = asked_for("max_result_bytes")
            .and_then(|v| v.parse::<u64>().ok())
            .filter(|n| *n > 0 && *n < cap);
        all.push(format!("max_result_bytes = {}", own.unwrap_or(cap)));
    }
    if user == User::Reader {
        let seconds = asked_for("max_execution_time").and_then(|v| v.parse::<f64>().ok());
        let seconds = seconds
            .filter(|s| *s > 0.0 && *s < READER_SECONDS)
            .unwrap_or(READER_SECONDS);
        let memory = asked_for("max_memory_usage").and_then(|v| v.parse::<u64>().ok());
        let memory = memory
            .filter(|m| *m > 0 && *m < READER_MEMORY)
            .unwrap_or(READER_MEMORY);
        all.push(format!(
            "max_execution_time = {seconds}, timeout_overflow_mode = 'throw'"
        ));
        all.push(format!("max_memory_usage = {memory}, allow_ddl = 0"));
    }
    let mut statements = vec![format!("SET {}", all.join(", "))];
    if !asked.database.is_empty() {
        statements.push(format!(
            "USE `{}`",
            asked.database.replace('\\', "\\\\").replace('`', "\\`")
        ));
    }
    if user == User::Reader {
        statements.push("SET readonly = 1".to_owned());
    }
    Ok(statements)
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}
