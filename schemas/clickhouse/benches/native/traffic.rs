//! Made-up traffic with the shape of real one: few sites, popular pages, repeated agents, unique ids, times that rise.

use footfall_schemas::{Flag, Flags};
use footfall_tables::EventRow;
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use uuid::Uuid;

/// xorshift64*: reproducible, and good enough for made-up traffic.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
    /// Low numbers often, high ones rarely.
    fn popular(&mut self, limit: u64) -> u64 {
        let (a, b, c) = (self.below(limit), self.below(limit), self.below(limit));
        a.min(b).min(c)
    }
    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }
}

/// What stays the same during one session.
#[derive(Clone)]
struct Session {
    visitor: Uuid,
    session: Uuid,
    start: i64,
    agent: String,
    country: &'static str,
    city: String,
    ip: Ipv6Addr,
    referrer: String,
    source: &'static str,
    screen: (u32, u32),
    page_id: Uuid,
    seq: u32,
}

/// One event with strings of its own.
pub(crate) struct Made {
    session: Session,
    id: Uuid,
    time: i64,
    received_at: i64,
    kind: &'static str,
    url: String,
    path: String,
    query: String,
    title: String,
    scroll: u32,
    props: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    log_seq: u64,
}

const START: i64 = 1_795_273_445_000;

fn session(random: &mut Random, now: i64) -> Session {
    let browser = random.popular(60);
    let place = random.popular(400);
    let source = ["", "google", "newsletter", "bing"][usize::try_from(random.popular(4)).unwrap()];
    Session {
        visitor: random.uuid(),
        session: random.uuid(),
        start: now,
        agent: format!(
            "Mozilla/5.0 (Windows NT 10.{}; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.{}",
            browser % 3,
            90 + browser,
            random.popular(20)
        ),
        country: ["DE", "US", "JP", "FR", "BR", "IN"][usize::try_from(place % 6).unwrap()],
        city: format!("City {place}"),
        ip: Ipv4Addr::from(u32::try_from(random.below(1 << 24)).unwrap() << 8).to_ipv6_mapped(),
        referrer: format!(
            "https://www.example{}.com/search/{}",
            random.popular(300),
            random.popular(50)
        ),
        source,
        screen: [(1920, 1080), (390, 844), (1440, 900), (2560, 1440)]
            [usize::try_from(random.popular(4)).unwrap()],
        page_id: random.uuid(),
        seq: 0,
    }
}

/// `count` events in the order of receipt, some 60 a second from 200 sessions at a time.
pub(crate) fn traffic(count: u64, first_seq: u64) -> Vec<Made> {
    let random = &mut Random(0x9E37_79B9_7F4A_7C15 ^ first_seq);
    let mut now = START + i64::try_from(first_seq * 16).unwrap();
    let mut sessions: Vec<_> = (0..200).map(|_| session(random, now)).collect();
    (0..count)
        .map(|number| {
            now += i64::try_from(random.below(33)).unwrap();
            let at = usize::try_from(random.below(200)).unwrap();
            if random.below(12) == 0 {
                sessions[at] = session(random, now);
            }
            event(random, &mut sessions[at], now, first_seq + number)
        })
        .collect()
}

fn event(random: &mut Random, session: &mut Session, now: i64, log_seq: u64) -> Made {
    let kind = ["page_view", "page_leave", "click", "custom"][usize::try_from(random.popular(4)).unwrap()];
    if kind == "page_view" {
        session.page_id = random.uuid();
        session.seq = 0;
    }
    session.seq += 1;
    let page = random.popular(2_000);
    let path = format!("/section-{}/article-{page}-about-something", page % 20);
    let query = if session.source.is_empty() {
        String::new()
    } else {
        format!("utm_source={}&utm_medium=cpc", session.source)
    };
    let time = now - i64::try_from(random.below(900)).unwrap();
    let millis = u128::try_from(time).unwrap();
    Made {
        id: Uuid::from_u128((millis << 80) | (random.uuid().as_u128() >> 48)),
        session: session.clone(),
        time,
        received_at: now,
        kind,
        url: format!(
            "https://www.example.org{path}{}{query}",
            if query.is_empty() { "" } else { "?" }
        ),
        title: format!("Article {page} about something | Example"),
        path,
        query,
        scroll: u32::try_from(random.below(101)).unwrap(),
        props: if kind == "custom" {
            vec![
                ("plan".into(), "basic".into()),
                ("price".into(), format!("{}.99", random.below(90)).into()),
            ]
        } else {
            Vec::new()
        },
        log_seq,
    }
}

impl Made {
    /// The event as a row, as far as a full enrichment fills it.
    pub(crate) fn row(&self) -> EventRow<'_> {
        let session = &self.session;
        let mut flags = Flags::default();
        flags.set_if(Flag::TimeClamped, self.scroll == 7);
        EventRow {
            site: "demo",
            kind: self.kind,
            name: if self.props.is_empty() { "" } else { "signup" },
            event_id: self.id,
            visitor_id: session.visitor,
            session_id: session.session,
            session_start: session.start,
            session_start_reason: "new",
            decision: "cookie",
            seq: session.seq,
            attempt: 1,
            time: self.time,
            client_time: Some(self.time + 1_234),
            sent_at: Some(self.received_at + 1_200),
            received_at: self.received_at,
            url: &self.url,
            host: "www.example.org",
            path: &self.path,
            query: &self.query,
            title: &self.title,
            page_id: session.page_id,
            referrer: &session.referrer,
            referrer_host: session
                .referrer
                .get(8..session.referrer.len().min(24))
                .unwrap_or(""),
            referrer_path: "/search",
            utm_source: session.source,
            utm_medium: if self.query.is_empty() { "" } else { "cpc" },
            channel: if self.query.is_empty() {
                "organic_search"
            } else {
                "paid_search"
            },
            country: session.country,
            region: "Region",
            city: &session.city,
            asn: 3_320,
            asn_org: "Example Telecom",
            browser: "Chrome",
            browser_version: session.agent.get(85..88).unwrap_or(""),
            os: "Windows",
            os_version: "10",
            device_type: "desktop",
            screen_w: session.screen.0,
            screen_h: session.screen.1,
            viewport_w: session.screen.0 - 20,
            viewport_h: session.screen.1 - 140,
            language: "en-US",
            timezone: "Europe/Berlin",
            accept_language: "en-US,en;q=0.9,de;q=0.8",
            user_agent: &session.agent,
            hint_platform: "\"Windows\"",
            ip: session.ip,
            ip_source: "peer",
            origin: "https://www.example.org",
            flags,
            engagement_ms: self.scroll * 397,
            scroll: self.scroll,
            props: &self.props,
            log_id: Uuid::from_u128(0x5EED_0000_0000_4000_8000_0000_0000_0001),
            log_seq: self.log_seq,
            insert_deadline: self.received_at + 3_600_000,
            enrich_version: 1,
            schema_version: 1,
            ..EventRow::default()
        }
    }
}
