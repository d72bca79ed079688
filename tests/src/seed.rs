//! Randomness by seed: splitmix64 (Steele, Lea and Flood 2014, public domain), enough for test data.

/// A generator whose whole future follows from its seed.
#[derive(Debug, Clone)]
pub struct Seed(u64);

impl Seed {
    /// A generator from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed of `TEST_SEED`, or one from the clock; printed, so that a failure can be repeated.
    #[must_use]
    #[expect(clippy::print_stderr, reason = "a failure is repeated with this number")]
    pub fn from_env() -> Self {
        let given = std::env::var("TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0 >> 16);
        eprintln!("seed: TEST_SEED={seed}");
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of `choices`, which is not empty.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let count = choices.len() as u64;
        &choices[usize::try_from(self.below(count)).unwrap_or(0)]
    }

    /// A generator of its own for a part of the work.
    pub const fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// A UUID, version 7 in form.
    pub const fn uuid(&mut self) -> uuid::Uuid {
        let (high, low) = (self.next(), self.next());
        uuid::Uuid::from_u64_pair((high & !0xF000) | 0x7000, (low >> 2) | (1 << 63))
    }
}
