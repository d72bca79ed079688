//! Arguments of `retention`.

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Arguments of `retention`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall retention --dry-run                     what would go now, by site
  footfall retention --dry-run --now 2027-01-01    and what by then
  footfall retention

How long what is kept stands in [retention] of the configuration, and for a site in `keep` of the sites file.")]
pub struct RetentionArgs {
    /// Say what would go, and touch nothing
    #[arg(long)]
    pub dry_run: bool,
    /// As if it were this day or moment (UTC): 2027-01-01, or 2027-01-01T08:00:00Z. Without --dry-run it really goes
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub now: Option<Timestamp>,
    /// Print what was done as JSON
    #[arg(long)]
    pub json: bool,
}

/// A day begins at midnight.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = || {
        Some(
            text.parse::<Date>()
                .ok()?
                .to_zoned(TimeZone::UTC)
                .ok()?
                .timestamp(),
        )
    };
    text.parse()
        .ok()
        .or_else(day)
        .ok_or_else(|| "write 2027-01-01, or 2027-01-01T08:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_day_is_its_midnight() {
        assert_eq!(moment("2027-01-01"), moment("2027-01-01T01:00:00+01:00"));
        assert!(moment("tomorrow").is_err());
    }
}
