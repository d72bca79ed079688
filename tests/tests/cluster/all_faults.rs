//! One long-lived cluster under a steady load, on which faults are injected: one after the other, each with its recovery,
//! then mixed at random. At the end everything that was ever sent is compared with the table.

use crate::faults::group::stop;
use crate::faults::inject;
use crate::plan::{Fault, Step, Wanted};
use crate::world::{PATIENCE, World, lock};
use anyhow::{Context, Result, ensure};
use footfall_tests::account::Account;
use footfall_tests::books::Books;
use footfall_tests::footfall::eventually;
use footfall_tests::seed::Seed;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Length of a round in which faults are mixed, and how many go on at once.
const ROUND: Duration = Duration::from_secs(90);
const HANDS: usize = 3;

#[test]
fn whatever_happens_to_the_cluster_every_event_is_in_the_table_once() {
    let wanted = Wanted::from_env();
    let mut seed = Seed::from_env();
    let rate = std::env::var("TEST_RATE").map_or(400, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), rate).unwrap();
    let mut report = Report::default();
    let mut load_seed = seed.fork();
    let result = std::thread::scope(|scope| {
        scope.spawn(|| world.load.run(&world.homes, 4, &mut load_seed));
        let _end = EndOfLoad(&world);
        report.steps(&world, &wanted.steps(&mut seed))?;
        report.mixed(&world, &wanted, &mut seed)
    });
    let result = result.and_then(|()| report.finish(&world));
    report.print(&world);
    if let Err(error) = result {
        println!("{}", world.printed());
        panic!("{error:?}");
    }
}

/// Ends the load when it goes, also when something has panicked: the load would go on for ever.
struct EndOfLoad<'a>(&'a World);

impl Drop for EndOfLoad<'_> {
    fn drop(&mut self) {
        self.0.load.end();
    }
}

#[derive(Default)]
struct Report {
    account: Account,
    recoveries: BTreeMap<Fault, Vec<Duration>>,
    mixed: BTreeMap<Fault, u64>,
    rounds: Vec<Duration>,
    result: String,
}

impl Report {
    fn steps(&mut self, world: &World, steps: &[Step]) -> Result<()> {
        let last = steps.last().map_or(0, |step| step.number);
        for step in steps {
            let name = format!("step {} of {last}, {:?}", step.number, step.fault);
            println!("{name}{}", if step.long { ", long" } else { "" });
            // Some load between two faults, and a moment that is never the same.
            let mut seed = Seed::new(step.seed);
            std::thread::sleep(Duration::from_millis(500 + seed.below(1_500)));
            let began = Instant::now();
            inject(world, step.fault, step.long, &mut seed).with_context(|| name.clone())?;
            let disturbed = began.elapsed();
            let recovery = self.recover(world).with_context(|| name.clone())?;
            self.recoveries.entry(step.fault).or_default().push(recovery);
            println!(
                "{name}: {disturbed:.1?}, recovered after {recovery:.1?}; {} events",
                self.account.events()
            );
        }
        Ok(())
    }

    /// From now until everything that is acknowledged by now is in the table.
    fn recover(&mut self, world: &World) -> Result<Duration> {
        self.account.add(world.load.take());
        self.account.settle(world.home(), PATIENCE)
    }

    /// Several faults at once, at random, round by round; after each everything has to come back.
    fn mixed(&mut self, world: &World, wanted: &Wanted, seed: &mut Seed) -> Result<()> {
        let (began, faults) = (Instant::now(), wanted.faults());
        world.mixed.store(true, Ordering::Relaxed);
        while began.elapsed() < Duration::from_secs(60 * wanted.minutes) {
            let round = Instant::now();
            let done = std::thread::scope(|scope| {
                let hands: Vec<_> = (0..HANDS)
                    .map(|_| (seed.fork(), &faults))
                    .map(|(own, faults)| scope.spawn(move || hand(world, faults, own, round)))
                    .collect();
                let done = hands.into_iter().map(|hand| hand.join().unwrap());
                done.collect::<Result<Vec<_>>>()
            })?;
            let done = done.concat();
            // What the topic no longer had, and a log could not say because it was killed too. A topic with many partitions
            // is made anew before it gets more.
            let loses = [Fault::TopicRecreated, Fault::Retention, Fault::PartitionsAdded];
            if loses.iter().any(|fault| done.contains(fault)) {
                let edges = world.ingests.each_ref().map(lock);
                let heights = eventually("the tables", || world.heights())?;
                let sent = world.send_again(&heights, &[&edges[0], &edges[1]]);
                sent.context("after a round of mixed faults")?;
            }
            for fault in done {
                *self.mixed.entry(fault).or_default() += 1;
            }
            let recovery = self.recover(world).context("after a round of mixed faults")?;
            println!(
                "mixed, {:.0?}: recovered after {recovery:.1?}; {} events",
                began.elapsed(),
                self.account.events()
            );
            self.rounds.push(recovery);
        }
        Ok(())
    }

    /// The load is over: the logs are closed, the last are read, and everything is compared once more.
    fn finish(&mut self, world: &World) -> Result<()> {
        self.recover(world)?;
        for ingest in &world.ingests {
            lock(ingest).stop()?;
        }
        let books = eventually("balanced books", || {
            let books = books(world)?;
            ensure!(books.missing == 0 && books.doubled == 0, "{books:?}");
            Ok(books)
        })?;
        let checked = self.account.finish(world.home())?;
        self.result = format!("{checked:?}, {books:?}; lost 0, doubled 0, altered 0");
        stop(world, &mut world.all())
    }

    fn print(&self, world: &World) {
        println!("{:<20}{:>7}{:>12}{:>12}", "fault", "times", "p50", "max");
        for (fault, times) in &self.recoveries {
            line(&format!("{fault:?}"), times);
        }
        if !self.rounds.is_empty() {
            line("rounds of mixed", &self.rounds);
            println!("mixed: {:?}", self.mixed);
        }
        let seen = lock(&world.seen).clone();
        println!(
            "zombies: {} late inserts refused (469); begun inserts: {:?}; {} commits refused, {} told that they are members no more",
            seen.refused_late, seen.begun, seen.refused_commits, seen.assignments_lost
        );
        println!("sent again from edge logs: ranges of {} numbers", seen.sent_again);
        println!("connections cut or answers delayed: {}", world.proxy.cuts());
        for outage in seen.outages {
            println!("{outage}");
        }
        println!("{} events: {}", self.account.events(), self.result);
    }
}

/// Injects one fault after the other until the round is over; gives which.
fn hand(world: &World, faults: &[Fault], mut seed: Seed, round: Instant) -> Result<Vec<Fault>> {
    let mut done = Vec::new();
    while round.elapsed() < ROUND && !world.broken.load(Ordering::Relaxed) {
        let fault = *seed.pick(faults);
        if let Err(error) = inject(world, fault, false, &mut seed) {
            // What the other hands will say may only be what follows from it.
            world.broken.store(true, Ordering::Relaxed);
            println!(
                "{fault:?}, mixed, {:.0?} into the round: {error:#}",
                round.elapsed()
            );
            return Err(error.context(format!("{fault:?}, mixed")));
        }
        done.push(fault);
        std::thread::sleep(Duration::from_millis(seed.below(3_000)));
    }
    Ok(done)
}

fn line(name: &str, times: &[Duration]) {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let (p50, max) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() - 1]);
    println!(
        "{name:<20}{:>7}{:>12}{:>12}",
        times.len(),
        format!("{p50:.1?}"),
        format!("{max:.1?}")
    );
}

/// Sums of the books. What is missing of a log counts up to its last mark.
fn books(world: &World) -> Result<Books> {
    let sql = "SELECT sum(acknowledged) AS acknowledged, sum(rows) AS rows, sum(ledger) AS ledger, \
        sumIf(missing, through > 0) AS missing, sum(doubled) AS doubled FROM footfall.books";
    Books::read(world.home(), sql)
}
