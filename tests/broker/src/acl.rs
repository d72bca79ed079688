//! Who may do what, on a broker that asks: one right at a time, as `kafka-acls.sh --add` gives it.
//!
//! <https://kafka.apache.org/protocol#The_Messages_CreateAcls>, version 1; the numbers are those of `AclOperation` and
//! `ResourceType` in Kafka's own clients.

use std::io;

use crate::broker::Broker;
use crate::error::BrokerError;
use crate::options::Options;
use crate::wire;

/// What a right is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On<'a> {
    /// The topic of that name.
    Topic(&'a str),
    /// The consumer group of that name.
    Group(&'a str),
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum May {
    /// Fetch, join, commit. Includes [`May::Describe`].
    Read,
    /// Produce. Includes [`May::Describe`].
    Write,
    /// Delete records. Includes [`May::Describe`].
    Delete,
    /// See that it is there.
    Describe,
    /// Read its settings.
    DescribeConfigs,
}

const KEY: i16 = 30;
const VERSION: i16 = 1;
const LITERAL: u8 = 3;
const ALLOW: u8 = 3;

impl Options {
    /// Users may do what [`Broker::allow`] gives them and nothing else. Whoever comes by the plain listener has no name,
    /// and may do everything.
    #[must_use]
    pub fn authorizer(self) -> Options {
        let class = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
        self.property("authorizer.class.name", class)
            .property("super.users", "User:ANONYMOUS")
    }
}

impl Broker {
    /// Gives a user a right. Brokers apply it within some milliseconds after this.
    ///
    /// # Errors
    /// The broker does not answer, or has no [`Options::authorizer`].
    pub fn allow(&self, user: &str, on: On<'_>, may: May) -> Result<(), BrokerError> {
        let said = wire::ask(self.port(), &request(user, on, may)).and_then(|answer| verdict(&answer));
        said.map_err(BrokerError::io("give a right on", self.folder()))
    }
}

fn request(user: &str, on: On<'_>, may: May) -> Vec<u8> {
    let (kind, name): (u8, _) = match on {
        On::Topic(name) => (2, name),
        On::Group(name) => (3, name),
    };
    let operation: u8 = match may {
        May::Read => 3,
        May::Write => 4,
        May::Delete => 6,
        May::Describe => 8,
        May::DescribeConfigs => 10,
    };
    let mut bytes = wire::head(KEY, VERSION);
    bytes.extend(1_i32.to_be_bytes());
    bytes.push(kind);
    wire::string(&mut bytes, name);
    bytes.push(LITERAL);
    wire::string(&mut bytes, &format!("User:{user}"));
    wire::string(&mut bytes, "*");
    bytes.extend([operation, ALLOW]);
    bytes
}

/// `throttle i32, count i32`, then of each creation `error i16, message string`.
fn verdict(answer: &[u8]) -> io::Result<()> {
    match answer.get(8..10) {
        Some([0, 0]) => Ok(()),
        Some(code) => Err(io::Error::other(format!(
            "the broker says {code:?}: {}",
            String::from_utf8_lossy(answer.get(12..).unwrap_or_default())
        ))),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}
