//! Quota, free disk, queue, sizes, and what is removed when: full means refused, never dropped.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use footfall_log::{AppendError, Config, Item, KIND_GROUP, KIND_MARK, Log, Position, State};
use tempfile::tempdir;

use crate::harness::{config, drain, entry, eventually, payloads, records};
use crate::sim::SimDisk;

const KIB: u64 = 1024;

fn tiny(folder: &Path) -> Config {
    Config {
        segment_bytes: 8 * KIB,
        quota_bytes: 64 * KIB,
        ..config(folder)
    }
}

/// Appends until it is refused; how many were taken, and the refusal.
async fn fill(log: &Log) -> (usize, AppendError) {
    for taken in 0.. {
        assert!(taken < 1000, "never refused");
        if let Err(refused) = log.append([entry([b'x'; 1000])]).await {
            return (taken, refused);
        }
    }
    unreachable!()
}

#[tokio::test]
async fn at_the_quota_new_entries_are_refused_and_reading_makes_room() {
    let folder = tempdir().unwrap();
    let (log, _) = Log::open(tiny(folder.path())).unwrap();
    let mut reader = log.reader("p").unwrap();
    let (taken, refused) = fill(&log).await;
    assert!((50..=62).contains(&taken), "{taken}");
    assert!(matches!(refused, AppendError::Full { .. }), "{refused}");
    assert!(matches!(log.state(), State::Full(_)), "{:?}", log.state());
    assert!(log.stats().disk_bytes <= 64 * KIB);
    assert_eq!(
        payloads(&drain(&mut reader)).len(),
        taken,
        "nothing is dropped for room"
    );
    reader.save(reader.position(), "").unwrap();
    log.append([entry("room again")]).await.unwrap();
    eventually("ready", || log.state() == State::Ready);
    assert_eq!(log.stats().cursors[0].records, 1);
}

#[tokio::test]
async fn marks_go_on_when_the_log_is_full() {
    let folder = tempdir().unwrap();
    let (log, _) = Log::open(tiny(folder.path())).unwrap();
    let mut reader = log.reader("p").unwrap();
    fill(&log).await;
    log.close().await;
    let last = records(&drain(&mut reader)).pop().unwrap();
    assert_eq!(last.kind, KIND_MARK);
    assert!(last.payload.windows(14).any(|w| w == b"\"closing\":true"));
}

#[tokio::test]
async fn at_four_fifths_of_the_quota_the_state_is_degraded_and_entries_are_taken() {
    let folder = tempdir().unwrap();
    let (log, _) = Log::open(tiny(folder.path())).unwrap();
    for _ in 0..54 {
        log.append([entry([b'x'; 1000])]).await.unwrap();
    }
    eventually("degraded", || matches!(log.state(), State::Degraded(_)));
    log.append([entry("still taken")]).await.unwrap();
}

#[tokio::test]
async fn below_the_free_disk_floor_new_entries_are_refused() {
    let disk = SimDisk::new(1);
    disk.set_capacity(200 * KIB);
    let config = Config {
        free_floor_bytes: 100 * KIB,
        quota_bytes: 1 << 30,
        ..tiny(Path::new("/data"))
    };
    let (log, _) = Log::open_on(Arc::new(disk.clone()), config).unwrap();
    log.append([entry("a")]).await.unwrap();
    disk.set_capacity(90 * KIB);
    eventually("full", || matches!(log.state(), State::Full(_)));
    assert!(matches!(
        log.append([entry("b")]).await,
        Err(AppendError::Full { .. })
    ));
    disk.set_capacity(200 * KIB);
    eventually("ready", || log.state() == State::Ready);
    log.append([entry("c")]).await.unwrap();
    assert_eq!(payloads(&drain(&mut log.reader("p").unwrap())), ["a", "c"]);
}

#[tokio::test]
async fn only_what_every_cursor_has_passed_is_removed_and_old_logs_with_it() {
    let folder = tempdir().unwrap();
    for _ in 0..2 {
        let (log, _) = Log::open(tiny(folder.path())).unwrap();
        for _ in 0..20 {
            log.append([entry([b'x'; 1000])]).await.unwrap();
        }
        log.close().await;
    }
    let (log, _) = Log::open(tiny(folder.path())).unwrap();
    let mut fast = log.reader("fast").unwrap();
    let mut slow = log.reader("slow").unwrap();
    let all = drain(&mut fast);
    let segments = log.stats().segments;
    fast.save(fast.position(), "").unwrap();
    assert_eq!(log.stats().segments, segments, "slow has not passed anything");
    let middle = records(&all)[12].clone();
    slow.save(
        Position {
            log_id: middle.log_id,
            next_seq: middle.seq,
        },
        "",
    )
    .unwrap();
    assert!(log.stats().segments < segments);
    assert_eq!(log.stats().logs, 3);
    let left = drain(&mut log.reader("third").unwrap());
    assert!(
        records(&left)[0].seq <= middle.seq && records(&left).contains(&middle),
        "its segment is still there"
    );
    drain(&mut slow);
    slow.save(slow.position(), "").unwrap();
    assert_eq!(log.stats().logs, 3, "the third one has come meanwhile");
}

#[tokio::test]
async fn a_passed_log_goes_with_its_folder_and_the_current_one_stays() {
    let folder = tempdir().unwrap();
    let (log, _) = Log::open(tiny(folder.path())).unwrap();
    log.append([entry("a")]).await.unwrap();
    log.close().await;
    let (log, _) = Log::open(tiny(folder.path())).unwrap();
    let mut reader = log.reader("p").unwrap();
    drain(&mut reader);
    reader.save(reader.position(), "").unwrap();
    assert_eq!((log.stats().logs, log.stats().segments), (1, 1));
    assert_eq!(std::fs::read_dir(folder.path().join("logs")).unwrap().count(), 1);
}

#[tokio::test]
async fn what_is_younger_than_keep_stays_though_everybody_has_passed_it() {
    let folder = tempdir().unwrap();
    let config = Config {
        keep: Duration::from_secs(3600),
        ..tiny(folder.path())
    };
    let (log, _) = Log::open(config).unwrap();
    for _ in 0..20 {
        log.append([entry([b'x'; 1000])]).await.unwrap();
    }
    let mut reader = log.reader("p").unwrap();
    drain(&mut reader);
    let segments = log.stats().segments;
    reader.save(reader.position(), "").unwrap();
    assert_eq!(log.stats().segments, segments);
    reader.seek(Position {
        log_id: log.id(),
        next_seq: 2,
    });
    assert_eq!(
        payloads(&drain(&mut reader)).len(),
        20,
        "kept numbers can be read again"
    );
}

#[tokio::test]
async fn what_is_kept_fills_half_of_the_quota_at_most() {
    let folder = tempdir().unwrap();
    let config = Config {
        keep: Duration::from_secs(3600),
        quota_bytes: 64 << 10,
        ..tiny(folder.path())
    };
    let (log, _) = Log::open(config).unwrap();
    let mut reader = log.reader("p").unwrap();
    for _ in 0..200 {
        log.append([entry([b'x'; 1000])]).await.unwrap();
        drain(&mut reader);
        reader.save(reader.position(), "").unwrap();
        assert!(log.stats().disk_bytes <= 32 << 10);
    }
    assert!(log.stats().disk_bytes > 24 << 10, "and does fill it");
}

#[tokio::test]
async fn more_partitions_count_from_the_next_segment_on() {
    let folder = tempdir().unwrap();
    let (log, _) = Log::open(tiny(folder.path())).unwrap();
    log.set_partitions(12);
    for _ in 0..20 {
        log.append([entry([b'x'; 1000])]).await.unwrap();
    }
    let mut reader = log.reader("p").unwrap();
    assert_eq!(reader.segment().unwrap(), None);
    let mut seen = Vec::new();
    while !reader.read(16 << 10).unwrap().is_empty() {
        let segment = reader.segment().unwrap().unwrap();
        assert_eq!(segment.log_id, log.id());
        seen.push(segment.partitions);
    }
    assert_eq!(seen.first(), Some(&0));
    assert!(
        seen.len() > 2 && seen[1..].iter().all(|partitions| *partitions == 12),
        "{seen:?}"
    );
}

#[tokio::test]
async fn without_a_cursor_nothing_is_removed() {
    let folder = tempdir().unwrap();
    for _ in 0..3 {
        let (log, _) = Log::open(tiny(folder.path())).unwrap();
        log.append([entry([b'x'; 1000])]).await.unwrap();
        log.close().await;
    }
    let (log, _) = Log::open(tiny(folder.path())).unwrap();
    assert_eq!(log.stats().logs, 4);
}

#[tokio::test]
async fn too_much_at_once_and_the_logs_own_kinds_are_refused() {
    let folder = tempdir().unwrap();
    let (log, _) = Log::open(tiny(folder.path())).unwrap();
    let large = log.append([entry(vec![b'x'; 9000])]).await;
    assert!(matches!(large, Err(AppendError::TooLarge { .. })), "{large:?}");
    for kind in [KIND_GROUP, KIND_MARK] {
        let mut own = entry("a");
        own.kind = kind;
        assert_eq!(log.append([own]).await, Err(AppendError::Kind(kind)));
    }
    assert_eq!(log.append(vec![]).await, Ok(0..0));
    let most = vec![entry(vec![b'x'; 7000])];
    log.append(most).await.unwrap();
    assert_eq!(
        payloads(&drain(&mut log.reader("p").unwrap())),
        [String::from_utf8(vec![b'x'; 7000]).unwrap()]
    );
}

#[tokio::test]
async fn a_full_queue_is_an_explicit_answer() {
    let folder = tempdir().unwrap();
    let (log, _) = Log::open(Config {
        queue_bytes: 4000,
        quota_bytes: 1 << 30,
        ..tiny(folder.path())
    })
    .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let log = log.clone();
        tasks.spawn(async move { log.append([entry([b'x'; 1000])]).await });
    }
    let answers = tasks.join_all().await;
    let busy = answers
        .iter()
        .filter(|a| matches!(a, Err(AppendError::Busy { .. })))
        .count();
    let taken = answers.iter().filter(|a| a.is_ok()).count();
    assert!(
        busy > 0 && taken > 0 && busy + taken == 500,
        "{busy} busy, {taken} taken"
    );
    let items = drain(&mut log.reader("p").unwrap());
    assert_eq!(payloads(&items).len(), taken);
    assert!(items.iter().all(|item| matches!(item, Item::Record(_))));
}
