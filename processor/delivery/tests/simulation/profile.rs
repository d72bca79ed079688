//! How hostile a world is: which set-up it simulates, and how often what goes wrong (in permille).

use crate::rng::Rng;

/// What the partitions and the ownership are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// A group of several processors on Kafka, and a server of its own.
    Group,
    /// One machine with a server of its own: the cursor file under a lock, a partition per local log.
    Cursor,
    /// One machine with the engine as a child.
    Child,
}

#[derive(Debug, Clone)]
pub struct Profile {
    pub setup: Setup,
    pub instances: usize,
    pub partitions: u32,
    pub edges: usize,
    pub eager: bool,
    /// Length of the hostile time, ms.
    pub hostile: u64,
    pub session: u64,
    pub look_horizon: i64,
    pub dedup_window: i64,
    /// Mean time between two nemesis actions, ms.
    pub nemesis: u64,
    /// Records per edge event.
    pub burst: u64,
    // Per insert.
    pub lost_request: u64,
    pub lost_answer: u64,
    pub delayed: u64,
    /// How long a delayed request is on its way, ms.
    pub delay: (u64, u64),
    pub slow: u64,
    /// How long a slow insert runs until its first block, ms.
    pub running: (u64, u64),
    pub refused: u64,
    pub lying: u64,
    pub crash_on_send: u64,
    pub freeze_on_send: u64,
    pub revoke_on_send: u64,
    /// Per assignment.
    pub crash_on_assign: u64,
    pub rebalance_on_assign: u64,
    /// Per look: the process is frozen between its answer and what follows.
    pub freeze_on_look: u64,
    /// Per question: no answer.
    pub unanswered: u64,
    /// Per commit.
    pub unknown_commit: u64,
    // What the nemesis may do, as weights.
    pub weights: Weights,
    /// A proxy that sends a POST again when it sees no answer (the contract forbids it).
    pub repeating_proxy: bool,
    /// The driver's queries look into `events` alone (the contract wants both tables).
    pub events_only: bool,
    /// The driver's barrier goes by topic, not by database.
    pub topic_barrier: bool,
    /// Records.
    pub duplicates: u64,
    pub poison: u64,
    pub newer: u64,
}

#[derive(Debug, Clone, Copy)]
pub struct Weights {
    pub crash: u64,
    pub freeze: u64,
    pub shutdown: u64,
    pub rebalance: u64,
    pub coordinator: u64,
    pub server_crash: u64,
    pub server_freeze: u64,
    pub forwarder: u64,
    pub edge: u64,
    pub resend: u64,
    pub partitions: u64,
    pub topic: u64,
    pub offsets: u64,
    pub rot: u64,
}

impl Profile {
    /// A hostile world at random; the seed also chooses set-up and sizes.
    pub fn random(rng: &mut Rng) -> Self {
        let setup = match rng.below(10) {
            0..=5 => Setup::Group,
            6..=7 => Setup::Cursor,
            _ => Setup::Child,
        };
        let short_memory = rng.chance(300);
        Self {
            setup,
            instances: if setup == Setup::Group {
                rng.range(1, 3) as usize
            } else {
                1
            },
            partitions: rng.range(1, 4) as u32,
            edges: rng.range(1, 2) as usize,
            eager: rng.chance(400),
            hostile: rng.range(20_000, 70_000),
            session: rng.range(1_000, 6_000),
            look_horizon: if rng.chance(500) {
                rng.range(5_000, 40_000) as i64
            } else {
                35 * 24 * 3_600_000
            },
            dedup_window: if short_memory { 20_000 } else { 7_200_000 },
            nemesis: rng.range(1_500, 8_000),
            burst: rng.range(1, 6),
            lost_request: rng.below(60),
            lost_answer: rng.below(60),
            delayed: rng.below(120),
            delay: (100, 14_000),
            slow: rng.below(120),
            running: (500, 8_500),
            refused: rng.below(40),
            lying: rng.below(40),
            crash_on_send: rng.below(50),
            freeze_on_send: rng.below(40),
            revoke_on_send: rng.below(40),
            crash_on_assign: rng.below(80),
            rebalance_on_assign: rng.below(150),
            freeze_on_look: rng.below(40),
            unanswered: rng.below(30),
            unknown_commit: rng.below(30),
            weights: Weights::random(rng),
            repeating_proxy: false,
            events_only: false,
            topic_barrier: false,
            duplicates: rng.below(250),
            poison: rng.below(60),
            newer: if rng.chance(150) { 20 } else { 0 },
        }
    }
}

impl Profile {
    /// A calm group of two, as a start for directed schedules.
    pub fn calm(&mut self) {
        let quiet = Self {
            setup: Setup::Group,
            instances: 2,
            partitions: 2,
            session: 1_000,
            look_horizon: 35 * 24 * 3_600_000,
            hostile: 40_000,
            lost_request: 0,
            lost_answer: 0,
            delayed: 0,
            slow: 0,
            refused: 0,
            lying: 0,
            crash_on_send: 0,
            freeze_on_send: 0,
            revoke_on_send: 0,
            crash_on_assign: 0,
            rebalance_on_assign: 0,
            freeze_on_look: 0,
            unanswered: 0,
            unknown_commit: 0,
            weights: Weights::NONE,
            newer: 0,
            ..self.clone()
        };
        *self = quiet;
    }
}

impl Weights {
    pub const NONE: Self = Self {
        crash: 0,
        freeze: 0,
        shutdown: 0,
        rebalance: 0,
        coordinator: 0,
        server_crash: 0,
        server_freeze: 0,
        forwarder: 0,
        edge: 0,
        resend: 0,
        partitions: 0,
        topic: 0,
        offsets: 0,
        rot: 0,
    };

    fn random(rng: &mut Rng) -> Self {
        Self {
            crash: rng.below(10),
            freeze: rng.below(10),
            shutdown: rng.below(6),
            rebalance: rng.below(10),
            coordinator: rng.below(5),
            server_crash: rng.below(6),
            server_freeze: rng.below(6),
            forwarder: rng.below(8),
            edge: rng.below(3),
            resend: rng.below(6),
            partitions: rng.below(2),
            topic: rng.below(2),
            offsets: rng.below(2),
            rot: rng.below(3),
        }
    }
}
