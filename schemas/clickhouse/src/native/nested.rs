//! Columns of lists and maps: cumulated ends, then the items of all rows, one behind the other.

use super::{Buffer, Column, retain};
use footfall_schemas::Flags;
use std::borrow::Cow;

/// Where each row's items end.
#[derive(Debug, Default, Clone)]
struct Ends {
    bytes: Buffer,
    total: u64,
}

impl Ends {
    #[inline]
    fn push(&mut self, items: usize) {
        self.total += items as u64;
        self.bytes.push(self.total.to_le_bytes());
    }
    /// Keeps the lists whose flag is set; gives the flags of their items.
    fn retain(&mut self, keep: &[bool]) -> Vec<bool> {
        let flags = retain::items(self.bytes.as_slice(), keep);
        let (bytes, mut before) = (std::mem::take(&mut self.bytes), 0);
        self.total = 0;
        for (end, keep) in bytes.as_slice().as_chunks::<8>().0.iter().zip(keep) {
            let end = u64::from_le_bytes(*end);
            if *keep {
                self.total += end - before;
                self.bytes.push(self.total.to_le_bytes());
            }
            before = end;
        }
        flags
    }
    fn clear(&mut self) {
        self.bytes.clear();
        self.total = 0;
    }
}

/// Declares list columns: name, Rust type of a row's list, its empty value, and the items of it.
macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident, $value:ty, $empty:expr, $items:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, Clone)]
        pub struct $name {
            ends: Ends,
            items: Buffer,
        }
        impl Column for $name {
            const TYPE: &'static str = "Array(String)";
            const WIRE: &'static str = "Array(String)";
            type Value<'a> = $value;

            fn empty<'a>() -> Self::Value<'a> {
                $empty
            }
            #[inline]
            fn push(&mut self, value: Self::Value<'_>) {
                let mut count = 0;
                for item in $items(value) {
                    self.items.push_bytes(item.as_bytes());
                    count += 1;
                }
                self.ends.push(count);
            }
            fn retain(&mut self, keep: &[bool]) {
                let items = self.ends.retain(keep);
                retain::strings(&mut self.items, &items);
            }
            fn clear(&mut self) {
                self.ends.clear();
                self.items.clear();
            }
            fn is_blank(&self) -> bool {
                self.ends.total == 0
            }
            fn size(&self) -> usize {
                self.ends.bytes.len() + self.items.len()
            }
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.ends.bytes.as_slice());
                out.extend_from_slice(self.items.as_slice());
            }
        }
    )+};
}

lists! {
    /// A list of codes.
    Codes, &'a [&'a str], &[], <[&str]>::iter;
    /// The names of a set of flags.
    FlagNames, Flags, Flags::default(), flag_names;
}

fn flag_names(flags: Flags) -> impl Iterator<Item = &'static str> {
    // Most events have none: look at the set before each of its bits.
    (!flags.is_empty())
        .then(|| flags.iter().map(footfall_schemas::Flag::label))
        .into_iter()
        .flatten()
}

/// `Map(LowCardinality(String), String)`: keys and values in the order given. A key should come once.
#[derive(Debug, Default, Clone)]
pub struct Pairs {
    ends: Ends,
    keys: Buffer,
    values: Buffer,
}

impl Column for Pairs {
    const TYPE: &'static str = "Map(LowCardinality(String), String)";
    const WIRE: &'static str = "Map(String, String)";
    type Value<'a> = &'a [(Cow<'a, str>, Cow<'a, str>)];

    fn empty<'a>() -> Self::Value<'a> {
        &[]
    }
    #[inline]
    fn push(&mut self, value: Self::Value<'_>) {
        for (key, value) in value {
            self.keys.push_bytes(key.as_bytes());
            self.values.push_bytes(value.as_bytes());
        }
        self.ends.push(value.len());
    }
    fn retain(&mut self, keep: &[bool]) {
        let items = self.ends.retain(keep);
        retain::strings(&mut self.keys, &items);
        retain::strings(&mut self.values, &items);
    }
    fn clear(&mut self) {
        self.ends.clear();
        self.keys.clear();
        self.values.clear();
    }
    fn is_blank(&self) -> bool {
        self.ends.total == 0
    }
    fn size(&self) -> usize {
        self.ends.bytes.len() + self.keys.len() + self.values.len()
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.ends.bytes.as_slice());
        out.extend_from_slice(self.keys.as_slice());
        out.extend_from_slice(self.values.as_slice());
    }
}
