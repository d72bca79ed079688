//! `footfall keys`: the ring of keys that visitors' cookies are signed with.

use crate::cli::{RevokeArgs, RingArgs, RotateArgs};
use crate::config::Config;
use crate::config::value::Value as _;
use crate::data::replace;
use crate::problem::{Problem, Problems};
use crate::terminal::{Colour, paint, say};
use anyhow::{Context as _, Result, bail};
use footfall_ingest::{Clock, KeyInfo, KeyRing};
use std::path::PathBuf;
use std::time::Duration;

/// How long a cluster has by default to bring a new ring to all its nodes.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);

/// Prints every key.
///
/// # Errors
/// When the ring cannot be read.
pub fn list(config: &Config, args: &RingArgs) -> Result<()> {
    let ring = read(&path(config, args)?)?;
    show(&ring, Clock::default().now_ms());
    Ok(())
}

/// Adds a key.
///
/// # Errors
/// When the ring cannot be read or written, or the duration is none.
pub fn rotate(config: &Config, args: &RotateArgs) -> Result<()> {
    let path = path(config, &args.ring)?;
    let mut ring = read(&path)?;
    let after = match &args.after {
        Some(text) => {
            Duration::parse(text).map_err(|why| anyhow::anyhow!("--after {text} {why}: write `24h`"))?
        }
        None if args.ring.ring.is_some() => OVERLAP,
        None => Duration::ZERO,
    };
    let now = Clock::default().now_ms();
    ring.rotate(
        now,
        now + i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 2),
    );
    write(&path, &ring)?;
    show(&ring, now);
    if args.ring.ring.is_some() {
        say(format_args!(
            "bring {} to every ingest node and start each again before the new key signs; a node without it would take visitors for new ones",
            path.display()
        ));
    }
    Ok(())
}

/// Takes a key out.
///
/// # Errors
/// When the ring cannot be read or written, has no such key, or no other.
pub fn revoke(config: &Config, args: &RevokeArgs) -> Result<()> {
    let path = path(config, &args.ring)?;
    let (mut ring, now) = (read(&path)?, Clock::default().now_ms());
    if !ring.list(now).any(|key| key.kid == args.kid) {
        bail!(
            "there is no key {} in {}: `footfall keys list` names them",
            args.kid,
            path.display()
        );
    }
    if !ring.revoke(&args.kid) {
        bail!("{} is the only key: `footfall keys rotate` first", args.kid);
    }
    write(&path, &ring)?;
    show(&ring, now);
    Ok(())
}

/// The file of the ring. One that the settings give is not ours to find: it may come from anywhere.
fn path(config: &Config, args: &RingArgs) -> Result<PathBuf> {
    if let Some(path) = &args.ring {
        return Ok(path.clone());
    }
    if config.ingest.identity_key.is_some() {
        bail!(Problems(vec![Problem::new(
            "the key ring is given by `ingest.identity_key`",
            "name the file that it comes from: --ring FILE",
        )]));
    }
    Ok(config.in_data("keys/identity.key".as_ref()))
}

fn read(path: &std::path::Path) -> Result<KeyRing> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!(
            "cannot read the key ring {} (the first start makes it)",
            path.display()
        )
    })?;
    KeyRing::parse(&text).with_context(|| format!("{} is no key ring: 64 hex digits a line", path.display()))
}

fn write(path: &std::path::Path, ring: &KeyRing) -> Result<()> {
    replace(path, ring.to_text().as_bytes(), 0o600)
        .with_context(|| format!("cannot write the key ring {}", path.display()))
}

fn show(ring: &KeyRing, now: i64) {
    for KeyInfo { kid, since, signs } in ring.list(now) {
        let state = match (signs, since > now) {
            (true, _) => "signs".to_owned(),
            (false, true) => format!("signs in {} s", (since - now) / 1000),
            (false, false) => "is believed".to_owned(),
        };
        say(format_args!("{}  {state}", paint(Colour::Bold, &kid)));
    }
}
