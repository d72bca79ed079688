//! Arguments of `dashboard`.

use clap::{Args, Subcommand};

/// Arguments of `dashboard`: without a command it serves.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall dashboard                                              serve it
  footfall dashboard token add Anna --site shop                   somebody who may look at one site
  footfall dashboard link add 'For the board' --site shop --for 30d
  footfall dashboard link list")]
pub struct DashboardArgs {
    /// What to do in place of serving.
    #[command(subcommand)]
    pub command: Option<DashboardCommand>,
}

/// Commands about who else may look.
#[derive(Debug, Subcommand)]
pub enum DashboardCommand {
    /// Tokens: for programs (Authorization: Bearer …), and for people in place of the password
    #[command(subcommand)]
    Token(TokenCommand),
    /// Shared links: whoever has one sees one site, and changes nothing
    #[command(subcommand)]
    Link(LinkCommand),
}

/// Commands about tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make one; its secret is shown this once
    Add(TokenAddArgs),
    /// Those there are, without their secrets
    List,
    /// Revoke one; it is out at once, and the sessions that began with it
    Remove(DoorArgs),
}

/// Commands about links.
#[derive(Debug, Subcommand)]
pub enum LinkCommand {
    /// Make one; its address is shown this once
    Add(LinkAddArgs),
    /// Those there are, without their addresses
    List,
    /// Revoke one; whoever looks by it is out at once
    Remove(DoorArgs),
}

/// Arguments of `token add`.
#[derive(Debug, Args)]
pub struct TokenAddArgs {
    /// A name for people
    pub name: String,
    /// A site that it shows; repeat for more [default: all]
    #[arg(long = "site", value_name = "KEY")]
    pub sites: Vec<String>,
}

/// Arguments of `link add`.
#[derive(Debug, Args)]
pub struct LinkAddArgs {
    /// A name for people
    pub name: String,
    /// The site that it shows
    #[arg(long, value_name = "KEY")]
    pub site: String,
    /// How long it lasts, as in `30d` [default: until it is removed]
    #[arg(long = "for", value_name = "DURATION")]
    pub lasts: Option<String>,
    /// What it shows first: the dashboard's address from the `?` on [default: the overview]
    #[arg(long, value_name = "?VIEW", default_value = "")]
    pub view: String,
}

/// Which one to remove.
#[derive(Debug, Args)]
pub struct DoorArgs {
    /// Its id, or the beginning of it, as the list shows it
    pub id: String,
}
