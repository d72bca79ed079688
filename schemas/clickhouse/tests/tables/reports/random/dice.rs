//! Where the randomness comes from.

use uuid::{Builder, Uuid};

/// xorshift64*: reproducible, and good enough for made-up traffic.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Any seed will do, 0 too.
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            random.next();
        }
        random
    }
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from((self.next() >> 16) % limit as u64).unwrap()
    }
    pub(crate) fn upto(&mut self, limit: i64) -> i64 {
        i64::try_from(self.below(usize::try_from(limit).unwrap() + 1)).unwrap()
    }
    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
    pub(crate) fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }
    /// Of version 4, as logs are: 8 is a stranger's.
    pub(crate) fn log_id(&mut self) -> Uuid {
        Builder::from_random_bytes(self.uuid().into_bytes()).into_uuid()
    }
}
