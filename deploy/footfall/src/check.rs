//! `footfall check`: tries configuration and connections. Finds every problem at once, each with its remedy.
//!
//! In order: configuration (found by [`crate::config::load`]), `folders` (data, log, disk, sites), `proxy` (of the edge
//! that runs here), `secure` (its certificate), `dashboard` (who may see it), addresses, `library` of the engine, `kafka` (let in, topics, rights), `tables` (server or engine:
//! reachable, who we are, which schema), `growth` (what is kept for how long, and whether there is room for it). [`Plan`] says which of them matter here.

mod dashboard;
mod folders;
mod growth;
#[cfg(feature = "kafka")]
mod kafka;
mod library;
mod plan;
mod proxy;
mod secure;
pub(crate) mod tables;

pub use plan::Plan;

use crate::cli::Service;
use crate::config::{Config, Loaded};
use crate::data::{self, Run};
use crate::http::Client;
use crate::problem::Problem;
use crate::terminal::{Colour, paint, say};
use crate::up::sockets;
use anyhow::Result;
use std::net::SocketAddr;
use std::time::Duration;

/// What was found so far.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is well, one line each.
    pub good: Vec<String>,
    /// What is worth knowing and no problem.
    pub notes: Vec<String>,
    /// What keeps Footfall from working.
    pub problems: Vec<Problem>,
}

impl Findings {
    pub(crate) fn good(&mut self, line: impl Into<String>) {
        self.good.push(line.into());
    }

    pub(crate) fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }

    /// Something that a service needs: a problem where it is known that the service is to run here.
    fn need(&mut self, plan: Plan, what: impl Into<String>, remedy: impl Into<String>) {
        if plan == Plan::Cluster {
            let (what, remedy) = (what.into(), remedy.into());
            return self.note(format!("{what}; {remedy}"));
        }
        self.problem(what, remedy);
    }

    pub(crate) fn problem(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(Problem::new(what, remedy));
    }

    /// Prints everything: what is well, what is worth knowing, and each problem with its remedy.
    pub(crate) fn print(&self) {
        for line in &self.good {
            say(format_args!("{} {line}", paint(Colour::Green, "ok     ")));
        }
        for line in &self.notes {
            say(format_args!("{} {line}", paint(Colour::Yellow, "note   ")));
        }
        for problem in &self.problems {
            say(format_args!("{} {}", paint(Colour::Red, "PROBLEM"), problem.what));
            say(format_args!(
                "        {} {}",
                paint(Colour::Bold, "remedy:"),
                problem.remedy
            ));
        }
        match self.problems.len() {
            0 => say(paint(Colour::Green, "\nno problem")),
            1 => say(paint(Colour::Red, "\n1 problem")),
            several => say(paint(Colour::Red, format_args!("\n{several} problems"))),
        }
    }
}

/// Checks everything and prints it. Gives whether there is no problem.
///
/// # Errors
/// None of its own; what fails is a finding.
pub async fn run(loaded: &Loaded, service: Option<Service>) -> Result<bool> {
    let findings = look(loaded, Plan::of(&loaded.config, service)).await;
    findings.print();
    Ok(findings.problems.is_empty())
}

/// Checks everything.
pub async fn look(loaded: &Loaded, plan: Plan) -> Findings {
    let config = &loaded.config;
    let mut findings = Findings {
        problems: loaded.problems.clone(),
        ..Findings::default()
    };
    if loaded.problems.is_empty() {
        let file = loaded
            .file
            .as_ref()
            .map_or_else(|| "no file".to_owned(), |path| path.display().to_string());
        findings.good(format!(
            "configuration: {} settings beside the defaults ({file})",
            loaded.origins.len()
        ));
    }
    plan.refuse(config, &mut findings);
    if plan.writes_rows() {
        growth::retention(config, plan, &mut findings);
    }
    let running = data::running(&config.data.folder);
    // A processor keeps nothing on its disk.
    if plan.takes_events() {
        folders::look(config, plan, running.as_ref(), &mut findings);
        secure::look(config, &mut findings);
    }
    if let Some(run) = &running {
        findings.good(format!(
            "Footfall is running here (process {}) at {}",
            run.pid, run.public
        ));
        proxy::look(run, &mut findings).await;
    }
    if plan.has_dashboard(config) {
        dashboard::look(config, plan, &mut findings).await;
    }
    addresses(config, plan, running.is_some(), &mut findings).await;
    #[cfg(feature = "kafka")]
    if plan.has_kafka() {
        kafka::look(config, plan, &mut findings).await;
    }
    let library = if plan.has_engine(config) {
        library::look(config, &mut findings)
    } else {
        None
    };
    if plan.writes_rows() {
        tables::look(config, plan, running.as_ref(), library, &mut findings).await;
    }
    findings
}

async fn addresses(config: &Config, plan: Plan, running: bool, findings: &mut Findings) {
    let mut wanted = Vec::new();
    if plan.takes_events() && !running {
        wanted.push(("ingest.listen", config.ingest.listen));
        wanted.push(("ingest.admin_listen", config.ingest.admin_listen));
        if let Some(address) = config.ingest.tls_listen {
            wanted.push(("ingest.tls_listen", address));
        }
        if plan.has_engine(config) {
            wanted.push(("engine.listen", config.engine.listen));
        }
    }
    if plan.has_dashboard(config) && !(running && plan == Plan::Up) {
        wanted.push(("dashboard.listen", config.dashboard.listen));
    }
    if matches!(plan, Plan::Processor | Plan::Cluster) {
        wanted.push(("processor.admin_listen", config.processor.admin_listen));
    }
    let mut held = Vec::new();
    for (key, address) in wanted {
        match sockets::bind(key, address).await {
            Ok(listener) => {
                // Held until all are tried: two settings with one address are a problem too.
                held.push(listener);
                findings.good(format!("{key}: {address} is free"));
            }
            // A processor leaves no word in the data folder: it is asked.
            Err(_) if key == "processor.admin_listen" && is_processor(address).await => {
                findings.good(format!("a processor is running here at {address}"));
            }
            Err(problem) => findings.problems.push(problem),
        }
    }
}

async fn is_processor(address: SocketAddr) -> bool {
    let ask = async {
        let url = format!("http://{}", sockets::here(address)).parse().ok()?;
        let answer = Client::new(&url).ok()?.get("/version").await.ok()?;
        Some(answer.status.is_success())
    };
    tokio::time::timeout(Duration::from_secs(2), ask)
        .await
        .ok()
        .flatten()
        .unwrap_or(false)
}

/// The instance on the folder, where its kind of ClickHouse is the configured one.
fn engine_of(running: Option<&Run>) -> Option<&Run> {
    running.filter(|run| run.engine)
}
