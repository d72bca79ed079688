//! Paths as templates by rule: `/item/4711/photos` is `/item/:id/photos`.
//!
//! | a part of the path | becomes |
//! |---|---|
//! | digits | `:id`; a year with a month behind it `:year`, `:month`, then `:day` |
//! | a date (`2026-11-22`) | `:date` |
//! | a UUID, hexadecimal digits (8 or more with a figure among them), a ULID, a mixed word of letters and figures that nobody spells | `:id` |
//! | words with such a part at the beginning or the end (`red-shoes-4711`) | `:slug` |
//! | an e-mail address | `:email` |
//! | longer than 100 bytes | `:text` |
//!
//! An ending stays (`4711.html` is `:id.html`), a slash at the end does not. Words stay as they are.

use std::borrow::Cow;

/// Parts of a path that are looked at; what follows stands as `*`. Bounds the work and the length of a template.
const PARTS: usize = 32;
/// A part that is longer is no name of a kind of page.
const LONG: usize = 100;

/// The template of a path. Borrowed where nothing is variable, which is found by looking for figures first.
#[must_use]
pub fn of(path: &str) -> Cow<'_, str> {
    let trimmed = if path.len() > 1 {
        path.trim_end_matches('/')
    } else {
        path
    };
    let trimmed = if trimmed.is_empty() && !path.is_empty() {
        "/"
    } else {
        trimmed
    };
    if !may_vary(trimmed) {
        return Cow::Borrowed(trimmed);
    }
    let mut template = String::with_capacity(trimmed.len());
    let mut dates = Dates::default();
    for (at, part) in trimmed.split('/').enumerate() {
        if at > 0 {
            template.push('/');
        }
        if at > PARTS {
            template.push('*');
            break;
        }
        let next = if is_year(part) {
            trimmed.split('/').nth(at + 1)
        } else {
            None
        };
        let named = dates
            .name(part, next)
            .map(|name| (name, ""))
            .or_else(|| variable(part));
        let (name, ending) = named.unwrap_or((part, ""));
        template.push_str(name);
        template.push_str(ending);
    }
    if template == trimmed {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(template)
}

/// Whether anything in it could be variable: a figure, an `@`, a long part, or more parts than are looked at.
fn may_vary(path: &str) -> bool {
    path.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@') || path.len() > LONG.min(2 * PARTS)
}

/// What a part is called; none if it is a word.
fn name(part: &str) -> Option<&'static str> {
    let stem = stem(part);
    if part.len() > LONG {
        return Some(":text");
    }
    if part.contains('@') || part.contains("%40") {
        return part.contains('.').then_some(":email");
    }
    if !stem.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if is_date(stem) {
        return Some(":date");
    }
    if is_id(stem) {
        return Some(":id");
    }
    let ends = |separator: char| {
        let (first, last) = (stem.split(separator).next(), stem.rsplit(separator).next());
        stem.contains(separator) && [first, last].into_iter().flatten().any(is_id_in_words)
    };
    (ends('-') || ends('_')).then_some(":slug")
}

/// What a part is called, and the ending that stays.
fn variable(part: &str) -> Option<(&'static str, &str)> {
    let name = name(part)?;
    let whole = matches!(name, ":email" | ":text");
    let ending = if whole {
        ""
    } else {
        part.get(stem(part).len()..).unwrap_or_default()
    };
    Some((name, ending))
}

/// Without an ending such as `.html`.
fn stem(part: &str) -> &str {
    match part.rsplit_once('.') {
        Some((stem, ending)) if is_ending(ending) && !stem.is_empty() => stem,
        _ => part,
    }
}

fn is_ending(ending: &str) -> bool {
    (2..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_id(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits || is_uuid(text) || is_hexadecimal(text) || is_ulid(text) || is_mixed(text)
}

/// Beside words a number has to be long to be an id: `top-10`, `iphone-15`, `2026-review`.
fn is_id_in_words(text: &str) -> bool {
    is_id(text) && text.len() >= 4 && !is_year(text)
}

fn is_uuid(text: &str) -> bool {
    let hyphens = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| {
            if hyphens.contains(&at) {
                byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
}

fn is_hexadecimal(text: &str) -> bool {
    text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) && has_digit(text)
}

/// Crockford's base 32, 26 letters and figures (the ULID specification).
fn is_ulid(text: &str) -> bool {
    text.len() == 26
        && has_digit(text)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// Letters and figures that change so often between small, large and figure that nobody has chosen them: every second one.
fn is_mixed(text: &str) -> bool {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        b'-' | b'_' => 4,
        _ => 0_u8,
    };
    let kinds: u32 = text
        .bytes()
        .map(|byte| 1 << kind(byte))
        .fold(0, |all, one| all | one);
    let changes = text
        .bytes()
        .zip(text.bytes().skip(1))
        .filter(|(a, b)| kind(*a) != kind(*b))
        .count();
    // Letters of both kinds and figures, and nothing that no such id has.
    text.len() >= 8 && kinds & 0b01110 == 0b01110 && kinds & 1 == 0 && changes * 2 >= text.len()
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_year(text: &str) -> bool {
    text.len() == 4
        && (text.starts_with("19") || text.starts_with("20"))
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let separated = matches!(
        bytes,
        [_, _, _, _, b'-' | b'.' | b'_', _, _, b'-' | b'.' | b'_', _, _]
    );
    let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<u8>().ok());
    separated
        && text.get(..4).is_some_and(is_year)
        && number(5, 7).is_some_and(|month| (1..=12).contains(&month))
        && number(8, 10).is_some_and(|day| (1..=31).contains(&day))
}

/// A year, its month and its day, one behind the other.
#[derive(Default)]
struct Dates {
    /// What the part before was.
    before: Option<&'static str>,
}

impl Dates {
    fn name(&mut self, part: &str, next: Option<&str>) -> Option<&'static str> {
        let within = |text: &str, most: u8| {
            let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            digits
                && text
                    .parse::<u8>()
                    .is_ok_and(|number| (1..=most).contains(&number))
        };
        let name = match self.before {
            Some(":year") if within(part, 12) => Some(":month"),
            Some(":month") if within(part, 31) => Some(":day"),
            _ => next
                .filter(|next| is_year(part) && within(next, 12))
                .map(|_| ":year"),
        };
        self.before = name;
        name
    }
}

#[cfg(test)]
mod tests;
