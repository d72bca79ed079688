//! Which site, from which page, with which key, how fast: everything that can turn a request away before its events.

use crate::answer::Refusal;
use crate::head::Head;
use crate::identify::Trust;
use crate::sites::live::{Live, Table};
use footfall_schemas::Reject;
use sha2::{Digest, Sha256};
use std::time::Instant;
use subtle::ConstantTimeEq;

/// Finds the site and checks key, origin and rate, in this order: a server is not asked for its origin.
pub(crate) fn admit<'t>(
    table: &'t Table,
    site: &str,
    head: &Head<'_>,
    events: usize,
) -> Result<(&'t Live, Trust), Refusal> {
    let live = table.get(site).ok_or_else(|| unknown_site(site))?;
    let trust = trust(live, head)?;
    if trust == Trust::Public {
        check_origin(live, head)?;
    }
    if let Some(limit) = live.site.rate_limit {
        live.memory
            .bucket
            .take(limit, events, Instant::now())
            .map_err(|wait| {
                let seconds = u32::try_from(wait.as_secs())
                    .unwrap_or(u32::MAX)
                    .saturating_add(1);
                Refusal::new(
                    Reject::RateLimited,
                    "the site sends more events than its rate limit allows",
                )
                .retry_after(seconds)
            })?;
    }
    Ok((live, trust))
}

fn unknown_site(site: &str) -> Refusal {
    if site.is_empty() {
        return Refusal::new(Reject::UnknownSite, "`site` is missing");
    }
    let (shown, _) = footfall_schemas::limits::cut(site, footfall_schemas::limits::SITE_CHARS);
    Refusal::new(Reject::UnknownSite, format!("there is no site {shown:?}"))
}

/// Compares with every key of the site, each in constant time. A key that is given must be right.
fn trust(live: &Live, head: &Head<'_>) -> Result<Trust, Refusal> {
    let Some(key) = head.key else {
        return Ok(Trust::Public);
    };
    let digest: [u8; 32] = Sha256::digest(key).into();
    let known = live
        .site
        .server_keys
        .iter()
        .fold(subtle::Choice::from(0), |known, of| known | of.ct_eq(&digest));
    if known.into() {
        Ok(Trust::Server)
    } else {
        Err(Refusal::new(
            Reject::ServerKey,
            "the server key is not one of this site's",
        ))
    }
}

fn check_origin(live: &Live, head: &Head<'_>) -> Result<(), Refusal> {
    let origin = head.page_origin();
    if origin.is_empty() {
        return if live.site.require_origin {
            Err(Refusal::new(
                Reject::OriginNotAllowed,
                "the site takes no request without `Origin` or `Referer`",
            ))
        } else {
            Ok(())
        };
    }
    if live.site.origins.iter().any(|allowed| allowed.allows(origin)) {
        return Ok(());
    }
    let (shown, _) = footfall_schemas::limits::cut(origin, 256);
    Err(Refusal::new(
        Reject::OriginNotAllowed,
        format!("the origin {shown:?} is not on the site's list"),
    ))
}
