//! The processor from a full log to rows in the real engine, against A, in interleaved rounds over the same HTTP path.
//!
//! The rule is the same for both sides: same sort key, same fsync settings, same form of parts, and every merge that the
//! engine itself finds worth doing until it finds none. How much was merged is printed, because it grows with the table.
//! A is measured with inserts as long as ours, which is what counts, and with short ones.

use crate::bench::{count, median, number};
use crate::source::Chunked;
use crate::{bench, cpu, made};
use bytes::Bytes;
use clickhouse::Client;
use footfall_delivery::Mode;
use footfall_engine::Engine;
use footfall_processor::insert::{Inserted, Inserter, Statement};
use footfall_processor::suppressed::Key;
use footfall_processor::{Config, Server, Wiring, run as run_processor};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Rows of one insert of A; more are joined from pieces of this length.
const SHORT: usize = 10_000;

/// CPU microseconds per event, and how often an event was merged.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) ours: f64,
    insert: f64,
    merge: f64,
    merged: f64,
}

impl Cost {
    pub(crate) const fn engine(&self) -> f64 {
        self.insert + self.merge
    }
    const fn all(&self) -> f64 {
        self.ours + self.engine()
    }
}

pub(crate) async fn run(events: usize, rounds: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let (engine, server) = bench::start(folder.path()).await;
    let client = server.client();
    let made_table = client.query(made::RAW_TABLE).execute().await;
    made_table.expect("the raw table");
    let made = made::events(events);
    let (payloads, lines) = (Arc::new(made::log_json(&made)), made::raw_json(&made, SHORT));
    drop(made);
    let ours = config(&server).round.records;
    let mut blocks = vec![SHORT, ours, number("FOOTFALL_BENCH_BLOCK", ours)];
    blocks.dedup();
    head(events, &lines);
    let mut ratios = vec![Vec::new(); blocks.len()];
    for _ in 0..rounds {
        let p = processor(&engine, &server, &payloads, None).await;
        line(&format!("ours, {ours} rows an insert"), &p, "");
        for (block, ratios) in blocks.iter().zip(&mut ratios) {
            let a = raw(&engine, &server, &client, &join(&lines, *block), events).await;
            let ratio = (a.engine() / p.ours, a.engine() / p.all());
            let text = format!("{:>8.2} {:>8.2}", ratio.0, ratio.1);
            line(&format!("A, {block} rows an insert"), &a, &text);
            ratios.push(ratio);
        }
    }
    for (block, ratios) in blocks.iter().zip(ratios) {
        let (alone, both): (Vec<f64>, Vec<f64>) = ratios.into_iter().unzip();
        println!(
            "A with {block} rows an insert: processor alone / A {:.2} (wanted 1.2), processor + engine / A {:.2} (wanted 0.6)",
            median(alone),
            median(both)
        );
    }
    engine.stop(Duration::from_secs(10)).await;
}

fn head(events: usize, lines: &[Bytes]) {
    let raw_bytes: usize = lines.iter().map(Bytes::len).sum();
    println!(
        "\n{events} events a round; a raw line of A: {} bytes; both sides: fsync of parts and folders, merges until settled",
        raw_bytes / events
    );
    println!(
        "µs of CPU per event           client    engine =   insert +  merge   merged    alone/A   both/A"
    );
}

fn line(what: &str, cost: &Cost, ratios: &str) {
    println!(
        "{what:<28} {:>7.2}   {:>7.2}   {:>8.2} {:>8.2}   {:>5.1}x   {ratios}",
        cost.ours,
        cost.engine(),
        cost.insert,
        cost.merge,
        cost.merged
    );
}

/// Bodies of about `rows` lines, from bodies of [`SHORT`].
fn join(lines: &[Bytes], rows: usize) -> Vec<Bytes> {
    lines
        .chunks((rows / SHORT).max(1))
        .map(|some| Bytes::from(some.concat()))
        .collect()
}

/// Runs `work` and waits for the merges of `table`; CPU µs per event of both processes.
async fn cost(
    engine: &Engine,
    client: &Client,
    table: &str,
    events: usize,
    work: impl Future<Output = ()>,
) -> Cost {
    let read = || {
        (
            cpu::of(engine.pid()),
            cpu::of_threads(engine.pid(), "MergeMutate"),
        )
    };
    let (own, (all, merging), merged) = (cpu::own(), read(), merged_rows(client).await);
    work.await;
    let ours = cpu::own() - own;
    settled(client, table).await;
    let after = read();
    let per = 1e6 / events as f64;
    let merge = (after.1 - merging) * per;
    Cost {
        ours: ours * per,
        insert: (after.0 - all) * per - merge,
        merge,
        merged: (merged_rows(client).await - merged) as f64 / events as f64,
    }
}

/// Rows that background merges have read so far.
async fn merged_rows(client: &Client) -> u64 {
    let sql = "SELECT sum(value) FROM system.events WHERE event = 'MergedRows'";
    count(client, sql).await
}

/// Until nothing is being merged and the number of parts stands still for two seconds.
async fn settled(client: &Client, table: &str) {
    let parts = format!("SELECT count() FROM system.parts WHERE table = '{table}' AND active");
    let (mut last, mut still) = (u64::MAX, 0);
    while still < 2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = count(client, &parts).await;
        let quiet = count(client, "SELECT count() FROM system.merges").await == 0 && now == last;
        still = if quiet { still + 1 } else { 0 };
        last = now;
    }
}

async fn truncate(client: &Client, table: &str) {
    client
        .query(&format!("TRUNCATE TABLE {table}"))
        .execute()
        .await
        .expect("an empty table");
    settled(client, table).await;
}

async fn raw(engine: &Engine, server: &Server, client: &Client, lines: &[Bytes], events: usize) -> Cost {
    truncate(client, "raw").await;
    let statement = Statement {
        tag: "footfall/bench".to_owned(),
        max_execution: Duration::from_secs(60),
        timeout: Duration::from_secs(60),
    };
    let mut inserter = Inserter::new(server.clone(), statement);
    cost(engine, client, "raw", events, async {
        for body in lines {
            let rows = body.iter().filter(|byte| **byte == b'\n').count() as u64;
            let inserted = inserter
                .send("INSERT INTO raw FORMAT JSONEachRow", body.clone())
                .await;
            assert_eq!(inserted, Inserted::Written(rows));
        }
    })
    .await
}

/// As the product runs it, but for patience on a loaded machine and the auditor, whose work is not on this way.
pub(crate) fn config(server: &Server) -> Config {
    let mut config = Config::new(Mode::Child, server, "bench");
    config.audit.every = Duration::ZERO;
    config.insert_timeout = Duration::from_secs(60);
    config.delivery.max_execution = 60_000;
    config
}

/// Everything from the payloads to rows. `key`: of the list of erased persons.
pub(crate) async fn processor(
    engine: &Engine,
    server: &Server,
    payloads: &Arc<Vec<Bytes>>,
    key: Option<&Key>,
) -> Cost {
    let client = &server.client();
    truncate(client, "events").await;
    let events = payloads.len();
    let full = Arc::clone(payloads);
    let source = Chunked::new(Uuid::new_v4(), events, Arc::new(move |index| full[index].clone()));
    let config = config(server);
    let mut wiring = Wiring::new(server.clone());
    // Nobody restarts the engine here: nothing is in doubt, or the run does not end.
    let (engine_restart, _never) = tokio::sync::mpsc::channel(1);
    wiring.engine = Some(engine_restart);
    wiring.erasure_key = key.cloned();
    let (mut condition, shutdown) = (wiring.control().condition(), CancellationToken::new());
    let cost = cost(engine, client, "events", events, async {
        let finished = async {
            condition
                .wait_for(|now| now.rows == events as u64)
                .await
                .expect("a running processor");
            shutdown.cancel();
        };
        let (ran, ()) = tokio::join!(run_processor(config, source, wiring, shutdown.clone()), finished);
        ran.expect("a run without errors");
    })
    .await;
    assert_eq!(count(client, "SELECT count() FROM events").await, events as u64);
    cost
}
