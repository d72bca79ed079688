//! What stands beside a committed position: the metadata string of a Kafka commit, or of the cursor file.
//! The fence ([`crate::machine`]) reads it, the proof of ownership writes it.

use uuid::Uuid;

/// The largest metadata that a broker takes (`offset.metadata.max.bytes`).
pub const MAX_BYTES: usize = 4_096;

/// `log_comment` of every insert of one process: `footfall/<database>/<topic id>/<instance>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// `instance` must be new at each start of a process: a tag that comes back could be killed by, or hide
    /// from, a fence that means its predecessor. White space is replaced, because [`Meta`] is split at it, and a
    /// slash in a name, because [`Tag::prefix`] is.
    #[must_use]
    pub fn new(database: &str, topic: &str, instance: &str) -> Self {
        let part = |text: &str| word(&text.replace('/', "_"));
        Self(format!(
            "footfall/{}/{}/{}",
            part(database),
            part(topic),
            part(instance)
        ))
    }

    /// The text, as it stands in `log_comment`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the tags of all processes on this database begin with, whatever their topic: when a topic is made anew, the
    /// old one's owners may still be inserting the same numbers.
    #[must_use]
    pub fn prefix(&self) -> &str {
        let end = self.0.match_indices('/').nth(1).map(|(at, _)| at);
        end.and_then(|end| self.0.get(..=end)).unwrap_or(&self.0)
    }
}

/// The metadata of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meta {
    /// An owner may still insert: whoever comes next must fence it.
    Open {
        /// Tag of the owner's inserts.
        tag: Tag,
        /// `serverUUID()` of the server that it inserts into.
        server: Uuid,
        /// Topic that the position belongs to.
        topic: String,
        /// Address of that server, for the operator.
        address: String,
    },
    /// The last owner had nothing in flight when it left, and will not insert again.
    Closed {
        /// Topic that the position belongs to.
        topic: String,
    },
}

impl Meta {
    /// One line, at most [`MAX_BYTES`] for any real tag and address (the address is cut if need be).
    #[must_use]
    pub fn encode(&self) -> String {
        let mut line = match self {
            Self::Open {
                tag,
                server,
                topic,
                address,
            } => {
                format!(
                    "footfall1 open {} {server} {} {}",
                    tag.as_str(),
                    word(topic),
                    word(address)
                )
            }
            Self::Closed { topic } => format!("footfall1 closed {}", word(topic)),
        };
        while line.len() > MAX_BYTES {
            line.pop();
        }
        line
    }

    /// `None` for an empty or foreign string: it is then treated like metadata that never was, with the full
    /// wait and the barrier for everybody.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        if words.next() != Some("footfall1") {
            return None;
        }
        match words.next()? {
            "open" => Some(Self::Open {
                tag: Tag(words.next()?.to_owned()),
                server: words.next()?.parse().ok()?,
                topic: words.next()?.to_owned(),
                address: words.next().unwrap_or("-").to_owned(),
            }),
            "closed" => Some(Self::Closed {
                topic: words.next()?.to_owned(),
            }),
            _ => None,
        }
    }

    pub(crate) fn topic(&self) -> &str {
        match self {
            Self::Open { topic, .. } | Self::Closed { topic } => topic,
        }
    }
}

/// `text` without white space or control characters, never empty, so that a line splits as it was joined.
pub(crate) fn word(text: &str) -> String {
    let bad = |c: char| c.is_whitespace() || c.is_control();
    let clean: String = text.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    if clean.is_empty() { "-".to_owned() } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(address: &str) -> Meta {
        Meta::Open {
            tag: Tag::new("footfall", "topic", "i-1"),
            server: Uuid::from_u128(7),
            topic: "topic".to_owned(),
            address: address.to_owned(),
        }
    }

    #[test]
    fn metadata_survives_the_way_to_the_broker_and_back() {
        for meta in [
            open("http://127.0.0.1:8123"),
            Meta::Closed {
                topic: "topic".to_owned(),
            },
        ] {
            assert_eq!(Meta::parse(&meta.encode()), Some(meta));
        }
    }

    #[test]
    fn a_monstrous_address_is_cut_and_the_rest_still_reads() {
        let line = open(&"é".repeat(5_000)).encode();
        assert!(line.len() <= MAX_BYTES);
        let Some(Meta::Open { tag, .. }) = Meta::parse(&line) else {
            panic!("unreadable: {line}")
        };
        assert_eq!(tag.as_str(), "footfall/footfall/topic/i-1");
        assert_eq!(tag.prefix(), "footfall/footfall/");
    }

    #[test]
    fn foreign_or_broken_metadata_counts_as_absent() {
        for line in [
            "",
            "closed",
            "footfall1",
            "footfall1 open tag notauuid t a",
            "footfall2 closed t",
        ] {
            assert_eq!(Meta::parse(line), None, "{line}");
        }
    }
}
