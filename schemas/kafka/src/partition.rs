//! Which partition a key has: murmur2, as Kafka's own Java clients compute it (`Utils.murmur2`, `BuiltInPartitioner`).

/// The hash of Kafka's clients (MurmurHash 2 by Austin Appleby, public domain, with Kafka's seed).
#[must_use]
pub fn murmur2(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    // The algorithm takes the length modulo 2^32.
    #[expect(clippy::cast_possible_truncation, reason = "defined so")]
    let mut hash = 0x9747_b28c ^ (key.len() as u32);
    let (words, tail) = key.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> R;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        for (index, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * index);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// The partition of `key` among `partitions`; 0 when there are none.
#[must_use]
pub fn partition_of(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff).checked_rem(partitions).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Results of the Java client, as librdkafka's own unit test lists them.
    #[test]
    fn the_hash_is_that_of_the_java_client() {
        let known: [(&str, u32); 9] = [
            ("kafka", 0xd067_cf64),
            ("giberish123456789", 0x8f55_2b0c),
            ("1234", 0x9fc9_7b14),
            ("234", 0xe7c0_09ca),
            ("34", 0x8739_30da),
            ("4", 0x5a4b_5ca1),
            ("PreAmbleWillBeRemoved,ThePrePartThatIs", 0x7842_4f1c),
            ("reAmbleWillBeRemoved,ThePrePartThatIs", 0x4a62_b377),
            ("", 0x106e_08d9),
        ];
        for (key, hash) in known {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
        }
    }

    proptest! {
        #[test]
        fn the_partition_is_that_of_librdkafka(key in proptest::collection::vec(any::<u8>(), 0..64), n in 1..5000_i32) {
            // SAFETY: neither topic nor opaques are looked at by this partitioner.
            let theirs = unsafe {
                rdkafka::bindings::rd_kafka_msg_partitioner_murmur2(
                    std::ptr::null(), key.as_ptr().cast(), key.len(), n, std::ptr::null_mut(), std::ptr::null_mut(),
                )
            };
            prop_assert_eq!(i64::from(partition_of(&key, u32::try_from(n).unwrap())), i64::from(theirs));
        }
    }
}
