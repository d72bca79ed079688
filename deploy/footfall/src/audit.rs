//! `footfall audit`: the books as a table. Everything that was acknowledged is in `events` once, or the ledger says why.
//!
//! On one machine a mark closes its log. In a cluster it does when the group has passed what all partitions had after the
//! mark was seen; what is missing before that may be on its way, and the command says so instead of guessing.

use crate::cli::AuditArgs;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::terminal::{Colour, Progress, count, note, paint, say};
use anyhow::Result;
use footfall_delivery::Numbers;
use footfall_processor::Server;
use footfall_processor::audit::{LogReport, Report, audit, closed};
use serde_json::json;
use std::time::Duration;

/// The round of a younger mark may still be on its way, see [`audit`].
const GRACE: Duration = Duration::from_secs(5);
/// How long the group may take to pass what the topic has; then the audit is made, and what is missing is not judged.
#[cfg(feature = "kafka")]
const PASS: Duration = Duration::from_secs(20);
/// How many numbers of each kind are printed.
const SHOWN: usize = 5;

/// Audits, repairs if asked to, prints. Gives whether the books are balanced.
///
/// # Errors
/// When ClickHouse is not found or does not answer.
pub async fn run(config: &Config, args: &AuditArgs) -> Result<bool> {
    // The result is written down in the table `audited`, so that a reader's rights are not enough.
    let server = clickhouse::find(config, Role::Writer)?.server;
    let mut line = Progress::new("auditing");
    let scope = line
        .beside("asking what is closed", Scope::find(config, &server))
        .await?;
    let mut report = line
        .beside("comparing numbers", audit(&server, &scope.closed, args.repair))
        .await?;
    let found = report.clone();
    if args.repair && !report.is_clean() {
        line.beside(
            "sending what is missing again",
            scope.send_again(config, &server, &found),
        )
        .await?;
        report = line
            .beside("looking again", audit(&server, &scope.closed, false))
            .await?;
    }
    line.finish("done");
    if args.json {
        say(as_json(&report, &found, scope.settled));
    } else {
        print(&report, &found, args.repair);
        if !report.is_clean() {
            advise(&report, args.repair, &scope);
        }
    }
    Ok(report.is_clean())
}

/// Audits what is closed, and repairs nothing. With it: whether what is missing cannot be on its way any more.
///
/// # Errors
/// ClickHouse or Kafka does not answer, or refuses.
pub(crate) async fn judge(config: &Config, server: &Server) -> Result<(Report, bool)> {
    let scope = Scope::find(config, server).await?;
    Ok((audit(server, &scope.closed, false).await?, scope.settled))
}

/// What is audited.
struct Scope {
    closed: Vec<Numbers>,
    /// What is missing is not on its way any more.
    settled: bool,
    /// There is a topic in which missing numbers may be.
    cluster: bool,
}

impl Scope {
    async fn find(config: &Config, server: &Server) -> Result<Self> {
        #[cfg(feature = "kafka")]
        if !config.kafka.bootstrap_servers.is_empty() {
            let closed = closed(server, Duration::ZERO).await?;
            // Asked after the marks were read: what the topic has now, they speak of.
            let settled = crate::cluster::positions::passed(config, PASS).await?;
            return Ok(Self {
                closed,
                settled,
                cluster: true,
            });
        }
        // The configuration counts only where there can be a Kafka.
        let _ = config;
        Ok(Self {
            closed: closed(server, GRACE).await?,
            settled: true,
            cluster: false,
        })
    }

    /// Missing numbers of a cluster that the topic still has. On one machine the running Footfall reads its log again.
    async fn send_again(&self, config: &Config, server: &Server, found: &Report) -> Result<()> {
        let missing: Vec<Numbers> = found.logs.iter().flat_map(|log| log.missing.clone()).collect();
        #[cfg(feature = "kafka")]
        if self.cluster && self.settled && !missing.is_empty() {
            return crate::cluster::missing::send_again(config, server, &missing).await;
        }
        let _ = (config, server, missing);
        Ok(())
    }
}

fn print(report: &Report, found: &Report, repair: bool) {
    say(paint(
        Colour::Bold,
        format_args!(
            "{:<38}{:>14}{:>14}{:>12}{:>10}{:>10}{:>12}",
            "log", "acknowledged", "rows", "ledger", "missing", "doubled", "late twins"
        ),
    ));
    for log in &report.logs {
        say(row(log));
    }
    if report.logs.is_empty() {
        say(
            "nothing is closed yet: a log is audited up to its newest mark, and marks come every 10 s while events do",
        );
    }
    for log in report.logs.iter().filter(|log| !log.is_clean()) {
        details(log);
    }
    if repair && !found.is_clean() {
        say(format_args!(
            "repaired: {} extra rows deleted, {} late duplicates moved to the ledger",
            count(found.repaired.extra),
            count(found.repaired.late_duplicates)
        ));
    }
    if report.is_clean() {
        say(paint(
            Colour::Green,
            "balanced: every acknowledged number is in the tables once",
        ));
    } else {
        say(paint(Colour::Red, "NOT balanced"));
    }
}

fn row(log: &LogReport) -> String {
    let acknowledged = log.numbers.last + 1 - log.numbers.first;
    let figure = |number: u64, width: usize| {
        let text = format!("{:>width$}", count(number));
        if number == 0 {
            text
        } else {
            paint(Colour::Red, text)
        }
    };
    format!(
        "{:<38}{:>14}{:>14}{:>12}{}{}{}",
        log.numbers.log_id,
        count(acknowledged),
        count(log.rows),
        count(log.ledger),
        figure(log.missing_count(), 10),
        figure(log.extra + log.both.len() as u64, 10),
        figure(log.late_duplicates.len() as u64, 12),
    )
}

fn details(log: &LogReport) {
    for range in log.missing.iter().take(SHOWN) {
        note(format_args!(
            "log {}: numbers {} to {} are in no table",
            log.numbers.log_id, range.first, range.last
        ));
    }
    for number in log.doubled.iter().take(SHOWN) {
        note(format_args!(
            "log {}: number {number} has more than one row",
            log.numbers.log_id
        ));
    }
    for number in log.both.iter().take(SHOWN) {
        note(format_args!(
            "log {}: number {number} is in events and in the ledger",
            log.numbers.log_id
        ));
    }
    for twin in log.late_duplicates.iter().take(SHOWN) {
        note(format_args!(
            "log {}: number {} repeats the event {} of number {}",
            twin.log_id, twin.log_seq, twin.event_id, twin.of_log_seq
        ));
    }
}

fn advise(report: &Report, repair: bool, scope: &Scope) {
    let missing = report.logs.iter().any(|log| log.missing_count() > 0);
    if missing && !scope.settled {
        say(
            "the processors have not passed what is in the topic: what is missing may be on its way. Audit again when they have",
        );
    } else if missing && scope.cluster {
        say(
            "missing numbers that the topic still has are sent again by the processors' auditor, or now by `footfall audit --repair`;",
        );
        say("what it has no more, on the node that gave it:");
        for range in report.logs.iter().flat_map(|log| &log.missing).take(SHOWN) {
            say(format_args!(
                "  footfall resend --log {} --from {} --to {}",
                range.log_id, range.first, range.last
            ));
        }
        say("and what no node has any more is declared lost: `footfall lost`, with the same numbers");
    } else if missing {
        say(
            "missing numbers are read again from the log by the running Footfall, with its next audit (processor.audit_every);",
        );
        say("what the log has no more is counted as `lost` in the ledger");
    }
    if !repair {
        say("`footfall audit --repair` deletes extra rows and moves late duplicates to the ledger");
    }
}

fn as_json(report: &Report, found: &Report, settled: bool) -> serde_json::Value {
    let logs: Vec<_> = report
        .logs
        .iter()
        .map(|log| {
            json!({
                "log_id": log.numbers.log_id,
                "first": log.numbers.first,
                "last": log.numbers.last,
                "rows": log.rows,
                "ledger": log.ledger,
                "missing": log.missing_count(),
                "doubled": log.extra + log.both.len() as u64,
                "late_duplicates": log.late_duplicates.len(),
            })
        })
        .collect();
    json!({
        "balanced": report.is_clean(),
        "settled": settled,
        "logs": logs,
        "repaired": { "extra": found.repaired.extra, "late_duplicates": found.repaired.late_duplicates },
    })
}
