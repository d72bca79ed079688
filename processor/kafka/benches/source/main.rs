//! What the way through Kafka costs the processor: the same events from a topic of twelve partitions, and from a local
//! log, into the real engine. `cargo bench -p footfall-kafka` (release; needs Java and Maven for the broker). Costs are
//! CPU times of this process, with all its threads, in interleaved rounds; the engine's and the broker's are their own.
//!
//! `FOOTFALL_BENCH_EVENTS` (default 300000) and `FOOTFALL_BENCH_ROUNDS` (default 3) change the size.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    reason = "a benchmark prints its figures and stops where it cannot go on; its numbers are small"
)]

#[path = "../../../benches/pipeline/bench.rs"]
mod bench;
#[path = "../../../benches/pipeline/cpu.rs"]
#[expect(dead_code, reason = "shared with the processor's own benchmark")]
mod cpu;
mod log;
#[path = "../../../benches/pipeline/made.rs"]
#[expect(dead_code, reason = "shared with the processor's own benchmark")]
mod made;
mod topic;

use bench::{count, median, number};
use bytes::Bytes;
use clickhouse::Client;
use footfall_delivery::Mode;
use footfall_processor::{Config, Server, Source, Wiring, run as run_processor};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    if let Some(ended) = bench::serve_if_asked() {
        return ended;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(compare(
        number("FOOTFALL_BENCH_EVENTS", 300_000),
        number("FOOTFALL_BENCH_ROUNDS", 3),
    ));
    ExitCode::SUCCESS
}

/// One run: CPU of this process per event, and events per second of the clock, from the first row to the last.
#[derive(Clone, Copy)]
struct Cost {
    micros: f64,
    rate: f64,
}

async fn compare(events: usize, rounds: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let (engine, server) = bench::start(folder.path()).await;
    let payloads = made::log_json(&made::events(events));
    let bytes = payloads.iter().map(Bytes::len).sum::<usize>() / events;
    let log = log::Full::new(&folder.path().join("log"), &payloads).await;
    let topic = tokio::task::block_in_place(|| topic::Full::new(&payloads));
    drop(payloads);
    println!("{events} events of {bytes} bytes; CPU µs/event of the processor (events/s of the clock)");
    println!("      from the log            from Kafka              ratio");
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let from_log = measure(&server, log.source(), "log", events).await;
        let kafka = tokio::task::block_in_place(|| topic.source());
        let from_kafka = measure(&server, kafka, "topic", events).await;
        let ratio = from_log.micros / from_kafka.micros;
        println!(
            "      {:>6.2} ({:>8.0})       {:>6.2} ({:>8.0})       {ratio:>5.2}",
            from_log.micros, from_log.rate, from_kafka.micros, from_kafka.rate
        );
        ratios.push(ratio);
    }
    println!(
        "from Kafka / from the log, events per CPU-second: {:.2} (wanted 0.8)",
        median(ratios)
    );
    engine.stop(Duration::from_secs(10)).await;
}

/// The whole life of a processor, fence and shutdown too: they cost little CPU, and are part of the way.
async fn measure<S: Source>(server: &Server, source: S, topic: &str, events: usize) -> Cost {
    let client = server.client();
    truncate(&client).await;
    let mut config = Config::new(Mode::Fenced, server, topic);
    config.audit.every = Duration::ZERO;
    config.delivery.lease = 3_000;
    config.delivery.max_execution = 2_500;
    config.insert_timeout = Duration::from_millis(2_400);
    let wiring = Wiring::new(server.clone());
    let (mut condition, shutdown) = (wiring.control().condition(), CancellationToken::new());
    let before = cpu::own();
    let mut clock = Duration::ZERO;
    let finished = async {
        condition
            .wait_for(|now| now.rows > 0)
            .await
            .expect("a running processor");
        let began = Instant::now();
        condition
            .wait_for(|now| now.rows == events as u64)
            .await
            .expect("a running processor");
        clock = began.elapsed();
        shutdown.cancel();
    };
    let (ran, ()) = tokio::join!(run_processor(config, source, wiring, shutdown.clone()), finished);
    ran.expect("a run without errors");
    assert_eq!(count(&client, "SELECT count() FROM events").await, events as u64);
    Cost {
        micros: (cpu::own() - before) * 1e6 / events as f64,
        rate: events as f64 / clock.as_secs_f64(),
    }
}

/// Empty tables, and an engine that merges nothing any more.
async fn truncate(client: &Client) {
    for table in ["events", "ledger"] {
        let sql = format!("TRUNCATE TABLE {table}");
        client.query(&sql).execute().await.expect("an empty table");
    }
    loop {
        if count(client, "SELECT count() FROM system.merges").await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
