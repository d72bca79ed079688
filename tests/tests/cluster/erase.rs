//! A person is erased from among many in a cluster while copies of their events lie in the ledger, in Kafka, in the log of an
//! edge that cannot reach it, and on the way: every file is searched, nothing but what the receipt names has a byte of them,
//! and nothing comes back, also when everything that Kafka has is read again. One machine, with an address and traits too:
//! `deploy/footfall/tests/one_machine/erase.rs`.

use crate::acknowledged;
use footfall_search::{Found, Needles};
use footfall_tests::books::{self, number};
use footfall_tests::cluster::{Cluster, Wiring};
use footfall_tests::footfall::{Home, eventually};
use footfall_tests::http::Client;
use footfall_tests::kafka::Kafka;
use footfall_tests::load::{Control, Plan, run};
use footfall_tests::seed::Seed;
use footfall_tests::server::Server;
use footfall_tests::service::Service;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

const USER: &str = "ada.lovelace-7731@shop.example";
const TOPIC: &str = "footfall-events";
/// Events of everybody else; `TEST_EVENTS` overrides.
const CROWD: u64 = 20_000;

/// Four events of one page, the second of them a login. Nobody keeps cookies here: the visitor follows from the page.
fn comes(ingest: &Service, page: Uuid, user: &str) {
    let mut client = Client::new(ingest.http, Duration::from_secs(30));
    for kind in ["page_view", "login", "page_view", "click"] {
        let user = if kind == "login" { user } else { "" };
        let body = format!(
            r#"{{"site":"demo","id":"{}","type":"{kind}","user_id":"{user}","page_id":"{page}","url":"https://shop.example/a"}}"#,
            Uuid::now_v7()
        );
        let headers = [("origin", "https://shop.example")];
        let answer = client
            .request("POST", "/v1/events", &headers, body.as_bytes())
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// Many others; gives how many events.
fn crowd(home: &Home, events: u64, seed: &mut Seed) -> u64 {
    let mut taken = 0;
    while taken < events {
        let plan = Plan {
            clients: 4,
            events: (events - taken).min(100_000),
            batch: 50,
            pause: Duration::ZERO,
        };
        // By parts, as a witness remembers each event.
        let (witness, _) = run(home, &plan, seed, &Control::default());
        taken += acknowledged(&witness);
    }
    taken
}

/// Where something of the person is in the files of all nodes and of ClickHouse: node, and folder or file in it.
fn places(folder: &Path, needles: &Needles) -> BTreeSet<String> {
    let searched = needles.in_folder(folder).unwrap();
    println!("{searched}");
    assert!(searched.files > 50 && searched.unpacked > 1_000, "{searched}");
    let place = |found: &Found| found.place.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
    searched.found.iter().map(place).collect()
}

fn count(home: &Home, what: &str) -> u64 {
    number(
        home,
        &format!("SELECT toUInt64({what}) AS n FROM footfall.events"),
    )
    .unwrap()
}

fn ledger(home: &Home, what: &str) -> u64 {
    number(
        home,
        &format!("SELECT toUInt64({what}) AS n FROM footfall.ledger"),
    )
    .unwrap()
}

fn kept_out(home: &Home) -> u64 {
    ledger(home, "sumIf(last_seq - first_seq + 1, reason = 'erased')")
}

/// Of a page, whose visitor it is.
fn visitor(home: &Home, page: Uuid) -> Uuid {
    let sql = format!("SELECT DISTINCT visitor_id AS id FROM footfall.events WHERE page_id = '{page}'");
    let rows = books::query(home, &sql).unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0]["id"].as_str().unwrap().parse().unwrap()
}

/// What she did on the page before she said who she was is hers too.
fn nothing_of_her(home: &Home, page: Uuid) {
    assert_eq!(
        count(
            home,
            &format!("countIf(user_id = '{USER}' OR page_id = '{page}')")
        ),
        0
    );
    assert_eq!(
        ledger(home, &format!("countIf(position(payload, '{USER}') > 0)")),
        0
    );
}

/// Records of the topic that name her.
fn with_name(kafka: &Kafka) -> u64 {
    let with_name = |record: &&Vec<u8>| record.windows(USER.len()).any(|part| part == USER.as_bytes());
    kafka.records(TOPIC).unwrap().iter().filter(with_name).count() as u64
}

fn says(what: &str, wanted: u64, of: impl Fn() -> u64) {
    eventually(what, || {
        let found = of();
        anyhow::ensure!(found == wanted, "{found} of {wanted}");
        Ok(())
    })
    .unwrap();
}

/// A server that has had nothing to do looks for replaced parts only every five minutes, and `footfall erase` waits for that.
fn look_often(clickhouse: &Server) {
    let writer = [
        ("x-clickhouse-user", "default"),
        ("x-clickhouse-key", clickhouse.password.as_str()),
    ];
    let mut client = Client::new(clickhouse.address, Duration::from_secs(60));
    for table in ["events", "ledger"] {
        let sql = format!(
            "ALTER TABLE footfall.{table} MODIFY SETTING max_cleanup_delay_period = 1, cleanup_delay_period = 1"
        );
        let answer = client.request("POST", "/", &writer, sql.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// For good: what the person sends more than five minutes after an ordinary erasure has begun is recorded, and nobody knows how
/// long this one takes here.
fn erase(wiring: &Wiring, data: &Path, user: &str) -> serde_json::Value {
    let said = wiring
        .run_in(data, &["erase", "--user", user, "--for-good", "--json"])
        .unwrap();
    serde_json::from_str(&said).unwrap()
}

fn removed(receipt: &serde_json::Value, place: &str) -> u64 {
    let all = receipt["removed"].as_array().unwrap();
    let of = |one: &&serde_json::Value| one["place"].as_str().unwrap().starts_with(place);
    all.iter()
        .find(of)
        .map_or(0, |one| one["count"].as_u64().unwrap())
}

#[test]
fn who_was_erased_is_in_no_byte_that_the_receipt_does_not_name_and_comes_back_by_no_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = Seed::from_env();
    let others = std::env::var("TEST_EVENTS").map_or(CROWD, |text| text.parse().unwrap());
    let cluster = Cluster::start(folder.path(), 3).unwrap();
    let kafka = Kafka::at(&cluster.broker.bootstrap());
    let wiring = cluster.wiring.with(&[("FOOTFALL_ERASURE_KEY", &"5e".repeat(32))]);
    let mut ingest = wiring.ingest("edge-1").unwrap();
    // This one's broker is away: what it takes stays in its log.
    let away = wiring.with(&[("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")]);
    let mut cut_off = away.ingest("edge-2").unwrap();
    let home = wiring.home(&ingest);
    let mut processors = ["p-1", "p-2"].map(|name| wiring.processor(name).unwrap());
    let (hers, his) = (Uuid::new_v4(), Uuid::new_v4());
    let first = crowd(&home, others - others / 2, &mut seed);
    comes(&ingest, hers, USER);
    comes(&ingest, his, "bob");
    comes(&cut_off, hers, USER);
    comes(&cut_off, his, "bob");
    // What nobody can read is kept in the ledger, with the name in it.
    kafka
        .stripped(format!("{{\"user_id\":\"{USER}\",").as_bytes())
        .unwrap();
    says("rows of everybody", first + 8, || count(&home, "count()"));
    says("her payload", 1, || {
        ledger(&home, &format!("countIf(position(payload, '{USER}') > 0)"))
    });
    look_often(&cluster.clickhouse);
    // Copies that nobody has read yet.
    for processor in &mut processors {
        processor.stop().unwrap();
    }
    comes(&ingest, hers, USER);
    let second = crowd(&home, others / 2, &mut seed);
    says("the topic has her name three times", 3, || with_name(&kafka));

    // The control: it is all there, and the search finds it.
    let sought = Needles::text("name", USER)
        .and(Needles::id("page", hers))
        .and(Needles::id("visitor", visitor(&home, hers)));
    let named = ["edge-1.out", "edge-1/log", "edge-2.out", "edge-2/log"].map(str::to_owned);
    let named = BTreeSet::from(named);
    let rest = ["clickhouse/clickhouse", "edge-1/auth-log", "edge-2/auth-log"].map(str::to_owned);
    let everywhere = named.union(&BTreeSet::from(rest)).cloned().collect();
    assert_eq!(places(folder.path(), &sought), everywhere);

    let receipt = erase(&wiring, &wiring.operator(), USER);
    assert_eq!(
        ["table events", "table ledger"].map(|place| removed(&receipt, place)),
        [4, 1]
    );
    let remains = receipt["remains"].to_string();
    for place in [
        "the Kafka topic",
        "local logs",
        "on stdout of ingest",
        "run the same command on each ingest node",
    ] {
        assert!(remains.contains(place), "{remains}");
    }
    for (edge, logins) in [(&ingest, 2), (&cut_off, 1)] {
        let receipt = erase(&wiring, &edge.data, USER);
        assert_eq!(removed(&receipt, "log of logins"), logins);
    }
    assert_eq!(places(folder.path(), &sought), named);

    // Unread copies; those of the edge, which finds its way now; and some that are sent late.
    let mut processors = ["p-3", "p-4"].map(|name| wiring.processor(name).unwrap());
    cut_off.kill9().unwrap();
    wiring.run_in(&cut_off.data, &["drain"]).unwrap();
    comes(&ingest, hers, USER);
    comes(&ingest, his, "bob");
    says("rows of him and the others", 12 + first + second, || {
        count(&home, "count()")
    });
    // Her numbers are below his last ones: as long as one of them has no fate it is missing.
    eventually("the books are balanced", || books::balanced(&home)).unwrap();
    nothing_of_her(&home, hers);
    assert_eq!(kept_out(&home), 17);
    let (rows, erased) = (count(&home, "count()"), kept_out(&home));

    // Everything again, from the first record on.
    for processor in &mut processors {
        processor.stop().unwrap();
    }
    let again = wiring.with(&[("FOOTFALL_KAFKA_GROUP", "another")]);
    let mut last = again.processor("p-5").unwrap();
    comes(&ingest, his, "bob");
    says("rows of him", 16, || {
        count(&home, &format!("countIf(page_id = '{his}')"))
    });
    // Four pages of her and three of him, as both edges have sent them, and the others.
    eventually("all that was there is read again", || {
        let left_out = last.metric("footfall_processor_left_out_total")?;
        anyhow::ensure!(
            left_out >= (28 + first + second) as f64,
            "{left_out} records left out"
        );
        Ok(())
    })
    .unwrap();
    eventually("the books are balanced", || again.run(&["audit"])).unwrap();
    assert_eq!((count(&home, "count()"), kept_out(&home)), (rows + 4, erased));
    nothing_of_her(&home, hers);
    ingest.stop().unwrap();
    last.stop().unwrap();

    // The second time it takes the logins that were sent late. What is left is where the receipt has said, and Kafka's is gone
    // when its time is over.
    erase(&wiring, &ingest.data, USER);
    assert_eq!(places(folder.path(), &sought), named);
    kafka.remove_records("another").unwrap();
    assert_eq!(with_name(&kafka), 0);
}
