//! What `up` tells: what was recovered, where everything is, what to try first, and the first event.

use crate::config::Config;
use crate::data::Run;
use crate::terminal::{Colour, count, note, paint, program, say, seconds};
use footfall_log::Recovery;
use footfall_processor::{Control, Notice};
use std::path::Path;
use std::time::Duration;

/// What opening the log found, if it was not closed in good order.
pub fn recovery(recovery: &Recovery) {
    for tail in &recovery.torn_tails {
        note(format_args!(
            "log: the last stop cut a write of {} bytes at number {}; it had not been acknowledged",
            count(tail.bytes),
            tail.first
        ));
    }
    for (log, first, last) in &recovery.quarantined {
        note(paint(
            Colour::Red,
            format_args!(
                "log: numbers {first} to {last} of log {log} are damaged on disk; the ledger will say `lost`"
            ),
        ));
    }
    for (log, first, last) in &recovery.acked_lost {
        note(paint(
            Colour::Red,
            format_args!(
                "log: numbers {first} to {last} of log {log} WERE ACKNOWLEDGED and are gone from the disk; the ledger will say `lost`"
            ),
        ));
    }
    if recovery.torn_tails.is_empty() && !recovery.unclean.is_empty() {
        note("log: recovered after a hard stop, nothing is missing");
    }
}

/// Before everything is ready: events are taken already.
pub fn accepting(public: &str) {
    note(format_args!("taking events at {public}; starting the rest"));
}

/// Everything is ready.
pub fn ready(config: &Config, run: &Run, given: &Path, took: Duration) {
    let clickhouse = run.clickhouse.as_deref().unwrap_or("");
    let engine = if run.engine {
        "the built-in engine"
    } else {
        "your server"
    };
    say(format_args!(
        "\n{} is ready after {}\n",
        paint(Colour::Bold, "Footfall"),
        seconds(took)
    ));
    if let Some(dashboard) = &run.dashboard {
        line("dashboard", &format!("{dashboard}/"), "open it in a browser");
    }
    if config.demo.enabled {
        let elsewhere = if config.ingest.listen.ip().is_unspecified() {
            "on this machine; elsewhere it needs a [[site]] `demo` in the sites file"
        } else {
            "buttons that send events"
        };
        line("demo page", &format!("{}/demo", run.public), elsewhere);
    }
    line(
        "events",
        &format!("{}{}", run.public, config.ingest.events_path),
        "POST, one or a batch",
    );
    if let Some(https) = &run.https {
        line(
            "HTTPS",
            &format!("{https}{}", config.ingest.events_path),
            "the same, under the name of your certificate",
        );
    }
    line(
        "ClickHouse",
        clickhouse,
        &format!("{engine}, database `{}`", run.database),
    );
    line(
        "operator",
        &format!("{}/metrics", run.admin),
        "also /ready, /version",
    );
    line("data", &config.data.folder.display().to_string(), "");
    say(format_args!("\n{}", paint(Colour::Dim, "Send a page view:")));
    say(format_args!("  {}", paint(Colour::Cyan, curl(config, run))));
    say(paint(Colour::Dim, "Ask for it:"));
    let (program, data) = (program(), data_flag(given));
    say(format_args!(
        "  {}",
        paint(
            Colour::Cyan,
            format_args!(
                "{program} query{data} 'SELECT time, type, url FROM events ORDER BY time DESC LIMIT 10'"
            )
        )
    ));
    say(paint(Colour::Dim, "From a page, with JavaScript or without:"));
    say(format_args!(
        "  {}",
        paint(
            Colour::Cyan,
            format_args!(
                "<script defer src=\"{}{}\" data-site=\"demo\"></script>",
                run.public, config.ingest.beacon_path
            )
        )
    ));
    say(format_args!(
        "  {}",
        paint(
            Colour::Cyan,
            format_args!(
                "<img src=\"{}{}?site=demo\" alt=\"\">",
                run.public, config.ingest.pixel_path
            )
        )
    ));
    say(paint(
        Colour::Dim,
        format_args!(
            "Follow events: {program} tail{data} · make traffic: {program} loadgen{data} · check the books: {program} audit{data}\n"
        ),
    ));
}

fn line(name: &str, address: &str, remark: &str) {
    say(format_args!(
        "  {name:<12}{}  {}",
        paint(Colour::Cyan, address),
        paint(Colour::Dim, remark)
    ));
}

fn curl(config: &Config, run: &Run) -> String {
    format!(
        "curl {}{} -H content-type:application/json -d '{{\"site\":\"demo\",\"type\":\"page_view\",\"url\":\"https://shop.example/shoes?utm_source=newsletter\",\"title\":\"Shoes\"}}'",
        run.public, config.ingest.events_path
    )
}

/// ` --data DIR` where the folder, as it was given, is not the default one.
fn data_flag(given: &Path) -> String {
    let default = crate::config::settings::find("data.folder").map_or("", |setting| setting.default);
    if given == Path::new(default) {
        return String::new();
    }
    format!(" --data {}", given.display())
}

/// Waits for the first event that becomes a row, and says so.
pub async fn first_event(control: Control) {
    let mut notices = control.subscribe();
    while let Ok(notice) = notices.recv().await {
        if let (None, Some(event)) = (notice.reason, &notice.event) {
            say(format_args!(
                "{} {} of site {} is in the table, {} ms after it was received",
                paint(Colour::Green, "first event:"),
                event.kind.label(),
                event.site,
                latency(&notice)
            ));
            return;
        }
    }
}

fn latency(notice: &Notice) -> i64 {
    notice.latency_ms.max(0)
}

/// The end: what is left for the next start; none: nobody has looked.
pub fn stopped(left: Option<u64>) {
    match left {
        Some(0) => note("stopped; every acknowledged event is in the tables"),
        Some(left) => note(format_args!(
            "stopped; {} records are safe in the log and are written after the next start",
            count(left)
        )),
        None => note("stopped; what was acknowledged is safe in the log and is written after the next start"),
    }
}
