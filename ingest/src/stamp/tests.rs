//! Event by event: ids, times, cuts and flags.

use super::{Sender, stamp};
use crate::head::Head;
use crate::identity::Trust;
use crate::identity::daily::DailySalts;
use crate::identity::ring::KeyRing;
use crate::identity::visit::{Arrival, Visit};
use crate::sites::Sites;
use crate::sites::live::Table;
use footfall_schemas::beacon::Stamp;
use footfall_schemas::event::IpSource;
use footfall_schemas::{BeaconEvent, Event, Flag, limits};
use serde_json::value::RawValue;
use uuid::Uuid;

const NOW: i64 = 1_795_273_446_000;

/// What differs from an ordinary event of a page.
struct Case {
    fields: &'static str,
    sent_at: Stamp,
    trust: Trust,
}

const PAGE: Case = Case {
    fields: "",
    sent_at: Stamp::Missing,
    trust: Trust::Public,
};

/// Stamps the event and gives what `look` sees of it.
fn stamped<T>(case: &Case, look: impl FnOnce(&Event<'_>) -> T) -> T {
    let table = Table::new(&Sites::demo([]).unwrap(), None);
    let json = format!(r#"{{"type":"click"{}}}"#, case.fields);
    let raw: &RawValue = serde_json::from_str(&json).unwrap();
    let (head, ring, salts) = (Head::default(), KeyRing::random(), DailySalts::shared());
    let live = table.get("demo").unwrap();
    let arrival = Arrival {
        live,
        head: &head,
        trust: case.trust,
        ip: [203, 0, 113, 7].into(),
        now: NOW,
        request: Uuid::from_u128(1),
    };
    let sender = Sender {
        live,
        head: &head,
        trust: case.trust,
        received_at: NOW,
        sent_at: case.sent_at,
        ip: "203.0.113.0",
        ip_source: IpSource::Peer,
        keep: &|ip| format!("kept {ip}"),
        pixel: false,
    };
    let mut visit = Visit::begin(arrival, &ring, &salts);
    look(&stamp(
        BeaconEvent::parse(raw).unwrap(),
        &sender,
        &mut visit,
        || [7; 10],
    ))
}

fn time(fields: &'static str, sent_at: Stamp, trust: Trust) -> (i64, bool, bool) {
    let case = Case {
        fields,
        sent_at,
        trust,
    };
    stamped(&case, |event| {
        let flags = event.flags;
        (
            event.time - NOW,
            flags.has(Flag::TimeClamped),
            flags.has(Flag::TsUnreadable),
        )
    })
}

#[test]
fn a_wrong_clock_of_the_client_cancels_out() {
    let an_hour_fast = Stamp::At(NOW + 3_600_000);
    assert_eq!(
        time(r#","ts":1795277044000"#, an_hour_fast, Trust::Public),
        (-2000, false, false)
    );
    assert_eq!(
        time(r#","ts":1795273444000"#, Stamp::Missing, Trust::Public),
        (-2000, false, false)
    );
    assert_eq!(time("", an_hour_fast, Trust::Public), (0, false, false));
    assert_eq!(
        time(r#","ts":"yesterday""#, an_hour_fast, Trust::Public),
        (0, false, true)
    );
}

#[test]
fn a_time_out_of_the_window_is_clamped_but_for_a_server() {
    let (past, future) = (-limits::TIME_PAST_MS, limits::TIME_FUTURE_MS);
    assert_eq!(
        time(r#","ts":0"#, Stamp::Missing, Trust::Public),
        (past, true, false)
    );
    assert_eq!(
        time(r#","ts":9223372036854775807"#, Stamp::At(i64::MIN), Trust::Public),
        (future, true, false)
    );
    assert_eq!(
        time(
            r#","ts":-9223372036854775808"#,
            Stamp::At(i64::MAX),
            Trust::Public
        ),
        (past, true, false)
    );
    assert_eq!(
        time(r#","ts":0"#, Stamp::At(NOW), Trust::Server),
        (-NOW, false, false)
    );
}

#[test]
fn an_id_is_kept_or_made_and_said() {
    let id = |fields| {
        stamped(&Case { fields, ..PAGE }, |event| {
            (event.id, event.flags.has(Flag::IdMade))
        })
    };
    let sent = "01932f4c-8d1e-7c3a-9b5f-0123456789ab";
    assert_eq!(
        id(r#","id":"01932f4c-8d1e-7c3a-9b5f-0123456789ab""#),
        (sent.parse().unwrap(), false)
    );
    for bad in [
        "",
        r#","id":"x""#,
        r#","id":"00000000-0000-0000-0000-000000000000""#,
        r#","id":"ffffffff-ffff-ffff-ffff-ffffffffffff""#,
    ] {
        let (made, said) = id(bad);
        assert_eq!((made.get_version_num(), said), (7, true), "{bad}");
        assert_eq!(made.get_timestamp().unwrap().to_unix().0, 1_795_273_446, "{bad}");
    }
}

#[test]
fn a_server_says_whose_address_it_was_or_nothing_is_stored() {
    let place = |fields, trust| {
        let case = Case {
            fields,
            trust,
            ..PAGE
        };
        stamped(&case, |event| {
            (
                event.ip.to_string(),
                event.ip_source,
                event.flags.has(Flag::Untrusted),
            )
        })
    };
    let named = r#","ip":"::ffff:198.51.100.7","user_agent":"x""#;
    assert_eq!(
        place(named, Trust::Server),
        ("kept 198.51.100.7".to_owned(), IpSource::Body, false)
    );
    assert_eq!(
        place(r#","ip":"nonsense""#, Trust::Server),
        (String::new(), IpSource::Body, false)
    );
    assert_eq!(
        place(named, Trust::Public),
        ("203.0.113.0".to_owned(), IpSource::Peer, true)
    );
    assert_eq!(
        place("", Trust::Public),
        ("203.0.113.0".to_owned(), IpSource::Peer, false)
    );
}

#[test]
fn a_name_beyond_the_sites_limit_moves_into_props() {
    let table = Table::new(&Sites::demo([]).unwrap(), None);
    let live = table.get("demo").unwrap();
    for n in 0..limits::NAMES_PER_SITE {
        assert!(live.memory.names.admit(&format!("name {n}")));
    }
    let case = Case {
        fields: r#","name":"one more","props":{"$name":"a lie","a":"b"}"#,
        ..PAGE
    };
    // A table of its own has room.
    assert_eq!(stamped(&case, |event| event.name.to_string()), "one more");
    let mut event = stamped(&case, |event| serde_json::to_string(event).unwrap());
    let mut parsed: Event<'_> = serde_json::from_str(&event).unwrap();
    super::limit_names(&mut parsed, live);
    event = serde_json::to_string(&parsed).unwrap();
    assert!(
        event.contains(r#""name":"(other)""#) && event.contains(r#""flags":["id_made","name_other"]"#),
        "{event}"
    );
    assert!(
        event.contains(r#""props":{"a":"b","$name":"one more"}"#),
        "{event}"
    );
}
