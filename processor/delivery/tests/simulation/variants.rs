//! One rule broken at a time: the same checker must see each. Random worlds first; a rule that they break too rarely gets
//! a directed schedule, a world that does little but lead up to it. The table is printed (`--nocapture`).

use footfall_delivery::{Rule, Rules};

use crate::profile::Profile;
use crate::schedules::run;

/// Keeps all rules but one.
#[derive(Debug, Clone, Copy)]
struct Broken(Option<Rule>);

impl Rules for Broken {
    fn keeps(&self, rule: Rule) -> bool {
        self.0 != Some(rule)
    }
}

type Shape = fn(&mut Profile);

/// A machine without one rule, or a world whose driver breaks the contract.
#[derive(Clone, Copy)]
enum Fault {
    Rule(Rule),
    Driver(Shape),
}

struct Variant {
    name: &'static str,
    fault: Fault,
    /// `None`: random worlds.
    schedule: Option<Shape>,
    seeds: u64,
}

impl Variant {
    /// Runs one world, with the fault or without.
    fn run(&self, seed: u64, faulty: bool) -> Result<u64, Vec<String>> {
        let (rule, driver) = match self.fault {
            Fault::Rule(rule) => (Some(rule), None),
            Fault::Driver(shape) => (None, Some(shape)),
        };
        let shape = |profile: &mut Profile| {
            if let Some(schedule) = self.schedule {
                schedule(profile);
            }
            if let Some(driver) = driver.filter(|_| faulty) {
                driver(profile);
            }
        };
        run(seed, Broken(rule.filter(|_| faulty)), shape, false).0
    }
}

fn random(name: &'static str, rule: Rule) -> Variant {
    Variant {
        name,
        fault: Fault::Rule(rule),
        schedule: None,
        seeds: 400,
    }
}

fn by_driver(name: &'static str, shape: Shape) -> Variant {
    Variant {
        name,
        fault: Fault::Driver(shape),
        schedule: None,
        seeds: 400,
    }
}

fn directed(name: &'static str, rule: Rule, schedule: Shape) -> Variant {
    Variant {
        name,
        fault: Fault::Rule(rule),
        schedule: Some(schedule),
        seeds: 2_500,
    }
}

/// Owners die with an insert that starts late and runs long.
fn dying_with_slow_inserts(p: &mut Profile) {
    p.calm();
    p.delayed = 700;
    p.slow = 900;
    p.crash_on_send = 150;
    p.rebalance_on_assign = 200;
}

/// And so does the next owner, while it fences.
fn dying_again_while_fencing(p: &mut Profile) {
    dying_with_slow_inserts(p);
    p.instances = 3;
    p.crash_on_assign = 600;
    p.rebalance_on_assign = 0;
    p.delay = (4_000, 9_000);
    p.running = (6_500, 8_500);
}

/// Owners fall asleep with an insert, lose their partitions, and wake up.
fn sleeping_with_inserts(p: &mut Profile) {
    p.calm();
    p.freeze_on_send = 150;
    p.delayed = 300;
}

/// Partitions change hands in good order, and then an owner dies with an insert on its way.
fn clean_handovers_then_a_crash(p: &mut Profile) {
    p.calm();
    p.eager = false;
    p.revoke_on_send = 200;
    p.rebalance_on_assign = 300;
    p.crash_on_send = 60;
    p.delayed = 300;
    p.delay = (1_500, 6_000);
}

/// The coordinator goes away, and takes commits with it that may come out again.
fn unknown_commits(p: &mut Profile) {
    p.calm();
    p.eager = false;
    p.unknown_commit = 400;
    p.delayed = 700;
    p.hostile = 70_000;
    p.weights.rebalance = 5;
    p.nemesis = 2_000;
}

/// The group is renamed, or its offsets are gone, just after its processes have died with inserts on their way.
fn renamed_groups(p: &mut Profile) {
    p.calm();
    p.delayed = 700;
    p.slow = 900;
    p.weights.offsets = 5;
    p.nemesis = 6_000;
}

/// Inserts outlive the client's patience, while partitions come and go.
fn slow_answers(p: &mut Profile) {
    p.calm();
    p.eager = false;
    p.delayed = 400;
    p.slow = 700;
    p.lost_answer = 100;
    p.weights.rebalance = 5;
    p.nemesis = 3_000;
}

/// The topic is made anew while processors sleep.
fn new_topics(p: &mut Profile) {
    p.calm();
    p.delayed = 700;
    p.slow = 900;
    p.delay = (4_000, 9_000);
    p.running = (6_500, 8_500);
    p.weights.topic = 5;
    p.hostile = 70_000;
    p.nemesis = 20_000;
    p.burst = 6;
}

fn variants() -> Vec<Variant> {
    use Rule::*;
    vec![
        random("no look", Look),
        by_driver("only events looked at", |p| p.events_only = true),
        random("new by log_seq > high alone", Horizon),
        random("blind retry of doubt", SettleDoubt),
        random("not new: dropped, not looked up", LookUp),
        random("dedup by bare ids", IdsWithNumbers),
        random("every copy in a round counts", FirstCopy),
        random("written_rows not compared", WrittenRows),
        random("position before the tables", PositionAfterTables),
        random("high not read again", LookAgain),
        random("kill by tag for a child in doubt", FreshChild),
        by_driver("a proxy repeats POSTs", |p| p.repeating_proxy = true),
        random("no deadline", Deadline),
        random("ledger without deadline", LedgerDeadline),
        random("no wait in doubt", WaitInDoubt),
        directed("no own barrier in doubt", OwnBarrier, slow_answers),
        directed("no proof", Prove, sleeping_with_inserts),
        directed("no barrier", Barrier, dying_with_slow_inserts),
        directed("no wait L", WaitLease, dying_with_slow_inserts),
        directed("look before the fence", FenceBeforeLook, dying_with_slow_inserts),
        directed(
            "open before the fence",
            FenceBeforeOpen,
            dying_again_while_fencing,
        ),
        directed("absent metadata without fence", FenceAbsent, renamed_groups),
        directed("closed while fencing", ClosedOnlyIfOpen, dying_with_slow_inserts),
        directed("closed in doubt", ClosedOnlyIfCertain, slow_answers),
        directed(
            "revoked records kept in a round in doubt",
            RemoveRevoked,
            slow_answers,
        ),
        directed(
            "old proof for a new partition",
            ProveNewPartition,
            clean_handovers_then_a_crash,
        ),
        directed("goes on after an unknown commit", LeaveOnUnknown, unknown_commits),
        Variant {
            name: "barrier by topic, not by database",
            fault: Fault::Driver(|p| p.topic_barrier = true),
            schedule: Some(new_topics),
            seeds: 1_500,
        },
    ]
}

#[test]
fn every_broken_rule_is_seen_and_the_same_worlds_do_not_break_the_machine_itself() {
    let mut missed = Vec::new();
    println!(
        "{:<42} {:<9} {:>6} {:>9}  what was seen first",
        "broken", "schedules", "seeds", "caught"
    );
    for variant in variants() {
        let (mut caught, mut first) = (0, None);
        for seed in 0..variant.seeds {
            if let Err(violations) = variant.run(seed, true) {
                caught += 1;
                first.get_or_insert_with(|| violations[0].chars().take(60).collect::<String>());
            }
            if variant.schedule.is_some() {
                let whole = variant.run(seed, false);
                assert!(
                    whole.is_ok(),
                    "{}, nothing broken, seed {seed}: {whole:?}",
                    variant.name
                );
            }
        }
        let kind = if variant.schedule.is_some() {
            "directed"
        } else {
            "random"
        };
        let share = 100.0 * f64::from(caught) / variant.seeds as f64;
        let seen = first.unwrap_or_default();
        println!(
            "{:<42} {kind:<9} {:>6} {share:>7.2} %  {seen}",
            variant.name, variant.seeds
        );
        if caught == 0 {
            missed.push(variant.name);
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
}
