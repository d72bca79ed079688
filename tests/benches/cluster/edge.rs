//! What forwarding costs the ingest: events per CPU-second of its process with the brokers there and away. Away is what
//! "off" means in the product: everything of the forwarder is there but for the forwarding.
//!
//! The ingest runs on core 0; load, brokers and all else on core 1. With the brokers there, the ingest's CPU time is
//! taken when they have acknowledged the last event.

use crate::load::Load;
use crate::process::{cpu, median, pin};
use crate::{bodies, number};
use anyhow::{Result, ensure};
use footfall_tests::cluster::{Cluster, Wiring};
use footfall_tests::footfall::{eventually, free_port};
use footfall_tests::service::Service;
use std::path::Path;
use std::time::{Duration, Instant};

/// Records that the forwarder has not passed.
const BEHIND: &str = "footfall_log_behind_records{cursor=\"forward\"}";

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
pub fn compare(folder: &Path, cluster: &Cluster) -> Result<()> {
    let (rounds, seconds) = (number("BENCH_ROUNDS", 3), number("BENCH_SECONDS", 3));
    let nobody = free_port()?.to_string();
    let away = cluster.wiring.with(&[("KAFKA_BOOTSTRAP_SERVERS", &nobody)]);
    println!(
        "\nCPU of the ingest process, µs an event; events/s acknowledged to the load; until Kafka has the last"
    );
    println!(
        "{:<32} {:>8} {:>8} {:>10} {:>10} {:>10}   away / there",
        "brokers", "away", "there", "away", "there", "Kafka"
    );
    let cases = [
        ("64 connections, single events", None),
        ("64 connections, batches of 50", Some(bodies::batches())),
    ];
    for (label, batches) in cases {
        let mut load = Load::new(64, batches);
        let (mut off, mut on) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            off.push(measure(folder, &away, false, &mut load, seconds)?);
            on.push(measure(folder, &cluster.wiring, true, &mut load, seconds)?);
        }
        report(label, &off, &on);
    }
    Ok(())
}

/// An ingest of its own on core 0, warmed up for a second.
fn measure(folder: &Path, wiring: &Wiring, there: bool, load: &mut Load, seconds: u64) -> Result<Round> {
    pin(&[0])?;
    let ingest = wiring.ingest("measured")?;
    pin(&[1])?;
    load.run(ingest.http, Duration::from_secs(1))?;
    if there {
        forwarded(&ingest)?;
    }
    let (before, began) = (cpu(ingest.pid())?, Instant::now());
    let (events, took) = load.run(ingest.http, Duration::from_secs(seconds))?;
    if there {
        forwarded(&ingest)?;
    }
    let (all, spent) = (began.elapsed(), cpu(ingest.pid())? - before);
    drop(ingest);
    std::fs::remove_dir_all(folder.join("measured"))?;
    pin(&[0, 1])?;
    let events = events as f64;
    Ok(Round {
        micros: spent * 1e6 / events,
        taken: events / took.as_secs_f64(),
        forwarded: events / all.as_secs_f64(),
    })
}

/// Until Kafka has acknowledged everything.
fn forwarded(ingest: &Service) -> Result<()> {
    eventually("the brokers to have everything", || {
        let behind = ingest.metric(BEHIND)?;
        ensure!(behind == 0.0, "{behind} records are left");
        Ok(())
    })
}

fn report(label: &str, off: &[Round], on: &[Round]) {
    let of = |rounds: &[Round], figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    let micros = (of(off, |round| round.micros), of(on, |round| round.micros));
    println!(
        "{label:<32} {:>8.2} {:>8.2} {:>10.0} {:>10.0} {:>10.0}   {:.2}",
        micros.0,
        micros.1,
        of(off, |round| round.taken),
        of(on, |round| round.taken),
        of(on, |round| round.forwarded),
        micros.0 / micros.1
    );
}
