//! The page of the documentation is the catalogue's, and its queries run.

use super::ask;
use crate::engine::Server;
use footfall_tables::REPORTS;
use footfall_tables::reports::page;
use std::path::Path;

#[test]
fn the_page_is_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reports.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == page(),
        "docs/reports.md is not what the catalogue says: UPDATE_DOCS=1 cargo test -p footfall-tables page"
    );
}

#[tokio::test]
async fn every_query_of_the_page_runs() {
    let (_server, client) = Server::migrated().await;
    let page = page();
    let queries: Vec<_> = page
        .split("```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .collect();
    assert_eq!(queries.len(), REPORTS.len());
    for (query, _) in queries {
        ask(&client, query).await;
    }
}
