//! The processor from a full log to rows in the real engine, against A, in interleaved rounds over the same HTTP path.

use crate::source::Chunked;
use crate::{cpu, made};
use bytes::Bytes;
use clickhouse::Client;
use footfall_delivery::Mode;
use footfall_engine::{Config as EngineConfig, Engine, Secret, library};
use footfall_processor::insert::{Inserted, Inserter, Statement};
use footfall_processor::{Config, Server, Wiring, run as run_processor};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Rows of one insert of A, unless `FOOTFALL_BENCH_BLOCK` says otherwise.
const BLOCK: usize = 10_000;

/// CPU microseconds per event.
#[derive(Clone, Copy, Default)]
struct Cost {
    ours: f64,
    engine: f64,
}

pub(crate) async fn run(events: usize, rounds: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let (engine, server) = start(folder.path()).await;
    let client = server.client();
    client
        .query(made::RAW_TABLE)
        .execute()
        .await
        .expect("the raw table");
    let made = made::events(events);
    let (payloads, lines) = (
        Arc::new(made::log_json(&made)),
        made::raw_json(&made, crate::number("FOOTFALL_BENCH_BLOCK", BLOCK)),
    );
    let raw_bytes: usize = lines.iter().map(Bytes::len).sum();
    drop(made);
    println!(
        "\n{events} events a round; a raw line of A: {} bytes",
        raw_bytes / events
    );
    println!("µs/event         A engine (client)   processor    engine     alone/A   both/A");
    let (mut alone, mut both) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let a = raw(&engine, &server, &client, &lines, events).await;
        let p = processor(&engine, &server, &client, &payloads).await;
        alone.push(a.engine / p.ours);
        both.push(a.engine / (p.ours + p.engine));
        println!(
            "                 {:>8.2} ({:.2})      {:>8.2}  {:>8.2}      {:>6.2}   {:>6.2}",
            a.engine,
            a.ours,
            p.ours,
            p.engine,
            alone[alone.len() - 1],
            both[both.len() - 1]
        );
    }
    println!("processor alone / A: {:.2} (wanted 1.2)", median(alone));
    println!("processor + engine / A: {:.2} (wanted 0.6)", median(both));
    engine.stop(Duration::from_secs(10)).await;
}

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

pub(crate) async fn start(folder: &std::path::Path) -> (Engine, Server) {
    let library = library::locate(&mut |_| {}).expect("libchdb");
    let mut config = EngineConfig::new(folder.join("data"), library, Secret::new("bench"));
    config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let this = std::env::current_exe().expect("this program");
    let engine = Engine::spawn(&this, &[OsString::from("engine")], &config)
        .await
        .expect("the engine");
    let server =
        Server::parse(&format!("http://default:bench@{}", engine.address()), "footfall").expect("an address");
    footfall_tables::migrate(&server.client(), "footfall", &mut |_| {})
        .await
        .expect("the tables");
    (engine, server)
}

/// Runs `work` and waits for the merges of `table`; CPU µs per event of both processes.
async fn cost(
    engine: &Engine,
    client: &Client,
    table: &str,
    events: usize,
    work: impl Future<Output = ()>,
) -> Cost {
    let before = (cpu::own(), cpu::of(engine.pid()));
    work.await;
    let ours = cpu::own() - before.0;
    settled(client, table).await;
    let per = 1e6 / events as f64;
    Cost {
        ours: ours * per,
        engine: (cpu::of(engine.pid()) - before.1) * per,
    }
}

/// Until nothing is being merged and the number of parts stands still for two seconds.
async fn settled(client: &Client, table: &str) {
    let parts = format!("SELECT count() FROM system.parts WHERE table = '{table}' AND active");
    let count = async |sql: &str| client.query(sql).fetch_one::<u64>().await.expect("a count");
    let (mut last, mut still) = (u64::MAX, 0);
    while still < 2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = count(&parts).await;
        let quiet = count("SELECT count() FROM system.merges").await == 0 && now == last;
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

async fn processor(engine: &Engine, server: &Server, client: &Client, payloads: &Arc<Vec<Bytes>>) -> Cost {
    truncate(client, "events").await;
    let events = payloads.len();
    let full = Arc::clone(payloads);
    let source = Chunked::new(Uuid::new_v4(), events, Arc::new(move |index| full[index].clone()));
    let mut config = Config::new(Mode::Child, server, "bench");
    config.audit.every = Duration::ZERO;
    config.insert_timeout = Duration::from_secs(60);
    config.delivery.max_execution = 60_000;
    let mut wiring = Wiring::new(server.clone());
    // Nobody restarts the engine here: nothing is in doubt, or the run does not end.
    let (engine_restart, _never) = tokio::sync::mpsc::channel(1);
    wiring.engine = Some(engine_restart);
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
    let rows = client
        .query("SELECT count() FROM events")
        .fetch_one::<u64>()
        .await
        .expect("a count");
    assert_eq!(rows, events as u64);
    cost
}
