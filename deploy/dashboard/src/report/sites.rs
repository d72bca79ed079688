//! Which sites there are: those that are configured, and those that have events; with how many, so that the page knows
//! whether it waits for the first one.

use super::ask::fault;
use crate::access::Grant;
use crate::config::SiteInfo;
use crate::refusal::Refusal;
use footfall_schemas::reserved::SELF_SITE;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A site as the API tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    #[serde(flatten)]
    site: SiteInfo,
    /// Events of the last thirty days.
    events: u64,
    /// RFC 3339; none: nothing in thirty days.
    last: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    data: Vec<(String, u64, String)>,
}

/// Counts the events of each site over the range of partitions that reports use; Footfall's own are nobody's.
pub(crate) fn sql(database: &str) -> String {
    format!(
        "SELECT toString(site) AS site, count() AS events, max(received_at) AS last FROM {database}.events \
         WHERE received_at >= now() - INTERVAL 30 DAY AND site != '{SELF_SITE}' GROUP BY site ORDER BY events DESC LIMIT 1000"
    )
}

/// Puts both together: configured sites first, in their order.
pub(crate) fn told(configured: Vec<SiteInfo>, said: &[u8], grant: &Grant) -> Result<Vec<Told>, Refusal> {
    let said: Said = serde_json::from_slice(said)
        .map_err(|error| fault(&format!("the list of sites cannot be read: {error}")))?;
    let mut counted: BTreeMap<String, (u64, String)> = said
        .data
        .into_iter()
        .map(|(site, events, last)| (site, (events, last)))
        .collect();
    let mut told: Vec<Told> = configured
        .into_iter()
        .map(|site| {
            let (events, last) = counted
                .remove(&site.key)
                .map_or((0, None), |(events, last)| (events, Some(last)));
            Told { site, events, last }
        })
        .collect();
    told.extend(counted.into_iter().map(|(key, (events, last))| Told {
        site: SiteInfo {
            name: key.clone(),
            key,
            timezone: "UTC".to_owned(),
        },
        events,
        last: Some(last),
    }));
    told.retain(|told| grant.sees(&told.site.key));
    Ok(told)
}
