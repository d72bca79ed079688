//! Made-up events with the shape of real ones: in the log's JSON, and as raw lines for A.

use bytes::Bytes;
use footfall_schemas::Kind;
use footfall_schemas::event::{Event, VERSION};
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// xorshift64*: reproducible, and good enough for made-up traffic.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }
    /// Low numbers often, high ones rarely.
    fn popular(&mut self, limit: u64) -> u64 {
        self.below(limit).min(self.below(limit)).min(self.below(limit))
    }
    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.below(u64::MAX), self.below(u64::MAX))
    }
}

pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_millis() as i64
}

pub(crate) fn events(count: usize) -> Vec<Event<'static>> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let start = now_ms() - count as i64;
    let people: Vec<(Uuid, Uuid, u64)> = (0..2_000)
        .map(|_| (random.uuid(), random.uuid(), random.popular(300)))
        .collect();
    (0..count)
        .map(|number| event(&mut random, &people, start + number as i64))
        .collect()
}

fn event(random: &mut Random, people: &[(Uuid, Uuid, u64)], now: i64) -> Event<'static> {
    let (visitor, session, agent) = people[random.popular(2_000) as usize];
    let page = random.popular(5_000);
    let query = match random.below(5) {
        0 => format!(
            "?utm_source=newsletter{}&utm_medium=email&utm_campaign=spring_sale",
            random.popular(20)
        ),
        1 => format!("?gclid=Cj0KCQiA{}", random.below(1 << 40)),
        2 => format!("?page={}", random.below(9)),
        _ => String::new(),
    };
    let site = ["shop", "blog", "docs"][random.popular(3) as usize];
    Event {
        v: VERSION,
        id: random.uuid(),
        site: site.into(),
        kind: [Kind::PageView, Kind::PageLeave, Kind::Click, Kind::Custom][random.popular(4) as usize],
        name: ["", "", "add_to_cart"][random.below(3) as usize].into(),
        visitor,
        session,
        session_start: now - 600_000,
        session_reason: footfall_schemas::event::SessionReason::Idle,
        decision: footfall_schemas::event::Decision::Cookie,
        user_id: "".into(),
        page_id: random.uuid(),
        seq: random.below(20) as u32 + 1,
        attempt: 1,
        time: now - 40,
        ts: Some(now - 50),
        sent_at: Some(now - 10),
        received_at: now,
        url: format!("https://{site}.example.com/category-{}/product-{page}{query}", page % 50).into(),
        title: format!("Product number {page} – Example Shop").into(),
        referrer: ["", "https://www.google.com/", "https://shop.example.com/category-3/product-17"][random.below(3) as usize].into(),
        engagement_ms: 0,
        scroll: 0,
        screen_w: 1_920,
        screen_h: 1_080,
        viewport_w: 1_680,
        viewport_h: 920,
        language: ["en-US", "de-DE", "ja-JP"][random.popular(3) as usize].into(),
        timezone: "Europe/Vienna".into(),
        ip: format!("203.0.{}.0", random.below(250)).into(),
        ip_source: footfall_schemas::event::IpSource::Xff,
        origin: "".into(),
        user_agent: format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36", 40 + agent).into(),
        accept_language: "".into(),
        hints: Default::default(),
        gpc: false,
        dnt: false,
        consent: "".into(),
        token: "".into(),
        flags: Default::default(),
        props: vec![("plan".into(), "pro".into()), ("price".into(), format!("{}.99", random.below(200)).into())],
        traceparent: "".into(),
    }
}

pub(crate) fn log_json(events: &[Event<'_>]) -> Vec<Bytes> {
    events
        .iter()
        .map(|event| Bytes::from(serde_json::to_vec(event).expect("JSON")))
        .collect()
}

/// The 19 columns of A's table. Sort key, fsync and form of the parts are those of `events`, so that both merge alike.
pub(crate) const RAW_TABLE: &str = "CREATE TABLE raw (id UUID, site LowCardinality(String), type LowCardinality(String), \
    url String, title String, referrer String, ts DateTime64(3, 'UTC'), sent_at DateTime64(3, 'UTC'), \
    received_at DateTime64(3, 'UTC'), visitor UUID, session UUID, user_agent String, language LowCardinality(String), \
    screen_w UInt32, screen_h UInt32, ip IPv6, seq UInt32, page_id UUID, props Map(LowCardinality(String), String)) \
    ENGINE = MergeTree PARTITION BY toYYYYMM(received_at) ORDER BY (site, toDate(ts), type, ts) \
    SETTINGS non_replicated_deduplication_window = 0, fsync_after_insert = 1, fsync_part_directory = 1, \
    min_bytes_for_wide_part = 67108864";

/// Bodies of `rows` lines each.
pub(crate) fn raw_json(events: &[Event<'_>], rows: usize) -> Vec<Bytes> {
    events
        .chunks(rows)
        .map(|chunk| Bytes::from(chunk.iter().fold(String::new(), raw_line)))
        .collect()
}

fn raw_line(mut out: String, event: &Event<'_>) -> String {
    let text = |text: &str| serde_json::to_string(text).expect("JSON");
    let props: serde_json::Map<_, _> = event
        .props
        .iter()
        .map(|(k, v)| (k.to_string(), v.as_ref().into()))
        .collect();
    let _ = writeln!(
        out,
        r#"{{"id":"{}","site":{},"type":"{}","url":{},"title":{},"referrer":{},"ts":"{}","sent_at":"{}","received_at":"{}","visitor":"{}","session":"{}","user_agent":{},"language":{},"screen_w":{},"screen_h":{},"ip":"::ffff:{}","seq":{},"page_id":"{}","props":{}}}"#,
        event.id,
        text(&event.site),
        event.kind.label(),
        text(&event.url),
        text(&event.title),
        text(&event.referrer),
        time(event.ts),
        time(event.sent_at),
        time(Some(event.received_at)),
        event.visitor,
        event.session,
        text(&event.user_agent),
        text(&event.language),
        event.screen_w,
        event.screen_h,
        event.ip,
        event.seq,
        event.page_id,
        serde_json::Value::Object(props),
    );
    out
}

/// `2026-11-21 15:04:05.123`: what the engine reads fastest.
fn time(millis: Option<i64>) -> String {
    let millis = millis.unwrap_or_default();
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    format!(
        "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{:03}",
        rest % 1_000
    )
}

/// Howard Hinnant's `civil_from_days`, public domain.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (
        yoe + era * 400 + i64::from(month <= 2),
        month,
        doy - (153 * mp + 2) / 5 + 1,
    )
}
