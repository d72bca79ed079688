//! What is acknowledged is read back, in order, with consecutive numbers, across segments and starts.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use footfall_log::{Append, Entry, Item, KIND_MARK, Log, Position};
use tempfile::tempdir;

use crate::harness::{config, drain, entry, eventually, open, payloads, records};

#[tokio::test]
async fn entries_come_back_as_they_went_in() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    let mut wanted = entry("a");
    (wanted.kind, wanted.time_ms, wanted.key) = (3, 12345, [9; 16]);
    assert_eq!(log.append(vec![wanted.clone(), entry("")]).await.unwrap(), 2..4);
    let items = drain(&mut log.reader("p").unwrap());
    let found = &records(&items)[1];
    assert_eq!(
        (found.seq, found.kind, found.time_ms, found.key),
        (2, 3, 12345, [9; 16])
    );
    assert_eq!((found.log_id, &found.payload[..]), (log.id(), &b"a"[..]));
    assert_eq!(payloads(&items), ["a", ""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_callers_get_disjoint_consecutive_numbers_in_reading_order() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..40 {
        let log = log.clone();
        tasks.spawn(async move {
            let mut given = Vec::new();
            for call in 0..25 {
                let names: Vec<String> = (0..=call % 3).map(|i| format!("{caller}-{call}-{i}")).collect();
                let entries: Vec<_> = names.iter().map(|name| entry(name.as_str())).collect();
                given.extend(log.append(entries).await.unwrap().zip(names));
            }
            given
        });
    }
    let mut given: Vec<(u64, String)> = tasks.join_all().await.into_iter().flatten().collect();
    given.sort();
    let items = drain(&mut log.reader("p").unwrap());
    let read: Vec<(u64, String)> = records(&items)
        .into_iter()
        .filter(|r| r.kind != KIND_MARK)
        .map(|r| (r.seq, String::from_utf8(r.payload.to_vec()).unwrap()))
        .collect();
    assert_eq!(read, given);
    let numbers: Vec<u64> = records(&items).iter().map(|r| r.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_reader_goes_through_segments_and_older_logs_to_the_newest() {
    let folder = tempdir().unwrap();
    let mut ids = Vec::new();
    for start in 0..3 {
        let (log, recovery) = open(folder.path());
        assert_eq!(recovery.previous.map(|(id, _)| id), ids.last().copied());
        assert!(recovery.unclean.is_empty() && recovery.torn_tails.is_empty());
        for i in 0..300 {
            let payload = format!("{start}-{i:0>500}");
            log.append([entry(payload)]).await.unwrap();
        }
        assert!(log.stats().segments >= 2, "{:?}", log.stats());
        ids.push(log.id());
        log.close().await;
    }
    let (log, _) = open(folder.path());
    let items = drain(&mut log.reader("p").unwrap());
    let wanted: Vec<String> = (0..3)
        .flat_map(|s| (0..300).map(move |i| format!("{s}-{i:0>500}")))
        .collect();
    assert_eq!(payloads(&items), wanted);
    assert!(items.iter().all(|item| matches!(item, Item::Record(_))));
}

#[tokio::test]
async fn a_saved_position_is_where_the_next_start_goes_on() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    log.append([entry("a"), entry("b"), entry("c")]).await.unwrap();
    let mut reader = log.reader("p").unwrap();
    assert_eq!(reader.saved(), None);
    drain(&mut reader);
    let position = Position {
        log_id: log.id(),
        next_seq: 3,
    };
    reader.save(position, "open {\"tag\":\"x y\"}").unwrap();
    drop(reader);
    log.close().await;
    let (log, _) = open(folder.path());
    let mut reader = log.reader("p").unwrap();
    assert_eq!(
        reader.saved(),
        Some((position, "open {\"tag\":\"x y\"}".to_owned()))
    );
    assert_eq!(payloads(&drain(&mut reader)), ["b", "c"]);
}

#[tokio::test]
async fn wait_ends_when_more_is_durable_and_when_the_log_closes() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    let mut reader = log.reader("p").unwrap();
    drain(&mut reader);
    let (more, _) = tokio::join!(reader.wait(), log.append([entry("a")]));
    assert!(more);
    assert_eq!(payloads(&drain(&mut reader)), ["a"]);
    let (more, ()) = tokio::join!(reader.wait(), log.close());
    assert!(more, "the closing mark is still to be read");
    assert_eq!(drain(&mut reader).len(), 1);
    assert!(!reader.wait().await);
}

#[tokio::test]
async fn dropping_the_last_handle_writes_what_is_queued_and_frees_the_folder() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    log.append([entry("a")]).await.unwrap();
    drop(log);
    let (log, recovery) = Log::open(config(folder.path())).unwrap();
    assert_eq!(recovery.previous.map(|(_, through)| through), Some(2));
    assert_eq!(payloads(&drain(&mut log.reader("p").unwrap())), ["a"]);
}

#[tokio::test]
async fn a_text_saved_before_anything_was_read_comes_back() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    let mut reader = log.reader("p").unwrap();
    reader.save(reader.position(), "open").unwrap();
    drop((reader, log));
    let (log, _) = open(folder.path());
    let reader = log.reader("p").unwrap();
    assert_eq!(reader.saved(), Some((Position::OLDEST, "open".to_owned())));
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

type Polled<'a> = Pin<Box<Append<'a, [Entry; 1]>>>;

/// Three callers of one log, polled once by hand, each with a flag that says whether it was woken.
fn three(log: &Log) -> (Vec<Polled<'_>>, Vec<Arc<Flag>>) {
    let flags: Vec<_> = (0..3).map(|_| Arc::new(Flag(AtomicBool::new(false)))).collect();
    let mut appends = Vec::new();
    for flag in &flags {
        let mut append = Box::pin(log.append([entry("a")]));
        let waker = Waker::from(Arc::clone(flag));
        assert!(
            append
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        appends.push(append);
    }
    (appends, flags)
}

#[test]
fn callers_are_woken_even_if_the_one_that_should_wake_them_never_runs() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    let (appends, flags) = three(&log);
    eventually("all are woken", || {
        flags.iter().all(|flag| flag.0.load(Ordering::Acquire))
    });
    drop(appends);
}

#[test]
fn callers_are_woken_when_the_one_that_should_wake_them_is_dropped() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    let (mut appends, flags) = three(&log);
    eventually("one is woken", || {
        flags.iter().any(|flag| flag.0.load(Ordering::Acquire))
    });
    appends.truncate(1);
    eventually("the other is woken", || flags[0].0.load(Ordering::Acquire));
    drop(appends);
}
