//! `footfall check`: tries configuration and connections. Finds every problem at once, each with its remedy.
//!
//! In order: configuration (found by [`crate::config::load`]), `folders` (data, log, disk, sites), addresses,
//! `library` of the engine, `tables` (server or engine: reachable, who we are, which schema).

mod folders;
mod library;
mod tables;

use crate::config::{Config, Loaded};
use crate::data::{self, Run};
use crate::problem::Problem;
use crate::terminal::{Colour, paint, say};
use crate::up::sockets;
use anyhow::Result;

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
    fn good(&mut self, line: impl Into<String>) {
        self.good.push(line.into());
    }

    fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }

    fn problem(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(Problem::new(what, remedy));
    }
}

/// Checks everything and prints it. Gives whether there is no problem.
///
/// # Errors
/// None of its own; what fails is a finding.
pub async fn run(loaded: &Loaded) -> Result<bool> {
    let findings = look(loaded).await;
    for line in &findings.good {
        say(format_args!("{} {line}", paint(Colour::Green, "ok     ")));
    }
    for line in &findings.notes {
        say(format_args!("{} {line}", paint(Colour::Yellow, "note   ")));
    }
    for problem in &findings.problems {
        say(format_args!("{} {}", paint(Colour::Red, "PROBLEM"), problem.what));
        say(format_args!(
            "        {} {}",
            paint(Colour::Bold, "remedy:"),
            problem.remedy
        ));
    }
    match findings.problems.len() {
        0 => say(paint(Colour::Green, "\nno problem")),
        1 => say(paint(Colour::Red, "\n1 problem")),
        several => say(paint(Colour::Red, format_args!("\n{several} problems"))),
    }
    Ok(findings.problems.is_empty())
}

/// Checks everything.
pub async fn look(loaded: &Loaded) -> Findings {
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
    let running = data::running(&config.data.folder);
    folders::look(config, running.as_ref(), &mut findings);
    match &running {
        Some(run) => findings.good(format!(
            "Footfall is running here (process {}) at {}",
            run.pid, run.public
        )),
        None => addresses(config, &mut findings).await,
    }
    let library = match config.clickhouse.url {
        Some(_) => None,
        None => library::look(config, &mut findings),
    };
    tables::look(config, running.as_ref(), library, &mut findings).await;
    findings
}

async fn addresses(config: &Config, findings: &mut Findings) {
    let mut wanted = vec![
        ("ingest.listen", config.ingest.listen),
        ("ingest.admin_listen", config.ingest.admin_listen),
    ];
    if config.clickhouse.url.is_none() {
        wanted.push(("engine.listen", config.engine.listen));
    }
    let mut held = Vec::new();
    for (key, address) in wanted {
        match sockets::bind(key, address).await {
            Ok(listener) => {
                // Held until all are tried: two settings with one address are a problem too.
                held.push(listener);
                findings.good(format!("{key}: {address} is free"));
            }
            Err(problem) => findings.problems.push(problem),
        }
    }
}

/// The instance on the folder, where its kind of ClickHouse is the configured one.
fn engine_of(running: Option<&Run>) -> Option<&Run> {
    running.filter(|run| run.engine)
}
