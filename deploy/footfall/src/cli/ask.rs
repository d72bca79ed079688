//! Arguments of the commands that send to a Footfall and ask it: `send`, `tail`, `query`, `audit`.

use super::key_value;
use clap::Args;
use std::path::PathBuf;
use uuid::Uuid;

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

/// Arguments of `install`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall install https://shop.example/
  footfall install https://shop.example/cart --site shop")]
pub struct InstallArgs {
    /// Address of a page
    #[arg(value_name = "URL")]
    pub page: String,
    /// The site that its tag should name
    #[arg(long)]
    pub site: Option<String>,
}

/// Arguments of `unlink`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall unlink --site shop --visitor 01932f4c-0000-7000-8000-000000000001
  footfall unlink --site shop --user ada                      on all devices
  footfall unlink --site shop --visitor 01932f4c-0000-7000-8000-000000000001 --user ada")]
pub struct UnlinkArgs {
    /// The visitor, as `visitor_id` of its events says; without --user: whoever it was
    #[arg(long, value_name = "ID", required_unless_present = "user")]
    pub visitor: Option<Uuid>,
    /// The user; without --visitor: on all devices
    #[arg(long, value_name = "USER", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub user: Option<String>,
    /// How long to wait until it can be seen
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
  footfall tail --event 01932f4c-8d1e-7c3a-9b5f-000000000013     what became of that one
  footfall tail --json | jq 'select(.fate != \"row\")'")]
pub struct TailArgs {
    /// Only this site
    #[arg(long)]
    pub site: Option<String>,
    /// Only these types, comma separated; refusals have none
    #[arg(long = "type", value_name = "TYPES", value_delimiter = ',')]
    pub kinds: Vec<String>,
    /// What became of the event of this id, asked of the tables: its numbers, row and ledger entries
    #[arg(long, value_name = "ID", conflicts_with_all = ["site", "kinds", "count", "url"])]
    pub event: Option<Uuid>,
    /// How long to wait for the fate of that event
    #[arg(long, value_name = "TIME", default_value = "10s", requires = "event")]
    pub wait: String,
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
