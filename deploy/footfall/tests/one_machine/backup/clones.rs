//! A data folder that was copied by hand and started twice is harmless: each start opens a log of its own.

use super::{back_up, balanced, goes_on, has, logs, newest_log, restored, rows, small_segments};
use crate::backup::client::Load;
use crate::harness::Up;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// `cp -a`. Of a folder that is being written it complains of files that go away.
fn clone(from: &Path, to: &Path) -> bool {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).output().unwrap();
    copied.status.success()
}

/// Starts both, has both take events, and reads the logs of both into one database.
async fn both_go_on(one: &Path, two: &Path, given: &BTreeSet<String>, folder: &Path) {
    let start = |data: &Path| small_segments(data, "1h");
    let (a, b) = (start(one), start(two));
    for _ in 0..20 {
        goes_on(&a, given).await;
        goes_on(&b, given).await;
    }
    let (log_a, log_b) = (newest_log(&a), newest_log(&b));
    assert_ne!(log_a, log_b, "a number is given twice");
    balanced(&a, &log_a);
    balanced(&b, &log_b);
    let all: BTreeSet<_> = rows(&a).union(&rows(&b)).copied().collect();
    assert_eq!(a.stop(), Some(0));
    assert_eq!(b.stop(), Some(0));
    let (copy, whole) = (folder.join("backup"), folder.join("whole"));
    back_up(one, &copy).await;
    let log = two.join("log");
    restored(&copy, &whole, &["--log", log.to_str().unwrap()]);
    let up = Up::start(&whole);
    assert_eq!(has(&up, &all), all);
    balanced(&up, &log_a);
    balanced(&up, &log_b);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_of_a_stopped_folder_and_its_origin_both_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("clone"));
    let up = small_segments(&data, "1h");
    let load = Load::start(&up.run.public, 100);
    load.goes_on(200).await;
    let (acknowledged, _) = load.end().await;
    has(&up, &acknowledged);
    let given = logs(&up);
    assert_eq!(up.stop(), Some(0));
    assert!(clone(&data, &copy));
    both_go_on(&data, &copy, &given, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_of_a_running_folder_and_its_origin_both_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("clone"));
    let up = small_segments(&data, "1h");
    let load = Load::start(&up.run.public, 100);
    load.goes_on(200).await;
    let before = load.acknowledged();
    clone(&data, &copy);
    load.goes_on(200).await;
    let (acknowledged, _) = load.end().await;
    has(&up, &acknowledged);
    let given = logs(&up);
    assert_eq!(up.stop(), Some(0));
    let up = small_segments(&copy, "1h");
    has(&up, &before);
    let given = given.union(&logs(&up)).cloned().collect();
    assert_eq!(up.stop(), Some(0));
    both_go_on(&data, &copy, &given, folder.path()).await;
}
