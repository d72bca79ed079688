//! Reports on what visitors do one after another, and again: sessions, paths, funnels, goals, retention, preferences.

use super::{
    BOTS, BY, Column, FILTERS, OPTIONAL_DIMENSION, Parameter, Report, SINCE, SITE, TIMEZONE, UNTIL, column,
    optional, required, word,
};

/// `report_sessions`.
pub(super) const SESSIONS: Report = Report {
    name: "sessions",
    about: "Sessions in which something happened that the question is about, the latest first, 10,000 at most; figures are of the whole session.",
    parameters: &[SITE, SINCE, UNTIL, BOTS, FILTERS],
    columns: &[
        column("session_id", "UUID", "session"),
        column("visitor_id", "UUID", "visitor"),
        column("user_id", "String", "user, as the session's events said last"),
        column("began", "DateTime64(3, 'UTC')", "time of its first event"),
        column("ended", "DateTime64(3, 'UTC')", "time of its last event"),
        column("duration_ms", "UInt64", "between the two, ms"),
        column("page_views", "UInt64", "page views"),
        column("events", "UInt64", "events"),
        column(
            "engagement_ms",
            "UInt64",
            "how long its pages were looked at and used, ms",
        ),
        column("entry_path", "String", "path of its first page view"),
        column("exit_path", "String", "path of its last page view"),
        column(
            "channel",
            "String",
            "channel that brought it; empty: it has no page, as of a server",
        ),
        column("source", "String", "what brought it"),
        column("medium", "String", "the way in which it did"),
        column("campaign", "String", "utm_campaign of its first page"),
        column("referrer_host", "String", "host of the page before its first"),
        column("country", "String", "country, of its first event"),
        column("city", "String", "city, of its first event"),
        column("device_type", "String", "kind of device, of its first event"),
        column("browser", "String", "browser, of its first event"),
        column("os", "String", "operating system, of its first event"),
        column(
            "bot_score",
            "UInt8",
            "how likely a machine: the highest score of its events, 0 to 100",
        ),
        column(
            "is_bounce",
            "UInt8",
            "1: one page view at most, and nothing else done",
        ),
    ],
    view: view!("sessions"),
};

/// `report_session`.
pub(super) const SESSION: Report = Report {
    name: "session",
    about: "All events of one session, in order.",
    parameters: &[SITE, required("session_id", "UUID", "the session")],
    columns: &[
        column("time", "DateTime64(3, 'UTC')", "when it happened"),
        column("type", "String", "what happened"),
        column("name", "String", "name of a custom event or of a click"),
        column("path", "String", "path of the page"),
        column("title", "String", "title of the page"),
        column(
            "engagement_ms",
            "UInt32",
            "how long the page was looked at and used, ms",
        ),
        column("scroll", "UInt32", "how deep, per cent of the page"),
        column("props", "Map(LowCardinality(String), String)", "free properties"),
        column("event_id", "UUID", "event"),
    ],
    view: view!("session"),
};

const START: Parameter = optional(
    "start",
    "String",
    "",
    "page to begin with; empty: the session's first (backward: last)",
);
const DIRECTION: Parameter = word(
    "direction",
    &["forward", "backward"],
    "where they go from there, or where they come from",
);
const DEPTH: Parameter = optional("depth", "UInt8", "3", "how many steps");

/// `report_paths`.
pub(super) const PATHS: Report = Report {
    name: "paths",
    about: "From page to page: where sessions go from a page, or where they come from to it, step by step.",
    parameters: &[SITE, SINCE, UNTIL, BOTS, FILTERS, START, DIRECTION, DEPTH, BY],
    columns: &[
        column("step", "UInt8", "1 is next to the start"),
        column("from", "String", "page before the move; empty: the session began"),
        column("to", "String", "page after the move; empty: the session ended"),
        column("sessions", "UInt64", "sessions that made this move at this step"),
        column(
            "dwell_ms",
            "UInt64",
            "median time from the one page to the other, ms; 0 if one is empty",
        ),
    ],
    view: view!("paths"),
};

const VISITORS: Column = column("visitors", "UInt64", "visitors");

/// `report_funnel`.
pub(super) const FUNNEL: Report = Report {
    name: "funnel",
    about: "A funnel: how many visitors do one step after the other, and how long they take.",
    parameters: &[
        SITE,
        SINCE,
        UNTIL,
        BOTS,
        FILTERS,
        required(
            "steps",
            "Array(String)",
            "one to ten of page:/pricing, page:/docs/*, event:signup, type:login; * stands for anything",
        ),
        optional(
            "window_s",
            "UInt32",
            "86400",
            "time within which the last step must follow the first, s",
        ),
        Parameter {
            values: &["0", "1"],
            ..optional(
                "strict",
                "UInt8",
                "0",
                "1: nothing else may happen between two steps",
            )
        },
        OPTIONAL_DIMENSION,
    ],
    columns: &[
        column("step", "UInt8", "number of the step, from 1"),
        column(
            "value",
            "String",
            "value of the dimension at the visitor's first step; empty without one",
        ),
        column("visitors", "UInt64", "visitors who got this far"),
        column("of_first", "Float64", "share of those of the first step, 0 to 1"),
        column(
            "of_previous",
            "Float64",
            "share of those of the step before, 0 to 1",
        ),
        column("median_ms", "UInt64", "median time since the step before, ms"),
    ],
    view: view!("funnel"),
};

/// `report_retention`.
pub(super) const RETENTION: Report = Report {
    name: "retention",
    about: "Who comes back: new visitors by day, week or month, and how many did something again later.",
    parameters: &[
        SITE,
        SINCE,
        UNTIL,
        TIMEZONE,
        BOTS,
        FILTERS,
        word(
            "unit",
            &["week", "day", "month"],
            "how long a cohort and a period are",
        ),
    ],
    columns: &[
        column(
            "cohort",
            "DateTime('UTC')",
            "when the unit began in which these visitors were first seen",
        ),
        column("period", "UInt32", "units since then; 0 is the unit itself"),
        column(
            "visitors",
            "UInt64",
            "visitors of the cohort who did something in that unit",
        ),
        column("share", "Float64", "share of all of the cohort, 0 to 1"),
    ],
    view: view!("retention"),
};

/// `report_goals`.
pub(super) const GOALS: Report = Report {
    name: "goals",
    about: "Goals: how often each was reached, and by how many of the visitors.",
    parameters: &[
        SITE,
        SINCE,
        UNTIL,
        BOTS,
        FILTERS,
        required(
            "goals",
            "Array(String)",
            "one to twenty, spelled as the steps of a funnel: event:signup, page:/thanks",
        ),
    ],
    columns: &[
        column("goal", "String", "the goal, as asked"),
        column("conversions", "UInt64", "events that reach it"),
        VISITORS,
        column("rate", "Float64", "share of all visitors who reached it, 0 to 1"),
    ],
    view: view!("goals"),
};

/// `report_preferences`.
pub(super) const PREFERENCES: Report = Report {
    name: "preferences",
    about: "What somebody returns to, against everyone: groups of pages, hours, days of the week, sources, devices.",
    parameters: &[
        SITE,
        SINCE,
        UNTIL,
        TIMEZONE,
        BOTS,
        FILTERS,
        optional("of", "String", "", "a visitor; empty: whom the filters choose"),
    ],
    columns: &[
        column(
            "kind",
            "String",
            "page (first part of the path), hour, weekday, source or device",
        ),
        column("value", "String", "what is returned to"),
        column("visits", "UInt64", "sessions of the segment in which it occurs"),
        column("share", "Float64", "share of the segment's sessions, 0 to 1"),
        column("everyone", "Float64", "the same share of everyone"),
        column(
            "lift",
            "Float64",
            "share by everyone's: above 1, more than others",
        ),
    ],
    view: view!("preferences"),
};
