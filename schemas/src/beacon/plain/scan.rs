//! A scanner over the plain part of JSON (RFC 8259): it takes less than JSON allows, and nothing that JSON does not.

use serde_json::value::RawValue;

/// A scalar as props keep it.
pub(super) enum Value<'a> {
    /// null.
    Null,
    /// The string, or the text of the number or truth.
    Text(&'a str),
}

/// A place in a text.
#[derive(Clone)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is not white space, not taken.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Nothing but white space is left.
    pub(super) fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// An object; `field` takes the value of each key.
    pub(super) fn object(&mut self, mut field: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.take(b':')?;
            field(self, key)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// A list; `element` takes each value.
    pub(super) fn list(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            element(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// Any value, checked and not looked into.
    pub(super) fn raw(&mut self) -> Option<&'a RawValue> {
        let mut values = serde_json::Deserializer::from_str(self.text.get(self.at..)?).into_iter();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value)
    }

    /// A string without escapes.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let rest = self.text.get(self.at..)?;
        let length = until_special(rest.as_bytes())?;
        if rest.as_bytes()[length] != b'"' {
            return None;
        }
        self.at += length + 1;
        Some(&rest[..length])
    }

    /// A whole number from 0 that fits into 63 bits.
    pub(super) fn whole(&mut self) -> Option<u64> {
        let number = self.number()?;
        (number.len() <= 18).then(|| number.parse().ok())?
    }

    /// A string, number, truth or null.
    pub(super) fn scalar(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Value::Text),
            b't' => self.word("true").map(Value::Text),
            b'f' => self.word("false").map(Value::Text),
            b'n' => self.word("null").map(|_| Value::Null),
            _ => self.number().map(Value::Text),
        }
    }

    fn word(&mut self, word: &str) -> Option<&'a str> {
        let found = self.text.get(self.at..self.at + word.len())?;
        (found == word).then(|| {
            self.at += word.len();
            found
        })
    }

    /// The text of a number with at most a minus and a fraction; what follows must end it.
    fn number(&mut self) -> Option<&'a str> {
        self.peek()?;
        let rest = &self.text[self.at..];
        let unsigned = rest.strip_prefix('-').unwrap_or(rest);
        let whole = digits(unsigned);
        if whole == 0 || (whole > 1 && unsigned.starts_with('0')) {
            return None;
        }
        let mut length = rest.len() - unsigned.len() + whole;
        if rest.as_bytes().get(length) == Some(&b'.') {
            let fraction = digits(&rest[length + 1..]);
            if fraction == 0 {
                return None;
            }
            length += 1 + fraction;
        }
        let ends = matches!(
            rest.as_bytes().get(length),
            Some(b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t')
        );
        ends.then(|| {
            self.at += length;
            &rest[..length]
        })
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// How many bytes come before the first quote, backslash or control character. Eight bytes at a time in one register
/// ("SWAR": <https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>): a borrow can make a byte seem special only
/// behind one that is.
fn until_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES * 0x80;
    let below = |word: u64, least: u64| word.wrapping_sub(ONES * least) & !word & TOPS;
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let special = is(word, b'"') | is(word, b'\\') | below(word, 0x20);
        if special != 0 {
            return Some(at * 8 + special.trailing_zeros() as usize / 8);
        }
    }
    let special = |byte: &u8| matches!(*byte, b'"' | b'\\' | ..0x20);
    Some(words.len() * 8 + rest.iter().position(special)?)
}
