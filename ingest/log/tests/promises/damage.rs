//! The last 4 KiB of a log cut and flipped at every byte: what was acknowledged is read, or reported; never silence,
//! never a panic, never a number twice.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use footfall_log::{Config, HEADER_BYTES, Item, Log, Position, Recovery};

use crate::harness::{config, drain, entry, payloads};
use crate::sim::SimDisk;
use crate::witness::{Mercy, Witness};

const LAST: usize = 4096;

fn open(disk: &SimDisk) -> (Log, Recovery) {
    let config = Config {
        segment_bytes: 16 << 10,
        ..config(Path::new("/data"))
    };
    Log::open_on(Arc::new(disk.clone()), config).unwrap()
}

/// A log of some 6 KiB in one segment: groups of one and of several records, small and large.
async fn written(witness: &mut Witness, close: bool) -> (SimDisk, PathBuf, usize) {
    let disk = SimDisk::new(1);
    let (log, _) = open(&disk);
    for group in 0..14 {
        let payloads: Vec<Vec<u8>> = (0..1 + group % 3)
            .map(|i| witness.payload(50 + group * 30 * i))
            .collect();
        let entries: Vec<_> = payloads.iter().map(|p| entry(p.clone())).collect();
        let numbers = log.append(entries).await.unwrap();
        witness.acknowledged(log.id(), numbers, payloads);
    }
    if close {
        log.close().await;
    } else {
        disk.crash();
    }
    let disk = disk.after_kill();
    let segment = disk.files(".segment").remove(0);
    let used = disk.content(&segment).iter().rposition(|b| *b != 0).unwrap() + 1;
    assert!(used > LAST + HEADER_BYTES, "{used}");
    (disk, segment, used)
}

/// Reopens, reads everything and judges it; what was found, and what was reported at once.
async fn judged(disk: &SimDisk, witness: &Witness) -> (Vec<Item>, Recovery, u64) {
    let (log, recovery) = open(disk);
    let items = drain(&mut log.reader("p").unwrap());
    witness
        .clone()
        .judge(&items, Position::OLDEST, &recovery, Mercy::Reported);
    let stats = log.stats();
    log.close().await;
    (
        items,
        recovery,
        stats.quarantined + stats.acked_lost + stats.torn_tails,
    )
}

async fn every_byte(close: bool, damage: impl Fn(&mut Vec<u8>, usize)) {
    let mut witness = Witness::default();
    let (disk, segment, used) = written(&mut witness, close).await;
    let whole = payloads(&judged(&disk.after_kill(), &witness).await.0).len();
    for at in used - LAST..used {
        let damaged = disk.after_kill();
        damaged.tamper(&segment, |bytes| damage(bytes, at));
        let (items, recovery, reported) = judged(&damaged, &witness).await;
        if payloads(&items).len() < whole {
            assert!(reported > 0, "damage at {at} went unnoticed: {recovery:?}");
        }
    }
}

#[tokio::test]
async fn an_ended_log_flipped_at_every_byte_reports_what_it_lost() {
    every_byte(true, |bytes, at| bytes[at] ^= 1 << (at % 8)).await;
}

#[tokio::test]
async fn a_killed_log_flipped_at_every_byte_reports_what_it_lost() {
    every_byte(false, |bytes, at| bytes[at] ^= 1 << (at % 8)).await;
}

#[tokio::test]
async fn an_ended_log_cut_at_every_byte_reports_what_it_lost() {
    every_byte(true, |bytes, at| bytes.truncate(at)).await;
}

#[tokio::test]
async fn a_killed_log_cut_at_every_byte_reports_what_it_lost() {
    every_byte(false, |bytes, at| bytes.truncate(at)).await;
}

#[tokio::test]
async fn an_ended_log_zeroed_from_every_byte_reports_what_it_lost() {
    every_byte(true, |bytes, at| bytes[at..].fill(0)).await;
}

#[tokio::test]
async fn a_damaged_record_costs_itself_alone_and_its_bytes_are_handed_out() {
    let mut witness = Witness::default();
    let (disk, segment, used) = written(&mut witness, false).await;
    disk.tamper(&segment, |bytes| bytes[used - 2000] ^= 0x10);
    let (items, recovery, _) = judged(&disk, &witness).await;
    let lost: Vec<_> = items
        .iter()
        .filter(|item| matches!(item, Item::Lost { .. }))
        .collect();
    let [
        Item::Lost {
            first, last, bytes, ..
        },
    ] = lost[..]
    else {
        panic!("{lost:?}")
    };
    assert_eq!(first, last);
    assert_eq!(
        recovery.quarantined,
        [(recovery.previous.unwrap().0, *first, *first)]
    );
    assert!(bytes.windows(6).any(|window| window == b"event "), "{bytes:?}");
}

#[tokio::test]
async fn numbers_that_a_cursor_proves_but_the_disk_has_not_are_reported_as_acknowledged_and_lost() {
    let disk = SimDisk::new(2);
    let (log, _) = open(&disk);
    log.append([entry("a")]).await.unwrap();
    log.append([entry("b")]).await.unwrap();
    let mut reader = log.reader("p").unwrap();
    drain(&mut reader);
    reader.save(reader.position(), "").unwrap();
    let mut slow = log.reader("slow").unwrap();
    slow.save(
        Position {
            log_id: log.id(),
            next_seq: 2,
        },
        "",
    )
    .unwrap();
    disk.crash();
    let disk = disk.after_kill();
    let segment = disk.files(".segment").remove(0);
    let used = disk.content(&segment).iter().rposition(|b| *b != 0).unwrap();
    disk.tamper(&segment, |bytes| bytes[used] ^= 1);
    let (again, recovery) = open(&disk);
    assert_eq!(recovery.acked_lost, [(log.id(), 3, 3)]);
    assert_eq!(recovery.torn_tails.len(), 1);
    assert_eq!(again.stats().acked_lost, 1);
    let items = drain(&mut again.reader("slow").unwrap());
    assert_eq!(payloads(&items), ["a"]);
    assert!(
        items.iter().any(|i| matches!(
            i,
            Item::Lost {
                first: 3,
                last: 3,
                ..
            }
        )),
        "{items:?}"
    );
}

#[tokio::test]
async fn a_torn_tail_is_kept_byte_for_byte_and_cut_once() {
    let mut witness = Witness::default();
    let (disk, segment, used) = written(&mut witness, false).await;
    let tail = b"half a group that was never acknowledged".to_vec();
    disk.tamper(&segment, |bytes| {
        bytes[used..used + tail.len()].copy_from_slice(&tail);
    });
    let (_, recovery, _) = judged(&disk, &witness).await;
    assert_eq!(
        (recovery.torn_tails.len(), recovery.torn_tails[0].bytes),
        (1, tail.len() as u64)
    );
    let kept = recovery.torn_tails[0].kept.clone().unwrap();
    assert_eq!(disk.content(&kept), tail);
    assert_eq!(disk.content(&segment).len(), used);
    let (_, recovery, _) = judged(&disk, &witness).await;
    assert_eq!((recovery.torn_tails, recovery.unclean), (vec![], vec![]));
}

#[tokio::test]
async fn a_segment_that_somebody_removed_is_reported_as_lost() {
    let disk = SimDisk::new(2);
    let (log, _) = open(&disk);
    for _ in 0..60 {
        log.append([entry([b'x'; 900])]).await.unwrap();
    }
    let mut reader = log.reader("p").unwrap();
    reader
        .save(
            Position {
                log_id: log.id(),
                next_seq: 1,
            },
            "",
        )
        .unwrap();
    drop(reader);
    log.close().await;
    let segments = disk.files(".segment");
    assert!(segments.len() > 3);
    for (gone, name) in [&segments[0], &segments[2]].into_iter().enumerate() {
        footfall_log::disk::Disk::remove_file(&disk, name).unwrap();
        let (log, _) = open(&disk);
        let items = drain(&mut log.reader("p").unwrap());
        let lost = items
            .iter()
            .filter(|item| matches!(item, Item::Lost { .. }))
            .count();
        assert_eq!(lost, gone + 1, "{:?}", log.stats());
        log.close().await;
    }
}
