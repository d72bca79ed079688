//! Reports on one person, on logins, on where people leave and fail, and on machines.

use super::{BOTS, Column, FILTERS, Report, SINCE, SITE, UNTIL, column, optional};

const VISITORS: Column = column("visitors", "UInt64", "visitors");

/// `report_visitor`.
pub(super) const VISITOR: Report = Report {
    name: "visitor",
    about: "Everything that is known of one person: their sessions, the latest first, on all browsers that they logged in with.",
    parameters: &[
        SITE,
        optional("visitor_id", "String", "", "a visitor"),
        optional("user_id", "String", "", "or a user"),
    ],
    columns: &[
        column("session_id", "UUID", "session"),
        column("visitor_id", "UUID", "visitor (browser)"),
        column("user", "String", "user to whom it belongs; empty: nobody knows"),
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
        column("country", "String", "country, of its first event"),
        column("city", "String", "city, of its first event"),
        column("device_type", "String", "kind of device, of its first event"),
        column("browser", "String", "browser, of its first event"),
        column("os", "String", "operating system, of its first event"),
    ],
    view: view!("visitor"),
};

/// `report_logins`.
pub(super) const LOGINS: Report = Report {
    name: "logins",
    about: "Logins, failed logins, logouts and takeovers, the latest first.",
    parameters: &[SITE, SINCE, UNTIL],
    columns: &[
        column("time", "DateTime64(3, 'UTC')", "when it happened"),
        column(
            "what",
            "String",
            "login, login_failed, logout, or takeover: the session went on from another network or browser",
        ),
        column(
            "user",
            "String",
            "user; of a failed login whom somebody tried to be",
        ),
        column("visitor_id", "UUID", "visitor"),
        column("session_id", "UUID", "session"),
        column(
            "address",
            "String",
            "address, prefix or hash of it, under the site's policy",
        ),
        column("country", "String", "country"),
        column("city", "String", "city"),
        column("browser", "String", "browser"),
        column("os", "String", "operating system"),
        column("device_type", "String", "kind of device"),
        column("reason", "String", "reason, if the page or server said one"),
        column(
            "is_new_visitor",
            "UInt8",
            "1: the user's first login on this visitor (browser)",
        ),
        column(
            "failed_before",
            "UInt64",
            "failed logins of this user in the hour before",
        ),
    ],
    view: view!("logins"),
};

const LINKS: &[Column] = &[
    column("target", "String", "address of the link"),
    column("pages", "UInt64", "pages on which it was clicked"),
    column("clicks", "UInt64", "clicks"),
    VISITORS,
];

/// `report_outbound`.
pub(super) const OUTBOUND: Report = Report {
    name: "outbound",
    about: "Links to other hosts that were followed, the most visitors first.",
    parameters: &[SITE, SINCE, UNTIL, BOTS, FILTERS],
    columns: LINKS,
    view: view!("outbound"),
};

/// `report_downloads`.
pub(super) const DOWNLOADS: Report = Report {
    name: "downloads",
    about: "Files that were taken, the most visitors first.",
    parameters: &[SITE, SINCE, UNTIL, BOTS, FILTERS],
    columns: LINKS,
    view: view!("downloads"),
};

/// `report_not_found`.
pub(super) const NOT_FOUND: Report = Report {
    name: "not_found",
    about: "Pages that answered with an error, as the browser said, the most visitors first.",
    parameters: &[SITE, SINCE, UNTIL, BOTS, FILTERS],
    columns: &[
        column("page", "String", "path of the page"),
        column("status", "UInt16", "status of the answer, 400 and above"),
        column("views", "UInt64", "page views"),
        VISITORS,
        column(
            "referrer",
            "String",
            "page, with its host, from which the latest came",
        ),
    ],
    view: view!("not_found"),
};

/// `report_bots`.
pub(super) const MACHINES: Report = Report {
    name: "bots",
    about: "Machines, and what gave them away, the most events first.",
    parameters: &[SITE, SINCE, UNTIL, FILTERS],
    columns: &[
        column("reason", "String", "sign: docs/bots.md says what each means"),
        VISITORS,
        column("sessions", "UInt64", "sessions"),
        column("events", "UInt64", "events; one may have several reasons"),
        column("agent", "String", "user agent that had it most often"),
    ],
    view: view!("bots"),
};
