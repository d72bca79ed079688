//! The file: TOML tables of one level, each leaf as text with its line.

use crate::problem::Problem;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A leaf of the file.
#[derive(Debug)]
pub(super) struct Entry {
    /// `group.name`.
    pub(super) key: String,
    /// The value as flags and the environment would say it.
    pub(super) text: String,
    /// Line in the file, from 1.
    pub(super) line: usize,
}

/// Every leaf. What cannot be read is a problem.
pub(super) fn entries(text: &str, path: &Path, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut list = Vec::new();
    match DeTable::parse(text) {
        Ok(table) => {
            let mut reader = Reader {
                text,
                path,
                problems,
                list: &mut list,
            };
            reader.table("", table.get_ref());
        }
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            problems.push(Problem::new(
                format!("{}:{line}: not TOML: {}", path.display(), error.message()),
                "correct that line; https://toml.io has the rules, `footfall config --reference` every setting",
            ));
        }
    }
    list
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    problems: &'a mut Vec<Problem>,
    list: &'a mut Vec<Entry>,
}

impl Reader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let line = line_of(self.text, name.span().start);
            if let DeValue::Table(inner) = value.get_ref() {
                self.table(&format!("{key}."), inner);
            } else if let Some(text) = scalar(value) {
                self.list.push(Entry { key, text, line });
            } else {
                self.problems.push(Problem::new(
                    format!(
                        "{}:{line}: `{key}` is neither text, a number, a switch nor a list of texts",
                        self.path.display()
                    ),
                    "write the value in quotes, or a list of quoted texts",
                ));
            }
        }
    }
}

fn scalar(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(switch) => Some(switch.to_string()),
        DeValue::Array(list) => {
            let parts: Option<Vec<_>> = list.iter().map(scalar).collect();
            parts.map(|parts| parts.join(", "))
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
