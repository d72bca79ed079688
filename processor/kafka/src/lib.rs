//! Kafka as the processor's source.
//!
//! [`KafkaSource::open`] makes a [`footfall_processor::Source`] of a topic. In the order in which data flows:
//! 1. [`Settings`]: which topic, which group, and what librdkafka is told;
//! 2. `poll`: one thread that owns the client (`client`). It commits (`commit`), serves rebalances (`group`), waits for brokers
//!    (`upkeep`, `offsets`, [`TopicIdError`]) and takes records from the partitions' queues (`reading`, `queue`);
//! 3. `record`: a message becomes a record, by the headers that [`footfall_topics`] knows;
//! 4. `exchange`: bounded, between the thread and the async world; [`KafkaSource`] is its other side;
//! 5. `aside`, `again`, `lost`, `sender`, `position`, [`AskError`]: what the auditor and commands ask, by clients of their
//!    own;
//! 6. `identity`: which topic it is, when it was deleted and made anew; `context`: what librdkafka tells;
//!    [`measure`]: metrics.
//!
//! # Why a thread
//! A broker checks who is a member of a group, not who owns a partition, and librdkafka stamps a commit with the
//! generation of the moment. So commits and rebalances are served by one thread, in one order: a commit that this thread
//! sends was decided upon after the last rebalance that it has served ([`footfall_delivery`], "What a driver must do").
//!
//! # Back-pressure
//! Every partition has a queue of its own. When the processor has no room, queues are not emptied, fetching stops when a
//! queue has its share of [`Settings::buffer_bytes`], and the group is served all the while.

mod again;
mod aside;
mod ask;
mod client;
mod commit;
mod context;
mod exchange;
mod group;
mod identity;
mod lost;
pub mod measure;
mod offsets;
mod poll;
mod position;
mod queue;
mod reading;
mod record;
#[cfg(test)]
mod rig;
mod sender;
mod settings;
mod source;
mod standing;
mod topic_id;
mod upkeep;

pub use again::{Sent, send_again};
pub use ask::AskError;
pub use lost::declare_lost;
pub use position::{metadata, passed};
pub use settings::Settings;
pub use source::{KafkaSource, OpenError};
pub use topic_id::TopicIdError;
