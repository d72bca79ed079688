//! An [`Event`] and what was found out about it, as a row of the table: the third stage of trust.
//!
//! Strings are borrowed from the record, so a row lives only until it has been pushed into a block.

use crate::enrich::source::Channel;
use crate::enrich::{ENRICH_VERSION, Enriched};
use footfall_schemas::event::{Decision, IpSource, SessionReason};
use footfall_schemas::{Event, Flag};
use footfall_tables::EventRow;
use uuid::Uuid;

/// The row of `event` under its number. `insert_deadline` is set when the block is sent.
#[must_use]
pub fn event_row<'a>(
    event: &'a Event<'_>,
    enriched: &'a Enriched<'_>,
    log_id: Uuid,
    log_seq: u64,
) -> EventRow<'a> {
    let Enriched {
        page,
        campaign,
        referrer,
        arrival,
        content,
        data,
        ..
    } = enriched;
    EventRow {
        site: &event.site,
        kind: event.kind.label(),
        name: &event.name,
        event_id: event.id,
        visitor_id: event.visitor,
        session_id: event.session,
        session_start: event.session_start,
        session_start_reason: session_reason(event.session_reason),
        decision: decision(event.decision),
        user_id: &event.user_id,
        seq: event.seq,
        attempt: event.attempt,
        time: event.time,
        client_time: event.ts,
        sent_at: event.sent_at,
        received_at: event.received_at,
        url: &event.url,
        host: &page.host,
        path: &page.path,
        path_template: &content.template,
        query: &page.query,
        hash: &page.hash,
        site_search_term: &content.search_term,
        title: &event.title,
        page_id: event.page_id,
        referrer: &event.referrer,
        referrer_host: &referrer.location.host,
        referrer_path: &referrer.location.path,
        utm_source: &campaign.source,
        utm_medium: &campaign.medium,
        utm_campaign: &campaign.campaign,
        utm_term: &campaign.term,
        utm_content: &campaign.content,
        utm_id: &campaign.id,
        click_id_name: campaign.click_id_name,
        click_id: &campaign.click_id,
        source: &arrival.source,
        medium: &arrival.medium,
        channel: arrival.channel.map_or("", Channel::label),
        referrer_source: arrival.referrer_source,
        referrer_medium: arrival.referrer_medium,
        search_term: &arrival.search_term,
        late: event.flags.has(Flag::Late),
        log_id,
        log_seq,
        enrich_version: ENRICH_VERSION,
        enrich_data: data,
        schema_version: event.v,
        ..visitor(event, enriched)
    }
}

/// Where the visitor is, what the browser said about itself and its user's wishes.
fn visitor<'a>(event: &'a Event<'_>, enriched: &'a Enriched<'_>) -> EventRow<'a> {
    let Enriched {
        agent,
        bot_score,
        bot_reasons,
        place,
        content,
        ..
    } = enriched;
    EventRow {
        ip: enriched.address,
        ip_hash: enriched.ip_hash,
        country: &place.country,
        region: &place.region,
        city: &place.city,
        asn: place.asn,
        asn_org: &place.asn_org,
        browser: &agent.browser,
        browser_version: &agent.browser_version,
        os: &agent.os,
        os_version: &agent.os_version,
        device_type: agent.device_type,
        device_brand: &agent.device_brand,
        device_model: &agent.device_model,
        bot_score: *bot_score,
        bot_reasons: bot_reasons.as_slice(),
        screen_w: event.screen_w,
        screen_h: event.screen_h,
        viewport_w: event.viewport_w,
        viewport_h: event.viewport_h,
        language: &content.language,
        timezone: content.time_zone,
        accept_language: &event.accept_language,
        user_agent: &event.user_agent,
        hint_ua: &event.hints.ua,
        hint_full: &event.hints.full,
        hint_mobile: &event.hints.mobile,
        hint_platform: &event.hints.platform,
        hint_platform_version: &event.hints.platform_version,
        hint_model: &event.hints.model,
        ip_source: ip_source(event.ip_source),
        origin: &event.origin,
        gpc: event.gpc,
        dnt: event.dnt,
        consent: &event.consent,
        flags: event.flags,
        engagement_ms: event.engagement_ms,
        scroll: event.scroll,
        props: &event.props,
        ..EventRow::default()
    }
}

const fn session_reason(reason: SessionReason) -> &'static str {
    match reason {
        SessionReason::New => "new",
        SessionReason::Idle => "idle",
        SessionReason::Length => "length",
        SessionReason::Campaign => "campaign",
        SessionReason::Midnight => "midnight",
        SessionReason::Login => "login",
        SessionReason::Server => "server",
    }
}

const fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Page => "page",
        Decision::Cookie => "cookie",
        Decision::Cookieless => "cookieless",
        Decision::Server => "server",
    }
}

const fn ip_source(source: IpSource) -> &'static str {
    match source {
        IpSource::Peer => "peer",
        IpSource::Xff => "xff",
        IpSource::Forwarded => "forwarded",
        IpSource::Body => "body",
    }
}

#[cfg(test)]
mod tests {
    use super::{decision, ip_source, session_reason};
    use footfall_schemas::event::{Decision, IpSource, SessionReason};

    #[test]
    fn codes_in_the_table_are_the_names_in_the_log() {
        let name = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        for reason in [
            SessionReason::New,
            SessionReason::Idle,
            SessionReason::Length,
            SessionReason::Campaign,
        ] {
            assert_eq!(
                session_reason(reason),
                name(serde_json::to_value(reason).unwrap())
            );
        }
        for reason in [
            SessionReason::Midnight,
            SessionReason::Login,
            SessionReason::Server,
        ] {
            assert_eq!(
                session_reason(reason),
                name(serde_json::to_value(reason).unwrap())
            );
        }
        for how in [
            Decision::Page,
            Decision::Cookie,
            Decision::Cookieless,
            Decision::Server,
        ] {
            assert_eq!(decision(how), name(serde_json::to_value(how).unwrap()));
        }
        for source in [IpSource::Peer, IpSource::Xff, IpSource::Forwarded, IpSource::Body] {
            assert_eq!(ip_source(source), name(serde_json::to_value(source).unwrap()));
        }
    }
}
