//! What forwarding costs the ingest: events per CPU-second of its process with the brokers there and away. Away is what
//! "off" means in the product: everything of the forwarder is there but for the forwarding.
//!
//! The ingest runs on core 0; load, broker and everything else on core 1. With the brokers there, the ingest's CPU time is
//! taken when the last event has been acknowledged by them.

use crate::load::Load;
use crate::process::{cpu, figure, median, pin};
use crate::{bodies, number};
use anyhow::{Context, Result};
use footfall_broker::{Broker, Options};
use footfall_tests::footfall::{binary, eventually, free_port};
use footfall_tests::http::Client;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Cursor lag of the forwarder.
const BEHIND: &str = "footfall_log_behind_records{cursor=\"forward\"}";

struct Ingest {
    child: Child,
    http: SocketAddr,
    admin: SocketAddr,
}

impl Ingest {
    fn start(folder: &Path, brokers: &str) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let sites = "[[site]]\nkey = \"demo\"\norigins = [\"https://shop.example\"]\n";
        std::fs::write(folder.join("sites.toml"), sites)?;
        let (http, admin) = (free_port()?, free_port()?);
        let out = std::fs::File::create(folder.with_extension("out"))?;
        pin(&[0])?;
        let child = footfall(brokers)?
            .args(["ingest", "--data"])
            .arg(folder)
            .env("FOOTFALL_INGEST_LISTEN", http.to_string())
            .env("FOOTFALL_INGEST_ADMIN_LISTEN", admin.to_string())
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn();
        pin(&[1])?;
        let child = child.context("start an ingest")?;
        let ingest = Self { child, http, admin };
        let mut client = Client::new(http, Duration::from_secs(5));
        eventually("an ingest that is ready", || {
            let answer = client.request("GET", "/ready", &[], b"")?;
            anyhow::ensure!(answer.status == 200, "{}", answer.text());
            Ok(())
        })?;
        Ok(ingest)
    }

    /// Until Kafka has acknowledged everything.
    fn forwarded(&self) -> Result<()> {
        eventually("the brokers to have everything", || {
            let behind = figure(self.admin, BEHIND)?;
            anyhow::ensure!(behind == 0.0, "{behind} records are left");
            Ok(())
        })
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

fn footfall(brokers: &str) -> Result<Command> {
    let mut command = Command::new(binary()?);
    let key = "00".repeat(32);
    let env = [
        ("KAFKA_BOOTSTRAP_SERVERS", brokers),
        ("FOOTFALL_KAFKA_REPLICATION", "1"),
        ("FOOTFALL_KAFKA_MIN_INSYNC", "1"),
        ("FOOTFALL_INGEST_IDENTITY_KEY", &key),
    ];
    command.envs(env);
    Ok(command)
}

/// What one round showed of one side.
#[derive(Clone, Copy)]
struct Round {
    /// CPU of the ingest, µs an event.
    micros: f64,
    /// Events a second that were acknowledged to the load.
    taken: f64,
    /// Events a second until the brokers had the last.
    forwarded: f64,
}

/// Both sides, in interleaved rounds, for single events and for batches.
pub fn compare() -> Result<()> {
    let broker = Broker::start(&Options::default())?;
    let folder = tempfile::tempdir()?;
    let made = footfall(&broker.bootstrap())?
        .args(["topics", "--data"])
        .arg(folder.path().join("operator"))
        .output()?;
    anyhow::ensure!(made.status.success(), "footfall topics: {made:?}");
    let nobody = free_port()?.to_string();
    println!(
        "CPU of the ingest process on core 0, µs an event (events/s taken; events/s until Kafka has the last)"
    );
    println!(
        "{:<32} {:>10} {:>10} {:>27}   on / off, events per CPU-second",
        "", "away", "there", ""
    );
    let (rounds, seconds) = (
        number("BENCH_ROUNDS", 3),
        number("BENCH_SECONDS", 3),
    );
    let cases = [
        ("64 connections, single events", 64, None),
        ("64 connections, batches of 50", 64, Some(bodies::batches())),
    ];
    for (label, connections, batches) in cases {
        let mut load = Load::new(connections, batches);
        let (mut off, mut on) = (Vec::new(), Vec::new());
        for n in 0..rounds {
            for (brokers, to) in [(&nobody, &mut off), (&broker.bootstrap(), &mut on)] {
                let data = folder.path().join(format!("{connections}-{n}-{}", to.len()));
                let round = measure(&data, brokers, *brokers != nobody, &mut load, seconds)?;
                to.push(round);
                std::fs::remove_dir_all(&data)?;
            }
        }
        report(label, &off, &on);
    }
    pin(&[0, 1])
}

fn measure(data: &Path, brokers: &str, there: bool, load: &mut Load, seconds: u64) -> Result<Round> {
    let ingest = Ingest::start(data, brokers)?;
    load.run(ingest.http, Duration::from_secs(1))?;
    if there {
        ingest.forwarded()?;
    }
    let (before, began) = (cpu(ingest.child.id())?, Instant::now());
    let (events, took) = load.run(ingest.http, Duration::from_secs(seconds))?;
    if there {
        ingest.forwarded()?;
    }
    let (all, spent) = (began.elapsed(), cpu(ingest.child.id())? - before);
    #[expect(clippy::cast_precision_loss, reason = "a benchmark's figures")]
    let events = events as f64;
    Ok(Round {
        micros: spent * 1e6 / events,
        taken: events / took.as_secs_f64(),
        forwarded: events / all.as_secs_f64(),
    })
}

fn report(label: &str, off: &[Round], on: &[Round]) {
    let of = |rounds: &[Round], figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    let micros = (of(off, |r| r.micros), of(on, |r| r.micros));
    println!(
        "{label:<32} {:>10.2} {:>10.2} ({:>7.0}; {:>7.0} {:>7.0})   {:.2} (wanted 0.8)",
        micros.0,
        micros.1,
        of(off, |r| r.taken),
        of(on, |r| r.taken),
        of(on, |r| r.forwarded),
        micros.0 / micros.1
    );
}
