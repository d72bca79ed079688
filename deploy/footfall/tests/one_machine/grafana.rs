//! What Grafana's dashboards ask: every query runs as the reader, over the HTTP interface that its data source uses.

use crate::harness::{Up, text};
use serde_json::Value;
use std::path::Path;

/// What the data source puts in place of its macros, and Grafana of the variables.
fn expanded(sql: &str, since: &str, until: &str) -> String {
    let sql = sql
        .replace("$__fromTime_ms", &format!("fromUnixTimestamp64Milli({since})"))
        .replace("$__toTime_ms", &format!("fromUnixTimestamp64Milli({until})"))
        .replace("${site:singlequote}", "'demo'")
        .replace("${timezone:singlequote}", "'Europe/Vienna'")
        .replace("$interval", "day")
        .replace("$bots", "0");
    assert!(!sql.contains('$'), "a macro that is not known: {sql}");
    sql
}

/// Title and SQL of every panel and variable.
fn queries() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../grafana/dashboards");
    let mut queries = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let page: Value = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        for panel in page["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                if let Some(sql) = target["rawSql"].as_str() {
                    queries.push((panel["title"].as_str().unwrap().to_owned(), sql.to_owned()));
                }
            }
        }
        for variable in page["templating"]["list"].as_array().unwrap() {
            if variable["type"] == "query" {
                queries.push((
                    variable["name"].as_str().unwrap().to_owned(),
                    variable["query"].as_str().unwrap().to_owned(),
                ));
            }
        }
    }
    queries
}

#[test]
fn every_query_of_the_dashboards_runs_and_says_something() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start_with(&folder.path().join("data"), |command| {
        command.args(["--set", "enrich.fetch=false"]);
    });
    let filled = up.cli(&["demo", "--days", "3", "--visits", "40"]);
    assert!(filled.status.success(), "{}", text(&filled));
    up.says("SELECT count() > 200 FROM events", "1");
    // Something in the ledger too.
    assert!(
        up.cli(&["demo", "--days", "3", "--visits", "40"])
            .status
            .success()
    );
    up.says(
        "SELECT count() > 0 FROM ledger_reasons WHERE reason = 'duplicate'",
        "1",
    );
    let since = up.query("SELECT toUnixTimestamp64Milli(now64(3)) - 4 * 86400000");
    let until = up.query("SELECT toUnixTimestamp64Milli(now64(3)) + 1000");
    let queries = queries();
    assert!(queries.len() >= 12, "{}", queries.len());
    for (title, sql) in queries {
        let output = up.cli(&[
            "query",
            "--format",
            "JSONCompactEachRow",
            &expanded(&sql, &since, &until),
        ]);
        assert!(output.status.success(), "{title}: {}\n{sql}", text(&output));
        // Events of the demo come from a server, without a database of places.
        let may_be_empty = title == "Countries";
        assert!(
            may_be_empty || !output.stdout.is_empty(),
            "{title} says nothing:\n{sql}"
        );
    }
}
