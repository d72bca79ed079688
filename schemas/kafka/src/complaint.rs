//! What librdkafka has to say about its connections: each thing once, and the telling one in front.
//!
//! A wrong password or certificate is retried by librdkafka for ever, and reported every time, mixed with "all brokers
//! are down". [`Complaints`] logs each kind once a minute and keeps the one that says most.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use crate::rights::Right;

/// The same kind of complaint is logged again after this.
const AGAIN: Duration = Duration::from_secs(60);

/// What is wrong with a connection, shared by whoever wants to know. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Complaints {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    worst: Option<(Cause, String)>,
    logged: Vec<(RDKafkaErrorCode, Instant)>,
    quiet: bool,
    /// The topic that a producer writes to.
    written: Option<String>,
}

/// What a complaint is about, in the order of how much it says: a lesser one never takes the place of a greater one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// No broker at all can be reached, or nothing was said.
    Down,
    /// Something that has no kind of its own.
    Other,
    /// A broker cannot be reached.
    Unreachable,
    /// The user may not do it.
    Permission,
    /// TLS: a certificate, ours or the broker's.
    Tls,
    /// User or password.
    Login,
}

impl Cause {
    /// Whether the broker has refused us, and waiting does not help.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        self >= Cause::Permission
    }
}

impl Complaints {
    /// Complaints that nobody logs here: the worst is somebody's error.
    #[must_use]
    pub fn quiet() -> Complaints {
        let complaints = Complaints::default();
        complaints.lock().quiet = true;
        complaints
    }

    /// Complaints of producers that write to this topic: what is not permitted is named as the right that is missing.
    #[must_use]
    pub fn of_writer(topic: &str) -> Complaints {
        let complaints = Complaints::default();
        complaints.lock().written = Some(topic.to_owned());
        complaints
    }

    /// For [`ClientContext::error`] of a context of one's own.
    pub fn note(&self, error: &KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        let (weight, mut text) = explain(code, reason);
        let mut state = self.lock();
        if let (Some(topic), Some(right)) = (&state.written, Right::of_producer(code)) {
            text = right.missing(topic);
        }
        if state.worst.as_ref().is_none_or(|(kept, _)| weight >= *kept) {
            state.worst = Some((weight, text.clone()));
        }
        if state.quiet {
            return;
        }
        let now = Instant::now();
        let recent = |at: &Instant| now.duration_since(*at) < AGAIN;
        if state
            .logged
            .iter()
            .any(|(logged, at)| *logged == code && recent(at))
        {
            return;
        }
        state.logged.retain(|(logged, _)| *logged != code);
        state.logged.push((code, now));
        drop(state);
        tracing::warn!(code = ?code, "{text}");
    }

    /// The complaint that says most since the last [`Complaints::clear`]: one sentence for the operator.
    #[must_use]
    pub fn worst(&self) -> Option<String> {
        self.lock().worst.as_ref().map(|(_, text)| text.clone())
    }

    /// Whether the broker has refused us: a user, password or certificate is wrong, and waiting does not help.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.cause().is_refusal()
    }

    /// What [`Complaints::worst`] is about.
    #[must_use]
    pub fn cause(&self) -> Cause {
        let state = self.lock();
        state.worst.as_ref().map_or(Cause::Down, |(cause, _)| *cause)
    }

    /// Everything is well again, or begins anew. A refusal is not logged again at once: a broker that answers to one
    /// question still says no to another.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.worst = None;
        state.logged.retain(|(code, _)| explain(*code, "").0.is_refusal());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn explain(code: RDKafkaErrorCode, reason: &str) -> (Cause, String) {
    match code {
        RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed => (
            Cause::Login,
            format!("the broker refuses our user or password: {reason}"),
        ),
        // TLS 1.3 lets a client find out only after the handshake that its certificate is not wanted.
        RDKafkaErrorCode::BrokerTransportFailure if reason.contains("SSL alert") => (
            Cause::Tls,
            format!("no TLS with the broker, it refuses our certificate: {reason}"),
        ),
        RDKafkaErrorCode::SSL => (Cause::Tls, format!("no TLS with the broker: {reason}")),
        RDKafkaErrorCode::TopicAuthorizationFailed
        | RDKafkaErrorCode::GroupAuthorizationFailed
        | RDKafkaErrorCode::ClusterAuthorizationFailed => (
            Cause::Permission,
            format!("the broker does not permit it to our user: {reason}"),
        ),
        RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve => {
            (Cause::Unreachable, format!("cannot reach the broker: {reason}"))
        }
        RDKafkaErrorCode::AllBrokersDown => (Cause::Down, format!("no broker can be reached: {reason}")),
        other => (Cause::Other, format!("librdkafka says {other:?}: {reason}")),
    }
}

/// A client context that does nothing but listen; its log lines go to `tracing` at debug.
#[derive(Clone, Debug, Default)]
pub struct Listening(pub Complaints);

impl ClientContext for Listening {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        tracing::debug!(severity = ?level, facility = fac, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.note(&error, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_most_stays_in_front() {
        let complaints = Complaints::default();
        let global = |code| KafkaError::Global(code);
        complaints.note(&global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
        assert!(complaints.worst().unwrap().contains("no broker"));
        complaints.note(&global(RDKafkaErrorCode::Authentication), "invalid credentials");
        complaints.note(&global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
        assert!(complaints.worst().unwrap().contains("password"));
        assert!(complaints.refused());
        complaints.clear();
        assert_eq!(complaints.worst(), None);
    }

    #[test]
    fn a_writer_hears_which_right_is_missing() {
        let complaints = Complaints::of_writer("events");
        let denied = KafkaError::Global(RDKafkaErrorCode::ClusterAuthorizationFailed);
        complaints.note(&denied, "Failed to acquire idempotence PID");
        let worst = complaints.worst().unwrap();
        assert!(
            worst.starts_with("our user may not write to the topic events; permit it: `kafka-acls.sh --add"),
            "{worst}"
        );
        assert_eq!(complaints.cause(), Cause::Permission);
    }
}
