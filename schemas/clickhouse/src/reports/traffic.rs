//! Reports on traffic as a whole: how much, when, by what, on which pages, now.

use super::{
    BOTS, BY, Column, DIMENSION_NAMES, FILTERS, Parameter, Report, SINCE, SITE, TIMEZONE, UNTIL, column, word,
};

const VISITORS: Column = column("visitors", "UInt64", "visitors");
const SESSIONS_SEEN: Column = column("sessions", "UInt64", "sessions");
const PAGE_VIEWS: Column = column("page_views", "UInt64", "page views");
const EVENTS: Column = column("events", "UInt64", "events");
const BOUNCE_RATE: Column = column(
    "bounce_rate",
    "Float64",
    "share of the sessions with one page view at most and nothing else done, 0 to 1",
);
const SESSION_MS: Column = column(
    "session_ms",
    "UInt64",
    "median time from a session's first event to its last, ms",
);
const ENGAGEMENT_MS: Column = column(
    "engagement_ms",
    "UInt64",
    "median time that a session's pages were looked at and used, ms",
);

/// `report_overview`.
pub(super) const OVERVIEW: Report = Report {
    name: "overview",
    about: "The figures of a range in one row; to compare, ask again for the range before.",
    parameters: &[SITE, SINCE, UNTIL, BOTS, FILTERS],
    columns: &[
        VISITORS,
        SESSIONS_SEEN,
        PAGE_VIEWS,
        EVENTS,
        column(
            "bounces",
            "UInt64",
            "sessions with one page view at most and nothing else done",
        ),
        BOUNCE_RATE,
        column("views_per_session", "Float64", "page views by sessions"),
        SESSION_MS,
        ENGAGEMENT_MS,
    ],
    view: view!("overview"),
};

/// `report_newcomers`.
pub(super) const NEWCOMERS: Report = Report {
    name: "newcomers",
    about: "How many of a range's visitors were never seen before it.",
    parameters: &[SITE, SINCE, UNTIL, BOTS, FILTERS],
    columns: &[
        VISITORS,
        column(
            "new_visitors",
            "UInt64",
            "visitors of whom no earlier event is known",
        ),
        column("share", "Float64", "share of them among all, 0 to 1"),
    ],
    view: view!("newcomers"),
};

const INTERVAL: Parameter = word(
    "interval",
    &["day", "minute", "hour", "week", "month"],
    "how long a bucket is",
);

/// `report_timeline`.
pub(super) const TIMELINE: Report = Report {
    name: "timeline",
    about: "Visitors, sessions, page views and events by time; empty buckets are there with zeros.",
    parameters: &[SITE, SINCE, UNTIL, TIMEZONE, BOTS, FILTERS, INTERVAL],
    columns: &[
        column(
            "at",
            "DateTime('UTC')",
            "when the bucket begins in the time zone, as an instant",
        ),
        VISITORS,
        SESSIONS_SEEN,
        PAGE_VIEWS,
        EVENTS,
    ],
    view: view!("timeline"),
};

const DIMENSION: Parameter = Parameter {
    values: DIMENSION_NAMES,
    default: None,
    ..word("dimension", DIMENSION_NAMES, "what to break down by")
};
const TOUCH: Parameter = word(
    "touch",
    &["session", "first"],
    "session: what the event or its session says; first: what the visitor's very first event on a page said",
);

/// `report_breakdown`.
pub(super) const BREAKDOWN: Report = Report {
    name: "breakdown",
    about: "Visitors and what they did by the values of one dimension, the most visitors first.",
    parameters: &[SITE, SINCE, UNTIL, BOTS, FILTERS, DIMENSION, TOUCH],
    columns: &[
        column(
            "value",
            "String",
            "value of the dimension; empty where it is not known",
        ),
        VISITORS,
        SESSIONS_SEEN,
        PAGE_VIEWS,
        EVENTS,
        BOUNCE_RATE,
        SESSION_MS,
        ENGAGEMENT_MS,
    ],
    view: view!("breakdown"),
};

/// `report_pages`.
pub(super) const PAGES: Report = Report {
    name: "pages",
    about: "Pages: who looked at them, how often visits begin and end there, and how they were read.",
    parameters: &[SITE, SINCE, UNTIL, BOTS, FILTERS, BY],
    columns: &[
        column("page", "String", "path of the page, or its template"),
        column("title", "String", "the page's latest title"),
        VISITORS,
        PAGE_VIEWS,
        column("entries", "UInt64", "sessions whose first page view this was"),
        column("exits", "UInt64", "sessions whose last page view this was"),
        column(
            "bounce_rate",
            "Float64",
            "of the sessions that began here, the share that did nothing more, 0 to 1",
        ),
        column(
            "engagement_ms",
            "UInt64",
            "median time that a view was looked at and used, ms; of views that were left",
        ),
        column(
            "scroll",
            "UInt32",
            "median depth of scrolling, per cent of the page; of views that were left",
        ),
    ],
    view: view!("pages"),
};

/// `report_pattern`.
pub(super) const PATTERN: Report = Report {
    name: "pattern",
    about: "When people come: all 168 hours of the week, in order.",
    parameters: &[SITE, SINCE, UNTIL, TIMEZONE, BOTS, FILTERS],
    columns: &[
        column(
            "weekday",
            "UInt8",
            "day of the week in the time zone, 1 is Monday",
        ),
        column("hour", "UInt8", "hour of the day in the time zone, 0 to 23"),
        VISITORS,
        SESSIONS_SEEN,
        PAGE_VIEWS,
    ],
    view: view!("pattern"),
};

/// `report_live`.
pub(super) const LIVE: Report = Report {
    name: "live",
    about: "Visitors and page views of each of the last 30 minutes, without machines.",
    parameters: &[SITE],
    columns: &[
        column(
            "minute",
            "DateTime('UTC')",
            "when the minute began; the last one is still running",
        ),
        VISITORS,
        PAGE_VIEWS,
    ],
    view: view!("live"),
};

/// `report_live_now`.
pub(super) const LIVE_NOW: Report = Report {
    name: "live_now",
    about: "Who is here now: people of whom something was seen in the last five minutes, the last seen first.",
    parameters: &[SITE],
    columns: &[
        column("visitor_id", "UUID", "visitor"),
        column(
            "last_at",
            "DateTime64(3, 'UTC')",
            "when something of them was last seen",
        ),
        column("path", "String", "path of their last page"),
        column("title", "String", "its title"),
        column("country", "String", "country"),
        column("city", "String", "city"),
        column("device_type", "String", "kind of device"),
        column("browser", "String", "browser"),
        column("source", "String", "what brought their session"),
        column("views", "UInt64", "page views of the last half hour"),
    ],
    view: view!("live_now"),
};
