//! `footfall dashboard token | link`: who else may look, by hand. The file is the dashboard's own; one that runs notices.

use crate::cli::{DashboardCommand, DoorArgs, LinkAddArgs, LinkCommand, TokenAddArgs, TokenCommand};
use crate::config::Config;
use crate::config::value::Value as _;
use crate::data;
use crate::problem::{Problem, Problems};
use crate::terminal::{harmless, say};
use anyhow::{Context as _, Result, bail};
use footfall_dashboard::{Doors, NewLink, NewToken, Shown};
use std::time::Duration;

/// Does what was asked.
///
/// # Errors
/// The file cannot be read or written, or there is nothing of that id.
pub fn run(config: &Config, command: &DashboardCommand) -> Result<()> {
    let doors = open(config)?;
    match command {
        DashboardCommand::Token(TokenCommand::Add(args)) => add_token(&doors, args),
        DashboardCommand::Token(TokenCommand::List) => {
            list(&doors.tokens());
            Ok(())
        }
        DashboardCommand::Token(TokenCommand::Remove(args)) => {
            let door = one(doors.tokens(), args)?;
            doors.remove_token(&door.id)?;
            removed(&door);
            Ok(())
        }
        DashboardCommand::Link(LinkCommand::Add(args)) => add_link(config, &doors, args),
        DashboardCommand::Link(LinkCommand::List) => {
            list(&doors.links());
            Ok(())
        }
        DashboardCommand::Link(LinkCommand::Remove(args)) => {
            let door = one(doors.links(), args)?;
            doors.remove_link(&door.id)?;
            removed(&door);
            Ok(())
        }
    }
}

fn open(config: &Config) -> Result<Doors> {
    std::fs::create_dir_all(&config.data.folder)
        .map_err(|error| Problems(vec![data::unwritable(&config.data.folder, &error)]))?;
    let path = config.in_data(&config.dashboard.file);
    let opened = Doors::open(&path);
    Ok(opened.map_err(|error| Problems(vec![Problem::new(error.to_string(), error.remedy())]))?)
}

fn add_token(doors: &Doors, args: &TokenAddArgs) -> Result<()> {
    let sites = (!args.sites.is_empty()).then(|| args.sites.clone());
    let made = doors.add_token(NewToken {
        name: args.name.clone(),
        sites,
    })?;
    told(&made)
}

fn add_link(config: &Config, doors: &Doors, args: &LinkAddArgs) -> Result<()> {
    let lasts = match &args.lasts {
        Some(text) => {
            let lasts =
                Duration::parse(text).map_err(|why| anyhow::anyhow!("--for {text} {why}: write `30d`"))?;
            Some(lasts.as_secs())
        }
        None => None,
    };
    let made = doors.add_link(NewLink {
        name: args.name.clone(),
        site: args.site.clone(),
        view: args.view.clone(),
        lasts_s: lasts,
    })?;
    let secret = made.secret.context("a link was made without a secret")?;
    let host = config
        .dashboard
        .hosts
        .split(',')
        .map(str::trim)
        .find(|host| !host.is_empty());
    let base = host.map_or_else(
        || format!("http://{}", config.dashboard.listen),
        |host| format!("https://{host}"),
    );
    say(format_args!("{base}/share/{secret}"));
    Ok(())
}

/// The secret alone, so that a script can take it.
fn told(made: &Shown) -> Result<()> {
    let secret = made
        .secret
        .as_deref()
        .context("a token was made without a secret")?;
    say(secret);
    Ok(())
}

fn list(doors: &[Shown]) {
    for door in doors {
        let day = |seconds: u64| {
            let at = i64::try_from(seconds)
                .ok()
                .and_then(|at| jiff::Timestamp::from_second(at).ok());
            at.map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string())
        };
        let sites = door
            .sites
            .as_ref()
            .map_or_else(|| "all sites".to_owned(), |sites| sites.join(", "));
        let until = door
            .until
            .map_or_else(String::new, |until| format!(", until {}", day(until)));
        let id = door.id.get(..8).unwrap_or(&door.id);
        say(format_args!(
            "{id}  {}  {}, since {}{until}",
            harmless(&door.name),
            harmless(&sites),
            day(door.made)
        ));
    }
}

/// The one whose id begins so.
fn one(doors: Vec<Shown>, args: &DoorArgs) -> Result<Shown> {
    let mut found = doors
        .into_iter()
        .filter(|door| !args.id.is_empty() && door.id.starts_with(&args.id));
    match (found.next(), found.next()) {
        (Some(door), None) => Ok(door),
        (Some(_), Some(_)) => bail!("several ids begin with {}: give more of it", args.id),
        (None, _) => bail!(
            "there is none with the id {}: the command `list` shows those there are",
            args.id
        ),
    }
}

fn removed(door: &Shown) {
    say(format_args!("removed: {}", harmless(&door.name)));
}
