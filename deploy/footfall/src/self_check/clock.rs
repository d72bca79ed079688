//! ClickHouse's clock beside this machine's. Deadlines of inserts and the times of events are by several clocks.

use super::PATIENCE;
use crate::check::Findings;
use crate::clickhouse::Access;
use crate::problem::told;
use crate::target::now_ms;
use anyhow::{Context as _, Result};

/// What clocks may differ by, ms: half of the lease of an insert.
pub(super) const APART: i64 = footfall_processor::suppressed::LEASE / 2;

const NOW: &str = "SELECT toUnixTimestamp64Milli(now64(3))";

pub(super) async fn look(access: &Access, findings: &mut Findings) {
    let before = now_ms();
    let answer = tokio::time::timeout(PATIENCE, access.text(NOW, &[])).await;
    match answer.map(read) {
        Ok(Ok(theirs)) => say("ClickHouse", theirs, (before, now_ms()), findings),
        Ok(Err(error)) => findings.problem(
            format!("ClickHouse does not tell its time: {}", told(&error)),
            "look at that server's log",
        ),
        Err(_) => findings.problem(
            "ClickHouse does not tell its time: no answer",
            "look at that server: is it overloaded?",
        ),
    }
}

fn read(answer: Result<String>) -> Result<i64> {
    let answer = answer?;
    answer.trim().parse().with_context(|| format!("it says {answer}"))
}

/// Says how far a clock is from ours, that showed `ours` before and after it was read. All in ms since 1970.
pub(super) fn say(whose: &str, theirs: i64, ours: (i64, i64), findings: &mut Findings) {
    let apart = apart(theirs, ours);
    if apart.abs() <= APART {
        findings.good(format!("clock of {whose}: within {APART} ms of this machine's"));
        return;
    }
    let (seconds, way) = (apart.abs() / 1000, if apart > 0 { "ahead of" } else { "behind" });
    findings.problem(
        format!("the clock of {whose} is {seconds} s {way} this machine's"),
        "let all machines follow a time server (chrony, systemd-timesyncd)",
    );
}

/// How far it is outside of what it may have been.
const fn apart(theirs: i64, (before, after): (i64, i64)) -> i64 {
    if theirs < before {
        theirs - before
    } else if theirs > after {
        theirs - after
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::{APART, Findings, apart, say};

    #[test]
    fn a_clock_is_as_far_off_as_it_cannot_be_explained_by_the_wait() {
        assert_eq!(apart(105, (100, 110)), 0);
        assert_eq!(apart(95, (100, 110)), -5);
        assert_eq!(apart(117, (100, 110)), 7);
        let mut findings = Findings::default();
        say("a", APART, (0, 0), &mut findings);
        assert_eq!(findings.problems, []);
        say("b", -APART - 1, (0, 0), &mut findings);
        assert!(findings.problems[0].what.contains("behind"), "{findings:?}");
    }
}
