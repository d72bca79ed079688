//! Refuses statements that reach files, the network or processes.
//!
//! This is one wall of three. The engine's grants (`session.rs`) hold table functions and engines that need a
//! source, but not the scalar `file()`, `EmbeddedRocksDB` or DEFAULT expressions hidden in structure strings;
//! the kernel (`sandbox.rs`) holds whatever gets past both. Here a clear error comes out of it.

use std::collections::HashSet;

use super::Refusal;
use super::harmless::{
    DATABASE_ENGINES, REFUSED_FUNCTIONS, REFUSED_INPUT_FORMATS, REFUSED_SETTINGS, REFUSED_TABLES,
    TABLE_ENGINES, TABLE_FUNCTIONS,
};
use super::lexer::{Kind, Token};
use super::statement::backs_up;

/// The names that are refused, in lower case.
#[derive(Debug)]
pub(crate) struct Guard {
    functions: HashSet<String>,
}

impl Guard {
    /// `table_functions`: all names that the running engine has.
    pub(crate) fn new<'a>(table_functions: impl Iterator<Item = &'a str>) -> Self {
        let harmless = |name: &str| TABLE_FUNCTIONS.iter().any(|h| h.eq_ignore_ascii_case(name));
        let reaching = table_functions.filter(|name| !harmless(name));
        // These two are harmless in themselves and are looked at more closely below.
        let functions = reaching.filter(|name| !matches!(*name, "format" | "input" | "dictionary"));
        let all = functions.chain(REFUSED_FUNCTIONS).map(str::to_ascii_lowercase);
        Self {
            functions: all.collect(),
        }
    }

    /// `parameters`: the values that will be put into the statement; `database`: the current one.
    pub(crate) fn check(
        &self,
        tokens: &[Token<'_>],
        parameters: &[(String, String)],
        database: &str,
    ) -> Result<(), Refusal> {
        if backs_up(tokens) {
            return Ok(());
        }
        for at in 0..tokens.len() {
            let rest = tokens.get(at..).unwrap_or_default();
            files(rest)?;
            self.calls(rest)?;
            merged(rest)?;
        }
        settings(tokens)?;
        system_tables(tokens, database)?;
        let first = tokens.first();
        if first.is_some_and(|t| t.is("CREATE") || t.is("ALTER")) {
            definitions(tokens)?;
        }
        self.hidden(tokens, parameters)
    }

    /// A setting that came with the request.
    pub(crate) fn setting(name: &str) -> Result<(), Refusal> {
        let name = name.to_ascii_lowercase();
        if REFUSED_SETTINGS.iter().any(|refused| name.starts_with(refused)) {
            return Err(Refusal::denied(format!(
                "the setting {name} is not available on this server"
            )));
        }
        Ok(())
    }

    fn refuses(&self, token: &Token<'_>) -> bool {
        token
            .name()
            .is_some_and(|name| self.functions.contains(&name.to_ascii_lowercase()))
    }

    fn calls(&self, rest: &[Token<'_>]) -> Result<(), Refusal> {
        let called = match rest {
            [name, open, ..] if open.is_sign(b'(') && self.refuses(name) => name,
            [apply, name, ..] if apply.is("APPLY") && self.refuses(name) => name,
            [apply, open, name, ..] if apply.is("APPLY") && open.is_sign(b'(') && self.refuses(name) => name,
            _ => return Ok(()),
        };
        let name = called.name().unwrap_or_default();
        Err(Refusal::denied(format!(
            "{name}() is not available: SQL does not leave this server"
        )))
    }

    /// Structure strings (`format('JSONEachRow', 'x String DEFAULT file(…)', …)`) are SQL in a string, and
    /// `format('Parquet', …)` is input.
    fn hidden(&self, tokens: &[Token<'_>], parameters: &[(String, String)]) -> Result<(), Refusal> {
        let takes_structure = |t: &Token<'_>| {
            [
                "format",
                "input",
                "values",
                "null",
                "generateRandom",
                "loop",
                "merge",
            ]
            .iter()
            .any(|name| t.is(name))
                || matches!(t.kind, Kind::Quoted(_))
        };
        let called =
            |w: &[Token<'_>]| matches!(w, [name, open] if takes_structure(name) && open.is_sign(b'('));
        if !tokens.windows(2).any(called) {
            return Ok(());
        }
        let texts = tokens.iter().filter_map(|t| match &t.kind {
            Kind::Text(text) => Some(text.as_ref()),
            Kind::Word(_) | Kind::Quoted(_) | Kind::Sign(_) => None,
        });
        for text in texts.chain(parameters.iter().map(|(_, value)| value.as_str())) {
            self.structure(text)?;
        }
        let words = tokens.iter().filter_map(Token::name);
        words
            .chain(parameters.iter().map(|(_, value)| value.as_str()))
            .try_for_each(input_format)
    }

    fn structure(&self, text: &str) -> Result<(), Refusal> {
        let lower = text.to_ascii_lowercase();
        let hides_sql = ["default", "materialized", "alias", "ephemeral"]
            .iter()
            .any(|word| lower.contains(word));
        if hides_sql && lower.contains('(') {
            return Err(Refusal::denied(
                "a structure with default expressions is not available on this server",
            ));
        }
        input_format(text)
    }
}

fn files(rest: &[Token<'_>]) -> Result<(), Refusal> {
    let refused = match rest {
        [a, b, ..] if a.is("INTO") && b.is("OUTFILE") => "INTO OUTFILE",
        [a, b, ..] if a.is("FROM") && b.is("INFILE") => "FROM INFILE",
        [a, b, ..] if a.is("INTO") && b.is("FUNCTION") => "INSERT INTO FUNCTION",
        [a, b, ..] if a.is("INTO") && b.is("TABLE") && rest.get(2).is_some_and(|t| t.is("FUNCTION")) => {
            "INSERT INTO FUNCTION"
        }
        _ => return Ok(()),
    };
    Err(Refusal::denied(format!(
        "{refused} is not available: SQL does not leave this server"
    )))
}

/// `SET a = 1` and `… SETTINGS a = 1, b = 2`: every name before an equals sign from there on.
fn settings(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let from = match tokens.first() {
        Some(first) if first.is("SET") => Some(0),
        _ => tokens.iter().position(|t| t.is("SETTINGS")),
    };
    let clause = from.and_then(|from| tokens.get(from..)).unwrap_or_default();
    clause.windows(2).try_for_each(|pair| match pair {
        [name, equals] if equals.is_sign(b'=') => name.name().map_or(Ok(()), Guard::setting),
        _ => Ok(()),
    })
}

fn system_tables(tokens: &[Token<'_>], database: &str) -> Result<(), Refusal> {
    let system = |name: &str| name.eq_ignore_ascii_case("system");
    if !system(database) && !tokens.iter().filter_map(Token::name).any(system) {
        return Ok(());
    }
    let refused = |name: &&str| {
        REFUSED_TABLES
            .iter()
            .any(|table| table.eq_ignore_ascii_case(name))
    };
    match tokens.iter().filter_map(Token::name).find(refused) {
        Some(name) => Err(Refusal::denied(format!(
            "system.{name} is not available on this server"
        ))),
        None => Ok(()),
    }
}

/// `merge('system', …)` and `merge(REGEXP(…), …)`, as function and as engine, would get around the above.
fn merged(rest: &[Token<'_>]) -> Result<(), Refusal> {
    let refused = match rest {
        [merge, open, first, ..] if merge.is("merge") && open.is_sign(b'(') => {
            let text = matches!(&first.kind, Kind::Text(text) if text.eq_ignore_ascii_case("system"));
            let name = first
                .name()
                .is_some_and(|n| ["system", "REGEXP"].iter().any(|r| r.eq_ignore_ascii_case(n)));
            text || name || first.is_sign(b'{')
        }
        _ => false,
    };
    if refused {
        Err(Refusal::denied(
            "merge() over system tables is not available on this server",
        ))
    } else {
        Ok(())
    }
}

/// CREATE and ALTER: engines by the list, no sources, no disks, nothing that moves files.
fn definitions(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let database = tokens.iter().take(5).any(|t| t.is("DATABASE"));
    let engines: &[&str] = if database {
        &DATABASE_ENGINES
    } else {
        &TABLE_ENGINES
    };
    for at in 0..tokens.len() {
        let rest = tokens.get(at..).unwrap_or_default();
        let engine = match rest {
            [word, equals, name, ..] if word.is("ENGINE") && equals.is_sign(b'=') => name.name(),
            [word, name, ..] if word.is("ENGINE") => name.name(),
            _ => None,
        };
        if let Some(engine) = engine.filter(|engine| !engines.contains(engine)) {
            return Err(Refusal::denied(format!(
                "the engine {engine} is not available on this server"
            )));
        }
        definition_words(rest, at)?;
    }
    Ok(())
}

/// Words that only ever stand for something that is refused, and the objects that CREATE may not make.
fn definition_words(rest: &[Token<'_>], at: usize) -> Result<(), Refusal> {
    let Some(word) = rest.first() else { return Ok(()) };
    let objects = [
        "DICTIONARY",
        "FUNCTION",
        "NAMED",
        "USER",
        "ROLE",
        "QUOTA",
        "PROFILE",
        "WORKLOAD",
        "RESOURCE",
    ];
    let object = at > 0
        && at <= 5
        && objects.iter().any(|o| word.is(o))
        && !rest.get(1).is_some_and(|t| t.is_sign(b'('));
    let moves = ["FETCH", "FREEZE", "UNFREEZE", "EXPORT", "DETACH", "SHARD"]
        .iter()
        .any(|w| word.is(w))
        && !freezes(rest);
    let disk = matches!(rest, [a, b, ..] if (a.is("TO") && (b.is("DISK") || b.is("VOLUME"))));
    let setting = matches!(rest, [a, b, ..] if (a.is("disk") || a.is("storage_policy")) && b.is_sign(b'='));
    let source = matches!(rest, [a, b, ..] if a.is("SOURCE") && b.is_sign(b'('));
    if object || moves || disk || setting || source {
        let name = word.name().unwrap_or_default().to_ascii_uppercase();
        return Err(Refusal::denied(format!(
            "{name} is not available here: SQL does not leave this server"
        )));
    }
    Ok(())
}

/// `FREEZE WITH NAME 'name'`, for back-ups: links within the data folder, under a name that leads nowhere else.
fn freezes(rest: &[Token<'_>]) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match rest {
        [freeze, with, name, text] => {
            let named = matches!(&text.kind, Kind::Text(text) if !text.is_empty() && text.chars().all(plain));
            freeze.is("FREEZE") && with.is("WITH") && name.is("NAME") && named
        }
        _ => false,
    }
}

/// An input format, of an INSERT or of the table function `format`.
pub(crate) fn input_format(name: &str) -> Result<(), Refusal> {
    if REFUSED_INPUT_FORMATS
        .iter()
        .any(|refused| refused.eq_ignore_ascii_case(name))
    {
        return Err(Refusal {
            code: 73,
            text: format!("{name} is not taken as input here. (UNKNOWN_FORMAT)"),
        });
    }
    Ok(())
}
