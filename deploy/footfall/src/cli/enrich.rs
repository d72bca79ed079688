//! Arguments of `enrich`.

use clap::Args;
use std::net::IpAddr;

/// Arguments of `enrich`.
#[derive(Debug, Args, Clone)]
#[command(after_help = "\
Examples:
  footfall enrich --url 'https://shop.example/item/4711?utm_source=news' --referrer https://www.google.com/
  footfall enrich --ip 203.0.113.77 --ua 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) …' --language de-at")]
pub struct EnrichArgs {
    /// Address of the page
    #[arg(long, default_value = "", hide_default_value = true)]
    pub url: String,
    /// The page before
    #[arg(long, default_value = "", hide_default_value = true)]
    pub referrer: String,
    /// `User-Agent`
    #[arg(long, default_value = "", hide_default_value = true)]
    pub ua: String,
    /// The visitor's address, before the site's policy
    #[arg(long)]
    pub ip: Option<IpAddr>,
    /// Language of the browser
    #[arg(long, default_value = "", hide_default_value = true)]
    pub language: String,
    /// Time zone of the browser
    #[arg(long, default_value = "", hide_default_value = true)]
    pub timezone: String,
    /// `Accept-Language`
    #[arg(long, default_value = "", hide_default_value = true)]
    pub accept_language: String,
    /// Client hints, as the headers have them: `--hint 'sec-ch-ua-platform="Android"'`; repeat for more
    #[arg(long = "hint", value_name = "NAME=VALUE", value_parser = super::key_value)]
    pub hints: Vec<(String, String)>,
    /// The site, for its policies and patterns
    #[arg(long, default_value = "demo")]
    pub site: String,
}

/// Arguments of `paths`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall paths                 where many different words stand in the paths of all sites
  footfall paths --write         names them from now on, in pages.learned.toml (docs/enrichment.md)")]
pub struct PathsArgs {
    /// How many days to look at
    #[arg(long, default_value_t = 7)]
    pub days: u32,
    /// One site only
    #[arg(long)]
    pub site: Option<String>,
    /// Write what is new to pages.learned.toml
    #[arg(long)]
    pub write: bool,
}
