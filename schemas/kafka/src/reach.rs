//! Is a broker there? And what to do for a client that has forgotten where brokers are.

use std::ffi::CString;
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::bindings as native;
use rdkafka::client::Client;
use rdkafka::types::RDKafkaErrorCode;

/// Whether a broker answers, waited for at most `patience`. Also has the client connect.
///
/// # Errors
/// Why not: mostly a time-out.
pub fn reach<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    patience: Duration,
) -> Result<(), RDKafkaErrorCode> {
    let answer = client.fetch_metadata(Some(topic), patience);
    answer.map(drop).map_err(|error| {
        let code = error.rdkafka_error_code();
        code.unwrap_or(RDKafkaErrorCode::Unknown)
    })
}

/// How often a client that reaches nobody is told its bootstrap servers again.
const REMIND: Duration = Duration::from_secs(10);

/// Tells a long-lived client its bootstrap servers again. To be called when [`reach`] fails, now and then: librdkafka's own
/// list grows by an entry each time ([`Reminder`] keeps the pace).
///
/// A broker that has just started may answer with a list of brokers that has nobody in it, not even itself. librdkafka
/// then forgets every broker that it knew, those that it was given at first too, and never asks anybody again
/// (librdkafka's issue 5301): a processor that stands still, a forwarder that waits for ever.
pub fn remind<C: ClientContext>(client: &Client<C>, bootstrap: &str) {
    let Ok(servers) = CString::new(bootstrap) else {
        return;
    };
    // SAFETY: the client is alive, and the text is copied. Servers that are known are not added twice.
    unsafe { native::rd_kafka_brokers_add(client.native_ptr(), servers.as_ptr()) };
}

/// [`remind`], every ten seconds for as long as nobody answers.
#[derive(Debug)]
pub struct Reminder {
    bootstrap: String,
    due: Instant,
}

impl Reminder {
    /// For clients of these servers.
    #[must_use]
    pub fn new(bootstrap: &str) -> Self {
        Self {
            bootstrap: bootstrap.to_owned(),
            due: Instant::now() + REMIND,
        }
    }

    /// A client has asked something and was not answered.
    pub fn unanswered<C: ClientContext>(&mut self, client: &Client<C>) {
        let now = Instant::now();
        if now >= self.due {
            self.due = now + REMIND;
            remind(client, &self.bootstrap);
        }
    }
}
