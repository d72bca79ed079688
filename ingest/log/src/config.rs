//! What the log can be told: where it lives, how big it may grow, how long it keeps. Used by [`crate::Log::open`].

use std::path::PathBuf;
use std::time::Duration;

use crate::error::OpenError;
use crate::frame::FRAME_BYTES;
use crate::header::{HEADER_BYTES, NODE_BYTES};

/// One megabyte as the machine counts it.
const MIB: u64 = 1 << 20;

/// How a log is opened. Take [`Config::default`], set `folder`, and change what differs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder. Made when missing; one process at a time (see [`OpenError::Held`]).
    pub folder: PathBuf,
    /// Name of this node, in every segment header and mark: 1..=64 of `[A-Za-z0-9._-]`. Default `local`.
    pub node: String,
    /// Size of a segment, allocated at its creation. Default 64 MiB. A single append must fit into one.
    pub segment_bytes: u64,
    /// The longest that a group is collected once its first caller is there. Default 5 ms. It is an upper bound: a
    /// lone caller never waits, and under load the log waits 1 ms or half of its usual fdatasync, whichever is more.
    pub group_wait: Duration,
    /// A group stops collecting at this size. Default 1 MiB.
    pub group_bytes: usize,
    /// Most bytes that may wait for the disk; beyond, [`crate::AppendError::Busy`]. Default 32 MiB. A frame has at
    /// least 41 bytes, so this bounds the number of waiting records too.
    pub queue_bytes: usize,
    /// Most bytes of records on disk, all logs of the folder together. Default 8 GiB. At 80 % the state is
    /// degraded, at 100 % new entries are refused. Preallocation may take one segment more.
    pub quota_bytes: u64,
    /// New entries are refused while the file system has fewer free bytes. Default 256 MiB.
    pub free_floor_bytes: u64,
    /// How long a record stays although every cursor has passed it, but never more than half of the quota. Default 0:
    /// removed with its segment.
    pub keep: Duration,
    /// How often a mark is appended while events come. Default 10 s.
    pub mark_every: Duration,
    /// Kafka partitions of the topic that the segments are forwarded to; 0 (default) = no Kafka yet. See
    /// [`crate::Log::set_partitions`].
    pub partitions: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            folder: PathBuf::from("log"),
            node: "local".to_owned(),
            segment_bytes: 64 * MIB,
            group_wait: Duration::from_millis(5),
            group_bytes: 1 << 20,
            queue_bytes: 32 << 20,
            quota_bytes: 8192 * MIB,
            free_floor_bytes: 256 * MIB,
            keep: Duration::ZERO,
            mark_every: Duration::from_secs(10),
            partitions: 0,
        }
    }
}

impl Config {
    /// Most bytes of frames in one group: what a fresh segment holds beside header and group frame.
    pub(crate) fn group_limit(&self) -> usize {
        let room = self
            .segment_bytes
            .saturating_sub((HEADER_BYTES + FRAME_BYTES) as u64);
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    /// Most bytes that may wait in the queue: never more than one group can hold, for a group is never split.
    pub(crate) fn queue_limit(&self) -> usize {
        self.queue_bytes.min(self.group_limit() - MARK_ROOM)
    }

    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if self.node.is_empty() || self.node.len() > NODE_BYTES || !self.node.chars().all(plain) {
            return Err(OpenError::Config(format!(
                "node name {:?}: 1..={NODE_BYTES} letters, digits, '.', '_' or '-'",
                self.node
            )));
        }
        if self.segment_bytes < MIN_SEGMENT || self.segment_bytes > u64::from(u32::MAX) {
            return Err(OpenError::Config(format!(
                "segment_bytes {}: between {MIN_SEGMENT} and {}",
                self.segment_bytes,
                u32::MAX
            )));
        }
        if self.quota_bytes < self.segment_bytes {
            return Err(OpenError::Config(format!(
                "quota_bytes {} is less than segment_bytes {}",
                self.quota_bytes, self.segment_bytes
            )));
        }
        Ok(())
    }
}

/// Room that a queued group always leaves for a mark: frame, two numbers, a log id, a node name.
pub(crate) const MARK_ROOM: usize = 512;

/// The smallest segment: header, a mark and a few records. Tests use it; nobody else should.
const MIN_SEGMENT: u64 = 2048;
