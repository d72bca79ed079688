//! Free properties: strings as they are, other scalars and nested values as JSON text, null dropped, limits kept.

use super::fields::Text;
use crate::limits;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The properties of one event: pairs in the order sent, each key once (its last value), within the limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Props<'a> {
    /// Key and value.
    pub pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Whether something exceeded a limit and was cut or left out.
    pub cut: bool,
}

impl<'a> Props<'a> {
    /// Adds a pair whose value is raw JSON, within the limits; `bytes` is the running total.
    fn take(
        &mut self,
        key: Cow<'a, str>,
        raw: &'a RawValue,
        bytes: &mut usize,
    ) -> Result<(), serde_json::Error> {
        let value = match raw.get().as_bytes().first() {
            Some(b'n') => return Ok(()),
            Some(b'"') => serde_json::from_str::<Text<'a>>(raw.get())?.0,
            _ => Cow::Borrowed(raw.get()),
        };
        let key = cut(key, limits::PROPS_KEY_BYTES, &mut self.cut);
        let value = cut(value, limits::STRING_BYTES, &mut self.cut);
        let total = *bytes + key.len() + value.len();
        let fits = self.pairs.len() < limits::PROPS_KEYS
            && total <= limits::PROPS_BYTES
            && depth(raw.get()) <= limits::PROPS_DEPTH;
        if fits {
            *bytes = total;
            self.pairs.push((key, value));
        } else {
            self.cut = true;
        }
        Ok(())
    }

    /// Keeps the last value of each key, at the place of the first.
    fn keep_last_of_each_key(&mut self) {
        if self.pairs.len() < 2 {
            return;
        }
        let mut order: Vec<usize> = (0..self.pairs.len()).collect();
        order.sort_by(|a, b| self.pairs[*a].0.cmp(&self.pairs[*b].0).then(a.cmp(b)));
        let mut repeated = Vec::new();
        let mut first = 0;
        for at in 1..order.len() {
            if self.pairs[order[at]].0 == self.pairs[order[first]].0 {
                let (keep, again) = (order[first], order[at]);
                self.pairs[keep].1 = std::mem::take(&mut self.pairs[again].1);
                repeated.push(again);
            } else {
                first = at;
            }
        }
        if !repeated.is_empty() {
            repeated.sort_unstable();
            let mut at = 0;
            self.pairs.retain(|_| {
                at += 1;
                repeated.binary_search(&(at - 1)).is_err()
            });
        }
    }
}

/// Cuts at `bytes` and notes whether it did.
fn cut<'a>(text: Cow<'a, str>, bytes: usize, was_cut: &mut bool) -> Cow<'a, str> {
    if text.len() <= bytes {
        return text;
    }
    *was_cut = true;
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(limits::cut(text, bytes).0),
        Cow::Owned(text) => Cow::Owned(limits::cut(&text, bytes).0.to_owned()),
    }
}

/// Deepest nesting of brackets in JSON text that is known to be well formed.
fn depth(json: &str) -> usize {
    let (mut now, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !in_text => now -= 1,
            _ => {}
        }
    }
    deepest
}

impl<'de> Deserialize<'de> for Props<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Props<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Props::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut props, mut bytes) = (Props::default(), 0);
                while let Some((Text(key), raw)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    props.take(key, raw, &mut bytes).map_err(Error::custom)?;
                }
                props.keep_last_of_each_key();
                Ok(props)
            }
        }
        deserializer.deserialize_any(Object)
    }
}
