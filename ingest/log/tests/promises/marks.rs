//! Marks: silence differs from loss.

use std::time::Duration;

use footfall_log::{AppendError, Config, Item, KIND_MARK, Log, State};
use tempfile::tempdir;

use crate::harness::{config, drain, entry, eventually, open, records};

fn marks(items: &[Item]) -> Vec<(u64, String)> {
    let marks = records(items).into_iter().filter(|r| r.kind == KIND_MARK);
    marks
        .map(|r| (r.seq, String::from_utf8(r.payload.to_vec()).unwrap()))
        .collect()
}

#[tokio::test]
async fn the_first_record_says_where_the_log_before_it_ended() {
    let folder = tempdir().unwrap();
    let (first, _) = open(folder.path());
    let first_id = first.id();
    first.append([entry("a")]).await.unwrap();
    first.close().await;
    let (second, recovery) = open(folder.path());
    assert_eq!(recovery.previous, Some((first_id, 3)));
    let items = drain(&mut second.reader("p").unwrap());
    let wanted = [
        (
            1,
            "{\"through\":0,\"node\":\"local\",\"closing\":false}".to_owned(),
        ),
        (
            3,
            "{\"through\":2,\"node\":\"local\",\"closing\":true}".to_owned(),
        ),
        (
            1,
            format!(
                "{{\"through\":0,\"node\":\"local\",\"closing\":false,\"previous\":{{\"log\":\"{first_id}\",\"through\":3}}}}"
            ),
        ),
    ];
    assert_eq!(marks(&items), wanted);
    assert!(
        records(&items)
            .iter()
            .filter(|r| r.kind == KIND_MARK)
            .all(|r| r.key == *r.log_id.as_bytes())
    );
}

#[tokio::test]
async fn a_sealed_log_is_read_to_its_closing_mark_and_positions_are_saved() {
    let folder = tempdir().unwrap();
    let (log, _) = open(folder.path());
    let mut reader = log.reader("p").unwrap();
    log.append([entry("a")]).await.unwrap();
    log.seal().await;
    assert_eq!(log.state(), State::Closed);
    assert_eq!(log.append([entry("b")]).await, Err(AppendError::Closed));
    assert!(reader.wait().await);
    let last = marks(&drain(&mut reader)).pop().unwrap();
    assert_eq!(last.0, 3);
    assert!(last.1.contains("\"closing\":true"));
    reader.save(reader.position(), "").unwrap();
    log.seal().await;
    log.close().await;
    assert!(!reader.wait().await);
    drop(reader);
    let (log, recovery) = open(folder.path());
    assert_eq!(recovery.previous.map(|(_, through)| through), Some(3));
    let saved = log.reader("p").unwrap().saved().unwrap().0;
    assert_eq!(saved.next_seq, 4);
}

#[tokio::test]
async fn a_mark_follows_the_last_event_and_then_there_is_silence() {
    let folder = tempdir().unwrap();
    let fast = Config {
        mark_every: Duration::from_millis(30),
        ..config(folder.path())
    };
    let (log, _) = Log::open(fast).unwrap();
    let mut reader = log.reader("p").unwrap();
    log.append([entry("a"), entry("b")]).await.unwrap();
    let mut items = Vec::new();
    eventually("a mark behind the last event", || {
        items.extend(drain(&mut reader));
        marks(&items)
            .last()
            .is_some_and(|(seq, text)| *seq == 4 && text.contains("\"through\":3,"))
    });
    // Silence since then: the next event has the next number, and a mark of its own.
    assert_eq!(log.append([entry("c")]).await.unwrap(), 5..6);
    items.clear();
    eventually("a mark behind the next event", || {
        items.extend(drain(&mut reader));
        items.len() >= 2
    });
    assert_eq!(marks(&items).iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [6]);
}
