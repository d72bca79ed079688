//! Reports that look at a clock: the engine's is asked before and after, and the reckoning must be the same for both.

use super::{Asked, Case, ask, keep};
use crate::reports::random::{Random, events_around, question};
use crate::reports::reference::{Answer, now};
use clickhouse::Client;
use std::cell::RefCell;

const HOUR: i64 = 60 * 60 * 1_000;

/// The engine's clock, Unix ms.
async fn clock(client: &Client) -> i64 {
    let answer = ask(client, "SELECT toUnixTimestamp64Milli(now64(3))").await;
    answer[0][0].parse().unwrap()
}

/// Asks until the clock has changed nothing in between.
pub(super) async fn ask_now(
    client: &Client,
    sql: &str,
    reckon: impl Fn(i64) -> Answer,
) -> (Vec<Vec<String>>, Answer) {
    loop {
        let before = reckon(clock(client).await);
        let found = ask(client, sql).await;
        if before == reckon(clock(client).await) {
            return (found, before);
        }
    }
}

/// Who is here now, over random events of the last two hours.
pub(super) async fn lately(client: &Client, random: &mut Random, seed: u64, asked: &RefCell<Asked>) {
    let site: &'static str = Box::leak(format!("now{seed}").into_boxed_str());
    let middle = clock(client).await;
    let events = events_around(random, site, middle, 2 * HOUR);
    keep(client, &events).await;
    let case = Case {
        client,
        seed,
        events: &events,
        ledger: &[],
        question: question(random, site, middle, &events),
        asked,
    };
    for (report, reckon) in [
        ("live", now::live as fn(_, &[_], _) -> _),
        ("live_now", now::live_now),
    ] {
        let sql = format!("SELECT * FROM report_{report}(site = '{site}')");
        let (found, expected) = ask_now(client, &sql, |now| reckon(site, &events, now)).await;
        case.compare(report, &sql, &found, &expected);
    }
}
