//! What must be nowhere is searched for everywhere: in what visitors and operators are answered, in every file of the data
//! folder and inside of ClickHouse's compressed blocks, in every table, figure and line. `traffic`: visitors whose
//! addresses these are; `places`: where they could have been left.

mod places;
mod traffic;

use crate::harness::Up;
use footfall_search::{Found, Needles};
use places::Watch;
use std::collections::BTreeMap;
use std::path::Path;
use traffic::Visitors;

/// Where an address that is kept may be.
const BELONGS: [&str; 5] = [
    "folder auth-log",
    "folder engine, unpacked",
    "folder log",
    "printed logins",
    "tables",
];

/// What was found, by place.
type Findings = BTreeMap<String, Vec<Found>>;

/// Starts a Footfall whose sites have that policy, sends everything, and searches it for `needles` while it runs and when
/// it has stopped; with the addresses that its table has, shortest first.
async fn left_behind(policy: &str, needles: &Needles) -> (Findings, String) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = start(&data, policy);
    let watch = Watch::begin(&up).await;
    let visitors = Visitors::of(&up);
    let answers = visitors.come_and_go().await;
    up.says("SELECT count() FROM events WHERE name = 'last'", "1");
    let kept = up.query("SELECT arrayStringConcat(arraySort(groupUniqArray(ip)), ' ') FROM events");
    let mut findings = Findings::new();
    places::answers(&answers, needles, &mut findings);
    watch.end(needles, &mut findings);
    places::running(&up, needles, &mut findings).await;
    places::files(&data, needles, &mut findings);
    let printed = data.with_extension("log");
    assert_eq!(up.stop(), Some(0));
    places::files(&data, needles, &mut findings);
    places::printed(&printed, needles, &mut findings);
    (findings, kept)
}

fn start(data: &Path, policy: &str) -> Up {
    std::fs::create_dir_all(data).unwrap();
    std::fs::write(data.join("sites.toml"), traffic::sites(policy)).unwrap();
    Up::start_with(data, |command| {
        command.args(["--set", "ingest.trusted_proxies=127.0.0.1/32"]);
        command.args(["--set", "log.folder=logs", "--set", "log.level=trace"]);
        // Preallocated: most of a larger one would be zeros.
        command.args(["--set", "local_log.segment=4MiB"]);
    })
}

fn assert_clean(findings: &Findings) {
    let found: Vec<_> = findings.values().flatten().map(Found::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A `/24` or a `/48` itself, in whose place nothing stands.
fn networks() -> Needles {
    let text = |text: &str| Needles::text("the network", text);
    ["203.0.113.0", "198.51.100.0", "2001:db8:77:"]
        .into_iter()
        .fold(Needles::default(), |all, network| all.and(text(network)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_address_is_in_no_file_no_row_no_figure_and_no_line() {
    let (findings, kept) = left_behind("truncate", &traffic::addresses()).await;
    assert_clean(&findings);
    assert_eq!(kept, traffic::NETWORKS);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hashed_address_not_even_the_network_is_anywhere() {
    let (findings, kept) = left_behind("hash", &traffic::addresses().and(networks())).await;
    assert_clean(&findings);
    assert_eq!(kept, "::");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_address_that_is_not_kept_not_even_the_network_is_anywhere() {
    let (findings, kept) = left_behind("none", &traffic::addresses().and(networks())).await;
    assert_clean(&findings);
    assert_eq!(kept, "::");
}

/// The control: the same search, where addresses are kept, finds them in each place that may have them, and in no other.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_kept_is_found_where_it_belongs_and_nowhere_else() {
    let (findings, kept) = left_behind("full", &traffic::addresses()).await;
    assert_eq!(kept, traffic::KEPT);
    // What a codec could not make smaller, ClickHouse writes as it is: by chance.
    let places = findings.keys().filter(|place| *place != "folder engine");
    let places: Vec<_> = places.map(String::as_str).collect();
    assert_eq!(places, BELONGS, "{findings:#?}");
    for place in BELONGS {
        let mut found: Vec<_> = findings[place].iter().map(|found| &found.of).collect();
        found.sort();
        found.dedup();
        println!("{place}: {found:?}");
    }
    let inside = &findings["folder engine, unpacked"];
    for ip in traffic::KEPT
        .split(' ')
        .map(|ip| ip.trim_start_matches("::ffff:"))
    {
        assert!(inside.iter().any(|found| found.of == ip), "{ip}: {inside:#?}");
    }
}
