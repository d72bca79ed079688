//! How long each report takes over 10 million events of a month, on the real engine: `cargo bench -p footfall-tables --bench
//! reports`. One question at a time, warm; `EVENTS` makes fewer.
//!
//! Median and 95th percentile of the rounds, with rows and bytes read as the engine counts them. One site has all events,
//! which is the worst case; the ranges are the last week, with which the dashboard begins, and the whole month.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints and may panic"
)]

use clickhouse::Client;
use footfall_clickhouse::{Clickhouse, PASSWORD, traffic};
use footfall_tables::reports::Report;
use footfall_tables::{REPORTS, Step, migrate};
use std::time::{Duration, Instant};

const DATABASE: &str = "bench";
const EVENTS: u64 = 10_000_000;
/// Questions of each kind, after one that warms up.
const ROUNDS: usize = 10;
/// The day after the last of the events.
const UNTIL: &str = "2026-11-22 00:00:00";
/// Since when: a week, a month.
const RANGES: [&str; 2] = ["2026-11-15 00:00:00", "2026-10-23 00:00:00"];
/// What must be asked where the catalogue has no default.
fn value(
    parameter: &footfall_tables::reports::Parameter,
    [since, until]: [&str; 2],
    dimension: &str,
) -> String {
    let text = match (parameter.name, parameter.default) {
        ("site", _) => "'shop'",
        ("since", _) => return format!("'{since}'"),
        ("until", _) => return format!("'{until}'"),
        ("steps", _) => "['page:/section-1/*', 'event:signup', 'type:click']",
        ("goals", _) => "['page:/section-1/*', 'event:signup', 'type:click']",
        ("by", _) => "'path_template'",
        ("dimension", None) => return format!("'{dimension}'"),
        ("session_id", _) => "(SELECT session_id FROM events WHERE site = 'shop' LIMIT 1)",
        ("visitor_id", _) => "(SELECT toString(visitor_id) FROM events WHERE site = 'shop' LIMIT 1)",
        (_, Some(default)) if parameter.kind == "String" => return format!("'{default}'"),
        (_, Some("{}")) => "map()",
        (_, default) => default.unwrap_or("''"),
    };
    text.to_owned()
}

fn question(report: &Report, range: [&str; 2], dimension: &str) -> String {
    let values = report
        .parameters
        .iter()
        .map(|parameter| format!("{} = {}", parameter.name, value(parameter, range, dimension)));
    let values: Vec<_> = values.collect();
    format!(
        "SELECT * FROM {}({}) LIMIT 1000",
        report.view.name,
        values.join(", ")
    )
}

/// Asks once; the time, and what the engine says it has read.
async fn ask(client: &Client, sql: &str) -> (Duration, f64, f64) {
    let start = Instant::now();
    let mut cursor = client.query_raw(sql).fetch_bytes("TabSeparated").unwrap();
    while cursor
        .next()
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .is_some()
    {}
    let took = start.elapsed();
    let read = |field: &str| {
        let summary = cursor
            .summary()
            .and_then(|summary| summary.get(field))
            .unwrap_or("0");
        summary.parse::<f64>().unwrap_or(0.0) / 1e6
    };
    (took, read("read_rows"), read("read_bytes"))
}

/// The median and the 95th percentile, ms.
fn percentiles(mut times: Vec<Duration>) -> (u128, u128) {
    times.sort();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_millis();
    (at(50), at(95))
}

async fn measure(client: &Client, report: &Report, since: &str) {
    let sql = question(report, [since, UNTIL], "country");
    let (_, rows, bytes) = ask(client, &sql).await;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(ask(client, &sql).await.0);
    }
    let (median, most) = percentiles(times);
    println!(
        "{:<16} {since:.10} {median:>6} ms {most:>6} ms {rows:>7.2} M {bytes:>8.1} MB",
        report.name
    );
}

fn main() {
    // The engine's process is this program again.
    footfall_clickhouse::serve().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(measure_all());
}

async fn measure_all() {
    let clickhouse = Clickhouse::start().await.unwrap();
    let client = Client::default()
        .with_url(clickhouse.url())
        .with_user("default")
        .with_password(PASSWORD)
        // What it has read stands in the head of the answer: right only if that is written last.
        .with_setting("wait_end_of_query", "1");
    migrate(&client, DATABASE, &mut |_: Step| {}).await.unwrap();
    let client = client.with_database(DATABASE);
    let events = std::env::var("EVENTS").map_or(EVENTS, |text| text.parse().unwrap());
    traffic::make(&client, events).await.unwrap();
    println!("report           since         p50       p95    rows      bytes");
    for range in RANGES {
        for report in REPORTS {
            measure(&client, report, range).await;
        }
    }
}
