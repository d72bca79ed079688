//! Faults under load: whatever is killed, cut, frozen or full, what was acknowledged is in the table once, by the books
//! and by the client's own count. One file per fault; `TEST_FAULTS=full` runs each at full length.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends at the first wrong thing, and says what it counted"
)]

mod backlog;
mod cut;
mod disk;
mod frozen;
mod kill;
mod power;

use footfall_tests::footfall::{Footfall, Home, signal};
use footfall_tests::load::{self, Control, Plan, Witness};
use footfall_tests::seed::Seed;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a fault is repeated: `short` in the everyday run, `full` when `TEST_FAULTS=full`.
fn rounds(short: u64, full: u64) -> u64 {
    if is_full() { full } else { short }
}

fn is_full() -> bool {
    std::env::var("TEST_FAULTS").is_ok_and(|text| text == "full")
}

/// A steady load of singles and batches that the product keeps up with.
const STEADY: Plan = Plan {
    clients: 8,
    events: u64::MAX,
    batch: 30,
    pause: Duration::from_millis(2),
};

/// Runs the steady load while `disturb` does its worst, then ends the load and gives what the client saw.
fn under_load<T>(
    home: &Home,
    seed: &mut Seed,
    disturb: impl FnOnce(&mut Seed, &Control) -> T,
) -> (T, Witness) {
    let control = Control::default();
    let mut own = seed.fork();
    std::thread::scope(|scope| {
        let load = scope.spawn(|| load::run(home, &STEADY, &mut own, &control).0);
        let end = EndOfLoad(&control);
        let result = disturb(seed, &control);
        drop(end);
        (result, load.join().unwrap())
    })
}

/// Ends the load when it goes, also when the disturbance has panicked: the load would go on for ever.
struct EndOfLoad<'a>(&'a Control);

impl Drop for EndOfLoad<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

/// A moment somewhere in the next `most`.
fn pass(seed: &mut Seed, most: Duration) {
    let most = u64::try_from(most.as_millis()).unwrap_or(1);
    std::thread::sleep(Duration::from_millis(seed.below(most)));
}

/// Holds everything that was ever sent against the table and the books, says so, and stops.
fn settle(name: &str, home: &Home, footfall: Footfall, witness: &Witness) {
    let checked = footfall_tests::books::check(home, witness)
        .unwrap_or_else(|error| panic!("{name}: {error:?}\n{}", footfall.tail()));
    let books = footfall_tests::books::balanced(home)
        .unwrap_or_else(|error| panic!("{name}: {error:?}\n{}", footfall.tail()));
    println!("{name}: {} events, {checked:?}, {books:?}", witness.len());
    footfall.stop().unwrap();
}

/// Stops the engine again and again: the supervisor may start another in the place of one that does not answer.
fn while_the_engine_stands_still<T>(footfall: &Footfall, work: impl FnOnce() -> T) -> T {
    let hold = AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while hold.load(Ordering::Relaxed) {
                if let Ok(engine) = footfall.engine() {
                    signal(engine, libc::SIGSTOP);
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let result = work();
        hold.store(false, Ordering::Relaxed);
        result
    })
}
