//! A processor that was taken for dead comes back, with an insert on its way.

use super::group::group_of;
use super::one;
use crate::world::{Member, PATIENCE, World, lock};
use anyhow::{Context, Result, bail, ensure};
use footfall_tests::footfall::{eventually, within};
use footfall_tests::gate::Hold;
use footfall_tests::seed::Seed;
use std::time::{Duration, Instant};

/// How long a processor may have nothing to insert, and how many are tried.
const SOON: Duration = Duration::from_secs(30);
const TURNS: usize = 6;

/// Between two looks at what the group has committed.
const LOOK: Duration = Duration::from_millis(500);

/// Stopped with an insert in its gate; the others take over and do its work; then the insert is let go, and it wakes.
pub(super) fn zombie(world: &World, hold: Hold, seed: &mut Seed) -> Result<()> {
    let first = one(seed, 3);
    for turn in 0..TURNS {
        let member = lock(&world.processors[(first + turn) % 3]);
        // Both are needed for the others to take over.
        let (_broker, _engine, _network) = (lock(&world.broker), lock(&world.engine), lock(&world.network));
        member.gate.arm(hold);
        if holds(&member) {
            return stopped_with_it(world, &member, hold);
        }
        // It may own nothing but partitions that were added, which nobody has sent to yet.
        member.gate.release();
    }
    bail!("no processor has inserted anything")
}

/// Whether an insert comes to the gate soon.
fn holds(member: &Member) -> bool {
    let until = Instant::now() + SOON;
    while Instant::now() < until && !member.gate.is_holding() {
        std::thread::sleep(Duration::from_millis(5));
    }
    member.gate.is_holding()
}

fn stopped_with_it(world: &World, member: &Member, hold: Hold) -> Result<()> {
    let (refused, lost) = (eventually("its figures", || refused(member))?, lost(member));
    member.service.signal(libc::SIGSTOP);
    let taken_over = take_over(world, member);
    member.gate.release();
    let ended = taken_over.and_then(|()| {
        eventually("the end of the held insert", || {
            member.gate.is_over().then_some(()).context("no answer")
        })
    });
    member.service.signal(libc::SIGCONT);
    ended?;
    judge(member, hold, world)?;
    eventually("a zombie that knows what it is", || {
        let commits = self::refused(member)? - refused;
        ensure!(
            commits > 0.0 || self::lost(member) > lost,
            "{}",
            member.service.printed()
        );
        Ok(())
    })?;
    let mut seen = lock(&world.seen);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    {
        seen.refused_commits += (eventually("its figures", || self::refused(member))? - refused) as u64;
    }
    seen.assignments_lost += (self::lost(member) - lost) as u64;
    Ok(())
}

/// Returns when the others have done everything that it had not.
///
/// Until then its insert may rightly pass: it is a member like any other, and how long the group takes to notice depends on
/// what else goes on. An `open` of somebody else's over its own is the proof that its fence lies behind: the lease has
/// passed since, and what it was inserting was killed. What is let in after that is let in wrongly.
fn take_over(world: &World, member: &Member) -> Result<()> {
    let instance = member.gate.instance().context("the tag of the held insert")?;
    let group = group_of(&member.service);
    within(PATIENCE, "others to have what it had", || {
        let words = world.kafka.words(&group)?;
        let its = words.iter().filter(|word| word.contains(&instance)).count();
        let open = words.iter().filter(|word| word.contains(" open ")).count();
        if its > 0 || open == 0 {
            std::thread::sleep(LOOK);
            bail!("of {} partitions {open} are open, {its} still by it", words.len());
        }
        Ok(())
    })?;
    world.wait_for(&world.heights()?)
}

/// The held insert must not have got in.
fn judge(member: &Member, hold: Hold, world: &World) -> Result<()> {
    let (answer, code) = (member.gate.answer(), member.gate.exception());
    let mut seen = lock(&world.seen);
    if hold == Hold::Whole {
        ensure!(code == Some(469), "a late insert was answered: {answer}");
        seen.refused_late += 1;
    } else {
        ensure!(
            !answer.contains(" 200 OK") || code.is_some(),
            "a zombie's insert was taken: {answer}"
        );
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        seen.begun.push(match code {
            Some(code) => format!("{code}: {}", body.chars().take(120).collect::<String>()),
            None => "hung up on".to_owned(),
        });
    }
    Ok(())
}

fn refused(member: &Member) -> Result<f64> {
    member
        .service
        .metric("footfall_kafka_commits_failed_total{outcome=\"refused\"")
}

fn lost(member: &Member) -> usize {
    member.service.printed().matches("the assignment is lost").count()
}
