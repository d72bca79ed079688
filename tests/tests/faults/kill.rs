//! `kill -9` at random moments: of everything, of `footfall` alone, of the engine alone.

use crate::{pass, rounds, settle, under_load};
use footfall_tests::footfall::{Footfall, Home};
use footfall_tests::load::Witness;
use footfall_tests::seed::Seed;
use std::time::Duration;

#[test]
fn a_kill_at_any_moment_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(&folder.path().join("data")).unwrap();
    let (mut seed, mut all, mut counts) = (Seed::from_env(), Witness::new(), [0; 3]);
    let mut footfall = home.start().unwrap();
    for round in 0..rounds(9, 63) {
        let (next, witness) = under_load(&home, &mut seed, |seed, _| {
            pass(seed, Duration::from_secs(3));
            strike(&home, footfall, round % 3)
        });
        footfall = next;
        counts[usize::try_from(round % 3).unwrap()] += 1;
        all.extend(witness);
    }
    println!(
        "killed: everything {}, footfall alone {}, the engine alone {}",
        counts[0], counts[1], counts[2]
    );
    settle("kill -9", &home, footfall, &all);
}

/// Kills and starts again; the engine alone is started again by its supervisor.
fn strike(home: &Home, mut footfall: Footfall, what: u64) -> Footfall {
    match what {
        0 => footfall.kill_all().unwrap(),
        1 => footfall.kill_parent().unwrap(),
        _ => {
            // The engine may just be starting again after the last blow.
            footfall_tests::footfall::eventually("an engine to kill", || {
                footfall.signal_engine(libc::SIGKILL)
            })
            .unwrap();
            footfall
                .wait_ready()
                .unwrap_or_else(|error| panic!("after the engine was killed: {error:?}"));
            return footfall;
        }
    }
    home.start().unwrap()
}
