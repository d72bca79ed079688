//! Arguments of `loadgen` and `demo`.

use super::Target;
use clap::Args;
use std::path::PathBuf;

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

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall demo                     a month of a small shop, for the site `demo` of the running Footfall
  footfall demo --visits 20000      a larger shop: about 4 million events
  footfall demo --url http://edge:8000 --site shop --key KEY --days 7

The same days are filled with the same events: a second run adds only what has happened since.")]
pub struct DemoArgs {
    /// Where to send.
    #[command(flatten)]
    pub target: Target,
    /// How many days before now, at most 29
    #[arg(long, default_value_t = 29)]
    pub days: u32,
    /// Visits a day, about
    #[arg(long, default_value_t = 1_200)]
    pub visits: u32,
    /// Another seed makes another month
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}
