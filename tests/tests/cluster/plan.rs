//! Which faults there are, and in what order a run injects them: all of it follows from the seed, so that
//! `TEST_SEED=N TEST_FROM=K` goes on at step K.

use footfall_tests::seed::Seed;

/// Everything that is done to the cluster. What each does stands in `faults`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fault {
    IngestKilled,
    ProcessorKilled,
    BrokerKilled,
    EngineKilled,
    ZombieLate,
    ZombieBegun,
    Rebalances,
    AnswersCut,
    BodiesCut,
    AnswersDelayed,
    AnswersHalfClosed,
    BrokerAway,
    ClickHouseAway,
    OffsetsEarliest,
    GroupRenamed,
    PartitionsAdded,
    TopicRecreated,
    PositionLost,
    Poison,
    UnknownVersion,
    Retention,
}

impl Fault {
    /// All of them.
    pub(crate) const ALL: [Self; 21] = [
        Self::IngestKilled,
        Self::ProcessorKilled,
        Self::BrokerKilled,
        Self::EngineKilled,
        Self::ZombieLate,
        Self::ZombieBegun,
        Self::Rebalances,
        Self::AnswersCut,
        Self::BodiesCut,
        Self::AnswersDelayed,
        Self::AnswersHalfClosed,
        Self::BrokerAway,
        Self::ClickHouseAway,
        Self::OffsetsEarliest,
        Self::GroupRenamed,
        Self::PartitionsAdded,
        Self::TopicRecreated,
        Self::PositionLost,
        Self::Poison,
        Self::UnknownVersion,
        Self::Retention,
    ];

    /// Whether it has a long form.
    const fn is_outage(self) -> bool {
        matches!(self, Self::BrokerAway | Self::ClickHouseAway)
    }
}

/// One injection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// From 1.
    pub(crate) number: usize,
    /// What is done.
    pub(crate) fault: Fault,
    /// An outage at full length.
    pub(crate) long: bool,
    /// Randomness of this step alone.
    pub(crate) seed: u64,
}

/// What the environment asks for; `TEST_FAULTS=full` gives the larger defaults.
pub(crate) struct Wanted {
    /// `TEST_TIMES`: how often each fault.
    times: usize,
    /// `TEST_LONG`: how often the outages at full length, of those times.
    long: usize,
    /// `TEST_ONLY`: names of faults, with commas; all if it is not set.
    only: Option<String>,
    /// `TEST_FROM`: the first step.
    from: usize,
    /// `TEST_MINUTES`: how long faults are mixed at random afterwards.
    pub(crate) minutes: u64,
}

impl Wanted {
    /// Reads it.
    pub(crate) fn from_env() -> Self {
        let number = |name: &str, short: u64, full: u64, is_full: bool| {
            let default = if is_full { full } else { short };
            std::env::var(name).map_or(default, |text| text.parse().unwrap())
        };
        let full = std::env::var("TEST_FAULTS").is_ok_and(|text| text == "full");
        let size = |n: u64| usize::try_from(n).unwrap();
        Self {
            times: size(number("TEST_TIMES", 1, 10, full)),
            long: size(number("TEST_LONG", 0, 2, full)),
            only: std::env::var("TEST_ONLY").ok(),
            from: size(number("TEST_FROM", 1, 1, full)),
            minutes: number("TEST_MINUTES", 0, 30, full),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        let name = format!("{fault:?}");
        let only = self.only.as_deref();
        only.is_none_or(|only| only.split(',').any(|one| one == name))
    }

    /// The faults that are asked for.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        Fault::ALL.into_iter().filter(|fault| self.has(*fault)).collect()
    }

    /// The steps that are left to do, shuffled.
    pub(crate) fn steps(&self, seed: &mut Seed) -> Vec<Step> {
        let mut all = Vec::new();
        for fault in self.faults() {
            all.extend((0..self.times).map(|time| (fault, fault.is_outage() && time < self.long)));
        }
        for last in (1..all.len()).rev() {
            all.swap(last, usize::try_from(seed.below(last as u64 + 1)).unwrap());
        }
        let steps = all.into_iter().enumerate().map(|(at, (fault, long))| Step {
            number: at + 1,
            fault,
            long,
            seed: seed.next(),
        });
        steps.filter(|step| step.number >= self.from).collect()
    }
}
