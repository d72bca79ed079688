//! The command line: what can be asked, with examples. The arguments of each command stand in the files beside this
//! one; what it does lives in its own module of the crate.
//!
//! One command is not here: `footfall engine`, the body of the engine's process, see [`crate::commands`].

mod ask;
mod backup;
#[cfg(feature = "kafka")]
mod cluster;
mod dashboard;
mod enrich;
mod erase;
mod export;
mod geo;
mod keys;
mod ledger;
mod load;
mod retention;
mod self_check;
mod site;
mod words;

pub use ask::{AuditArgs, InstallArgs, QueryArgs, SendArgs, TailArgs, Target, UnlinkArgs};
pub use backup::{BackupArgs, RestoreArgs};
#[cfg(feature = "kafka")]
pub use cluster::{DrainArgs, IngestArgs, LostArgs, ResendArgs};
pub use dashboard::{
    DashboardArgs, DashboardCommand, DoorArgs, LinkAddArgs, LinkCommand, TokenAddArgs, TokenCommand,
};
pub use enrich::{EnrichArgs, PathsArgs};
pub use erase::{EraseArgs, Person, SubjectArgs};
pub use export::{ExportArgs, ExportFormat};
pub use geo::{FetchArgs, GeoCommand, What};
pub use keys::{KeysCommand, RevokeArgs, RingArgs, RotateArgs};
pub use ledger::{ConfirmArgs, Filter, LedgerArgs, LedgerCommand, ReplayArgs, ShowArgs, SkipArgs};
pub use load::{DemoArgs, LoadgenArgs};
pub use retention::RetentionArgs;
pub use self_check::SelfCheckArgs;
pub use site::{SiteAddArgs, SiteCommand};
pub use words::{CompletionsArgs, ManArgs};

use crate::config::Sources;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  footfall                                    start here: ingest, log, processor, ClickHouse engine, dashboard
  footfall up --data /var/lib/footfall        the same, with the data elsewhere
  footfall query 'SELECT time, type, url FROM events ORDER BY time DESC LIMIT 10'
  footfall demo                               a month of plausible traffic, to look around in
  footfall tail                               events as they arrive, each with its fate
  footfall install https://shop.example/      what keeps the events of a page from arriving
  footfall audit                              is everything that was acknowledged in the table, once?
  footfall ledger                             what did not become a row, and why
  footfall erase --user ada --dry-run         what is known of a person, and would go
  footfall check                              what is wrong with this set-up, and what to do about it
  footfall self-check                         does what runs work, from the door to the table? After each upgrade

Exit codes:
  0  done; for `audit`, `check` and `self-check`: all is well
  1  it failed, or the answer is no
  2  the command line or the configuration is wrong; nothing was started
  130  interrupted twice: stopped hard, without the drain (nothing acknowledged is lost)";

/// The release, and of which commit it was made.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("SOURCE_COMMIT"), ")");

/// Records what visitors do on web pages, and makes it queryable within a second.
///
/// Without a command it starts everything on this machine, as `footfall up` does.
#[derive(Debug, Parser)]
#[command(name = "footfall", version = VERSION, after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub struct Cli {
    /// Settings that every command reads.
    #[command(flatten)]
    pub settings: Settings,
    /// Flags of `up`, which is what runs when no command is given.
    #[command(flatten)]
    pub up: UpArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Where the settings come from; every command takes these.
#[derive(Debug, Args, Clone)]
pub struct Settings {
    /// Folder with the log, the tables, credentials and run.json [default: ./footfall-data]
    ///
    /// In the working folder, so that it is seen, moved and removed with one command, and two projects do not mix.
    #[arg(long, global = true, value_name = "DIR", help_heading = "Settings")]
    pub data: Option<PathBuf>,
    /// Configuration file [default: footfall.toml in the data folder]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// Any setting: `--set local_log.quota=20GiB` (all: `footfall config --reference`)
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value, help_heading = "Settings")]
    pub set: Vec<(String, String)>,
}

/// Flags of `up`.
#[derive(Debug, Args, Clone, Default)]
pub struct UpArgs {
    /// Public address: events, demo page at /demo [default: 127.0.0.1:8000]; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// ClickHouse HTTP interface of the built-in engine [default: 127.0.0.1:8123]
    #[arg(long, value_name = "ADDRESS")]
    pub clickhouse_listen: Option<String>,
    /// The dashboard [default: 127.0.0.1:8003]
    #[arg(long, value_name = "ADDRESS")]
    pub dashboard_listen: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything on this machine (the default)
    ///
    /// Ingest, local log, processor, the ClickHouse engine and the dashboard, with a demo page at /demo. With CLICKHOUSE_URL that server
    /// is used instead of the engine. Ctrl-C drains; a second one stops hard. `kill -9` loses nothing either.
    Up(UpArgs),
    /// Send one test event and wait until its fate is visible
    Send(SendArgs),
    /// Follow events as they arrive, each with its fate, and refusals with the reason
    Tail(TailArgs),
    /// Look at a page in its owner's place: what keeps its events from arriving?
    ///
    /// Loads the page (plain fetch, nothing is run) and looks at the tag, the page's Content-Security-Policy, the script, and
    /// what ingest says to a page of that origin. Each problem comes with its remedy. No event is made.
    Install(InstallArgs),
    /// Take back who a visitor is: links to users that were wrong, or are not wanted any more
    ///
    /// Everything that was said so far by `identify` and `login` about the visitor, the user, or the one on the other counts
    /// for nothing in the views `users`, `user_links` and `user_events`. What is said afterwards counts again. The events
    /// stay as they are; this is no erasure.
    Unlink(UnlinkArgs),
    /// Ask ClickHouse: SQL in, table out
    Query(QueryArgs),
    /// The books: everything acknowledged is in the table once, or the ledger says why not
    Audit(AuditArgs),
    /// What did not become a row, and why; with its bytes, where they were kept
    Ledger(LedgerArgs),
    /// Send records of the ledger again that can be read now, so that they become rows
    ///
    /// For what was unreadable until the decoder was mended, or of a version that is known now. Each gets a new number; the
    /// event keeps its id and its times, so that two replays give one row. The old number keeps its entry.
    Replay(ReplayArgs),
    /// Say that the ClickHouse server that was written to before is gone for good
    ///
    /// With a server of yours (CLICKHOUSE_URL) a processor notes which server it writes to. Found to be another one, it
    /// holds: the old one may still be running an insert. The command asks the old server first, and refuses if it
    /// answers.
    ConfirmServerGone(ConfirmArgs),
    /// Try configuration and connections: every problem at once, each with its remedy
    Check(CheckArgs),
    /// Does what is running work? An event of its own from the door to the table, and everything around it
    ///
    /// After an upgrade, and at any time. The event is of the site `_self`, which no list shows: nobody's figures change. Release,
    /// keys, clocks, ClickHouse, schema, dashboard and the books are looked at too. In a cluster: with the settings of a processor
    /// and the identity key of the edges, `--url` of an edge or of what stands in front of them.
    SelfCheck(SelfCheckArgs),
    /// The edge of a cluster: takes events, keeps them in its log, forwards them to Kafka
    #[cfg(feature = "kafka")]
    Ingest(IngestArgs),
    /// A processor of a cluster: from Kafka to rows in ClickHouse
    #[cfg(feature = "kafka")]
    Processor,
    /// The dashboard alone, as a service of a cluster; or its tokens and shared links
    ///
    /// The service asks the configured ClickHouse, which it only reads. Tokens and links stand in the dashboard's own file in
    /// the data folder; a dashboard that runs takes changes up by itself.
    Dashboard(DashboardArgs),
    /// Make the Kafka topic, and say in what it differs from its settings
    #[cfg(feature = "kafka")]
    Topics,
    /// Forward the log of an ingest node that is gone
    #[cfg(feature = "kafka")]
    Drain(DrainArgs),
    /// Send numbers to Kafka again that the log of this node still has
    #[cfg(feature = "kafka")]
    Resend(ResendArgs),
    /// Declare numbers lost that no copy has any more, so that the books say so
    ///
    /// Nothing is declared that can still come: the range must be closed by a mark, the processors must have passed all
    /// that the topic has, and the topic, the tables and this node's log are searched first.
    #[cfg(feature = "kafka")]
    Lost(LostArgs),
    /// Bring the tables of the configured ClickHouse server to this release
    ///
    /// `footfall up` does this by itself. The command is for a server given with CLICKHOUSE_URL, before an upgrade.
    Migrate,
    /// Send realistic sessions at a given rate to any Footfall
    Loadgen(LoadgenArgs),
    /// Fill a month with plausible traffic of a shop, so that there is something to look at
    Demo(DemoArgs),
    /// Write events to a file or a stream: CSV, JSON lines or Parquet
    Export(ExportArgs),
    /// Everything that is known about a person, as JSON lines
    Subject(SubjectArgs),
    /// A person out of everything that Footfall keeps, with a signed receipt
    ///
    /// What happened until now goes, and stays out however it comes again: late, replayed, from a log or a topic that still has
    /// it. Takes about half a minute; a command that was cut off is given again. What it cannot reach stands in the receipt.
    Erase(EraseArgs),
    /// Copy everything to a folder, while Footfall runs or while it does not: tables, log, keys, settings
    ///
    /// Every event that was acknowledged before it began is in it, once. It is there whole or not at all, and has a checksum for
    /// every file. What lies outside of the data folder is named, and not in it.
    Backup(BackupArgs),
    /// Make a data folder from a back-up, for `footfall up` to go on with
    ///
    /// The data folder (--data) must not be there yet. The back-up is compared with its checksums first.
    Restore(RestoreArgs),
    /// What has been kept for as long as its site wants it goes: events, addresses, payloads, old files
    ///
    /// The processor does this by itself, every `retention.every`. The command is to look ahead, and for whoever does not
    /// want to wait. A command that was cut off is given again.
    Retention(RetentionArgs),
    /// Print completions for a shell
    ///
    /// For bash: `footfall completions bash > ~/.local/share/bash-completion/completions/footfall`.
    Completions(CompletionsArgs),
    /// Write the man pages into a folder
    Man(ManArgs),
    /// Show the effective settings and where each came from, secrets redacted
    Config(ConfigArgs),
    /// What an event would become, and why: by which rule, with which data
    Enrich(EnrichArgs),
    /// Where many different words stand in a site's paths: learn templates from the table
    Paths(PathsArgs),
    /// Databases of places: from where on earth visitors come
    #[command(subcommand)]
    Geo(GeoCommand),
    /// List or add the sites that may send events
    #[command(subcommand)]
    Site(SiteCommand),
    /// The keys that visitors' cookies are signed with: list, rotate, revoke
    #[command(subcommand)]
    Keys(KeysCommand),
}

/// Arguments of `check`.
#[derive(Debug, Args, Clone, Copy, Default)]
pub struct CheckArgs {
    /// What is to run here [default: `up`; with settings for Kafka both services of a cluster, and what only one of them
    /// lacks is a note]
    pub service: Option<Service>,
}

/// What can run on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Service {
    /// Everything on this machine
    Up,
    /// The edge of a cluster
    Ingest,
    /// A processor of a cluster
    Processor,
    /// The dashboard alone
    Dashboard,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Print the reference of every setting as markdown instead
    #[arg(long)]
    pub reference: bool,
    /// Print what every figure of /metrics means, as markdown
    #[arg(long, conflicts_with = "reference")]
    pub metrics: bool,
    /// Print what every column of `events` means, as markdown
    #[arg(long, conflicts_with_all = ["reference", "metrics"])]
    pub dictionary: bool,
}

/// `key=value`, the value may be empty.
fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "write it as key=value".into())
}

impl Cli {
    /// The flags of `up` that apply: of the command, or of the bare `footfall`.
    ///
    /// # Errors
    /// When flags of `up` stand before another command, where they would do nothing.
    pub fn up_args(&self) -> Result<UpArgs, String> {
        let before = &self.up;
        let named = before.listen.is_some()
            || before.clickhouse_listen.is_some()
            || before.dashboard_listen.is_some();
        match &self.command {
            None => Ok(before.clone()),
            #[cfg(feature = "kafka")]
            Some(Command::Ingest(after)) => Ok(UpArgs {
                listen: after.listen.clone(),
                ..UpArgs::default()
            }),
            Some(Command::Up(after)) => Ok(UpArgs {
                listen: after.listen.clone().or_else(|| before.listen.clone()),
                clickhouse_listen: after
                    .clickhouse_listen
                    .clone()
                    .or_else(|| before.clickhouse_listen.clone()),
                dashboard_listen: after
                    .dashboard_listen
                    .clone()
                    .or_else(|| before.dashboard_listen.clone()),
            }),
            Some(_) if named => {
                Err("--listen, --clickhouse-listen and --dashboard-listen belong to `footfall up`".into())
            }
            Some(_) => Ok(UpArgs::default()),
        }
    }

    /// Where configuration comes from: the flags of this command line and the given environment.
    ///
    /// # Errors
    /// See [`up_args`](Self::up_args).
    pub fn sources(&self, env: impl IntoIterator<Item = (String, String)>) -> Result<Sources, String> {
        let up = self.up_args()?;
        let mut flags = self.settings.set.clone();
        let data = self.settings.data.as_ref().map(|path| path.display().to_string());
        for (key, text) in [
            ("data.folder", data),
            ("ingest.listen", up.listen),
            ("engine.listen", up.clickhouse_listen),
            ("dashboard.listen", up.dashboard_listen),
        ] {
            flags.extend(text.map(|text| (key.to_owned(), text)));
        }
        Ok(Sources {
            flags,
            file: self.settings.config.clone(),
            env: env.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_bare_command_takes_the_flags_of_up() {
        for line in [
            ["footfall", "--listen", "127.0.0.1:1"].as_slice(),
            &["footfall", "up", "--listen", "127.0.0.1:1"],
        ] {
            let sources = Cli::parse_from(line).sources([]).unwrap();
            assert_eq!(
                sources.flags,
                [("ingest.listen".to_owned(), "127.0.0.1:1".to_owned())]
            );
        }
    }

    #[test]
    fn a_flag_of_up_before_another_command_is_refused() {
        assert!(
            Cli::parse_from(["footfall", "--listen", "127.0.0.1:1", "check"])
                .sources([])
                .is_err()
        );
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        for line in [
            ["footfall", "--data", "x", "check"],
            ["footfall", "check", "--data", "x"],
        ] {
            let sources = Cli::parse_from(line).sources([]).unwrap();
            assert_eq!(sources.flags, [("data.folder".to_owned(), "x".to_owned())]);
        }
    }
}
