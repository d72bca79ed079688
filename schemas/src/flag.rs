//! Flags: what was done to an event on its way, so that nothing is repaired silently.

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// One thing that was done to an event, or that is peculiar about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Flag {
    /// The id was missing, nil or not a UUID, and was made here.
    IdMade = 0,
    /// `ts` was there but could not be read; the time of receipt was taken.
    TsUnreadable,
    /// The corrected time lay outside the window and was clamped.
    TimeClamped,
    /// `url` was longer than the limit and was cut.
    UrlCut,
    /// `referrer` was longer than the limit and was cut.
    ReferrerCut,
    /// Another string was longer than its limit and was cut.
    StringCut,
    /// The user agent was longer than the limit and was cut.
    UserAgentCut,
    /// Props had too many keys, bytes or levels; what exceeded was left out.
    PropsCut,
    /// A field that takes a server key came without one and was left out.
    Untrusted,
    /// The site has more event names than allowed; the name stands in props as `$name`.
    NameOther,
    /// `page_id` was not a UUID; one was derived from its text.
    PageIdDerived,
    /// The event came with a server key: its visitor, address, agent and time are the server's word.
    Server,
    /// The event came through the pixel.
    Pixel,
    /// The event happened in an earlier session and came late.
    Late,
    /// Something was taken out of `url` or `referrer`: a secret, a token, an e-mail address.
    UrlScrubbed,
}

impl Flag {
    /// Every flag, in the order of its bit.
    pub const ALL: [Self; 15] = [
        Self::IdMade,
        Self::TsUnreadable,
        Self::TimeClamped,
        Self::UrlCut,
        Self::ReferrerCut,
        Self::StringCut,
        Self::UserAgentCut,
        Self::PropsCut,
        Self::Untrusted,
        Self::NameOther,
        Self::PageIdDerived,
        Self::Server,
        Self::Pixel,
        Self::Late,
        Self::UrlScrubbed,
    ];

    /// The name in the log and in the table.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::IdMade => "id_made",
            Self::TsUnreadable => "ts_unreadable",
            Self::TimeClamped => "time_clamped",
            Self::UrlCut => "url_cut",
            Self::ReferrerCut => "referrer_cut",
            Self::StringCut => "string_cut",
            Self::UserAgentCut => "user_agent_cut",
            Self::PropsCut => "props_cut",
            Self::Untrusted => "untrusted",
            Self::NameOther => "name_other",
            Self::PageIdDerived => "page_id_derived",
            Self::Server => "server",
            Self::Pixel => "pixel",
            Self::Late => "late",
            Self::UrlScrubbed => "url_scrubbed",
        }
    }
}

/// A set of flags; in JSON a list of names. A name that this release does not know is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u32);

impl Flags {
    /// Adds a flag.
    pub const fn set(&mut self, flag: Flag) {
        self.0 |= 1 << flag as u32;
    }

    /// Adds a flag if `condition` holds.
    pub const fn set_if(&mut self, flag: Flag, condition: bool) {
        if condition {
            self.set(flag);
        }
    }

    /// Whether the flag is set.
    #[must_use]
    pub const fn has(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u32) != 0
    }

    /// Whether no flag is set.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// The flags that are set, in the order of their bits.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.into_iter().filter(move |flag| self.has(*flag))
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for flag in self.iter() {
            list.serialize_element(flag.label())?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Flags;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of flag names")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Flags, A::Error> {
                let mut flags = Flags::default();
                while let Some(name) = list.next_element::<std::borrow::Cow<'de, str>>()? {
                    if let Some(flag) = Flag::ALL.into_iter().find(|flag| flag.label() == name) {
                        flags.set(flag);
                    }
                }
                Ok(flags)
            }
            fn visit_unit<E: Error>(self) -> Result<Flags, E> {
                Ok(Flags::default())
            }
        }
        deserializer.deserialize_seq(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::{Flag, Flags};

    #[test]
    fn every_flag_survives_the_log() {
        let mut all = Flags::default();
        for flag in Flag::ALL {
            all.set(flag);
        }
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Flags>(&json).unwrap(), all);
    }

    #[test]
    fn a_flag_of_a_newer_release_is_left_out() {
        let flags: Flags = serde_json::from_str(r#"["id_made","from_the_future"]"#).unwrap();
        assert_eq!(flags.iter().collect::<Vec<_>>(), [Flag::IdMade]);
    }
}
