//! A fault or a stop at every single call of a log's life: nothing acknowledged is lost, no number means two things,
//! and the log works again as soon as the disk does.

use std::path::Path;
use std::sync::Arc;

use footfall_log::{Config, Item, Log, Position, Recovery, State};

use crate::harness::{config, drain, entry, eventually};
use crate::sim::{Fault, SimDisk};
use crate::witness::{Mercy, Witness};

fn small() -> Config {
    Config {
        segment_bytes: 4096,
        ..config(Path::new("/data"))
    }
}

fn open(disk: &SimDisk) -> (Log, Recovery) {
    Log::open_on(Arc::new(disk.clone()), small()).unwrap()
}

/// Six groups over three segments, a position saved in between (which trims), a second reader, a clean end.
async fn life(disk: &SimDisk, witness: &mut Witness) -> Position {
    let mut saved = Position::OLDEST;
    let Ok((log, _)) = Log::open_on(Arc::new(disk.clone()), small()) else {
        return saved;
    };
    let mut reader = log.reader("p").unwrap();
    for group in 0..6 {
        let payloads: Vec<Vec<u8>> = (0..3).map(|_| witness.payload(500)).collect();
        let entries: Vec<_> = payloads.iter().map(|p| entry(p.clone())).collect();
        if let Ok(numbers) = log.append(entries).await {
            witness.acknowledged(log.id(), numbers, payloads);
        }
        if group == 3 && reader.read(1).is_ok() && reader.save(reader.position(), "x").is_ok() {
            saved = reader.position();
        }
    }
    drop(reader);
    log.close().await;
    saved
}

/// Opens what is left, and judges it all.
async fn judge(disk: &SimDisk, witness: &mut Witness, saved: Position) {
    let (log, recovery) = open(disk);
    let mut reader = log.reader("p").unwrap();
    // A save that failed may still have taken place.
    let from = reader.saved().map_or(Position::OLDEST, |(position, _)| position);
    assert!(
        from == saved || saved == Position::OLDEST,
        "{from:?} was saved as {saved:?}"
    );
    let payload = witness.payload(10);
    let numbers = log.append([entry(payload.clone())]).await.unwrap();
    witness.acknowledged(log.id(), numbers, vec![payload]);
    let items = drain(&mut reader);
    witness.judge(&items, from, &recovery, Mercy::None);
    assert!(recovery.acked_lost.is_empty(), "{recovery:?}");
    drop(reader);
    log.close().await;
}

async fn calls_of_a_life() -> u64 {
    let disk = SimDisk::new(1);
    life(&disk, &mut Witness::default()).await;
    disk.calls()
}

#[tokio::test]
async fn a_power_cut_at_every_call_loses_nothing_acknowledged() {
    let calls = calls_of_a_life().await;
    assert!(calls > 50, "{calls}");
    for nth in 1..=calls {
        for seed in 0..4 {
            let disk = SimDisk::new(nth * 10 + seed);
            let mut witness = Witness::default();
            disk.fail(nth, Fault::Crash);
            let saved = life(&disk, &mut witness).await;
            let rest = if seed == 0 {
                disk.after_kill()
            } else {
                disk.after_power_cut(seed)
            };
            judge(&rest, &mut witness, saved).await;
            // And once more: what recovery wrote has to be recoverable itself.
            judge(&rest.after_power_cut(seed), &mut witness, saved).await;
        }
    }
}

#[tokio::test]
async fn a_power_cut_at_every_call_of_a_recovery_loses_nothing_acknowledged() {
    for seed in 0..8 {
        let disk = SimDisk::new(seed);
        let mut witness = Witness::default();
        disk.fail(30 + seed, Fault::Crash);
        let saved = life(&disk, &mut witness).await;
        let rest = disk.after_power_cut(seed);
        for nth in 1.. {
            let again = rest.after_kill();
            again.fail(nth, Fault::Crash);
            let opened = Log::open_on(Arc::new(again.clone()), small());
            let done = !again.crashed();
            drop(opened);
            judge(&again.after_power_cut(nth), &mut witness.clone(), saved).await;
            if done {
                break;
            }
        }
        judge(&rest, &mut witness, saved).await;
    }
}

#[tokio::test]
async fn one_refused_call_loses_nothing_and_refuses_at_most_the_entries_in_it() {
    let calls = calls_of_a_life().await;
    for fault in [Fault::Eio, Fault::Enospc, Fault::Short] {
        for nth in 1..=calls {
            let disk = SimDisk::new(nth);
            let mut witness = Witness::default();
            disk.fail(nth, fault);
            let saved = life(&disk, &mut witness).await;
            judge(&disk.after_kill(), &mut witness.clone(), saved).await;
            judge(&disk.after_power_cut(nth), &mut witness, saved).await;
        }
    }
}

#[tokio::test]
async fn a_failed_fsync_moves_the_group_to_a_superseding_segment_with_the_same_numbers() {
    let disk = SimDisk::new(3);
    let (log, _) = open(&disk);
    assert_eq!(log.append([entry("a")]).await.unwrap(), 2..3);
    // The write works, its fsync does not.
    disk.fail(2, Fault::Eio);
    assert_eq!(log.append([entry("b")]).await.unwrap(), 3..4);
    assert_eq!(log.append([entry("c")]).await.unwrap(), 4..5);
    assert_eq!((log.stats().poisoned, log.state()), (1, State::Ready));
    let items = drain(&mut log.reader("p").unwrap());
    assert_eq!(crate::harness::payloads(&items), ["a", "b", "c"]);
    let folder = footfall_log::Folder::open_on(Arc::new(disk.clone()), Path::new("/data")).unwrap();
    let segments = folder.verify().unwrap().remove(0).segments;
    let claims: Vec<_> = segments
        .iter()
        .map(|s| (s.first, s.last, s.header.as_ref().unwrap().supersedes))
        .collect();
    assert_eq!(claims, [(1, 2, 0), (3, 4, 3)]);
    disk.crash();
    let (again, _) = open(&disk.after_power_cut(9));
    let items = drain(&mut again.reader("p").unwrap());
    assert_eq!(crate::harness::payloads(&items), ["a", "b", "c"]);
}

#[tokio::test]
async fn when_the_new_segment_fails_too_the_log_says_so_and_comes_back_by_itself() {
    let disk = SimDisk::new(4);
    let (log, _) = open(&disk);
    (1..=20).for_each(|nth| disk.fail(nth, Fault::Eio));
    let refused = log.append([entry("a")]).await.unwrap_err();
    assert!(
        matches!(refused, footfall_log::AppendError::Unavailable { .. }),
        "{refused}"
    );
    assert!(matches!(log.state(), State::Unavailable(_)));
    disk.heal();
    eventually("ready again, without anybody asking", || {
        log.state() == State::Ready
    });
    let numbers = log.append([entry("b")]).await.unwrap();
    let items = drain(&mut log.reader("p").unwrap());
    assert_eq!(crate::harness::payloads(&items), ["b"]);
    assert!(
        items.iter().all(|item| matches!(item, Item::Record(_))),
        "the refused numbers were given again"
    );
    assert_eq!(crate::harness::records(&items).last().unwrap().seq, numbers.start);
}

#[tokio::test]
async fn a_log_opens_on_a_full_disk_reads_on_and_appends_when_there_is_room() {
    let disk = SimDisk::new(5);
    let (log, _) = open(&disk);
    log.append([entry("a")]).await.unwrap();
    let mut reader = log.reader("p").unwrap();
    reader.save(reader.position(), "").unwrap();
    drop(reader);
    log.close().await;
    disk.set_capacity(0);
    let (log, _) = open(&disk);
    assert!(matches!(
        log.append([entry("b")]).await,
        Err(footfall_log::AppendError::Full { .. })
    ));
    assert!(matches!(log.state(), State::Full(_)));
    let mut reader = log.reader("p").unwrap();
    assert_eq!(crate::harness::payloads(&drain(&mut reader)), ["a"]);
    reader.save(reader.position(), "").unwrap();
    disk.set_capacity(1 << 20);
    eventually("ready when there is room", || log.state() == State::Ready);
    log.append([entry("b")]).await.unwrap();
    assert_eq!(crate::harness::payloads(&drain(&mut reader)), ["b"]);
}
