//! The cluster that faults are injected into: long-lived, under load, every part behind a lock of its own. A fault locks
//! what it disturbs or cannot do without, in the order of the fields, so that several can go on at once.

use anyhow::{Context, Result, ensure};
use footfall_broker::Broker;
use footfall_tests::books::{number, query};
use footfall_tests::cluster::{Cluster, Wiring};
use footfall_tests::footfall::{Home, eventually, free_port, within};
use footfall_tests::gate::Gate;
use footfall_tests::kafka::Kafka;
use footfall_tests::proxy::Proxy;
use footfall_tests::server::Server;
use footfall_tests::service::Service;
use footfall_tests::steady::Steady;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Partitions of a new topic.
pub(crate) const PARTITIONS: u32 = 12;

/// Most time in which what is acknowledged must be in the table when nothing is broken any more. It bounds a failure, it
/// judges nothing: on a machine that does much else, a group may need several rounds to find together.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// A processor, and its own way to ClickHouse.
pub(crate) struct Member {
    pub(crate) service: Service,
    pub(crate) gate: Gate,
}

/// Everything.
pub(crate) struct World {
    pub(crate) wiring: Wiring,
    pub(crate) kafka: Kafka,
    pub(crate) load: Steady,
    pub(crate) homes: [Home; 2],
    /// Between the gates and the engine.
    pub(crate) proxy: Proxy,
    /// Several faults go on at once.
    pub(crate) mixed: AtomicBool,
    /// One of them went wrong: no others are begun.
    pub(crate) broken: AtomicBool,
    /// What was seen of refused zombies and the like; for the report.
    pub(crate) seen: Mutex<Seen>,
    /// Topic and group; inside: how often the group was renamed.
    pub(crate) topic: Mutex<u64>,
    pub(crate) ingests: [Mutex<Service>; 2],
    pub(crate) processors: [Mutex<Member>; 3],
    pub(crate) broker: Mutex<Broker>,
    pub(crate) engine: Mutex<Server>,
    pub(crate) network: Mutex<()>,
}

/// What the report says beside recovery times.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// Late inserts of zombies that ClickHouse refused with 469, as their gates saw it.
    pub(crate) refused_late: u64,
    /// Inserts that a zombie had begun, and what became of them.
    pub(crate) begun: Vec<String>,
    /// Zombies' commits that were refused, by their own counters.
    pub(crate) refused_commits: u64,
    /// Zombies that were told that they are members no more.
    pub(crate) assignments_lost: u64,
    /// One line for each outage.
    pub(crate) outages: Vec<String>,
    /// Numbers sent again from edge logs.
    pub(crate) sent_again: u64,
}

/// What is inside, also when a thread has panicked over it: the test is lost then anyway.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// Two ingests, three processors, everything ready.
    pub(crate) fn start(folder: &Path, rate: u64) -> Result<Self> {
        let Cluster {
            wiring,
            broker,
            clickhouse,
        } = Cluster::start(folder, PARTITIONS)?;
        let proxy = Proxy::start(free_port()?, clickhouse.address)?;
        let ingests = [wiring.ingest("edge-1")?, wiring.ingest("edge-2")?];
        let member = |name: &str| -> Result<Mutex<Member>> {
            let gate = Gate::start(proxy.address)?;
            let url = format!("http://{}", gate.address);
            let service = wiring.with(&[("CLICKHOUSE_URL", &url)]).processor(name)?;
            Ok(Mutex::new(Member { service, gate }))
        };
        let processors = [member("p-1")?, member("p-2")?, member("p-3")?];
        let world = Self {
            kafka: Kafka::at(&broker.bootstrap()),
            load: Steady::new(rate),
            homes: ingests.each_ref().map(|ingest| wiring.home(ingest)),
            proxy,
            mixed: AtomicBool::default(),
            broken: AtomicBool::default(),
            seen: Mutex::default(),
            topic: Mutex::default(),
            ingests: ingests.map(Mutex::new),
            processors,
            broker: Mutex::new(broker),
            engine: Mutex::new(clickhouse),
            network: Mutex::default(),
            wiring,
        };
        for processor in world.all() {
            processor.service.wait_ready()?;
        }
        Ok(world)
    }

    /// All processors, locked.
    pub(crate) fn all(&self) -> [MutexGuard<'_, Member>; 3] {
        self.processors.each_ref().map(lock)
    }

    /// Home for questions.
    pub(crate) const fn home(&self) -> &Home {
        &self.homes[0]
    }

    /// The greatest number of each log that is in the table.
    pub(crate) fn heights(&self) -> Result<Vec<(String, u64)>> {
        let sql = "SELECT toString(log_id) AS log, max(log_seq) AS n FROM footfall.events GROUP BY log_id";
        let rows = query(self.home(), sql)?;
        let height = |row: &serde_json::Value| Some((row["log"].as_str()?.to_owned(), row["n"].as_u64()?));
        rows.iter()
            .map(|row| height(row).context("a log's greatest number"))
            .collect()
    }

    /// Waits until both tables have every number up to these heights.
    pub(crate) fn wait_for(&self, heights: &[(String, u64)]) -> Result<()> {
        within(PATIENCE, "all numbers", || {
            for (log, height) in heights {
                let gap = gap(self.home(), log, *height)?;
                ensure!(
                    gap.is_none(),
                    "log {log} up to {height}: of {gap:?} some are missing"
                );
            }
            Ok(())
        })
    }

    /// Sends what is missing up to these heights again from the edges' logs, as an operator does whom the audit has told; of
    /// the logs that a kill has ended, all.
    pub(crate) fn send_again(&self, heights: &[(String, u64)], ingests: &[&Service]) -> Result<()> {
        let mut heights = heights.to_vec();
        for ingest in ingests {
            heights.extend(ended(&ingest.data)?);
        }
        for (log, height) in &heights {
            let Some((first, last)) = gap(self.home(), log, *height)? else {
                continue;
            };
            let (from, to) = (first.to_string(), last.to_string());
            let arguments = ["resend", "--log", log, "--from", &from, "--to", &to];
            let sent = ingests
                .iter()
                .find_map(|ingest| self.wiring.run_in(&ingest.data, &arguments).ok());
            ensure!(sent.is_some(), "no edge has {first} to {last} of log {log}");
            lock(&self.seen).sent_again += last + 1 - first;
        }
        self.wait_for(&heights)
    }

    /// Rows so far.
    pub(crate) fn rows(&self) -> Result<u64> {
        number(self.home(), "SELECT count() AS n FROM footfall.events")
    }

    /// Waits until so many more rows are there.
    pub(crate) fn wait_for_more(&self, more: u64) -> Result<()> {
        let before = eventually("the rows", || self.rows())?;
        eventually("more rows", || {
            let there = self.rows()?;
            ensure!(there >= before + more, "{there} rows, were {before}");
            Ok(())
        })
    }

    /// What the broker and every service have printed, and what the services count.
    pub(crate) fn printed(&self) -> String {
        let members = self
            .processors
            .iter()
            .map(|member| lock(member).service.metrics());
        let counted = self
            .ingests
            .iter()
            .map(|ingest| lock(ingest).metrics())
            .chain(members);
        let counted = counted.map(|text| text.unwrap_or_else(|error| error.to_string()));
        let ingests = self.ingests.iter().map(|ingest| lock(ingest).printed());
        let processors = self
            .processors
            .iter()
            .map(|member| lock(member).service.printed());
        std::iter::once(lock(&self.broker).printed())
            .chain(ingests)
            .chain(processors)
            .chain(counted)
            .collect::<Vec<_>>()
            .join("\n----\n")
    }
}

/// The logs of a node that have ended, and their last numbers, as the node found them when it started again.
fn ended(data: &Path) -> Result<Vec<(String, u64)>> {
    let mut ended = Vec::new();
    for entry in std::fs::read_dir(data.join("log/logs"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let (Some((_, log)), Ok(end)) = (
            name.split_once('-'),
            std::fs::read_to_string(entry.path().join("end")),
        ) else {
            continue;
        };
        let last = end.split_whitespace().nth(1).context("a log's last number")?;
        ended.push((log.to_owned(), last.parse()?));
    }
    Ok(ended)
}

/// First and last of the numbers up to a height that are in neither table; `None`: all are there.
pub(crate) fn gap(home: &Home, log: &str, height: u64) -> Result<Option<(u64, u64)>> {
    // Each number or range beside the one before it: what lies between is missing. The one behind the last is there, also
    // for a log of which no table has anything.
    let sql = format!(
        "SELECT min(f) AS first, max(t) AS last, count() AS n FROM (
            SELECT before + 1 AS f, a - 1 AS t FROM (
                SELECT a, max(b) OVER (ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM (
                    SELECT log_seq AS a, log_seq AS b FROM footfall.events WHERE log_id = '{log}' AND log_seq <= {height}
                    UNION ALL
                    SELECT first_seq, last_seq FROM footfall.ledger WHERE log_id = '{log}' AND first_seq <= {height}
                    UNION ALL
                    SELECT {height} + 1, {height} + 1
                )
            ) WHERE a > before + 1
        )"
    );
    let rows = query(home, &sql)?;
    let row = rows.first().context("a gap")?;
    let first_and_last = row["first"].as_u64().zip(row["last"].as_u64());
    Ok(first_and_last.filter(|_| row["n"] != 0))
}
