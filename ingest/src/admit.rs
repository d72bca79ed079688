//! Which site, from which page, with which key, how fast: everything that can turn a request away before its events.

use crate::answer::Refusal;
use crate::head::Head;
use crate::identity::Trust;
use crate::sites::host::host_of;
use crate::sites::live::{Live, Table};
use crate::stamp::Sender;
use footfall_log::Room;
use footfall_schemas::reject::Rejection;
use footfall_schemas::{BeaconEvent, Reject};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// Finds the site and checks key, origin and rates, in this order: a server is not asked for its origin.
pub(crate) fn admit<'t>(
    table: &'t Table,
    site: &str,
    head: &Head<'_>,
    client: IpAddr,
    events: usize,
    room: &Room,
) -> Result<(&'t Live, Trust), Refusal> {
    let live = table.get(site).ok_or_else(|| unknown_site(site))?;
    let trust = trust(live, head)?;
    if trust == Trust::Public {
        check_origin(live, head)?;
    }
    let of_address = live.site.address_rate_limit.filter(|_| trust == Trust::Public);
    if let Some(limit) = of_address {
        let taken = live.memory.addresses.take(limit, client, events, Instant::now());
        taken.map_err(|wait| {
            too_fast(
                "the address sends more events than the site allows one address",
                wait,
            )
        })?;
    }
    if let Some(limit) = live.site.rate_limit {
        let taken = live.memory.bucket.take(limit, events, Instant::now());
        taken.map_err(|wait| too_fast("the site sends more events than its rate limit allows", wait))?;
    }
    if table.is_shared() && live.memory.share.is_full(&live.site, room) {
        return Err(over_share("the site has filled its share of the log, which is behind").retry_after(30));
    }
    Ok((live, trust))
}

/// The site takes more than is fair beside others.
pub(crate) fn over_share(detail: &str) -> Refusal {
    Refusal::new(Reject::SiteShare, detail)
}

fn too_fast(detail: &str, wait: Duration) -> Refusal {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
    Refusal::new(Reject::RateLimited, detail).retry_after(seconds.saturating_add(1))
}

/// The event, if the page that it names lies where the site's pages lie, or a server says so.
pub(crate) fn check_host<'e>(
    sender: &Sender<'_>,
    event: BeaconEvent<'e>,
) -> Result<BeaconEvent<'e>, Rejection> {
    let hostnames = &sender.live.site.hostnames;
    if hostnames.is_empty() || sender.trust == Trust::Server {
        return Ok(event);
    }
    let host = match host_of(&event.url) {
        "" => host_of(sender.head.page_origin()),
        host => host,
    };
    if hostnames.iter().any(|allowed| allowed.allows(host)) {
        return Ok(event);
    }
    let (shown, _) = footfall_schemas::limits::cut(host, 256);
    Err(Rejection::new(
        Reject::OriginNotAllowed,
        format!("the page's host {shown:?} is not one of the site's `hostnames`"),
    ))
}

/// Finds the site for a page of one of its origins, without a key.
pub(crate) fn site_of_page<'t>(table: &'t Table, site: &str, head: &Head<'_>) -> Result<&'t Live, Refusal> {
    let live = table.get(site).ok_or_else(|| unknown_site(site))?;
    check_origin(live, head).map(|()| live)
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
