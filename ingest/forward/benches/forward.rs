//! How fast a log reaches a real broker, and what it costs the edge: records per second, and CPU of this process per
//! record, for a backlog and for a steady stream with and without the forwarder.
//!
//! `cargo bench -p footfall-forward [-- <records>]`. The broker takes its share of the same cores.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]
#![expect(clippy::print_stdout, reason = "it prints its figures")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use footfall_broker::{Broker, Options};
use footfall_forward::{Config, Progress, run};
use footfall_log::{Entry, Log};
use footfall_topics::{Connection, TopicSettings, Topics};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Like an event of a page view: 449 bytes that compress as JSON does.
fn entry(n: u64) -> Entry {
    let visitor = Uuid::from_u128(u128::from(n % 50_000) * 0x9e37_79b9_7f4a_7c15_0123);
    let payload = format!(
        "{{\"v\":1,\"id\":\"{}\",\"site\":\"demo\",\"kind\":\"page_view\",\"received_at\":{},\"visitor\":\"{visitor}\",\
         \"session\":\"{}\",\"url\":\"https://shop.example.com/products/{}?utm_source=news\",\"title\":\"Product {}\",\
         \"referrer\":\"https://www.example.org/search\",\"ip\":\"203.0.113.{}\",\"user_agent\":\"Mozilla/5.0 (X11; \
         Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0\",\"lang\":\"en\"}}",
        Uuid::new_v4(),
        1_790_000_000_000 + n,
        Uuid::from_u128(u128::from(n / 7)),
        n % 977,
        n % 977,
        n % 251,
    );
    Entry {
        kind: 1,
        time_ms: 1_790_000_000_000 + n,
        key: visitor.into_bytes(),
        payload: payload.into_bytes(),
    }
}

/// CPU time of this process, the producer's threads included.
fn cpu() -> Duration {
    // SAFETY: the structure is the call's to fill.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let time = |t: libc::timeval| {
        Duration::from_secs(t.tv_sec.unsigned_abs()) + Duration::from_micros(t.tv_usec.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

fn open(folder: &Path) -> Log {
    let config = footfall_log::Config {
        folder: folder.to_owned(),
        keep: Duration::from_secs(3600),
        ..footfall_log::Config::default()
    };
    Log::open(config).unwrap().0
}

/// Made before the clock starts: what is measured is not the making of events.
async fn append(log: &Log, batches: &[Vec<Entry>]) {
    for batch in batches {
        log.append(batch.as_slice()).await.unwrap();
    }
}

async fn passed(log: &Log) {
    while log.stats().cursors.iter().any(|cursor| cursor.records > 0) || log.stats().cursors.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn batches(records: u64) -> Vec<Vec<Entry>> {
    let firsts = (0..records).step_by(500);
    firsts
        .map(|first| (first..first + 500).map(entry).collect())
        .collect()
}

fn report(name: &str, records: u64, took: Duration, cpu: Duration) {
    let rate = records as f64 / took.as_secs_f64();
    let each = cpu.as_secs_f64() * 1e6 / records as f64;
    println!("{name}: {rate:.0} records/s, {each:.2} CPU-µs per record");
}

async fn backlog(broker: &Broker, records: u64) {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    append(&log, &batches(records)).await;
    let (stop, progress) = (CancellationToken::new(), Arc::new(Progress::default()));
    let config = Config::new(Connection::plain(broker.bootstrap()));
    let (started, before) = (Instant::now(), cpu());
    let work = run(config, log.clone(), Arc::clone(&progress), stop.clone());
    tokio::join!(async { work.await.unwrap() }, async {
        passed(&log).await;
        report("backlog", records, started.elapsed(), cpu() - before);
        stop.cancel();
    });
}

/// `rate` events a second in calls of 50, with or without a forwarder; CPU of appending and forwarding together.
async fn stream(broker: &Broker, rate: u64, forwarding: bool) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let calls: Vec<Vec<Entry>> = (0..rate * 4 / 50)
        .map(|call| (call * 50..call * 50 + 50).map(entry).collect())
        .collect();
    let stop = CancellationToken::new();
    let config = Config::new(Connection::plain(broker.bootstrap()));
    let work = run(config, log.clone(), Arc::new(Progress::default()), stop.clone());
    let records = rate * 4;
    let load = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (started, before) = (Instant::now(), cpu());
        for (n, call) in calls.iter().enumerate() {
            let due = Duration::from_micros(n as u64 * 50_000_000 / rate);
            tokio::time::sleep(due.saturating_sub(started.elapsed())).await;
            log.append(call.as_slice()).await.unwrap();
        }
        if forwarding {
            passed(&log).await;
        }
        let spent = cpu() - before;
        let name = format!(
            "{rate} events/s, forwarder {}",
            if forwarding { "on" } else { "off" }
        );
        report(&name, records, started.elapsed(), spent);
        stop.cancel();
        spent
    };
    if forwarding {
        tokio::join!(async { work.await.unwrap() }, load).1
    } else {
        drop(work);
        load.await
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let records = std::env::args()
        .find_map(|word| word.parse().ok())
        .unwrap_or(600_000);
    let broker = Broker::start(&Options::default()).unwrap();
    let settings = TopicSettings {
        replication: 1,
        min_insync: 1,
        ..TopicSettings::default()
    };
    let topics = Topics::connect(&Connection::plain(broker.bootstrap()), Duration::from_secs(30)).unwrap();
    topics.create(&settings).unwrap();
    for _ in 0..3 {
        backlog(&broker, records).await;
    }
    for rate in [2000, 20_000] {
        let off = stream(&broker, rate, false).await;
        let on = stream(&broker, rate, true).await;
        let each = (on.as_secs_f64() - off.as_secs_f64()) * 1e6 / (rate * 4) as f64;
        println!("{rate} events/s: the forwarder costs {each:.2} CPU-µs per event");
    }
}
