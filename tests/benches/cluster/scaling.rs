//! How fast one and two processors empty a topic that is full, into tables of their own each time. Brokers, ClickHouse and
//! processors share the machine: on two cores a second processor has nothing left to run on.

use crate::load::Load;
use crate::process::{cpu, median};
use crate::{bodies, number};
use anyhow::{Result, ensure};
use footfall_tests::books;
use footfall_tests::cluster::Cluster;
use footfall_tests::footfall::eventually;
use footfall_tests::service::Service;
use std::time::{Duration, Instant};

/// One and two, in interleaved rounds.
pub fn compare(cluster: &Cluster) -> Result<()> {
    let events = fill(cluster, number("BENCH_EVENTS", 300_000))?;
    println!("\nemptying a topic of {events} events     events/s   CPU µs an event, all processors");
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for round in 0..number("BENCH_ROUNDS", 3) {
        one.push(empty(cluster, events, 1, round)?);
        two.push(empty(cluster, events, 2, round)?);
    }
    let mut rates = Vec::new();
    for (label, rounds) in [("1 processor", one), ("2 processors", two)] {
        let (rate, micros): (Vec<f64>, Vec<f64>) = rounds.into_iter().unzip();
        println!(
            "{label:<34} {:>10.0}   {:>8.2}",
            median(rate.clone()),
            median(micros)
        );
        rates.push(median(rate));
    }
    if let [one, two] = rates[..] {
        println!("2 / 1, events/s: {:.2}", two / one);
    }
    Ok(())
}

/// Brings so many events to the topic, or a few more; gives how many, those that were there included.
fn fill(cluster: &Cluster, events: u64) -> Result<u64> {
    let ingest = cluster.wiring.ingest("filler")?;
    let mut load = Load::new(16, Some(bodies::batches()));
    let mut sent = 0;
    while sent < events {
        sent += load.run(ingest.http, Duration::from_secs(1))?.0;
    }
    eventually("the topic to have everything", || {
        let behind = ingest.metric("footfall_log_behind_records{cursor=\"forward\"}")?;
        ensure!(behind == 0.0, "{behind} records are left");
        Ok(())
    })?;
    Ok(sent)
}

/// Events a second from the first row to the last fate, and CPU µs for each.
fn empty(cluster: &Cluster, events: u64, processors: usize, round: u64) -> Result<(f64, f64)> {
    let name = format!("scaling_{processors}_{round}");
    let wiring = cluster
        .wiring
        .with(&[("CLICKHOUSE_DATABASE", &name), ("FOOTFALL_KAFKA_GROUP", &name)]);
    wiring.run(&["migrate"])?;
    let mut all: Vec<Service> = (0..processors)
        .map(|n| wiring.processor(&format!("{name}_{n}")))
        .collect::<Result<_>>()?;
    let home = cluster
        .wiring
        .home(all.first().ok_or_else(|| anyhow::anyhow!("no processor"))?);
    let fates = || {
        // Batches are sent again and again: most events are in the ledger, as duplicates.
        let sql = format!(
            "SELECT toUInt64((SELECT count() FROM {name}.events) + (SELECT countIf(reason != 'mark') FROM {name}.ledger)) AS n"
        );
        books::number(&home, &sql)
    };
    eventually("the first row", || {
        ensure!(fates()? > 0, "none yet");
        Ok(())
    })?;
    let (began, head) = (Instant::now(), fates()?);
    eventually("the last row", || {
        let seen = fates()?;
        ensure!(seen >= events, "{seen} of {events}");
        Ok(())
    })?;
    let rate = (events - head) as f64 / began.elapsed().as_secs_f64();
    let spent = all.iter().map(|one| cpu(one.pid())).sum::<Result<f64>>()?;
    for one in &mut all {
        one.stop()?;
    }
    wiring.run(&[
        "query",
        "--writer",
        "--set",
        "clickhouse.database=default",
        &format!("DROP DATABASE {name}"),
    ])?;
    Ok((rate, spent * 1e6 / events as f64))
}
