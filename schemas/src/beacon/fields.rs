//! The value types of an event's fields: as tolerant as is safe, so that a sloppy sender is not a lost event.

use crate::timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use uuid::Uuid;

/// A client time: milliseconds since 1970 or RFC 3339 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stamp {
    /// Not said, or null.
    #[default]
    Missing,
    /// Milliseconds since 1970.
    At(i64),
    /// Something that is not a time.
    Unreadable,
}

impl Stamp {
    /// The time, if there is one.
    #[must_use]
    pub const fn millis(self) -> Option<i64> {
        match self {
            Self::At(millis) => Some(millis),
            Self::Missing | Self::Unreadable => None,
        }
    }
}

/// Text; null counts as not said. Any other type is an error.
#[derive(Debug, Default)]
pub struct Text<'a>(pub Cow<'a, str>);

impl<'a> From<Text<'a>> for Cow<'a, str> {
    fn from(text: Text<'a>) -> Self {
        text.0
    }
}

/// A count: integers and floats, saturated to 0 ..= `u32::MAX`; null counts as 0. Any other type is an error.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub u32);

impl From<Number> for u32 {
    fn from(number: Number) -> Self {
        number.0
    }
}

/// An event id: a UUID that is not nil, else none; never an error.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub Option<Uuid>);

impl From<Id> for Option<Uuid> {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsText;
        impl<'de> Visitor<'de> for AsText {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(AsText)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsNumber;
        impl Visitor<'_> for AsNumber {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(u32::try_from(number).unwrap_or(u32::MAX)))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
                Ok(Number(u32::try_from(number.max(0)).unwrap_or(u32::MAX)))
            }
            #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
            fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
                Ok(Number(number as u32))
            }
            fn visit_unit<E: Error>(self) -> Result<Number, E> {
                Ok(Number(0))
            }
        }
        deserializer.deserialize_any(AsNumber)
    }
}

/// A visitor that takes any JSON value and never fails: what is not understood becomes `$other`.
macro_rules! visit_anything {
    ($other:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($other)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($other)
        }
    };
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsId;
        impl<'de> Visitor<'de> for AsId {
            type Value = Id;
            visit_anything!(Id(None));
            fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
                Ok(Id(Uuid::try_parse(text).ok().filter(|id| !id.is_nil())))
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<Id, E> {
                Ok(Id(None))
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<Id, E> {
                Ok(Id(None))
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<Id, E> {
                Ok(Id(None))
            }
            fn visit_unit<E: Error>(self) -> Result<Id, E> {
                Ok(Id(None))
            }
        }
        deserializer.deserialize_any(AsId)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsStamp;
        impl<'de> Visitor<'de> for AsStamp {
            type Value = Stamp;
            visit_anything!(Stamp::Unreadable);
            fn visit_str<E: Error>(self, text: &str) -> Result<Stamp, E> {
                Ok(timestamp::parse(text).map_or(Stamp::Unreadable, Stamp::At))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Stamp, E> {
                Ok(i64::try_from(number).map_or(Stamp::Unreadable, Stamp::At))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Stamp, E> {
                Ok(Stamp::At(number))
            }
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float cast saturates; sub-milliseconds are cut"
            )]
            fn visit_f64<E: Error>(self, number: f64) -> Result<Stamp, E> {
                Ok(Stamp::At(number as i64))
            }
            fn visit_unit<E: Error>(self) -> Result<Stamp, E> {
                Ok(Stamp::Missing)
            }
        }
        deserializer.deserialize_any(AsStamp)
    }
}
