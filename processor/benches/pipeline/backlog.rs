//! Memory while a backlog drains, and while the next start reads the recent event ids back: records are made as they are
//! read, so what is measured is the processor's own.

use crate::source::{Chunked, Payloads};
use crate::{bench, compare, cpu, made};
use bytes::Bytes;
use footfall_processor::{Wiring, run as run_processor};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Where the last twelve digits of the id stand in an event's JSON: `{"v":1,"id":"xxxxxxxx-xxxx-xxxx-xxxx-` before.
const ID_AT: usize = 13 + 24;

pub(crate) async fn run(events: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let (engine, server) = bench::start(folder.path()).await;
    let templates = made::log_json(&made::events(1_000));
    let payloads = move |index: usize| {
        let mut json = templates[index % templates.len()].to_vec();
        json[ID_AT..ID_AT + 12].copy_from_slice(format!("{index:012x}").as_bytes());
        Bytes::from(json)
    };
    let (payloads, log_id): (Payloads, _) = (Arc::new(payloads), Uuid::new_v4());
    println!(
        "\nbacklog of {events} events, resident before: {} MiB",
        cpu::resident_mib()
    );
    for (what, length) in [("drained", events), ("after another start", events + 1_000)] {
        let source = Chunked::new(log_id, length, Arc::clone(&payloads));
        let config = compare::config(&server);
        let mut wiring = Wiring::new(server.clone());
        let (engine_restart, _never) = tokio::sync::mpsc::channel(1);
        wiring.engine = Some(engine_restart);
        let shutdown = CancellationToken::new();
        let client = server.client();
        let finished = async {
            let sql = "SELECT count() FROM events";
            while client.query(sql).fetch_one::<u64>().await.expect("a count") < length as u64 {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            shutdown.cancel();
        };
        let (ran, ()) = tokio::join!(run_processor(config, source, wiring, shutdown.clone()), finished);
        ran.expect("a run without errors");
        println!("{what}: peak resident {} MiB", cpu::peak_mib());
    }
    engine.stop(Duration::from_secs(10)).await;
}
