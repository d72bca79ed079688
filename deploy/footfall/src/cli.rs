//! The command line: what can be asked, with examples. What each command does lives in its own module.
//!
//! One command is not here: `footfall engine`, the body of the engine's process, see [`crate::commands`].

use crate::config::Sources;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  footfall                                    start here: ingest, log, processor, ClickHouse engine, demo page
  footfall up --data /var/lib/footfall        the same, with the data elsewhere
  footfall query 'SELECT time, type, url FROM events ORDER BY time DESC LIMIT 10'
  footfall tail                               events as they arrive, each with its fate
  footfall audit                              is everything that was acknowledged in the table, once?
  footfall check                              what is wrong with this set-up, and what to do about it

Exit codes:
  0  done; for `audit` and `check`: all is well
  1  it failed, or the answer is no
  2  the command line or the configuration is wrong; nothing was started
  130  interrupted twice: stopped hard, without the drain (nothing acknowledged is lost)";

/// Records what visitors do on web pages, and makes it queryable within a second.
///
/// Without a command it starts everything on this machine, as `footfall up` does.
#[derive(Debug, Parser)]
#[command(name = "footfall", version, after_help = EXAMPLES, after_long_help = EXAMPLES)]
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
    /// Public address: events and demo page [default: 127.0.0.1:8000]; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// ClickHouse HTTP interface of the built-in engine [default: 127.0.0.1:8123]
    #[arg(long, value_name = "ADDRESS")]
    pub clickhouse_listen: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything on this machine (the default)
    ///
    /// Ingest, local log, processor and the ClickHouse engine, with a demo page at /. With CLICKHOUSE_URL that server
    /// is used instead of the engine. Ctrl-C drains; a second one stops hard. `kill -9` loses nothing either.
    Up(UpArgs),
    /// Send one test event and wait until its fate is visible
    Send(SendArgs),
    /// Follow events as they arrive, each with its fate and the reason
    Tail(TailArgs),
    /// Ask ClickHouse: SQL in, table out
    Query(QueryArgs),
    /// The books: everything acknowledged is in the table once, or the ledger says why not
    Audit(AuditArgs),
    /// Try configuration and connections: every problem at once, each with its remedy
    Check,
    /// The edge of a cluster: takes events, keeps them in its log, forwards them to Kafka
    #[cfg(feature = "kafka")]
    Ingest(IngestArgs),
    /// A processor of a cluster: from Kafka to rows in ClickHouse
    #[cfg(feature = "kafka")]
    Processor,
    /// Make the Kafka topic, and say in what it differs from its settings
    #[cfg(feature = "kafka")]
    Topics,
    /// Forward the log of an ingest node that is gone
    #[cfg(feature = "kafka")]
    Drain(DrainArgs),
    /// Send numbers to Kafka again that the log of this node still has
    #[cfg(feature = "kafka")]
    Resend(ResendArgs),
    /// Bring the tables of the configured ClickHouse server to this release
    ///
    /// `footfall up` does this by itself. The command is for a server given with CLICKHOUSE_URL, before an upgrade.
    Migrate,
    /// Send realistic sessions at a given rate to any Footfall
    Loadgen(LoadgenArgs),
    /// Show the effective settings and where each came from, secrets redacted
    Config(ConfigArgs),
    /// List or add the sites that may send events
    #[command(subcommand)]
    Site(SiteCommand),
}

/// Arguments of `send`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall send
  footfall send --type custom --name signup --prop plan=pro --prop seats=3
  footfall send --type login --user ada --url https://shop.example --site shop --key KEY")]
pub struct SendArgs {
    /// page_view, page_leave, click, custom, identify, login, logout, login_failed or consent
    #[arg(long = "type", default_value = "page_view", value_name = "TYPE")]
    pub kind: String,
    /// Name of a custom event
    #[arg(long, default_value = "", hide_default_value = true)]
    pub name: String,
    /// URL of the page
    #[arg(
        long,
        default_value = "http://localhost/hello?utm_source=footfall-send",
        value_name = "URL"
    )]
    pub page: String,
    /// User, with identify and login
    #[arg(long, default_value = "", hide_default_value = true)]
    pub user: String,
    /// A property; repeat for more
    #[arg(long = "prop", value_name = "KEY=VALUE", value_parser = key_value)]
    pub props: Vec<(String, String)>,
    /// How long to wait for its fate
    #[arg(long, default_value = "15s")]
    pub wait: String,
    /// Where to send.
    #[command(flatten)]
    pub target: Target,
}

/// Which Footfall to send to, and as which site.
#[derive(Debug, Args, Clone)]
pub struct Target {
    /// Address of the Footfall [default: the one running on the data folder]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Site key
    #[arg(long, default_value = "demo")]
    pub site: String,
    /// Server key of the site, so that visitor, session and address of the events count
    /// [default: of the site in the data folder]
    #[arg(long, value_name = "KEY", env = "FOOTFALL_SERVER_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// The same, in a file
    #[arg(
        long,
        value_name = "FILE",
        env = "FOOTFALL_SERVER_KEY_FILE",
        hide_env_values = true,
        conflicts_with = "key"
    )]
    pub key_file: Option<PathBuf>,
}

/// Arguments of `tail`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall tail
  footfall tail --site shop --type login,login_failed
  footfall tail --json | jq 'select(.fate != \"row\")'")]
pub struct TailArgs {
    /// Only this site
    #[arg(long)]
    pub site: Option<String>,
    /// Only these types, comma separated
    #[arg(long = "type", value_name = "TYPES", value_delimiter = ',')]
    pub kinds: Vec<String>,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
    /// Stop after this many
    #[arg(long, short = 'n', value_name = "N")]
    pub count: Option<u64>,
    /// Admin address of the Footfall [default: of the one running on the data folder]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// Arguments of `query`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall query 'SELECT type, count() FROM events GROUP BY type'
  footfall query --format JSONEachRow 'SELECT * FROM ledger'
  footfall query < report.sql
  footfall query --param site=demo 'SELECT count() FROM events WHERE site = {site:String}'")]
pub struct QueryArgs {
    /// The SQL; without it, SQL is read from stdin
    pub sql: Option<String>,
    /// Any ClickHouse output format: PrettyCompact, CSVWithNames, JSONEachRow, Vertical, …
    #[arg(long, short, value_name = "FORMAT", default_value = "PrettyCompact")]
    pub format: String,
    /// A parameter of the query, {name:Type} in the SQL
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = key_value)]
    pub params: Vec<(String, String)>,
    /// Address of the ClickHouse HTTP interface [default: of the instance running on the data folder]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Ask as the writer, who may also change tables; the default is a reader
    #[arg(long)]
    pub writer: bool,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Remove doubled rows, and count as `lost` what no copy has any more
    #[arg(long)]
    pub repair: bool,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `loadgen`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall loadgen                                        50 events a second for 10 s, to the running Footfall
  footfall loadgen --rate 2000 --duration 60s --batch 1   singles, as pages send them
  footfall loadgen --rate 0 --events 200000 --concurrency 16 --batch 1..50 --gzip
  footfall loadgen --url http://edge:8000 --site shop --key KEY --record sent.ndjson")]
pub struct LoadgenArgs {
    /// Where to send.
    #[command(flatten)]
    pub target: Target,
    /// Events per second; 0: as fast as the answers come
    #[arg(long, default_value_t = 50.0)]
    pub rate: f64,
    /// How long; ignored with --events
    #[arg(long, default_value = "10s")]
    pub duration: String,
    /// How many events
    #[arg(long)]
    pub events: Option<u64>,
    /// Connections
    #[arg(long, default_value_t = 8)]
    pub concurrency: usize,
    /// Events per request: a number, or a range such as 1..50
    #[arg(long, default_value = "1..10")]
    pub batch: String,
    /// Compress request bodies
    #[arg(long)]
    pub gzip: bool,
    /// Visitors that are on the site at the same time
    #[arg(long, default_value_t = 200)]
    pub visitors: usize,
    /// Seed of the journeys: the same seed makes the same journeys (ids and times are always new)
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Send a request again, up to so many times, when its answer is missing, 429 or 503
    #[arg(long, default_value_t = 0)]
    pub retries: u32,
    /// Write every event with its answer to this file, one JSON object per line, so that it can be compared by value
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// The summary as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `ingest`.
#[cfg(feature = "kafka")]
#[derive(Debug, Args)]
pub struct IngestArgs {
    /// Public address for events [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

/// Arguments of `drain`.
#[cfg(feature = "kafka")]
#[derive(Debug, Args)]
pub struct DrainArgs {
    /// The log's folder, brought here from the node [default: that of the data folder]
    pub folder: Option<PathBuf>,
}

/// Arguments of `resend`.
#[cfg(feature = "kafka")]
#[derive(Debug, Args)]
#[command(after_help = "\
Example, as `footfall audit` prints it:
  footfall resend --log 5f0c3c1e-6f1a-4b0e-9d0f-2a4d6f1c7b11 --from 1200 --to 1399")]
pub struct ResendArgs {
    /// The log's folder [default: that of the data folder]
    pub folder: Option<PathBuf>,
    /// Id of the log
    #[arg(long)]
    pub log: uuid::Uuid,
    /// First number
    #[arg(long)]
    pub from: u64,
    /// Last number
    #[arg(long)]
    pub to: u64,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Print the reference of every setting as markdown instead
    #[arg(long)]
    pub reference: bool,
}

/// Commands about sites.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// The sites of this Footfall
    List,
    /// Add a site; a running Footfall takes it up by itself
    Add(SiteAddArgs),
}

/// Arguments of `site add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  footfall site add shop --origin https://shop.example --origin https://www.shop.example")]
pub struct SiteAddArgs {
    /// Key of the site: 1 to 64 of a-z, 0-9, _ and -
    pub site: String,
    /// An origin whose pages may send events; repeat for more
    #[arg(long = "origin", value_name = "ORIGIN", required = true)]
    pub origins: Vec<String>,
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
        let named = before.listen.is_some() || before.clickhouse_listen.is_some();
        match &self.command {
            None => Ok(before.clone()),
            #[cfg(feature = "kafka")]
            Some(Command::Ingest(after)) => Ok(UpArgs {
                listen: after.listen.clone(),
                clickhouse_listen: None,
            }),
            Some(Command::Up(after)) => Ok(UpArgs {
                listen: after.listen.clone().or_else(|| before.listen.clone()),
                clickhouse_listen: after
                    .clickhouse_listen
                    .clone()
                    .or_else(|| before.clickhouse_listen.clone()),
            }),
            Some(_) if named => Err("--listen and --clickhouse-listen belong to `footfall up`".into()),
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
