//! One process per folder, and what a killed one leaves.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use footfall_log::{Log, OpenError, ReadError};
use tempfile::tempdir;

use crate::harness::{config, drain, entry, open, payloads};

#[tokio::test]
async fn a_second_opening_is_refused_and_names_the_holder() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    let refused = Log::open(config(folder.path())).unwrap_err();
    assert!(matches!(refused, OpenError::Held { .. }));
    assert!(
        refused
            .to_string()
            .contains(&format!("pid {}", std::process::id())),
        "{refused}"
    );
    log.close().await;
    open(folder.path());
}

#[tokio::test]
async fn a_cursor_has_one_reader_at_a_time_and_a_plain_name() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    let reader = log.reader("p").unwrap();
    assert!(matches!(log.reader("p"), Err(ReadError::Taken(_))));
    drop(reader);
    log.reader("p").unwrap();
    assert!(matches!(log.reader("../p"), Err(ReadError::Name(_))));
}

#[tokio::test]
async fn a_copied_folder_started_twice_gives_no_number_twice() {
    let (folder, copy) = (tempdir().unwrap(), tempdir().unwrap());
    let (log, _) = open(folder.path());
    log.append([entry("a")]).await.unwrap();
    copy_folder(folder.path(), copy.path());
    let (twin, _) = open(copy.path());
    assert_ne!(twin.id(), log.id());
    twin.append([entry("b")]).await.unwrap();
    log.append([entry("c")]).await.unwrap();
    assert_eq!(payloads(&drain(&mut twin.reader("p").unwrap())), ["a", "b"]);
}

fn copy_folder(from: &Path, to: &Path) {
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_folder(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn inspect_sees_every_record_of_a_folder_that_is_in_use() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    for i in 0..200 {
        log.append([entry(format!("{i:0>900}"))]).await.unwrap();
    }
    let reports = footfall_log::inspect(folder.path()).unwrap();
    assert_eq!(
        (reports.len(), reports[0].log_id, reports[0].last),
        (1, log.id(), 201)
    );
    let segments = &reports[0].segments;
    assert!(segments.len() > 2);
    assert_eq!(segments.iter().map(|s| s.records).sum::<u64>(), 201);
    assert!(
        segments
            .iter()
            .all(|s| s.lost.is_empty() && s.damaged == 0 && s.header.is_ok())
    );
    let looked = footfall_log::Folder::open(folder.path()).unwrap();
    assert_eq!(payloads(&drain(&mut looked.reader())).len(), 200);
}

/// The victim of the test below: appends until it is killed, and says each number after it was acknowledged.
#[tokio::test]
#[ignore = "run by the test below, as a process of its own"]
async fn victim() {
    let Some(folder) = std::env::var_os("FOOTFALL_LOG_VICTIM") else {
        return;
    };
    let (log, _) = open(Path::new(&folder));
    loop {
        let numbers = log.append([entry([b'v'; 300]), entry([b'w'; 20])]).await.unwrap();
        println!("acknowledged {} {} {}", log.id(), numbers.start, numbers.end);
    }
}

#[tokio::test]
async fn what_a_killed_process_had_acknowledged_is_there() {
    let folder = tempdir().unwrap();
    for kill_after in [1, 40, 7, 150, 80] {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "owner::victim", "--ignored", "--nocapture"])
            .env("FOOTFALL_LOG_VICTIM", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let acknowledged = |line: String| Some(line.split_once("acknowledged ")?.1.to_owned());
        let mut said: Vec<String> = lines
            .by_ref()
            .filter_map(|line| acknowledged(line.unwrap()))
            .take(kill_after)
            .collect();
        victim.kill().unwrap();
        victim.wait().unwrap();
        // The pipe may have held more; the last line may be cut short.
        said.extend(
            lines
                .filter_map(|line| acknowledged(line.ok()?))
                .filter(|l| l.split(' ').count() == 3),
        );
        let (log, recovery) = open(folder.path());
        let (before, through) = recovery.previous.unwrap();
        let last: Vec<&str> = said[kill_after - 1].split(' ').collect();
        assert_eq!(last[0], before.to_string());
        assert!(
            through + 1 >= last[2].parse::<u64>().unwrap(),
            "{through} of {last:?}"
        );
        assert!(
            recovery.acked_lost.is_empty() && recovery.quarantined.is_empty(),
            "{recovery:?}"
        );
        let items = drain(&mut log.reader("p").unwrap());
        let of_it = crate::harness::records(&items)
            .into_iter()
            .filter(|r| r.log_id == before)
            .count();
        assert_eq!(of_it as u64, through);
        log.close().await;
    }
}
