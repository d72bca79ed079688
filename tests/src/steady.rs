//! A steady load at a rate that may change, for as long as a cluster lives, and the client's own record of it. Taken bit
//! by bit, so that nothing needs the memory for all; who compares it with the table: [`crate::account`].

use crate::footfall::Home;
use crate::http::Answer;
use crate::latency::Latencies;
use crate::load::{Batch, Outcome, Witness, judge};
use crate::seed::Seed;
use anyhow::Result;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Largest batch; one request in two is a single event.
const BATCH: u64 = 30;

/// Reasons that are kept.
const REASONS: usize = 5;

/// What became of the requests since the last look.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// Requests sent.
    pub requests: u64,
    /// Of those, not answered with 2xx.
    pub not_taken: u64,
    /// The first of their answers, or why there was none.
    pub reasons: Vec<String>,
    /// Events in them.
    pub events: u64,
    /// Times of the 2xx.
    pub latencies: Latencies,
}

/// The load and its record.
#[derive(Debug)]
pub struct Steady {
    rate: AtomicU64,
    stop: AtomicBool,
    sent: Mutex<Witness>,
    tally: Mutex<Tally>,
}

impl Steady {
    /// A load of so many events per second, which is not 0, over all clients.
    #[must_use]
    pub fn new(rate: u64) -> Self {
        Self {
            rate: rate.into(),
            stop: AtomicBool::default(),
            sent: Mutex::default(),
            tally: Mutex::default(),
        }
    }

    /// Another rate from now on; gives the one before.
    pub fn set_rate(&self, rate: u64) -> u64 {
        self.rate.swap(rate, Ordering::Relaxed)
    }

    /// Ends [`Steady::run`] soon.
    pub fn end(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Everything sent and answered since it was last taken.
    #[must_use]
    pub fn take(&self) -> Witness {
        std::mem::take(&mut *lock(&self.sent))
    }

    /// The figures since this was last called.
    #[must_use]
    pub fn tally(&self) -> Tally {
        std::mem::take(&mut *lock(&self.tally))
    }

    /// Sends to every home with `clients` connections each until it is told to end.
    pub fn run(&self, homes: &[Home], clients: u64, seed: &mut Seed) {
        let all = clients * homes.len() as u64;
        std::thread::scope(|scope| {
            for home in homes {
                for _ in 0..clients {
                    let own = seed.fork();
                    scope.spawn(move || self.client(home, all, own));
                }
            }
        });
    }

    /// One of `clients`, each with its share of the rate.
    fn client(&self, home: &Home, clients: u64, mut seed: Seed) {
        let mut http = home.client();
        let mut next = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            let size = match seed.below(2) {
                0 => 1,
                _ => 1 + seed.below(BATCH),
            };
            next +=
                Duration::from_micros(1_000_000 * size * clients / self.rate.load(Ordering::Relaxed).max(1));
            let batch = Batch::new(size, &mut seed);
            let began = Instant::now();
            let answer = batch.send(&mut http);
            let took = began.elapsed();
            self.excuse(&answer);
            self.note(batch, size, judge(answer, size), took);
            // What an outage has cost is not made up for.
            next = next.max(Instant::now().checked_sub(Duration::from_secs(1)).unwrap_or(next));
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    fn excuse(&self, answer: &Result<Answer>) {
        let reason = match answer {
            Ok(answer) if answer.status == 200 => return,
            Ok(answer) => format!("{} {}", answer.status, answer.text()),
            Err(error) => format!("{error:#}"),
        };
        let mut tally = lock(&self.tally);
        if tally.reasons.len() < REASONS {
            tally.reasons.push(reason);
        }
    }

    fn note(&self, batch: Batch, size: u64, outcome: Outcome, took: Duration) {
        let mut tally = lock(&self.tally);
        tally.requests += 1;
        tally.events += size;
        match outcome {
            Outcome::Acknowledged => tally.latencies.add(took),
            Outcome::Unknown | Outcome::Refused => tally.not_taken += 1,
        }
        drop(tally);
        lock(&self.sent).extend(batch.told(outcome));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
