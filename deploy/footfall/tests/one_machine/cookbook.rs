//! docs/cookbook.md: every query runs over the month of the demo, as the reader, and says something.

use crate::harness::{Up, text};
use std::path::Path;

/// The blocks of SQL, each with the line before it.
fn recipes() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cookbook.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut recipes = Vec::new();
    let mut parts = page.split("```sql\n");
    let mut before = parts.next().unwrap();
    for part in parts {
        let (sql, after) = part.split_once("```").unwrap();
        let title = before.trim_end().lines().last().unwrap().to_owned();
        recipes.push((title, sql.to_owned()));
        before = after;
    }
    recipes
}

#[test]
fn every_recipe_runs_over_the_month_of_the_demo() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start_with(&folder.path().join("data"), |command| {
        command.args(["--set", "enrich.fetch=false"]);
    });
    let filled = up.cli(&["demo", "--visits", "150"]);
    assert!(filled.status.success(), "{}", text(&filled));
    up.says("SELECT count() > 15000 FROM events", "1");
    let recipes = recipes();
    assert!(recipes.len() >= 18, "{}", recipes.len());
    for (title, sql) in recipes {
        let output = up.cli(&["query", "--format", "JSONCompactEachRow", &sql]);
        assert!(output.status.success(), "{title}\n{}", text(&output));
        assert!(!output.stdout.is_empty(), "{title} says nothing");
    }
}
