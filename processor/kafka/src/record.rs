//! A consumed message as a record of the processor. What the headers mean is [`footfall_topics`]' business.
//!
//! A message without a valid number is a stranger's: a console producer's, a mirror's that drops headers. Its identity
//! is its place: a log id that is derived from topic id and partition, and offset + 1. So it has one fate like any other,
//! `unreadable` in the ledger with its bytes, whether it is read once or ten times; and a topic that was made anew gives
//! other ids. It is never taken for an event, even if it looks like one: whoever stripped the number may have sent the
//! numbered one as well.

use crate::queue::Message;
use bytes::Bytes;
use footfall_delivery::UNKNOWN_TIME;
use footfall_processor::source::{Content, Record};
use footfall_topics::{Content as Said, Received, Unreadable};
use uuid::{Builder, Uuid};

pub(crate) fn record(message: &Message, bytes: Bytes, topic_id: &str) -> Record {
    let position = message.offset();
    match message.decode() {
        Ok(received) => known(position, received, bytes),
        Err(why) => {
            metrics::counter!(crate::measure::STRANGERS).increment(1);
            tracing::warn!(partition = message.partition(), position, %why, "a record without a number of ours");
            Record {
                position,
                log_id: stranger(topic_id, message.partition()),
                seq: position + 1,
                time_ms: UNKNOWN_TIME,
                content: nameless(&why, bytes),
            }
        }
    }
}

fn known(position: u64, received: Received, bytes: Bytes) -> Record {
    Record {
        position,
        log_id: received.number.log_id,
        seq: received.number.seq,
        time_ms: received.received_ms.unwrap_or(UNKNOWN_TIME),
        content: match received.content {
            Said::Event => Content::Event(bytes),
            Said::Mark => Content::Mark(bytes),
            Said::Lost { last, reason } => Content::Lost { last, reason, bytes },
            Said::Unknown(what) => Content::Unknown { what, bytes },
        },
    }
}

/// A newer release's record is waited for, even if this one cannot find its number.
fn nameless(why: &Unreadable, bytes: Bytes) -> Content {
    let reason = why.to_string();
    match why {
        Unreadable::Newer(_) => Content::Unknown { what: reason, bytes },
        Unreadable::Missing(_) | Unreadable::Invalid { .. } => Content::Unreadable { reason, bytes },
    }
}

/// The log id of strangers in one partition: FNV-1a of 128 bits, because it has to be the same for ever, in every release
/// and on every machine.
fn stranger(topic_id: &str, partition: i32) -> Uuid {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let text = format!("footfall stranger {topic_id} {partition}");
    let hash = text
        .bytes()
        .fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME));
    Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::stranger;

    #[test]
    fn a_strangers_log_is_its_partition_of_this_topic_for_ever() {
        assert_eq!(
            stranger("MkU3OEVBNTcwNTJENDM2Qg", 3).to_string(),
            stranger("MkU3OEVBNTcwNTJENDM2Qg", 3).to_string()
        );
        assert_ne!(
            stranger("MkU3OEVBNTcwNTJENDM2Qg", 3),
            stranger("MkU3OEVBNTcwNTJENDM2Qg", 4)
        );
        assert_ne!(stranger("MkU3OEVBNTcwNTJENDM2Qg", 3), stranger("another", 3));
        assert_eq!(stranger("t", 0).get_version_num(), 8);
    }
}
