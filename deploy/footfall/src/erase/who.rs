//! Whom an erasure is about: the name, its keyed hash, and as conditions on the tables.
//!
//! A value never stands in the text of a statement: it goes along as hex, in a parameter. So nothing has to be escaped, and
//! what ClickHouse writes down of a statement says nothing of a person.

use crate::cli::Person;
use anyhow::{Result, bail};
use footfall_processor::suppressed::{Key, Kind};
use std::fmt::Write as _;
use std::net::IpAddr;
use uuid::Uuid;

/// Rows of `events` that are the person's, whatever they are named by. Parameters: [`Who::params`].
///
/// A visitor's are those with the id, a user's those with the id and those of a visitor while it was the user
/// (`user_events`), an address's those with all of it. `$unlink` names whom it is about in its properties.
const VISITOR: &str = "(visitor_id = toUUIDOrZero(unhex({who:String})) \
     OR (name = '$unlink' AND props['visitor'] = unhex({who:String})))";
const USER: &str = "(user_id = unhex({who:String}) \
     OR (name = '$unlink' AND props['user'] = unhex({who:String})) \
     OR (log_id, log_seq) IN (SELECT log_id, log_seq FROM user_events WHERE resolved_user = unhex({who:String}) \
         AND visitor_id IN (SELECT visitor_id FROM user_links WHERE user_id = unhex({who:String}))))";
const IP: &str = "ip = toIPv6OrDefault(unhex({who:String}))";
const SCOPE: &str = "({site:String} = '' OR site = unhex({site:String})) \
     AND least(time, received_at) <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')";

/// A person by one name.
#[derive(Clone, PartialEq, Eq)]
pub enum Who {
    /// By `visitor_id`.
    Visitor(Uuid),
    /// By `user_id`.
    User(String),
    /// By the address in full.
    Ip(IpAddr),
}

impl Who {
    /// The one name that the command line has.
    ///
    /// # Errors
    /// None of them, or an address that is a whole network's.
    pub fn of(person: &Person) -> Result<Self> {
        let by_ip = |ip: IpAddr| {
            if is_network(ip) {
                bail!(
                    "{ip} is what is left of the addresses of a whole network where a site truncates them: it stands for \
                     many people. Name the person by --visitor or --user"
                );
            }
            Ok(Self::Ip(ip.to_canonical()))
        };
        match (person.visitor, &person.user, person.ip) {
            (Some(visitor), ..) if visitor.is_nil() => bail!("nobody has the visitor id that is all zeros"),
            (Some(visitor), ..) => Ok(Self::Visitor(visitor)),
            (None, Some(user), _) => Ok(Self::User(user.clone())),
            (None, None, Some(ip)) => by_ip(ip),
            (None, None, None) => bail!("name the person: --visitor, --user or --ip"),
        }
    }

    /// What it is named by.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Visitor(_) => Kind::Visitor,
            Self::User(_) => Kind::User,
            Self::Ip(_) => Kind::Ip,
        }
    }

    /// Its keyed hash.
    #[must_use]
    pub fn hash(&self, key: &Key) -> u128 {
        match self {
            Self::Visitor(id) => key.of_id(Kind::Visitor, *id),
            Self::User(user) => key.of_user(user),
            Self::Ip(ip) => key.of_ip(*ip),
        }
    }

    /// The name itself, as it stands in records.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Visitor(id) => id.to_string(),
            Self::User(user) => user.clone(),
            Self::Ip(ip) => ip.to_string(),
        }
    }

    /// The condition on `events`.
    #[must_use]
    pub fn condition(&self) -> String {
        let who = match self {
            Self::Visitor(_) => VISITOR,
            Self::User(_) => USER,
            Self::Ip(_) => IP,
        };
        format!("{who} AND {SCOPE}")
    }

    /// What the condition needs. `until`: ms since 1970.
    #[must_use]
    pub fn params(&self, site: &str, until: i64) -> Vec<(&'static str, String)> {
        vec![
            ("who", hex(&self.value())),
            ("site", hex(site)),
            ("until", until.to_string()),
        ]
    }
}

/// Of an address that `truncate` has cut nothing else is left.
fn is_network(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.octets()[3] == 0,
        IpAddr::V6(v6) => v6.segments()[3..].iter().all(|group| *group == 0),
    }
}

/// Bytes as hex digits.
pub(super) fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut hex, byte| {
        // Writing into a string cannot fail.
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::{Person, Who};

    #[test]
    fn an_address_of_a_network_is_nobodys() {
        let of = |ip: &str| {
            Who::of(&Person {
                ip: Some(ip.parse().unwrap()),
                ..Person::default()
            })
        };
        for ip in ["203.0.113.0", "2001:db8:77::", "::ffff:203.0.113.0"] {
            assert!(of(ip).is_err(), "{ip}");
        }
        assert_eq!(of("::ffff:203.0.113.7").unwrap().value(), "203.0.113.7");
        assert_eq!(of("2001:db8:77::1").unwrap().value(), "2001:db8:77::1");
        assert!(Who::of(&Person::default()).is_err());
    }
}
