//! The frame of a record, and of the group it was written with. All integers are little-endian.
//!
//! ```text
//! offset  0   len      u32   bytes of the whole frame, 41 + payload; 0 = nothing was written here
//!         4   crc32c   u32   CRC-32C of bytes 0..4, then 8..len, begun with the CRC-32C of the log id's 16 bytes
//!         8   seq      u64   the record's number, 1, 2, 3, … within its log
//!        16   kind     u8    opaque to the log, but for 0xFF = mark and 0xFE = group
//!        17   time_ms  u64   when it was received, unix milliseconds
//!        25   key      [16]  visitor id; of a mark: the log id
//!        41   payload
//! ```
//! Every group of records that was made durable by one fdatasync begins with a **group frame**: kind 0xFE, no payload,
//! `seq` = the number that was durable before it (0: none), `time_ms` = when it was written, `key` = first and last
//! number of the group (u64, u64). It has no number of its own. So every group proves that the one before it had been
//! acknowledged, also when that one can no longer be read.
//!
//! The CRC begins with the log id, so a frame is valid in its own log only: neither a stale block nor bytes inside a
//! payload can pass for one.

use uuid::Uuid;

/// Bytes of a frame before its payload.
pub const FRAME_BYTES: usize = 41;

/// The log's own mark record.
pub const KIND_MARK: u8 = 0xFF;

/// The frame that opens a group; it never leaves the log.
pub const KIND_GROUP: u8 = 0xFE;

/// What the CRC of a log's frames begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(u32);

impl Seed {
    pub(crate) fn of(log_id: Uuid) -> Seed {
        Seed(crc32c::crc32c(log_id.as_bytes()))
    }

    fn crc(self, frame: &[u8]) -> u32 {
        let (head, rest) = frame.split_at(4);
        crc32c::crc32c_append(
            crc32c::crc32c_append(self.0, head),
            rest.get(4..).unwrap_or_default(),
        )
    }
}

/// The fields of a frame before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) len: usize,
    pub(crate) seq: u64,
    pub(crate) kind: u8,
    pub(crate) time_ms: u64,
    pub(crate) key: [u8; 16],
}

impl Frame {
    /// The frame that opens the group `first..=last`.
    pub(crate) fn group(durable: u64, time_ms: u64, first: u64, last: u64) -> Frame {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&first.to_le_bytes());
        key[8..].copy_from_slice(&last.to_le_bytes());
        Frame {
            len: FRAME_BYTES,
            seq: durable,
            kind: KIND_GROUP,
            time_ms,
            key,
        }
    }

    /// First and last number that a group frame announces.
    pub(crate) fn group_range(&self) -> (u64, u64) {
        (u64_at(&self.key, 0), u64_at(&self.key, 8))
    }

    fn head(&self) -> [u8; FRAME_BYTES] {
        let mut head = [0; FRAME_BYTES];
        // A group is never larger than a segment, and a segment never larger than u32 (`Config::check`).
        #[expect(clippy::cast_possible_truncation, reason = "bounded by segment_bytes")]
        head[..4].copy_from_slice(&(self.len as u32).to_le_bytes());
        head[8..16].copy_from_slice(&self.seq.to_le_bytes());
        head[16] = self.kind;
        head[17..25].copy_from_slice(&self.time_ms.to_le_bytes());
        head[25..].copy_from_slice(&self.key);
        head
    }
}

/// Appends one frame to `buffer`.
pub(crate) fn push(buffer: &mut Vec<u8>, seed: Seed, frame: &Frame, payload: &[u8]) {
    let mut head = frame.head();
    let crc = crc32c::crc32c_append(seed.crc(&head), payload);
    head[4..8].copy_from_slice(&crc.to_le_bytes());
    buffer.extend_from_slice(&head);
    buffer.extend_from_slice(payload);
}

/// Writes a frame without payload over the first bytes of `buffer`, which must have room for it.
pub(crate) fn overwrite(buffer: &mut [u8], seed: Seed, frame: &Frame) {
    let mut head = frame.head();
    let crc = seed.crc(&head);
    head[4..8].copy_from_slice(&crc.to_le_bytes());
    if let Some(room) = buffer.get_mut(..FRAME_BYTES) {
        room.copy_from_slice(&head);
    }
}

/// The length that a frame at the start of `bytes` claims; `None` when fewer than 4 bytes are there.
pub(crate) fn claimed_len(bytes: &[u8]) -> Option<usize> {
    let len = bytes.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*len)).ok()
}

/// The number that a frame at the start of `bytes` claims.
pub(crate) fn claimed_seq(bytes: &[u8]) -> Option<u64> {
    bytes
        .get(8..16)?
        .first_chunk::<8>()
        .map(|seq| u64::from_le_bytes(*seq))
}

/// The frame at the start of `bytes`, if it is whole and its CRC holds.
pub(crate) fn parse(bytes: &[u8], seed: Seed) -> Option<Frame> {
    let len = claimed_len(bytes).filter(|len| *len >= FRAME_BYTES)?;
    let frame = bytes.get(..len)?;
    let stored = u32::from_le_bytes(*frame.get(4..8)?.first_chunk::<4>()?);
    if seed.crc(frame) != stored {
        return None;
    }
    let key = *frame.get(25..FRAME_BYTES)?.first_chunk::<16>()?;
    Some(Frame {
        len,
        seq: u64_at(frame, 8),
        kind: *frame.get(16)?,
        time_ms: u64_at(frame, 17),
        key,
    })
}

/// The u64 at `at`; 0 when it is not all there, which callers exclude by length.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk::<8>())
        .map_or(0, |b| u64::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_and_is_void_in_another_log() {
        let seed = Seed::of(Uuid::from_u128(7));
        let frame = Frame {
            len: FRAME_BYTES + 5,
            seq: 42,
            kind: 3,
            time_ms: 1_234_567,
            key: [9; 16],
        };
        let mut bytes = Vec::new();
        push(&mut bytes, seed, &frame, b"hello");
        assert_eq!(parse(&bytes, seed), Some(frame));
        assert_eq!(parse(&bytes, Seed::of(Uuid::from_u128(8))), None);
        assert_eq!(parse(&bytes[..bytes.len() - 1], seed), None);
    }

    #[test]
    fn the_layout_on_disk_is_the_documented_one() {
        let id = Uuid::from_u128(7);
        let mut bytes = Vec::new();
        let frame = Frame {
            len: FRAME_BYTES + 2,
            seq: 0x0102,
            kind: 5,
            time_ms: 0x0304,
            key: [6; 16],
        };
        push(&mut bytes, Seed::of(id), &frame, b"hi");
        assert_eq!(bytes[..4], [43, 0, 0, 0]);
        assert_eq!(bytes[8..16], [2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[16], 5);
        assert_eq!(bytes[17..25], [4, 3, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[25..41], [6; 16]);
        assert_eq!(&bytes[41..], b"hi");
        let covered: Vec<u8> = [&id.as_bytes()[..], &bytes[..4], &bytes[8..]].concat();
        assert_eq!(bytes[4..8], crc32c::crc32c(&covered).to_le_bytes());
    }
}
