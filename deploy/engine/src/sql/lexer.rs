//! Cuts SQL into tokens as ClickHouse's `Lexer.cpp` does. Where the two could disagree (non-ASCII quotes and
//! blanks, `#`, `//`, NUL), the text is refused: a guard that reads other tokens than the engine is none.

use std::borrow::Cow;

use super::Refusal;

/// One token. Comments and blanks are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A bare word: keyword, name or part of a number.
    Word(&'a str),
    /// A name in backquotes or double quotes, unescaped.
    Quoted(Cow<'a, str>),
    /// A string literal or heredoc, unescaped.
    Text(Cow<'a, str>),
    /// Any other single byte.
    Sign(u8),
}

/// A token and where it ends in the text.
#[derive(Debug, Clone)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token<'_> {
    /// Is it this keyword, in any case?
    pub(crate) fn is(&self, keyword: &str) -> bool {
        matches!(self.kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    pub(crate) fn is_sign(&self, sign: u8) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// The name, bare or quoted.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Quoted(name) => Some(name),
            Kind::Text(_) | Kind::Sign(_) => None,
        }
    }
}

/// Reads one token after another, so that the data of an INSERT behind its head is never looked at.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The next token, or `None` at the end.
    pub(crate) fn token(&mut self) -> Result<Option<Token<'a>>, Refusal> {
        self.skip_blanks()?;
        let start = self.at;
        let Some(&first) = self.text.get(start) else {
            return Ok(None);
        };
        let kind = match first {
            b'\'' => Kind::Text(self.quoted(b'\'')?),
            b'"' | b'`' => Kind::Quoted(self.quoted(first)?),
            b'$' => self.heredoc()?,
            b if is_word(b) => self.word()?,
            b'#' => return Err(Refusal::syntax("the sign # is not allowed outside quotes")),
            0 => return Err(Refusal::syntax("a NUL byte is not allowed outside quotes")),
            b if !b.is_ascii() => return Err(Refusal::syntax("only ASCII is allowed outside quotes")),
            b => {
                self.at += 1;
                Kind::Sign(b)
            }
        };
        Ok(Some(Token {
            kind,
            start,
            end: self.at,
        }))
    }

    fn skip_blanks(&mut self) -> Result<(), Refusal> {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            match rest {
                [b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c, ..] => self.at += 1,
                [b'-', b'-', ..] => {
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                [b'/', b'*', ..] => self.skip_comment()?,
                [b'/', b'/', ..] => return Err(Refusal::syntax("// is not allowed outside quotes")),
                _ => return Ok(()),
            }
        }
    }

    /// Comments nest, as they do in ClickHouse.
    fn skip_comment(&mut self) -> Result<(), Refusal> {
        let mut depth = 0_usize;
        loop {
            match self.text.get(self.at..).unwrap_or_default() {
                [b'/', b'*', ..] => {
                    depth += 1;
                    self.at += 2;
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                [] => return Err(Refusal::syntax("a comment is not closed")),
                _ => self.at += 1,
            }
        }
    }

    fn word(&mut self) -> Result<Kind<'a>, Refusal> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|&b| is_word(b) || b == b'$') {
            self.at += 1;
        }
        let word = utf8(self.text.get(start..self.at).unwrap_or_default())?;
        if matches!(word, "x" | "X" | "b" | "B") && self.text.get(self.at) == Some(&b'\'') {
            return self.coded_literal();
        }
        Ok(Kind::Word(word))
    }

    /// `x'2f'` and `b'01'`: no escapes inside.
    fn coded_literal(&mut self) -> Result<Kind<'a>, Refusal> {
        let rest = self.text.get(self.at + 1..).unwrap_or_default();
        let end = memchr::memchr(b'\'', rest).ok_or_else(|| Refusal::syntax("a quote is not closed"))?;
        let inner = utf8(rest.get(..end).unwrap_or_default())?;
        if !inner.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Refusal::syntax(
                "a hexadecimal or binary literal holds other characters",
            ));
        }
        self.at += end + 2;
        Ok(Kind::Text(Cow::Borrowed(inner)))
    }

    /// A quoted thing; the quote is doubled or escaped by a backslash inside it.
    fn quoted(&mut self, quote: u8) -> Result<Cow<'a, str>, Refusal> {
        let start = self.at + 1;
        let mut plain = true;
        self.at = start;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let step = memchr::memchr2(quote, b'\\', rest)
                .ok_or_else(|| Refusal::syntax("a quote is not closed"))?;
            self.at += step;
            let doubled = self.text.get(self.at + 1) == Some(&quote);
            if self.text.get(self.at) == Some(&quote) && !doubled {
                break;
            }
            plain = false;
            self.at += 2;
        }
        let inner = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        if plain {
            Ok(String::from_utf8_lossy(inner))
        } else {
            Ok(Cow::Owned(unescape(inner)))
        }
    }

    /// `$tag$ … $tag$`.
    fn heredoc(&mut self) -> Result<Kind<'a>, Refusal> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let tag = rest
            .get(1..)
            .unwrap_or_default()
            .iter()
            .position(|&b| b == b'$')
            .map(|n| n + 2);
        let Some(tag) = tag.and_then(|n| rest.get(..n)) else {
            return Err(Refusal::syntax("the sign $ is not allowed outside quotes"));
        };
        if !tag.iter().all(|&b| b == b'$' || is_word(b)) {
            return Err(Refusal::syntax("the sign $ is not allowed outside quotes"));
        }
        let inner = rest.get(tag.len()..).unwrap_or_default();
        let end =
            memchr::memmem::find(inner, tag).ok_or_else(|| Refusal::syntax("a heredoc is not closed"))?;
        self.at += tag.len() * 2 + end;
        Ok(Kind::Text(String::from_utf8_lossy(
            inner.get(..end).unwrap_or_default(),
        )))
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

fn utf8(bytes: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(bytes).map_err(|_| Refusal::syntax("the statement is not UTF-8"))
}

/// Undoes doubled quotes and backslashes. `\xHH` and the control letters become what they mean; what is
/// unknown keeps its character, as in ClickHouse.
fn unescape(inner: &[u8]) -> String {
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(b) = bytes.next() {
        if b != b'\\' {
            // A quote of the same sort stands here only doubled.
            if matches!(b, b'\'' | b'"' | b'`') && bytes.peek() == Some(&b) {
                bytes.next();
            }
            out.push(b);
            continue;
        }
        out.push(match bytes.next() {
            Some(b'x') => {
                let digits: Vec<u8> = bytes.by_ref().take(2).collect();
                std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|d| u8::from_str_radix(d, 16).ok())
                    .unwrap_or(b'?')
            }
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(other) => other,
            None => b'\\',
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// All tokens of a text.
pub(crate) fn tokens(text: &[u8]) -> Result<Vec<Token<'_>>, Refusal> {
    let mut lexer = Lexer::new(text);
    let mut all = Vec::new();
    while let Some(token) = lexer.token()? {
        all.push(token);
    }
    Ok(all)
}
