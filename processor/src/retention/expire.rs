//! Rows of `events`: their fates, an hour or some at a time, and then their deletion, a month at a time. The month is the
//! table's partition, so that no other part is rewritten; what can go as a whole goes first ([`whole`]).

use super::hours::{DELETED, Hour, joined};
use super::policy::{Before, Due};
use super::{Report, RetentionError, ask, by_site, hours, order, whole};
use clickhouse::Client;
use uuid::Uuid;

/// Rows whose numbers are put in order at once, in the server: about 60 MB.
const SLICE: u64 = 1_000_000;
/// How long an entry of ours may take.
const LEASE: &str = "INTERVAL 10 MINUTE";

/// Gives rows that are due their fate, and deletes them.
pub(super) async fn expire(
    client: &Client,
    due: &Due,
    dry: bool,
    report: &mut Report,
) -> Result<(), RetentionError> {
    let Some(due) = &due.events else {
        return Ok(());
    };
    report.events = by_site(client, "count what has expired", &due.condition).await?;
    if dry || report.events.is_empty() {
        return Ok(());
    }
    let all = hours::of(client, "events", &due.condition).await?;
    for month in all.chunk_by(|one, next| one.month == next.month) {
        let Some(&Hour { month: partition, .. }) = month.first() else {
            continue;
        };
        if !drop_whole(client, due, partition, report).await? {
            rows(client, due, month, report).await?;
            continue;
        }
        let rest = format!("toYYYYMM(received_at) = {partition} AND {}", due.condition);
        let rest = hours::of(client, "events", &rest).await?;
        rows(client, due, &rest, report).await?;
    }
    Ok(())
}

/// Parts of a month that have expired altogether: all of their rows get their fate, then they are dropped. Says whether there
/// were any. One that is not dropped keeps its rows, for the ordinary way.
async fn drop_whole(
    client: &Client,
    due: &Before,
    partition: u32,
    report: &mut Report,
) -> Result<bool, RetentionError> {
    let parts = whole::find(client, partition, &due.condition).await?;
    for some in parts.chunks(whole::AT_ONCE) {
        let rows_of = whole::rows_of(some);
        let detail = detail(due);
        for slice in joined(&hours::of(client, "events", &rows_of).await?, SLICE) {
            report.entries += write_fates(client, &rows_of, slice, &detail).await?;
        }
        for part in some {
            _ = whole::drop(client, part).await;
        }
    }
    Ok(!parts.is_empty())
}

/// Rows of a month, by number.
async fn rows(
    client: &Client,
    due: &Before,
    month: &[Hour],
    report: &mut Report,
) -> Result<(), RetentionError> {
    for some in joined(month, DELETED) {
        // Names the entries, and so the numbers, of this deletion.
        let detail = detail(due);
        let within = month
            .iter()
            .filter(|hour| (some.from..some.to).contains(&hour.from));
        for slice in joined(within, SLICE) {
            report.entries += write_fates(client, &due.condition, slice, &detail).await?;
        }
        delete(client, some.month, &detail).await?;
    }
    Ok(())
}

fn detail(due: &Before) -> String {
    format!("received before {}; run {}", day(due.latest), Uuid::new_v4())
}

/// One entry for each run of numbers; says how many. The site stands in it if all of them are of one.
async fn write_fates(
    client: &Client,
    condition: &str,
    slice: Hour,
    detail: &str,
) -> Result<u64, RetentionError> {
    let runs = format!(
        "SELECT log_id, min(s) AS first, max(s) AS last, if(uniqExact(of) = 1, any(of), '') AS one FROM \
         (SELECT log_id, s, of, s - row_number() OVER (PARTITION BY log_id ORDER BY s) AS run FROM \
         (SELECT log_id, log_seq AS s, any(toString(site)) AS of FROM events WHERE {} AND {condition} GROUP BY log_id, s)) \
         GROUP BY log_id, run",
        slice.condition()
    );
    let sql = format!(
        "INSERT INTO ledger (log_id, first_seq, last_seq, reason, detail, site, at, insert_deadline) \
         SELECT log_id, first, last, 'expired', '{detail}', one, now64(3), now64(3) + {LEASE} FROM ({runs}) \
         ORDER BY log_id, first"
    );
    let entries = format!("SELECT count() FROM ({runs})");
    let entries = ask("count runs of numbers", client.query(&entries).fetch_one::<u64>()).await?;
    order(client, "write what has expired to the ledger", &sql).await?;
    Ok(entries)
}

async fn delete(client: &Client, month: u32, detail: &str) -> Result<(), RetentionError> {
    let sql = format!(
        "ALTER TABLE events DELETE IN PARTITION {month} WHERE (log_id, log_seq) IN \
         (SELECT log_id, arrayJoin(range(first_seq, last_seq + 1)) FROM ledger WHERE reason = 'expired' AND detail = '{detail}') \
         SETTINGS mutations_sync = 1"
    );
    order(client, "delete what has expired", &sql).await
}

/// The day of a time, ms since 1970.
fn day(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn a_day_is_said_as_people_write_it() {
        assert_eq!(day(1_795_305_600_000), "2026-11-22");
    }
}
