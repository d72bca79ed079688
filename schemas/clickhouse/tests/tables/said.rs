//! Planted events of visitors and users, for the tests of the views about them: one field per line that matters, the rest
//! by default.

use crate::engine::insert;
use clickhouse::Client;
use footfall_schemas::{Flag, Flags};
use footfall_tables::{EVENTS, EventBlock, EventRow};
use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// 2026-11-20 10:00 UTC: minute 0.
pub(crate) const TEN: i64 = 1_795_168_800_000;
pub(crate) const MINUTE: i64 = 60_000;
/// 2200: a link that holds, an insert that is never late.
pub(crate) const NEVER: i64 = 7_258_118_400_000;

/// One event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    /// ms after [`TEN`].
    pub(crate) at: i64,
    pub(crate) visitor: u128,
    /// The page load; 0: none.
    pub(crate) page: u128,
    /// Number on the page; 0: none.
    pub(crate) seq: u32,
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) user: &'static str,
    pub(crate) decision: &'static str,
    pub(crate) props: &'static [(&'static str, &'static str)],
    pub(crate) server: bool,
}

/// `kind` in that minute, by a visitor with a cookie.
pub(crate) const fn said(minute: i64, visitor: u128, kind: &'static str, user: &'static str) -> Said {
    Said {
        at: minute * MINUTE,
        visitor,
        page: 0,
        seq: 0,
        kind,
        name: "",
        user,
        decision: "cookie",
        props: &[],
        server: false,
    }
}

/// A page view.
pub(crate) const fn view(minute: i64, visitor: u128) -> Said {
    said(minute, visitor, "page_view", "")
}

/// `footfall unlink` in that minute.
pub(crate) const fn unlink(minute: i64, props: &'static [(&'static str, &'static str)]) -> Said {
    Said {
        name: "$unlink",
        props,
        server: true,
        ..said(minute, 99, "custom", "")
    }
}

/// The text of a visitor's id.
pub(crate) fn visitor(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

/// Inserts the events in their order, as of `site`.
pub(crate) async fn keep(client: &Client, site: &str, list: &[Said]) {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    let (mut block, mut bytes) = (EventBlock::default(), Vec::new());
    for of in list {
        let log_seq = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let mut flags = Flags::default();
        flags.set_if(Flag::Server, of.server);
        let props: Vec<_> = of
            .props
            .iter()
            .map(|(key, value)| (Cow::from(*key), Cow::from(*value)))
            .collect();
        block.push(&EventRow {
            site,
            kind: of.kind,
            name: of.name,
            event_id: Uuid::from_u128(log_seq.into()),
            visitor_id: Uuid::from_u128(of.visitor),
            page_id: Uuid::from_u128(of.page),
            seq: of.seq,
            user_id: of.user,
            decision: of.decision,
            time: TEN + of.at,
            received_at: TEN + of.at,
            props: &props,
            flags,
            log_seq,
            insert_deadline: NEVER,
            ..EventRow::default()
        });
    }
    block.write_native(&mut bytes);
    insert(client, EVENTS, bytes).await.unwrap();
}
