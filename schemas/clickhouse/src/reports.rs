//! The catalogue of reports: what can be asked, with which parameters, and what the columns of the answer mean. The API's
//! named reports, its OpenAPI document, the documentation and the dashboard's explanations are made from it.
//!
//! A report is a parameterised view `report_<name>`, made from `reports/<name>.sql` at each start:
//! `SELECT * FROM report_overview(site = 'shop', since = …, until = …, bots = 0, filters = map())`. The views in [`BLOCKS`] are
//! what the reports are made of. Tests compare each description with the view.

use crate::catalogue::View;

/// The view of a report, by the report's name.
macro_rules! view {
    ($name:literal) => {
        crate::catalogue::View {
            name: concat!("report_", $name),
            sql: include_str!(concat!("../../reports/", $name, ".sql")),
        }
    };
}
mod behaviour;
mod books;
mod expand;
mod page;
mod people;
mod traffic;

pub(crate) use expand::expand;
pub use page::{example, page};

/// What one report says, and how to ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Name.
    pub name: &'static str,
    /// What it says, a sentence for people.
    pub about: &'static str,
    /// All of them must be given to the view, by name.
    pub parameters: &'static [Parameter],
    /// The answer's columns, in order.
    pub columns: &'static [Column],
    /// `report_<name>`, and the statement that makes it.
    pub view: View,
}

impl Report {
    /// The statement that makes its view, with the parts and building blocks of its file in their places.
    #[must_use]
    pub fn statement(&self) -> String {
        expand(self.view.sql)
    }
}

/// A parameter of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Name.
    pub name: &'static str,
    /// `ClickHouse` type, as in `{name:Type}`.
    pub kind: &'static str,
    /// What it means.
    pub about: &'static str,
    /// What to give if nobody says otherwise, spelled as a value of ClickHouse's HTTP interface (`param_<name>`); `None`: it
    /// must be said.
    pub default: Option<&'static str>,
    /// The values that there are; empty: any of the type.
    pub values: &'static [&'static str],
}

/// A column of a report's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name.
    pub name: &'static str,
    /// `ClickHouse` type.
    pub kind: &'static str,
    /// What it means, with its unit.
    pub about: &'static str,
}

/// Something that can be filtered by and broken down by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimension {
    /// Name, as in `filters` and `dimension`.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Whether each session has one value (what brought it, first and last page); else each event has its own.
    pub of_session: bool,
}

const fn column(name: &'static str, kind: &'static str, about: &'static str) -> Column {
    Column { name, kind, about }
}

const fn of_event(name: &'static str, about: &'static str) -> Dimension {
    Dimension {
        name,
        about,
        of_session: false,
    }
}

const fn of_session(name: &'static str, about: &'static str) -> Dimension {
    Dimension {
        name,
        about,
        of_session: true,
    }
}

/// Lists the views that are no reports by their files.
macro_rules! blocks {
    ($($name:literal $file:literal)+) => {
        &[$(View { name: $name, sql: include_str!(concat!("../reports/", $file, ".sql")) }),+]
    };
}

/// What the reports are made of, in the order in which they can be made.
pub const BLOCKS: &[View] = blocks! {
    "machine_sessions" "machine_sessions"
    "matched_events" "matched_events"
    "matched_sessions" "matched_sessions"
    "report_events" "events"
    "session_events" "session_events"
};

/// Pieces of text that several reports share: `{{name}}` in a report's file stands for `reports/parts/<name>.sql`.
const PARTS: &[View] = blocks! {
    "around" "parts/around"
    "event_value" "parts/event_value"
    "filters" "parts/filters"
    "judged" "parts/judged"
    "matches" "parts/matches"
    "months" "parts/months"
    "person" "parts/person"
    "of_session" "parts/of_session"
    "question" "parts/question"
    "session_figures" "parts/session_figures"
    "session_value" "parts/session_value"
    "steps" "parts/steps"
    "turn" "parts/turn"
    "wanted" "parts/wanted"
};

/// Every report, the most important first.
pub const REPORTS: &[Report] = &[
    traffic::OVERVIEW,
    traffic::NEWCOMERS,
    traffic::TIMELINE,
    traffic::BREAKDOWN,
    traffic::PAGES,
    traffic::PATTERN,
    traffic::LIVE,
    traffic::LIVE_NOW,
    behaviour::SESSIONS,
    behaviour::SESSION,
    behaviour::PATHS,
    behaviour::FUNNEL,
    behaviour::RETENTION,
    behaviour::GOALS,
    behaviour::PREFERENCES,
    people::VISITOR,
    people::LOGINS,
    people::OUTBOUND,
    people::DOWNLOADS,
    people::NOT_FOUND,
    people::MACHINES,
    books::LOSSES,
    books::LEDGER,
    books::BOOKS,
    books::COMPLETE_UP_TO,
];

/// Every dimension of `filters`. Names of columns of `events`, but for the pages of a session.
pub const DIMENSIONS: &[Dimension] = &[
    of_event("country", "country of the address, ISO 3166-1 alpha-2"),
    of_event("region", "region of the address"),
    of_event("city", "city of the address"),
    of_event("browser", "browser"),
    of_event("browser_version", "version of the browser"),
    of_event("os", "operating system"),
    of_event("os_version", "version of the operating system"),
    of_event("device_type", "kind of device: desktop, mobile, tablet, …"),
    of_event("device_brand", "maker of the device"),
    of_event("device_model", "model of the device"),
    of_event("language", "language of the browser"),
    of_event("timezone", "time zone of the browser"),
    of_session("source", "what brought the session"),
    of_session("medium", "the way in which it did: cpc, organic, email, …"),
    of_session(
        "channel",
        "channel that brought the session: direct, organic_search, …",
    ),
    of_session(
        "referrer_source",
        "known source behind the page before: Google, Mastodon, …",
    ),
    of_session("referrer_host", "host of the page before"),
    of_session("utm_source", "utm_source of the session's first page"),
    of_session("utm_medium", "utm_medium of the session's first page"),
    of_session("utm_campaign", "utm_campaign of the session's first page"),
    of_session("utm_term", "utm_term of the session's first page"),
    of_session("utm_content", "utm_content of the session's first page"),
    of_event("host", "host of the page"),
    of_event("path", "path of the page"),
    of_event("path_template", "path of the page with its variable parts named"),
    of_event("name", "name of a custom event"),
    of_event("type", "type of the event"),
    of_event("user_id", "user, as the event itself says"),
    of_event("visitor_id", "visitor"),
    of_event("session_id", "session"),
    of_event("asn_org", "who runs the network"),
    of_session("entry_path", "path of the session's first page view"),
    of_session("exit_path", "path of the session's last page view"),
];

/// The names of [`DIMENSIONS`].
pub const DIMENSION_NAMES: &[&str] = &{
    let mut names = [""; DIMENSIONS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = DIMENSIONS[at].name;
        at += 1;
    }
    names
};

/// A parameter that must be said.
const fn required(name: &'static str, kind: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        kind,
        about,
        default: None,
        values: &[],
    }
}

/// A parameter that has a default.
const fn optional(
    name: &'static str,
    kind: &'static str,
    default: &'static str,
    about: &'static str,
) -> Parameter {
    Parameter {
        default: Some(default),
        ..required(name, kind, about)
    }
}

/// One of some words; the first is the default.
const fn word(name: &'static str, values: &'static [&'static str], about: &'static str) -> Parameter {
    Parameter {
        values,
        ..optional(name, "String", values[0], about)
    }
}

const SITE: Parameter = required("site", "String", "key of the site");
const SINCE: Parameter = required(
    "since",
    "DateTime64(3, 'UTC')",
    "begin of the range, itself included",
);
const UNTIL: Parameter = required(
    "until",
    "DateTime64(3, 'UTC')",
    "end of the range, itself not included",
);
const BOTS: Parameter = Parameter {
    values: &["0", "1", "2"],
    ..optional(
        "bots",
        "UInt8",
        "0",
        "0 hides machines, 1 shows all, 2 only machines",
    )
};
const FILTERS: Parameter = optional(
    "filters",
    "Map(String, Array(String))",
    "{}",
    "dimension -> allowed values; !dimension -> values that are left out; all must hold; an empty list allows all",
);
const TIMEZONE: Parameter = optional(
    "timezone",
    "String",
    "UTC",
    "IANA time zone whose hours, days, weeks and months count",
);
const OPTIONAL_DIMENSION: Parameter = optional(
    "dimension",
    "String",
    "",
    "a dimension to break down by; empty: not at all",
);
const BY: Parameter = word(
    "by",
    &["path", "path_template"],
    "what a page is: its path, or the path with its variable parts named",
);
