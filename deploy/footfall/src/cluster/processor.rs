//! `footfall processor`: Kafka → tables. Keeps nothing on its disk: positions are in Kafka, truth is in the tables.

use super::kafka;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::erase;
use crate::metrics;
use crate::parts;
use crate::problem::{Problem, Problems};
use crate::retention;
use crate::terminal::note;
use crate::up::store::bring_up_to_date;
use crate::up::{signals, sockets};
use anyhow::{Context as _, Result};
use footfall_delivery::Mode;
use footfall_kafka::{KafkaSource, Settings};
use footfall_processor::admin::{Admin, serve};
use footfall_processor::{Server, Wiring};
use footfall_topics::Topics;
use std::fmt::Display;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long brokers may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts to find the topic.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// Runs until a signal, or until it cannot go on; then finishes the insert in flight and gives its partitions back.
///
/// # Errors
/// What keeps it from starting, with the remedy; or why it could not go on. ClickHouse or Kafka being away is no error.
pub async fn run(config: &Config) -> Result<()> {
    let settings = kafka::source(config).map_err(|problem| Problems(vec![problem]))?;
    let erasure_key = erase::key::given(config).map_err(|problem| Problems(vec![problem]))?;
    let server = server(config)?;
    let admin = sockets::bind("processor.admin_listen", config.processor.admin_listen)
        .await
        .map_err(|problem| Problems(vec![problem]))?;
    let stop = CancellationToken::new();
    let mut beside = JoinSet::new();
    beside.spawn(signals::watch(stop.clone()));
    let handle = metrics::install()?;
    footfall_kafka::measure::describe();
    beside.spawn(metrics::upkeep(handle.clone()));
    note(format_args!(
        "reading {} at {} as group {}, writing to {}; metrics at http://{}/metrics",
        config.kafka.topic,
        config.kafka.bootstrap_servers,
        config.kafka.group,
        server.authority(),
        admin.local_addr()?
    ));
    let mut wiring = Wiring::new(server.clone());
    wiring.enrichment = parts::enrichment(config);
    wiring.erasure_key = erasure_key;
    wiring.retention = Some(retention::policy::of_processor(config));
    let control = wiring.control();
    let shown = Admin {
        condition: control.condition(),
        metrics: Some(handle),
    };
    // From the start: whoever probes hears what is waited for.
    beside.spawn(serve(admin, shown, CancellationToken::new()));
    let opened = async {
        control.waiting("bringing the tables up to date: ClickHouse has not answered to it yet");
        bring_up_to_date(&server, Mode::Fenced).await?;
        control.waiting("looking for the topic: no broker has shown it yet");
        open(settings).await
    };
    let source = tokio::select! {
        () = stop.cancelled() => return Ok(()),
        source = opened => source?,
    };
    control.waiting("joining the group");
    let settings = parts::processor_settings(config, Mode::Fenced, &server, source.topic_id());
    let result = footfall_processor::run(settings, source, wiring, stop).await;
    beside.shutdown().await;
    result.context("the processor could not go on; what it has not written is in Kafka")?;
    note("stopped; what is not in the tables yet is in Kafka, and another processor goes on with it");
    Ok(())
}

fn server(config: &Config) -> Result<Server> {
    let configured = clickhouse::configured(config, Role::Writer).and_then(|access| {
        access.ok_or_else(|| {
            Problem::new(
                "`clickhouse.url` is not set: a processor of a cluster has no engine of its own",
                "set it (CLICKHOUSE_URL=http://clickhouse:8123), or run everything on this machine: `footfall up`",
            )
        })
    });
    Ok(configured?.server)
}

/// Finds the topic and joins the group; brokers that are away and a topic that is not there yet are waited for.
async fn open(settings: Settings) -> Result<KafkaSource> {
    let mut pause = PAUSE.0;
    loop {
        let settings = settings.clone();
        let opened = tokio::task::spawn_blocking(move || {
            // Says why nobody lets us in; a source that is opened only hears that nobody answers.
            Topics::connect(&settings.connection, PATIENCE).map(|_| KafkaSource::open(settings))
        });
        match opened.await.context("the search for the topic died")? {
            Ok(Ok(source)) => return Ok(source),
            Err(error) => say(&error, pause),
            Ok(Err(error)) if error.is_temporary() => say(&error, pause),
            Ok(Err(error)) => return Err(error).context("cannot read from Kafka"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

fn say(error: &dyn Display, pause: Duration) {
    tracing::error!(
        %error,
        "Kafka cannot be read; trying again in {}. `footfall topics` makes the topic, `footfall check` says more",
        crate::terminal::seconds(pause)
    );
}
