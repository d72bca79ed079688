//! Who fills which columns: the parts of the dictionary, in the order of an event's path.

/// A part of the dictionary.
pub(super) struct Filler {
    /// Heading.
    pub(super) title: &'static str,
    /// Where the values come from.
    pub(super) who: &'static str,
    /// The columns.
    pub(super) columns: &'static str,
}

/// Stamped by ingest.
pub(crate) const STAMPED: &str = "Who, when, from where";
/// About the page.
pub(crate) const PAGE: &str = "The page";
/// About source and channel.
pub(crate) const BROUGHT: &str = "What brought the visitor";
/// About places.
pub(crate) const PLACE: &str = "Where the visitor is";
/// About browser and device.
pub(crate) const DEVICE: &str = "With what";
/// About bots.
pub(crate) const BOT: &str = "A person or a machine";
/// About versions.
pub(crate) const PROVENANCE: &str = "Provenance";

/// Every part.
pub(super) const FILLERS: &[Filler] = &[
    Filler {
        title: "What happened",
        who: "From the page, by the beacon, or from the server that sent the event.",
        columns: "type name user_id seq attempt client_time sent_at url title page_id referrer engagement_ms scroll screen_w \
            screen_h viewport_w viewport_h consent props",
    },
    Filler {
        title: STAMPED,
        who: "Stamped by ingest before the event is written; what a page says of these counts for nothing.",
        columns: "site event_id visitor_id session_id session_start session_start_reason decision time received_at ip ip_hash \
            ip_source origin user_agent accept_language hint_ua hint_full hint_mobile hint_platform hint_platform_version \
            hint_model gpc dnt flags late",
    },
    Filler {
        title: PAGE,
        who: "By the processor, from `url` and `referrer`; patterns and search parameters of a site in `pages.toml`.",
        columns: "host path path_template query hash site_search_term referrer_host referrer_path language timezone",
    },
    Filler {
        title: BROUGHT,
        who: "By the processor, from campaign parameters, click ids and the referrer, of this event alone; the view \
            `session_sources` takes a session's first. The lists are in `processor/data/sources`, yours in `sources.toml`.",
        columns: "utm_source utm_medium utm_campaign utm_term utm_content utm_id click_id_name click_id source medium channel \
            referrer_source referrer_medium search_term",
    },
    Filler {
        title: PLACE,
        who: "By the processor, from `ip` and the databases (`*.mmdb`) in the folder `enrich.folder`; empty without one.",
        columns: "country region city asn asn_org",
    },
    Filler {
        title: DEVICE,
        who: "By the processor, from client hints and user agent.",
        columns: "browser browser_version os os_version device_type device_brand device_model",
    },
    Filler {
        title: BOT,
        who: "By the processor; nothing is dropped, reports leave likely machines out.",
        columns: "bot_score bot_reasons",
    },
    Filler {
        title: PROVENANCE,
        who: "By the log and the processor: which number the event has, and with what it was enriched.",
        columns: "log_id log_seq insert_deadline enrich_version enrich_data schema_version",
    },
];

/// The part of a column.
pub(super) fn filler(column: &str) -> Option<&'static Filler> {
    FILLERS
        .iter()
        .find(|group| group.columns.split_whitespace().any(|name| name == column))
}
