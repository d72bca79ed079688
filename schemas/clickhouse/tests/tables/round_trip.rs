//! Blocks through the real engine and back, by value.

use crate::engine::{Server, insert};
use clickhouse::{Client, Row, RowOwned, RowRead};
use footfall_schemas::{Flag, Flags};
use footfall_tables::events::COLUMNS;
use footfall_tables::{EVENTS, EventBlock, EventRow, LEDGER, LedgerBlock, LedgerRow};
use serde::Deserialize;
use std::borrow::Cow;
use std::net::Ipv6Addr;
use uuid::Uuid;

/// 2026-11-21 and 2199: rows must not be refused as late, nor fall into too many table partitions.
const NOW: i64 = 1_795_273_445_123;
const NEVER: i64 = 7_258_000_000_000;

/// Takes turns among the extremes of each type, so that neighbours differ and each value meets many others.
struct Extremes {
    turn: usize,
    long: String,
    props: Vec<Vec<(Cow<'static, str>, Cow<'static, str>)>>,
}

impl Extremes {
    fn new() -> Self {
        let pair = |key: &str, value: &str| (Cow::from(key.to_owned()), Cow::from(value.to_owned()));
        Self {
            turn: 0,
            long: "long ✓ ".repeat(3_000),
            props: vec![
                vec![],
                vec![pair("k", "v")],
                vec![pair("", "\0"), pair("ключ 🗝", "")],
                (0..256)
                    .map(|n| pair(&format!("key{n}"), &"v".repeat(n)))
                    .collect(),
            ],
        }
    }
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        self.turn += 1;
        from[(self.turn * 7 + self.turn / 11) % from.len()]
    }
    fn number(&mut self) -> u32 {
        self.pick(&[0, 1, u32::MAX, 1920])
    }
    fn far(&mut self) -> i64 {
        self.pick(&[NOW, 0, -1, i64::MAX, i64::MIN, -62_135_596_800_000])
    }
    fn maybe(&mut self) -> Option<i64> {
        let far = self.far();
        self.pick(&[None, Some(far), Some(0)])
    }
    fn id(&mut self) -> Uuid {
        self.pick(&[
            Uuid::nil(),
            Uuid::max(),
            Uuid::from_u128(0x0001_0203_0405_0607_0809_0A0B_0C0D_0E0F),
        ])
    }
    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        match self.pick(&[0, 1, 2]) {
            0 => {}
            1 => flags.set(Flag::Late),
            _ => Flag::ALL.into_iter().for_each(|flag| flags.set(flag)),
        }
        flags
    }
}

macro_rules! fill {
    ($row:expr, $($from:expr => $($field:ident)+;)+) => { $($($row.$field = $from;)+)+ };
}

/// A row from the extremes; texts that can be long are so in a few rows only.
fn row<'a>(
    extremes: &mut Extremes,
    long: &'a str,
    props: &'a [(Cow<'a, str>, Cow<'a, str>)],
    number: u64,
) -> EventRow<'a> {
    let texts = [
        "",
        "a",
        "\0",
        "é\n\t'\"\\",
        "日本語🎉",
        "{\"json\":1}",
        &long[..127],
        &long[..128],
        &long[..300],
        long,
    ];
    let mut row = EventRow {
        log_seq: number,
        insert_deadline: NEVER,
        props,
        ..EventRow::default()
    };
    fill! { row,
        extremes.pick(&texts) => site kind name session_start_reason decision user_id url host path path_template query hash site_search_term title referrer
            referrer_host referrer_path utm_source utm_medium utm_campaign utm_term utm_content utm_id click_id_name click_id
            source medium channel referrer_source referrer_medium search_term country region city asn_org browser browser_version os
            os_version device_type device_brand device_model language timezone accept_language user_agent hint_ua hint_full
            hint_mobile hint_platform hint_platform_version hint_model ip_hash ip_source origin consent enrich_data;
        extremes.id() => event_id visitor_id session_id page_id log_id;
        extremes.number() => seq attempt asn screen_w screen_h viewport_w viewport_h engagement_ms scroll;
        extremes.far() => session_start time;
        extremes.maybe() => client_time sent_at;
        extremes.pick(&[NOW, NEVER]) => received_at;
        extremes.pick(&[false, true]) => gpc dnt late;
        extremes.pick(&[0, 1, 255]) => bot_score;
        extremes.pick(&[0, 1, u16::MAX]) => enrich_version schema_version;
        extremes.pick(&[&[][..], &["one"], &["", "two", "two"]]) => bot_reasons;
        extremes.flags() => flags;
        extremes.pick(&[Ipv6Addr::UNSPECIFIED, Ipv6Addr::from([0xFF; 16]), "::ffff:203.0.113.9".parse().unwrap(),
            "2001:db8::1".parse().unwrap()]) => ip;
    }
    row
}

/// One column of all rows, in the order of `log_seq`.
async fn column<T: RowOwned + RowRead>(client: &Client, name: &str) -> Vec<T> {
    let sql = format!("SELECT `{name}` AS value FROM events ORDER BY log_seq");
    client.query(&sql).fetch_all().await.unwrap()
}

/// A value whose type the client wraps in a row.
#[derive(Debug, PartialEq, Row, Deserialize)]
struct Id {
    #[serde(with = "clickhouse::serde::uuid")]
    value: Uuid,
}
#[derive(Debug, PartialEq, Row, Deserialize)]
struct Address {
    value: Ipv6Addr,
}
#[derive(Debug, PartialEq, Row, Deserialize)]
struct List {
    value: Vec<String>,
}
#[derive(Debug, PartialEq, Row, Deserialize)]
struct Map {
    value: Vec<(String, String)>,
}

fn owned_pairs(pairs: &[(Cow<'_, str>, Cow<'_, str>)]) -> Map {
    let value = pairs
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()));
    Map {
        value: value.collect(),
    }
}

fn owned_list(list: &[&str]) -> List {
    List {
        value: list.iter().map(|item| (*item).to_owned()).collect(),
    }
}

fn flag_list(flags: Flags) -> List {
    List {
        value: flags.iter().map(|flag| flag.label().to_owned()).collect(),
    }
}

/// Compares each column with what was pushed, read as the type given; counts the columns.
macro_rules! compare {
    ($client:expr, $rows:expr, $($type:ty, $expected:expr => $($field:ident $(= $name:literal)?),+;)+) => {{
        let mut compared = 0;
        $($(
            let name = [$($name,)? stringify!($field)][0];
            let found: Vec<$type> = column($client, name).await;
            let expected: Vec<$type> = $rows.iter().map(|row| $expected(row.$field)).collect();
            assert!(found == expected, "{name}: found {found:?}");
            compared += 1;
        )+)+
        compared
    }};
}

#[tokio::test]
async fn extreme_values_of_every_column_come_back() {
    let (_server, client) = Server::migrated().await;
    let mut extremes = Extremes::new();
    let (long, all_props) = (extremes.long.clone(), extremes.props.clone());
    let props = all_props.iter().cycle();
    let rows: Vec<_> = (0..400)
        .zip(props)
        .map(|(number, props)| row(&mut extremes, &long, props, number))
        .collect();
    let mut block = EventBlock::default();
    rows.iter().for_each(|row| block.push(row));
    let mut bytes = Vec::new();
    block.write_native(&mut bytes);
    insert(&client, EVENTS, bytes).await.unwrap();

    let compared = compare! { &client, rows,
        String, str::to_owned => site, kind = "type", name, session_start_reason, decision, user_id, url, host, path, path_template, query,
            hash, site_search_term, title, referrer, referrer_host, referrer_path, utm_source, utm_medium, utm_campaign, utm_term, utm_content,
            utm_id, click_id_name, click_id, source, medium, channel, referrer_source, referrer_medium, search_term, country, region, city,
            asn_org, browser, browser_version, os, os_version, device_type, device_brand, device_model, language, timezone,
            accept_language, user_agent, hint_ua, hint_full, hint_mobile, hint_platform, hint_platform_version, hint_model,
            ip_hash, ip_source, origin, consent, enrich_data;
        Id, |value| Id { value } => event_id, visitor_id, session_id, page_id, log_id;
        u32, u32::from => seq, attempt, asn, screen_w, screen_h, viewport_w, viewport_h, engagement_ms, scroll;
        i64, i64::from => session_start, time, received_at, insert_deadline;
        Option<i64>, Option::<i64>::from => client_time, sent_at;
        bool, bool::from => gpc, dnt, late;
        u8, u8::from => bot_score;
        u16, u16::from => enrich_version, schema_version;
        u64, u64::from => log_seq;
        Address, |value| Address { value } => ip;
        List, owned_list => bot_reasons;
        List, flag_list => flags;
        Map, owned_pairs => props;
    };
    assert_eq!(compared, COLUMNS.len());
}

#[tokio::test]
async fn columns_that_no_row_fills_are_the_tables_defaults() {
    let (_server, client) = Server::migrated().await;
    let (mut block, mut bytes) = (EventBlock::default(), Vec::new());
    block.push(&EventRow {
        insert_deadline: NEVER,
        ..EventRow::default()
    });
    block.write_native(&mut bytes);
    assert!(bytes.len() < 200, "silent columns travel: {} bytes", bytes.len());
    insert(&client, EVENTS, bytes).await.unwrap();
    // Spelled out, because a server's default could differ from the row's.
    let said = "event_id != toUUID('00000000-0000-0000-0000-000000000000') OR client_time IS NOT NULL OR url != '' OR site != '' \
        OR seq != 0 OR ip != toIPv6('::') OR notEmpty(flags) OR notEmpty(mapKeys(props)) OR late OR toUnixTimestamp64Milli(time) != 0";
    let counts = client.query(&format!("SELECT count(), countIf({said}) FROM events"));
    assert_eq!(counts.fetch_one::<(u64, u64)>().await.unwrap(), (1, 0));
}

#[tokio::test]
async fn a_late_insert_is_refused_by_the_server() {
    let (_server, client) = Server::migrated().await;
    let (mut events, mut ledger) = (EventBlock::default(), LedgerBlock::default());
    for deadline in [NEVER, 1] {
        events.push(&EventRow {
            insert_deadline: deadline,
            ..EventRow::default()
        });
        ledger.push(&LedgerRow {
            insert_deadline: deadline,
            ..LedgerRow::default()
        });
    }
    let (mut event_bytes, mut ledger_bytes) = (Vec::new(), Vec::new());
    events.write_native(&mut event_bytes);
    ledger.write_native(&mut ledger_bytes);
    for (table, bytes) in [(EVENTS, event_bytes), (LEDGER, ledger_bytes)] {
        let refused = insert(&client, table, bytes).await.unwrap_err().to_string();
        assert!(refused.contains("Code: 469"), "{refused}");
        let rows = client
            .query(&format!("SELECT count() FROM {table}"))
            .fetch_one::<u64>()
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[tokio::test]
async fn the_ledger_keeps_bytes_that_are_no_text() {
    #[derive(Debug, PartialEq, Row, Deserialize)]
    struct Kept {
        payload: String,
        detail: String,
        first_seq: u64,
        last_seq: u64,
        at: i64,
    }
    let (_server, client) = Server::migrated().await;
    let (mut block, mut bytes) = (LedgerBlock::default(), Vec::new());
    block.push(&LedgerRow {
        first_seq: 1,
        last_seq: u64::MAX,
        reason: "unreadable",
        detail: "not JSON: 'é'",
        payload: &[0, 0xFF, 0xC3, b'\n', b';'],
        at: NOW,
        insert_deadline: NEVER,
        ..LedgerRow::default()
    });
    block.write_native(&mut bytes);
    insert(&client, LEDGER, bytes).await.unwrap();
    let kept = "SELECT hex(payload) AS payload, detail, first_seq, last_seq, at FROM ledger";
    assert_eq!(
        client.query(kept).fetch_one::<Kept>().await.unwrap(),
        Kept {
            payload: "00FFC30A3B".into(),
            detail: "not JSON: 'é'".into(),
            first_seq: 1,
            last_seq: u64::MAX,
            at: NOW
        }
    );
}
