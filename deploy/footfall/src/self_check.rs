//! `footfall self-check`: does what is running work? Every part that is wrong is found at once, each with its remedy.
//!
//! In order: the release that runs, its keys (`keys`), ClickHouse, its clock (`clock`) and the schema, the dashboard, an event
//! of its own from the door to the table (`event`), and the books. What keeps a set-up from starting is [`crate::check`]'s work.

mod clock;
mod event;
pub(crate) mod keys;

use crate::audit;
use crate::check::{Findings, tables};
use crate::cli::{SelfCheckArgs, VERSION};
use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::data::{self, Run};
use crate::http::Client;
use crate::loadgen::plan::duration;
use crate::problem::told;
use crate::terminal::Progress;
use anyhow::{Context as _, Result, bail};
use footfall_schemas::reserved::SELF_SITE;
use hyper::StatusCode;
use std::time::Duration;
use url::Url;

/// How long a question may take, but for the event and the books.
const PATIENCE: Duration = Duration::from_secs(10);
/// A report, made by the views of this schema.
const REPORT: &str = "/api/reports/overview?since=2026-01-01";

/// Looks at everything and prints it. Gives whether all is well.
///
/// # Errors
/// The arguments are wrong; or nothing is named that could be looked at.
pub async fn run(config: &Config, args: &SelfCheckArgs) -> Result<bool> {
    let wait = duration("--wait", &args.wait)?;
    let running = data::running(&config.data.folder);
    let url = match (&args.url, &running) {
        (Some(url), _) => Url::parse(url).with_context(|| format!("`{url}` is not an address"))?,
        (None, Some(run)) => Url::parse(&run.public).context("run.json is damaged")?,
        (None, None) => bail!(
            "no Footfall is running on the data folder {}: start it, name its folder (--data DIR), or an edge (--url URL)",
            config.data.folder.display()
        ),
    };
    let mut findings = Findings::default();
    let mut line = Progress::new("looking");
    let here = running.as_ref();
    if let Some(run) = here {
        release(run, &mut findings);
    }
    let store = store(config, here, &mut findings);
    let key = keys::look(config, here, store.as_ref(), &mut findings).await;
    if let Some(access) = &store
        && tables::answers(access, &mut findings).await
    {
        clock::look(access, &mut findings).await;
        tables::schema(access, &mut findings).await;
    }
    dashboard(config, args, here, &mut findings).await;
    if let Some(key) = key {
        let path = &config.ingest.events_path;
        let event = event::Event::new(&url, path, key);
        let way = event.look(store.as_ref(), wait, &mut findings);
        line.beside("an event on its way to the table", way).await;
    }
    if let Some(access) = &store {
        line.beside("comparing the books", books(config, access, &mut findings))
            .await;
    }
    line.finish("done");
    findings.print();
    Ok(findings.problems.is_empty())
}

fn release(run: &Run, findings: &mut Findings) {
    if run.version == VERSION {
        return findings.good(format!(
            "release: {VERSION} is running (process {}) at {}",
            run.pid, run.public
        ));
    }
    findings.problem(
        format!(
            "release: {} is running (process {}), and this program is {VERSION}",
            run.version, run.pid
        ),
        "start the service again, so that it runs the release that is installed; or ask by the program that runs",
    );
}

fn store(config: &Config, running: Option<&Run>, findings: &mut Findings) -> Option<Access> {
    let found = match clickhouse::configured(config, Role::Writer) {
        Err(problem) => {
            findings.problems.push(problem);
            return None;
        }
        Ok(Some(access)) => return Some(access),
        Ok(None) => running.map(|run| clickhouse::of_instance(config, run, Role::Writer)),
    };
    match found {
        Some(Ok(access)) => return Some(access),
        Some(Err(error)) => findings.problem(
            told(&error),
            "what it says; until then nothing can be seen of the tables",
        ),
        None => findings.problem(
            "it is not known which ClickHouse the events go to",
            "give the settings that the processors have (CLICKHOUSE_URL, CLICKHOUSE_USER, CLICKHOUSE_PASSWORD)",
        ),
    }
    None
}

async fn dashboard(config: &Config, args: &SelfCheckArgs, running: Option<&Run>, findings: &mut Findings) {
    let url = args.dashboard.as_ref();
    let Some(url) = url.or_else(|| running.and_then(|run| run.dashboard.as_ref())) else {
        let why = match running {
            Some(_) if !config.dashboard.enabled => "it is switched off here",
            _ => "name its address with --dashboard",
        };
        return findings.note(format!("dashboard: not looked at; {why}"));
    };
    match ask_dashboard(url).await {
        Ok(said) => findings.good(format!("dashboard: {said} at {url}")),
        Err(error) => findings.problem(
            format!("the dashboard at {url}: {}", told(&error)),
            "look at its log; after an upgrade it is to be started again too, and asks the ClickHouse that it is given",
        ),
    }
}

async fn ask_dashboard(url: &str) -> Result<&'static str> {
    let base = Url::parse(url).with_context(|| format!("`{url}` is not an address"))?;
    let mut client = Client::new(&base)?;
    // Up to now, so that no answer to it can be lying there.
    let until = jiff::Timestamp::now();
    let target = format!("{REPORT}&until={until:.3}&site={SELF_SITE}");
    let asked = tokio::time::timeout(PATIENCE, client.get(&target)).await;
    let answer = asked.context("it accepts connections and does not answer")??;
    match answer.status {
        StatusCode::OK => Ok("answers a report"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok("answers, and asks who is there,"),
        status => bail!("it answers {status}: {}", answer.text()),
    }
}

async fn books(config: &Config, access: &Access, findings: &mut Findings) {
    let (report, settled) = match audit::judge(config, &access.server).await {
        Ok(judged) => judged,
        Err(error) => {
            return findings.problem(
                format!("the books cannot be compared: {}", told(&error)),
                "`footfall audit` does the same, with the rights and settings of a processor",
            );
        }
    };
    let sum = |of: fn(&footfall_processor::audit::LogReport) -> u64| report.logs.iter().map(of).sum::<u64>();
    let missing = sum(|log| log.missing_count());
    let doubled = sum(|log| log.extra + log.both.len() as u64);
    let logs = report.logs.len();
    if report.is_clean() {
        findings.good(format!("books: balanced, {logs} logs, missing 0, doubled 0"));
    } else if missing > 0 && doubled == 0 && !settled {
        findings.problem(
            format!(
                "the books are {missing} numbers behind: the processors have not passed what is in the topic"
            ),
            "wait until the lag is gone, and run it again",
        );
    } else {
        findings.problem(
            format!("the books are not balanced: missing {missing}, doubled {doubled}"),
            "run `footfall audit`: it names the numbers and what to do",
        );
    }
}
