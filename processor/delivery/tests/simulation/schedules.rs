//! Random schedules of the machine that keeps all rules: not one may lose, double or stick.
//! `FOOTFALL_SIM_SEEDS` sets how many, `FOOTFALL_SIM_SEED` runs one and prints its trace.

use std::time::Instant;

use footfall_delivery::{Rules, Strict};

use crate::profile::Profile;
use crate::rng::Rng;
use crate::world::World;

/// Runs one world; with a trace if asked for.
pub fn run<R: Rules + Copy>(
    seed: u64,
    rules: R,
    shape: impl Fn(&mut Profile),
    trace: bool,
) -> (Result<u64, Vec<String>>, Vec<String>) {
    let mut rng = Rng::new(seed);
    let mut profile = Profile::random(&mut rng);
    shape(&mut profile);
    let mut world = World::new(rng, profile, rules);
    world.trace = trace.then(Vec::new);
    let result = world.run();
    (result, world.trace.unwrap_or_default())
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_random_schedule_loses_doubles_or_sticks() {
    if let Some(seed) = number("FOOTFALL_SIM_SEED") {
        let (result, trace) = run(seed, Strict, |_| {}, true);
        println!("{}\nseed {seed}: {result:?}", trace.join("\n"));
        assert!(result.is_ok());
        return;
    }
    let seeds = number("FOOTFALL_SIM_SEEDS").unwrap_or(100_000);
    let begun = Instant::now();
    let mut rounds = 0;
    for seed in 0..seeds {
        let (result, _) = run(seed, Strict, |_| {}, false);
        match result {
            Ok(done) => rounds += done,
            Err(violations) => {
                let (_, trace) = run(seed, Strict, |_| {}, true);
                panic!("{}\nseed {seed}: {violations:#?}", trace.join("\n"));
            }
        }
    }
    println!(
        "{seeds} schedules, {rounds} rounds, 0 violations, {:.1} s",
        begun.elapsed().as_secs_f64()
    );
}
