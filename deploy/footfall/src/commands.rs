//! From a command line to its command and its exit code. The codes stand in `--help`.

use crate::cli::{Cli, Command, GeoCommand, KeysCommand, Service, SiteCommand, What};
#[cfg(feature = "kafka")]
use crate::cluster;
use crate::config::{self, Config, Loaded};
use crate::problem::{Problems, told};
use crate::terminal::{Colour, note, paint};
use crate::{
    audit, backup, check, dashboard, demo, doors, enrich, erase, export, fate, geo, gone, install, keys,
    ledger, loadgen, logging, memory, migrate, paths, query, replay, restore, retention, self_check, send,
    show, sites, subject, tail, telemetry, unlink, up, words,
};
use anyhow::Result;
use clap::Parser as _;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// The command line or the configuration is wrong.
const USAGE: u8 = 2;
/// What a blocking task (a download) gets when everything else has ended.
const LEAVE: Duration = Duration::from_millis(200);

/// Runs what the command line asks for, with this environment.
#[must_use]
pub fn main(args: Vec<OsString>, env: BTreeMap<String, String>) -> ExitCode {
    // Not for people, and its options are the engine's own: `--data` means another folder there.
    match args.get(1..) {
        Some([first, rest @ ..]) if first == "engine" => engine(rest),
        _ => run(&Cli::parse_from(args), env),
    }
}

fn run(cli: &Cli, env: BTreeMap<String, String>) -> ExitCode {
    let sources = match cli.sources(env) {
        Ok(sources) => sources,
        Err(why) => {
            note(why);
            return ExitCode::from(USAGE);
        }
    };
    let loaded = config::load(&sources);
    let tolerant = matches!(
        cli.command,
        Some(Command::Check(_) | Command::Config(_) | Command::Completions(_) | Command::Man(_))
    );
    if !tolerant && !loaded.problems.is_empty() {
        complain(&Problems(loaded.problems));
        return ExitCode::from(USAGE);
    }
    match dispatch(cli, &loaded) {
        Ok(code) => code,
        Err(error) => {
            note(format_args!("{} {}", paint(Colour::Red, "error:"), told(&error)));
            ExitCode::FAILURE
        }
    }
}

fn complain(problems: &Problems) {
    note(problems);
    note("nothing was started; `footfall check` tries the rest too");
}

fn dispatch(cli: &Cli, loaded: &Loaded) -> Result<ExitCode> {
    let config = &loaded.config;
    match cli.command.as_ref() {
        None | Some(Command::Up(_)) => start(config, Service::Up, up::run(config)),
        #[cfg(feature = "kafka")]
        Some(Command::Ingest(_)) => start(config, Service::Ingest, cluster::ingest::run(config)),
        #[cfg(feature = "kafka")]
        Some(Command::Processor) => start(config, Service::Processor, cluster::processor::run(config)),
        Some(Command::Dashboard(args)) => match &args.command {
            Some(command) => doors::run(config, command).map(done),
            None => start(config, Service::Dashboard, dashboard::run(config)),
        },
        #[cfg(feature = "kafka")]
        Some(Command::Topics) => talk(cluster::topics::run(config)).map(verdict),
        #[cfg(feature = "kafka")]
        Some(Command::Drain(args)) => {
            talk(with_interrupt(|stop| cluster::kept::drain(config, args, stop))).map(done)
        }
        #[cfg(feature = "kafka")]
        Some(Command::Resend(args)) => {
            talk(with_interrupt(|stop| cluster::kept::resend(config, args, stop))).map(verdict)
        }
        #[cfg(feature = "kafka")]
        Some(Command::Lost(args)) => talk(cluster::lost::run(config, args)).map(verdict),
        Some(Command::Send(args)) => talk(send::run(config, args)).map(verdict),
        Some(Command::Tail(args)) => match args.event {
            Some(event) => talk(fate::run(config, event, args)).map(verdict),
            None => talk(tail::run(config, args)).map(done),
        },
        Some(Command::Install(args)) => talk(install::run(config, args)).map(verdict),
        Some(Command::Unlink(args)) => talk(unlink::run(config, args)).map(verdict),
        Some(Command::Query(args)) => talk(query::run(config, args)).map(done),
        Some(Command::Export(args)) => talk(export::run(config, args)).map(done),
        Some(Command::Subject(args)) => talk(subject::run(config, args)).map(done),
        Some(Command::Erase(args)) => talk(erase::run(config, args)).map(done),
        Some(Command::Backup(args)) => talk(with_interrupt(|stop| backup::run(loaded, args, stop))).map(done),
        Some(Command::Restore(args)) => {
            talk(with_interrupt(|stop| restore::run(config, args, stop))).map(done)
        }
        Some(Command::Retention(args)) => talk(retention::run(config, args)).map(done),
        Some(Command::Paths(args)) => talk(paths::run(config, args)).map(done),
        Some(Command::Audit(args)) => talk(audit::run(config, args)).map(verdict),
        Some(Command::Ledger(args)) => talk(ledger::run(config, args)).map(verdict),
        Some(Command::Replay(args)) => on(&threads()?, replay::run(config, args)).map(verdict),
        Some(Command::ConfirmServerGone(args)) => talk(gone::run(config, args)).map(verdict),
        Some(Command::Check(args)) => talk(check::run(loaded, args.service)).map(verdict),
        Some(Command::SelfCheck(args)) => talk(self_check::run(config, args)).map(verdict),
        Some(Command::Migrate) => talk(migrate::run(config)).map(done),
        Some(Command::Loadgen(args)) => {
            let run = |stop| loadgen::run(config, args, stop);
            on(&threads()?, with_interrupt(run)).map(verdict)
        }
        Some(Command::Demo(args)) => {
            on(&threads()?, with_interrupt(|stop| demo::run(config, args, stop))).map(verdict)
        }
        Some(Command::Config(args)) if args.reference => {
            show::reference();
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Config(args)) if args.metrics => {
            show::metrics();
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Config(args)) if args.dictionary => {
            show::dictionary();
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Config(_)) => Ok(show_config(loaded)),
        Some(Command::Completions(args)) => words::completions(args).map(done),
        Some(Command::Man(args)) => words::man(args).map(done),
        Some(Command::Enrich(args)) => enrich::run(config, args).map(done),
        Some(Command::Geo(GeoCommand::Fetch(args))) => {
            let published = match args.what {
                What::City => geo::CITY,
                What::Country => geo::COUNTRY,
            };
            geo::fetch(config, &published).map(done)
        }
        Some(Command::Site(SiteCommand::List)) => sites::list(config).map(done),
        Some(Command::Site(SiteCommand::Add(args))) => sites::add(config, args).map(done),
        Some(Command::Keys(KeysCommand::List(args))) => keys::list(config, args).map(done),
        Some(Command::Keys(KeysCommand::Rotate(args))) => keys::rotate(config, args).map(done),
        Some(Command::Keys(KeysCommand::Revoke(args))) => keys::revoke(config, args).map(done),
    }
}

/// Runs a service.
fn start(config: &Config, which: Service, service: impl Future<Output = Result<()>>) -> Result<ExitCode> {
    let (name, takes_events) = match which {
        Service::Up => ("footfall", true),
        Service::Ingest => ("footfall-ingest", true),
        Service::Processor => ("footfall-processor", false),
        Service::Dashboard => ("footfall-dashboard", false),
    };
    logging::begin(config, takes_events)?;
    memory::bound();
    let runtime = threads()?;
    let telemetry = telemetry::begin(name, runtime.handle())?;
    let result = runtime.block_on(async {
        tokio::select! {
            result = service => result,
            never = retention::expire(config), if takes_events => match never {},
        }
    });
    telemetry.end();
    runtime.shutdown_timeout(LEAVE);
    result.map(done)
}

fn show_config(loaded: &Loaded) -> ExitCode {
    show::settings(loaded);
    if loaded.problems.is_empty() {
        return ExitCode::SUCCESS;
    }
    note(Problems(loaded.problems.clone()));
    ExitCode::from(USAGE)
}

/// 0 for yes, 1 for no.
fn verdict(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Runs a command to its end; one thread is enough for those that only talk over HTTP.
fn talk<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    on(&runtime, command)
}

fn threads() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn on<T>(runtime: &Runtime, command: impl Future<Output = Result<T>>) -> Result<T> {
    runtime.block_on(command)
}

/// Gives the command a token that Ctrl-C cancels, so that it can end in good order and print what it has.
async fn with_interrupt<T, F: Future<Output = Result<T>>>(
    command: impl FnOnce(CancellationToken) -> F,
) -> Result<T> {
    let stop = CancellationToken::new();
    let mut command = std::pin::pin!(command(stop.clone()));
    tokio::select! {
        result = &mut command => return result,
        _ = tokio::signal::ctrl_c() => stop.cancel(),
    }
    command.await
}

/// The engine's own process. As a child of `up` it leaves the terminal's process group: Ctrl-C is for the parent, who
/// ends the engine last.
fn engine(args: &[OsString]) -> ExitCode {
    let is_child = args.iter().any(|arg| arg == "--die-with-stdin");
    if is_child {
        // SAFETY: setpgid takes two numbers and touches no memory.
        unsafe { libc::setpgid(0, 0) };
    }
    match footfall_engine::Config::from_args(args.iter().cloned()) {
        Ok(config) => footfall_engine::main(&config),
        Err(error) => {
            note(format_args!("footfall engine: {error}"));
            ExitCode::from(USAGE)
        }
    }
}
