//! The way from the processors to ClickHouse: cut, slow, half-closed. What became of an insert is unknown then.

use super::pass;
use crate::world::{World, lock};
use anyhow::{Result, ensure};
use footfall_tests::footfall::eventually;
use footfall_tests::proxy::Mode;
use footfall_tests::seed::Seed;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(super) fn disturbed(world: &World, mode: Mode, seed: &mut Seed) -> Result<()> {
    let _network = lock(&world.network);
    let before = world.proxy.cuts();
    // With another fault at the same time there may be nobody who sends anything; alone, they may all be settling what the
    // fault before left in doubt.
    let alone = !world.mixed.load(Ordering::Relaxed);
    for _ in 0..2 {
        world.proxy.set(mode);
        std::thread::sleep(Duration::from_millis(500));
        pass(seed, Duration::from_secs(3));
        if alone {
            eventually("something to disturb", || {
                ensure!(world.proxy.cuts() > before, "{mode:?}");
                Ok(())
            })?;
        }
        world.proxy.set(Mode::Pass);
        pass(seed, Duration::from_secs(2));
    }
    Ok(())
}
