//! The engine stops answering for longer than every time-out, then goes on: the insert that it held may still finish.

use crate::{rounds, settle, under_load};
use footfall_tests::footfall::Home;
use footfall_tests::load::Witness;
use footfall_tests::seed::Seed;
use std::time::Duration;

/// Longer than the longest time that the processor waits for anything (an insert's 8 s, a kill's poll).
const FREEZE: Duration = Duration::from_secs(30);

#[test]
fn an_engine_frozen_longer_than_every_time_out_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(&folder.path().join("data")).unwrap();
    let (mut seed, mut all) = (Seed::from_env(), Witness::new());
    let mut footfall = home.start().unwrap();
    for _ in 0..rounds(1, 5) {
        let (next, witness) = under_load(&home, &mut seed, |seed, _| {
            crate::pass(seed, Duration::from_secs(2));
            let engine = footfall.engine().unwrap();
            footfall_tests::footfall::signal(engine, libc::SIGSTOP);
            std::thread::sleep(FREEZE);
            footfall_tests::footfall::signal(engine, libc::SIGCONT);
            footfall.wait_ready().unwrap();
            footfall
        });
        footfall = next;
        all.extend(witness);
    }
    settle("frozen engine", &home, footfall, &all);
}
