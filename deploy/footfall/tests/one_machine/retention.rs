//! What is kept for so many days goes when they are over, under a clock that was moved: each site by its own days, with right
//! books, also when everything is killed in the middle; and when all is read again nothing comes back.

use crate::harness::{Up, footfall, text};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Stdio};

/// `shop` as all sites, `blog` for ever and with whole addresses.
const SITES: &str = r#"
[[site]]
key = "shop"
[[site]]
key = "blog"
ip = "full"
keep = { events = "0d" }
"#;

fn start(data: &Path) -> Up {
    std::fs::create_dir_all(data).unwrap();
    std::fs::write(data.join("sites.toml"), SITES).unwrap();
    Up::start_with(data, |command| {
        for set in [
            "retention.events=30d",
            "local_log.keep=1h",
            "local_log.segment=4MiB",
        ] {
            command.args(["--set", set]);
        }
    })
}

fn load(up: &Up, site: &str, events: &str) -> Child {
    let mut load = footfall(&up.data);
    load.args([
        "loadgen",
        "--site",
        site,
        "--rate",
        "0",
        "--events",
        events,
        "--retries",
        "9",
    ]);
    load.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Both sites at once, so that their numbers lie side by side.
async fn come(up: &Up, shop: &str, blog: &str) {
    for mut load in [load(up, "shop", shop), load(up, "blog", blog)] {
        assert!(load.wait().unwrap().success());
    }
    settle(up).await;
}

/// Returns when everything that was sent before has its fate: the log is read in order. What marks it is of a site that expires like
/// others, so each time it has a name of its own.
async fn settle(up: &Up) {
    let mark = format!("mark-{}", uuid::Uuid::new_v4());
    let body = format!(r#"{{"site":"demo","events":[{{"type":"custom","name":"{mark}"}}]}}"#);
    assert_eq!(up.post(&body).await.status, 200);
    up.says(&format!("SELECT count() FROM events WHERE name = '{mark}'"), "1");
}

fn rows(up: &Up, site: &str) -> u64 {
    up.query(&format!("SELECT count() FROM events WHERE site = '{site}'"))
        .parse()
        .unwrap()
}

/// So many days from now.
fn moved(days: i64) -> String {
    let now = jiff::Timestamp::now().as_millisecond() + days * 24 * 3_600_000;
    jiff::Timestamp::from_millisecond(now).unwrap().to_string()
}

fn retention(up: &Up, args: &[&str]) -> Value {
    let args = [&["--set", "retention.events=30d", "retention", "--json"], args].concat();
    let output = up.cli(&args);
    assert!(output.status.success(), "{args:?}: {}", text(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn begin(up: &Up, now: &str) -> Child {
    let mut command = footfall(&up.data);
    command.args(["--set", "retention.events=30d", "retention", "--now", now]);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Returns as soon as there are more fates than that.
async fn fates_beyond(up: &Up, before: u64) {
    up.at_once(&format!(
        "SELECT count() > {before} FROM ledger WHERE reason = 'expired'"
    ))
    .await;
}

fn assert_balanced(up: &Up) {
    assert_eq!(up.query("SELECT sum(missing), sum(doubled) FROM books"), "0\t0");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_under_a_moved_clock_goes_with_right_books_and_never_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = start(&data);
    come(&up, "6000", "2000").await;
    let (shop, blog) = (rows(&up, "shop"), rows(&up, "blog"));
    assert_eq!((shop, blog), (6_000, 2_000));
    let full = "SELECT count() FROM events WHERE ip != toIPv6('::') AND site = 'blog'";
    assert_eq!(up.query(full), "2000");

    // Nothing is old yet, and in 29 days neither; then one site is, and the other's addresses later.
    assert_eq!(retention(&up, &[])["events"], serde_json::json!({}));
    let in_29 = retention(&up, &["--dry-run", "--now", &moved(29)]);
    assert_eq!(
        (&in_29["events"], &in_29["addresses"]),
        (&serde_json::json!({}), &serde_json::json!({}))
    );
    let later = moved(40);
    let would = retention(&up, &["--dry-run", "--now", &later]);
    assert_eq!(would["events"]["shop"], shop);
    assert_eq!(would["events"]["blog"], Value::Null);
    assert_eq!(rows(&up, "shop"), shop);

    // The command is killed as soon as there are fates.
    let mut cut = begin(&up, &later);
    fates_beyond(&up, 0).await;
    cut.kill().unwrap();
    cut.wait().unwrap();
    println!("killed with {} rows left", rows(&up, "shop"));
    assert_balanced(&up);

    // Everything is killed, in the middle of another run.
    come(&up, "20000", "6000").await;
    let before: u64 = up
        .query("SELECT count() FROM ledger WHERE reason = 'expired'")
        .parse()
        .unwrap();
    let mut cut = begin(&up, &later);
    fates_beyond(&up, before).await;
    up.kill();
    cut.wait().unwrap();
    let up = start(&data);
    println!("killed with {} rows left", rows(&up, "shop"));
    assert_balanced(&up);

    let done = retention(&up, &["--now", &later]);
    println!("{done}");
    assert_eq!((rows(&up, "shop"), rows(&up, "blog")), (0, 8_000));
    assert_eq!(
        retention(&up, &["--dry-run", "--now", &later])["events"],
        serde_json::json!({})
    );
    assert_balanced(&up);

    // Its addresses go after 90 days, its rows stay; and files of this machine.
    let aside = data.join("log/corrupt/00000000-0000-4000-8000-000000000000-1-64.corrupt");
    std::fs::create_dir_all(aside.parent().unwrap()).unwrap();
    std::fs::write(&aside, "torn").unwrap();
    let much_later = retention(&up, &["--now", &moved(100)]);
    assert_eq!(much_later["addresses"]["blog"], 8_000);
    assert_eq!(much_later["files"]["corrupt"], 1);
    assert!(!aside.exists());
    assert_eq!((up.query(full), rows(&up, "blog")), ("0".to_owned(), 8_000));

    // The position is lost, and the whole log is read anew.
    let ledger = up.query("SELECT sum(last_seq - first_seq + 1) FROM ledger WHERE reason = 'duplicate'");
    assert_eq!(up.stop(), Some(0));
    for cursor in std::fs::read_dir(data.join("log/cursors")).unwrap() {
        std::fs::remove_file(cursor.unwrap().path()).unwrap();
    }
    let up = start(&data);
    settle(&up).await;
    assert_eq!((rows(&up, "shop"), rows(&up, "blog")), (0, 8_000));
    assert_eq!(
        up.query("SELECT sum(last_seq - first_seq + 1) FROM ledger WHERE reason = 'duplicate'"),
        ledger
    );
    assert_balanced(&up);
    let audit = up.cli(&["audit"]);
    assert!(text(&audit).contains("balanced: every"), "{}", text(&audit));

    let check = text(&up.cli(&["--set", "retention.events=30d", "check"]));
    assert!(
        check.contains("retention: events 30 days, full addresses 90 days"),
        "{check}"
    );
    assert!(
        check.contains("retention of site blog: events for ever"),
        "{check}"
    );
}

#[test]
fn what_makes_no_sense_is_refused_and_without_sites_nothing_goes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for (code, args, said) in [
        (2, &["retention", "--now", "tomorrow"][..], "write 2027-01-01"),
        (
            2,
            &["--set", "retention.events=36h", "retention"],
            "no number of whole days",
        ),
        (1, &["retention"], "there is no sites file"),
    ] {
        let output = footfall(&data).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output));
        assert!(text(&output).contains(said), "{args:?}: {}", text(&output));
    }
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(
        data.join("sites.toml"),
        "[[site]]\nkey = \"a\"\nkeep = { events = \"1h\" }\n",
    )
    .unwrap();
    let output = footfall(&data).arg("retention").output().unwrap();
    assert!(text(&output).contains("whole days"), "{}", text(&output));
}
