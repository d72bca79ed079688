//! ClickHouse: does it answer, does it know us, and which schema do its tables have?

use super::{Findings, Plan, engine_of, growth};
use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::credentials;
use crate::data::Run;
use crate::problem::Problem;
use crate::up::engine::{Launcher, Running};
use anyhow::Result;
use footfall_processor::server::Trouble;
use footfall_tables::MigrateError;
use std::path::PathBuf;
use std::time::Duration;

/// How long anything may take here.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at the server, the running engine, or an engine that is started for it.
pub(super) async fn look(
    config: &Config,
    plan: Plan,
    running: Option<&Run>,
    library: Option<PathBuf>,
    findings: &mut Findings,
) {
    let configured = match clickhouse::configured(config, Role::Writer) {
        Ok(configured) => configured,
        Err(problem) => return findings.problems.push(problem),
    };
    if let Some(access) = configured {
        if answers(&access, findings).await {
            schema_and_growth(config, &access, findings).await;
        }
    } else if plan != Plan::Up {
        findings.need(
            plan,
            "`clickhouse.url` is not set: `footfall processor` has no engine of its own",
            "set it (CLICKHOUSE_URL=http://clickhouse:8123)",
        );
    } else if let Some(run) = engine_of(running) {
        match clickhouse::of_instance(config, run, Role::Writer) {
            Ok(access) => schema_and_growth(config, &access, findings).await,
            Err(error) => findings.note(format!("{error:#}")),
        }
    } else if let Some(library) = library {
        own_engine(config, library, findings).await;
    }
}

/// Whether it is there and lets us in; says what it is.
pub(crate) async fn answers(access: &Access, findings: &mut Findings) -> bool {
    match tokio::time::timeout(PATIENCE, try_server(access)).await {
        Ok(Ok(version)) => {
            let (at, user) = (access.server.address(), &access.server.user);
            findings.good(format!("ClickHouse {version} answers at {at}, to user `{user}`"));
            true
        }
        Ok(Err(problem)) => {
            findings.problems.push(problem);
            false
        }
        Err(_) => {
            let shown = access.server.address();
            findings.problem(
                format!("ClickHouse at {shown} accepts connections, but does not answer within {} s", PATIENCE.as_secs()),
                "look at that server: is it overloaded, or is it another program? Otherwise correct CLICKHOUSE_URL",
            );
            false
        }
    }
}

/// Its version, or what is wrong.
async fn try_server(access: &Access) -> Result<String, Problem> {
    let at = access.server.address();
    let ping = match access.client().get("/ping").await {
        Ok(ping) => ping,
        Err(error) => {
            let trouble = access.server.diagnose(&*error).await;
            return Err(trouble.map_or_else(|| silent(access, &error), Problem::from));
        }
    };
    if !ping.status.is_success() || ping.text() != "Ok." {
        let remedy = "correct the port in CLICKHOUSE_URL: the HTTP interface is wanted, 8123 by default (9000 is the native one)";
        return Err(Problem::new(
            format!("what answers at {at} is no ClickHouse HTTP interface"),
            remedy,
        ));
    }
    // Ours may not exist yet, and a question from a database that does not exist is refused.
    let mut anywhere = access.clone();
    anywhere.server.database = "default".to_owned();
    anywhere
        .text("SELECT version()", &[])
        .await
        .map_err(|error| refused(access, error))
}

fn silent(access: &Access, error: &anyhow::Error) -> Problem {
    Problem::new(
        format!("no ClickHouse at {}: {error:#}", access.server.address()),
        "look at what listens there, or correct host and port in CLICKHOUSE_URL (its HTTP interface listens on 8123 by \
            default, https on 8443)",
    )
}

fn refused(access: &Access, error: anyhow::Error) -> Problem {
    let at = access.server.address();
    error.downcast::<Trouble>().map_or_else(
        |error| {
            Problem::new(
                format!("ClickHouse at {at} refuses a simple question: {error:#}"),
                "look at that server's log",
            )
        },
        Problem::from,
    )
}

/// Starts an engine over the folder for a moment, on a free port. Only where there is something to look at.
async fn own_engine(config: &Config, library: PathBuf, findings: &mut Findings) {
    let Ok(credentials) = credentials::read(&config.data.folder) else {
        findings.note("tables: none yet; the first start makes them");
        return;
    };
    let mut config = config.clone();
    config.engine.listen = ([127, 0, 0, 1], 0).into();
    if !config.in_data(&config.engine.folder).exists() {
        findings.note("tables: none yet; the first start makes them");
        return;
    }
    match start(&config, library, &credentials.writer_password).await {
        Ok((running, access)) => {
            findings.good("engine: starts over its folder");
            schema_and_growth(&config, &access, findings).await;
            running.end(PATIENCE).await;
        }
        Err(error) => findings.problem(
            format!(
                "the engine does not start over {}: {error:#}",
                config.in_data(&config.engine.folder).display()
            ),
            "its own words above say why; the events that are not in its tables yet are in the local log",
        ),
    }
}

async fn start(config: &Config, library: PathBuf, password: &str) -> Result<(Running, Access)> {
    let mut launcher = Launcher::new(config, library, password)?;
    let running = Running::first(&mut launcher).await?;
    let (url, user) = (running.url(), clickhouse::ENGINE_WRITER);
    let access = clickhouse::of_engine(&url, &config.clickhouse.database, user, password.to_owned())?;
    Ok((running, access))
}

async fn schema_and_growth(config: &Config, access: &Access, findings: &mut Findings) {
    if schema(access, findings).await {
        growth::look(config, access, findings).await;
    }
}

/// Which migrations the tables have, against those of this release. Gives whether they are there, and are all of these.
pub(crate) async fn schema(access: &Access, findings: &mut Findings) -> bool {
    let server = &access.server;
    match tokio::time::timeout(
        PATIENCE,
        footfall_tables::status(&server.client(), &server.database),
    )
    .await
    {
        Ok(Ok(status)) => {
            applied(access, &status, findings);
            return status.applied > 0 && status.pending.is_empty();
        }
        Ok(Err(error @ MigrateError::Newer { .. })) => findings.problem(
            format!(
                "the schema of database `{}` is newer than this release: {error}",
                access.server.database
            ),
            "run the newer release of Footfall on it, or name another database (clickhouse.database)",
        ),
        Ok(Err(error @ MigrateError::Changed { .. })) => findings.problem(
            format!(
                "the schema of database `{}` is of another build: {error}",
                access.server.database
            ),
            "run that build of Footfall on it, or name another database (clickhouse.database)",
        ),
        Ok(Err(error)) => findings.problem(
            format!(
                "the schema of database `{}` cannot be read: {error}",
                access.server.database
            ),
            "give the user the right to read it, or correct clickhouse.database",
        ),
        Err(_) => findings.problem("the schema cannot be read: no answer", "look at that server"),
    }
    false
}

fn applied(access: &Access, status: &footfall_tables::Status, findings: &mut Findings) {
    match (status.applied, status.pending.len()) {
        (0, _) => findings.note(format!("tables: none yet in database `{}`; the first start makes them", access.server.database)),
        (applied, 0) => findings.good(format!("tables: database `{}` has all {applied} migrations", access.server.database)),
        (applied, pending) => findings.problem(
            format!(
                "the schema of database `{}` is old: {applied} migrations applied, {pending} missing (next: {:04} {})",
                access.server.database,
                status.pending.first().map_or(0, |next| next.number),
                status.pending.first().map_or("", |next| next.name),
            ),
            "run `footfall migrate`, or start this release: `footfall up` does it by itself",
        ),
    }
}
