//! Arguments of `site`.

use clap::{Args, Subcommand};

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
