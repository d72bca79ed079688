//! Is a broker there? Two ways in which librdkafka 2.12 goes astray while brokers are away, and how not to follow it.

use std::ffi::CString;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::bindings as native;
use rdkafka::client::Client;
use rdkafka::types::RDKafkaErrorCode;

/// Whether a broker answers, waited for at most `patience`. To be asked before every DescribeTopics: as long as no broker
/// can be reached, librdkafka's threads hand such a question to each other without a pause and use up a core.
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

/// Tells a long-lived client its bootstrap servers again. To be called when [`reach`] fails, every ten seconds or so.
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
