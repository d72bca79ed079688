//! Reports on the figures themselves: what did not arrive, what was not kept, and up to when all is there.

use super::{Report, SINCE, SITE, UNTIL, column};

/// `report_losses`.
pub(super) const LOSSES: Report = Report {
    name: "losses",
    about: "What pages say that they sent, against what arrived, by hour, the newest first.",
    parameters: &[SITE, SINCE, UNTIL],
    columns: &[
        column("hour", "DateTime('UTC')", "begin of the hour"),
        column("pages", "UInt64", "page loads that sent something"),
        column("sent", "UInt64", "events that these pages numbered"),
        column("arrived", "UInt64", "of these, events that are there"),
        column(
            "late",
            "UInt64",
            "of these, received more than a minute after they happened",
        ),
        column("twice", "UInt64", "deliveries beyond the first, put aside"),
        column("never", "UInt64", "numbers that are not there"),
        column(
            "may_still_come",
            "UInt8",
            "1: a browser may still hold some of them",
        ),
    ],
    view: view!("losses"),
};

/// `report_ledger`.
pub(super) const LEDGER: Report = Report {
    name: "ledger",
    about: "What was not kept, or not for ever, and why, by day, the newest first.",
    parameters: &[SITE, SINCE, UNTIL],
    columns: &[
        column("day", "Date", "day, UTC"),
        column(
            "reason",
            "String",
            "duplicate, unreadable, unknown_version, erased, expired or lost",
        ),
        column("entries", "UInt64", "entries of the ledger"),
        column("numbers", "UInt64", "events that they stand for"),
        column("newest", "DateTime64(3, 'UTC')", "time of the newest entry"),
    ],
    view: view!("ledger"),
};

/// `report_books`.
pub(super) const BOOKS: Report = Report {
    name: "books",
    about: "The books of the logs that have events of this site: of every number, what became of it; right are missing 0 and doubled 0.",
    parameters: &[SITE],
    columns: &[
        column(
            "log_id",
            "UUID",
            "log; it serves all sites, and so do its figures",
        ),
        column("acknowledged", "UInt64", "highest number known"),
        column("rows", "UInt64", "numbers whose event is in the table"),
        column("ledger", "UInt64", "numbers that are in the ledger"),
        column("marks", "UInt64", "of those, the log's own marks"),
        column(
            "missing",
            "UInt64",
            "numbers in neither; on the way while events come",
        ),
        column(
            "doubled",
            "UInt64",
            "rows and entries beyond the first of a number",
        ),
        column("through", "UInt64", "last mark"),
        column(
            "first_at",
            "DateTime64(3, 'UTC')",
            "first time of receipt or entry",
        ),
        column("last_at", "DateTime64(3, 'UTC')", "last time of receipt or entry"),
    ],
    view: view!("books"),
};

/// `report_complete_up_to`.
pub(super) const COMPLETE_UP_TO: Report = Report {
    name: "complete_up_to",
    about: "Time before which nothing is still on its way from the edge to the table, as far as the table knows it.",
    parameters: &[SITE],
    columns: &[
        column(
            "complete_up_to",
            "DateTime64(3, 'UTC')",
            "everything that was received before has its fate",
        ),
        column("logs", "UInt64", "logs with something of the last two days"),
        column(
            "waiting",
            "UInt64",
            "numbers of theirs without a fate, though later ones have one",
        ),
    ],
    view: view!("complete_up_to"),
};
