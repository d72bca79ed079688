//! Appends acknowledged after an fsync, beside fjall 3: 1, 64 and 512 callers, interleaved rounds, one table.
//!
//! `cargo bench -p footfall-log --bench append [-- --seconds 2 --rounds 3 --bytes 600 --folder DIR]`. For the cost on
//! one core: `taskset -c 1 cargo bench …`. fjall gets the same pattern: its callers are acknowledged after a
//! `persist(SyncData)` that covers them, one persist at a time for all that wait.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark is a test that prints"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use footfall_log::{Config, Entry, Log};
use tokio::sync::{mpsc, oneshot};

struct Options {
    seconds: f64,
    rounds: usize,
    bytes: usize,
    folder: PathBuf,
    only_log: bool,
}

fn options() -> Options {
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        args.iter()
            .position(|a| a == name)
            .and_then(|i| args.get(i + 1))
            .cloned()
    };
    Options {
        seconds: value("--seconds").map_or(2.0, |v| v.parse().unwrap()),
        rounds: value("--rounds").map_or(3, |v| v.parse().unwrap()),
        bytes: value("--bytes").map_or(600, |v| v.parse().unwrap()),
        folder: value("--folder").map_or_else(std::env::temp_dir, PathBuf::from),
        only_log: args.iter().any(|a| a == "--only-log"),
    }
}

/// One measured round.
struct Round {
    records: u64,
    took: Duration,
    cpu: Duration,
    latencies: Vec<Duration>,
    fsync_p50: Duration,
    per_group: f64,
}

/// User and system time of the process so far.
fn cpu() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `usage` has room for the answer, and zeros are a valid one.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let time = |t: libc::timeval| {
        Duration::new(t.tv_sec.unsigned_abs(), 0) + Duration::from_micros(t.tv_usec.unsigned_abs())
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted
        .get(sorted.len() * percent / 100)
        .copied()
        .unwrap_or_default()
}

/// Runs `callers` tasks that append one record after the other, on a runtime of one thread as the edge has per core.
async fn race<F, A>(callers: usize, seconds: f64, append: F) -> (u64, Duration, Duration, Vec<Duration>)
where
    F: Fn(usize) -> A + Clone + Send + 'static,
    A: Future<Output = ()> + Send,
{
    let (start, cpu_before) = (Instant::now(), cpu());
    let end = start + Duration::from_secs_f64(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let append = append.clone();
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < end {
                let sent = Instant::now();
                append(caller).await;
                latencies.push(sent.elapsed());
            }
            latencies
        });
    }
    let mut latencies: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let (took, cpu) = (start.elapsed(), cpu() - cpu_before);
    latencies.sort_unstable();
    (latencies.len() as u64, took, cpu, latencies)
}

async fn log_round(folder: &Path, callers: usize, options: &Options) -> Round {
    let (log, _) = Log::open(Config {
        folder: folder.to_owned(),
        quota_bytes: 64 << 30,
        ..Config::default()
    })
    .unwrap();
    let bytes = options.bytes;
    let appender = log.clone();
    let append = move |_: usize| {
        let log = appender.clone();
        async move {
            let entry = Entry {
                kind: 1,
                time_ms: 1,
                key: [1; 16],
                payload: vec![b'x'; bytes],
            };
            log.append([entry]).await.unwrap();
        }
    };
    let (records, took, cpu, latencies) = race(callers, options.seconds, append).await;
    let stats = log.stats();
    log.close().await;
    let per_group = records as f64 / stats.groups as f64;
    Round {
        records,
        took,
        cpu,
        latencies,
        fsync_p50: stats.fsync_p50,
        per_group,
    }
}

async fn fjall_round(folder: &Path, callers: usize, options: &Options) -> Round {
    let database = Database::builder(folder).open().unwrap();
    let keyspace = database.keyspace("log", KeyspaceCreateOptions::default).unwrap();
    let (send, mut receive) = mpsc::channel::<oneshot::Sender<()>>(callers);
    let persister = std::thread::spawn(move || {
        let mut fsyncs = Vec::new();
        let mut waiting = Vec::new();
        while let Some(first) = receive.blocking_recv() {
            waiting.push(first);
            while let Ok(next) = receive.try_recv() {
                waiting.push(next);
            }
            let started = Instant::now();
            database.persist(PersistMode::SyncData).unwrap();
            fsyncs.push(started.elapsed());
            waiting.drain(..).for_each(|caller| caller.send(()).unwrap());
        }
        fsyncs.sort_unstable();
        fsyncs
    });
    let next = Arc::new(std::sync::atomic::AtomicU64::new(1));
    let bytes = options.bytes;
    let append = move |_: usize| {
        let (keyspace, send, next) = (keyspace.clone(), send.clone(), Arc::clone(&next));
        async move {
            let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            keyspace.insert(number.to_be_bytes(), vec![b'x'; bytes]).unwrap();
            let (done, wait) = oneshot::channel();
            send.send(done).await.unwrap();
            wait.await.unwrap();
        }
    };
    let (records, took, cpu, latencies) = race(callers, options.seconds, append).await;
    let fsyncs = persister.join().unwrap();
    let per_group = records as f64 / fsyncs.len() as f64;
    Round {
        records,
        took,
        cpu,
        latencies,
        fsync_p50: percentile(&fsyncs, 50),
        per_group,
    }
}

fn print(name: &str, callers: usize, round: &Round) {
    println!(
        "{name:<14} {callers:>4} callers  {:>9.0} records/s  p50 {:>7.0} µs  p99 {:>7.0} µs  {:>6.2} CPU-µs/record  fsync p50 {:>5.0} µs  {:>6.1} records/fsync",
        round.records as f64 / round.took.as_secs_f64(),
        percentile(&round.latencies, 50).as_secs_f64() * 1e6,
        percentile(&round.latencies, 99).as_secs_f64() * 1e6,
        round.cpu.as_secs_f64() * 1e6 / round.records as f64,
        round.fsync_p50.as_secs_f64() * 1e6,
        round.per_group,
    );
}

/// Reads what the rounds have written, in order.
async fn read_all(folder: &Path) {
    let (log, _) = Log::open(Config {
        folder: folder.to_owned(),
        quota_bytes: 64 << 30,
        ..Config::default()
    })
    .unwrap();
    let mut reader = log.reader("bench").unwrap();
    let (start, cpu_before) = (Instant::now(), cpu());
    let mut records = 0_usize;
    let mut bytes = 0_usize;
    loop {
        let items = reader.read(1 << 20).unwrap();
        if items.is_empty() {
            break;
        }
        records += items.len();
        bytes += items
            .iter()
            .map(|i| {
                if let footfall_log::Item::Record(r) = i {
                    r.payload.len()
                } else {
                    0
                }
            })
            .sum::<usize>();
    }
    let took = start.elapsed();
    println!(
        "ordered read: {records} records, {:.0} MiB, {:.2} M records/s, {:.3} CPU-µs/record",
        bytes as f64 / 1048576.0,
        records as f64 / took.as_secs_f64() / 1e6,
        (cpu() - cpu_before).as_secs_f64() * 1e6 / records as f64
    );
    log.close().await;
}

fn main() {
    let options = options();
    let base = tempfile::tempdir_in(&options.folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    println!(
        "{} bytes per record, {} s per round, one executor thread",
        options.bytes, options.seconds
    );
    runtime.block_on(async {
        for round in 0..options.rounds {
            for callers in [1, 64, 512] {
                print(
                    "footfall-log",
                    callers,
                    &log_round(&base.path().join("log"), callers, &options).await,
                );
                if !options.only_log {
                    let folder = base.path().join(format!("fjall-{round}-{callers}"));
                    print("fjall 3", callers, &fjall_round(&folder, callers, &options).await);
                    std::fs::remove_dir_all(folder).unwrap();
                }
            }
        }
        read_all(&base.path().join("log")).await;
    });
}
