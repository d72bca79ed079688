//! Arguments of `self-check`.

use clap::Args;

/// Arguments of `self-check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall self-check
  footfall self-check --url https://events.shop.example --dashboard http://dashboard:8003")]
pub struct SelfCheckArgs {
    /// Address of the edge, or of what stands in front of it [default: the Footfall that runs on the data folder]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Address of the dashboard [default: that of the Footfall on the data folder]
    #[arg(long, value_name = "URL")]
    pub dashboard: Option<String>,
    /// How long the event may take from the door to the table
    #[arg(long, default_value = "30s")]
    pub wait: String,
}
