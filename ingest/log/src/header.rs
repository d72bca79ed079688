//! The first 256 bytes of a segment. All integers are little-endian.
//!
//! ```text
//! offset  0   magic       [8]   "footfall"
//!         8   version     u32   1
//!        12   log id      [16]
//!        28   first       u64   number of the segment's first record
//!        36   supersedes  u64   0, or `first`: earlier segments count below it only (their fsync failed)
//!        44   partitions  u32   N of the topic, 0 = no Kafka yet
//!        48   allocated   u64   length of the file when it was made
//!        56   created_ms  u64   unix milliseconds
//!        64   node        [64]  name, padded with zeros
//!       128   zeros
//!       252   crc32c      u32   of bytes 0..252
//! ```
//! Frames begin at 256. A damaged header loses nothing: id and first number stand in the names as well.

use uuid::Uuid;

use crate::frame::u64_at;

/// Bytes before a segment's first frame.
pub const HEADER_BYTES: usize = 256;

/// Longest name of a node.
pub(crate) const NODE_BYTES: usize = 64;

const MAGIC: &[u8; 8] = b"footfall";
const VERSION: u32 = 1;

/// What a segment says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The log it belongs to.
    pub log_id: Uuid,
    /// Number of its first record.
    pub first: u64,
    /// 0, or `first`: earlier segments count below it only, because an fsync of theirs failed.
    pub supersedes: u64,
    /// Kafka partitions that its records are spread over; 0 = no Kafka yet.
    pub partitions: u32,
    /// Length of the file when it was made.
    pub allocated: u64,
    /// When it was made, unix milliseconds.
    pub created_ms: u64,
    /// Name of the node that wrote it.
    pub node: String,
}

impl SegmentHeader {
    /// What is known of a segment whose header cannot be read.
    pub(crate) fn damaged(log_id: Uuid, first: u64) -> SegmentHeader {
        SegmentHeader {
            log_id,
            first,
            supersedes: 0,
            partitions: 0,
            allocated: 0,
            created_ms: 0,
            node: String::new(),
        }
    }

    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..28].copy_from_slice(self.log_id.as_bytes());
        bytes[28..36].copy_from_slice(&self.first.to_le_bytes());
        bytes[36..44].copy_from_slice(&self.supersedes.to_le_bytes());
        bytes[44..48].copy_from_slice(&self.partitions.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.allocated.to_le_bytes());
        bytes[56..64].copy_from_slice(&self.created_ms.to_le_bytes());
        for (room, byte) in bytes[64..64 + NODE_BYTES].iter_mut().zip(self.node.bytes()) {
            *room = byte;
        }
        let crc = crc32c::crc32c(&bytes[..252]);
        bytes[252..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The header at the start of `bytes`, or what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<SegmentHeader, &'static str> {
        let bytes = bytes
            .first_chunk::<HEADER_BYTES>()
            .ok_or("the file is shorter than a header")?;
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if bytes[..8] != *MAGIC {
            return Err("it does not begin like a segment");
        }
        if crc32c::crc32c(&bytes[..252]) != u32_at(252) {
            return Err("the header's checksum does not hold");
        }
        if u32_at(8) != VERSION {
            return Err("it has a format that this version does not know");
        }
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[12..28]);
        let node = bytes[64..64 + NODE_BYTES]
            .split(|b| *b == 0)
            .next()
            .unwrap_or_default();
        Ok(SegmentHeader {
            log_id: Uuid::from_bytes(id),
            first: u64_at(bytes, 28),
            supersedes: u64_at(bytes, 36),
            partitions: u32_at(44),
            allocated: u64_at(bytes, 48),
            created_ms: u64_at(bytes, 56),
            node: String::from_utf8_lossy(node).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back_and_every_flipped_bit_is_noticed() {
        let header = SegmentHeader {
            log_id: Uuid::from_u128(1),
            first: 5,
            supersedes: 5,
            partitions: 12,
            allocated: 4096,
            created_ms: 99,
            node: "edge-1".to_owned(),
        };
        let bytes = header.encode();
        assert_eq!(SegmentHeader::parse(&bytes), Ok(header));
        for bit in 0..HEADER_BYTES * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(SegmentHeader::parse(&damaged).is_err(), "bit {bit}");
        }
    }
}
