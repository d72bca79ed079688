//! A person is erased in a cluster while copies of their events lie in Kafka, in the log of an edge that cannot reach it, and on
//! the way: nothing of them comes back, also when everything that Kafka has is read again. One machine, where every byte is
//! searched: `deploy/footfall/tests/one_machine/erase.rs`.

use footfall_tests::books::{self, number};
use footfall_tests::cluster::{Cluster, Wiring};
use footfall_tests::footfall::{Home, eventually};
use footfall_tests::http::Client;
use footfall_tests::kafka::Kafka;
use footfall_tests::server::Server;
use footfall_tests::service::Service;
use std::time::Duration;
use uuid::Uuid;

const USER: &str = "ada.lovelace-7731@shop.example";
const TOPIC: &str = "footfall-events";

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

fn count(home: &Home, what: &str) -> u64 {
    number(
        home,
        &format!("SELECT toUInt64({what}) AS n FROM footfall.events"),
    )
    .unwrap()
}

fn kept_out(home: &Home) -> u64 {
    let sql =
        "SELECT toUInt64(sum(last_seq - first_seq + 1)) AS n FROM footfall.ledger WHERE reason = 'erased'";
    number(home, sql).unwrap()
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
fn erase(wiring: &Wiring, user: &str) -> serde_json::Value {
    let said = wiring
        .run(&["erase", "--user", user, "--for-good", "--json"])
        .unwrap();
    serde_json::from_str(&said).unwrap()
}

#[test]
fn who_was_erased_comes_back_neither_from_kafka_nor_from_an_edge_that_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), 3).unwrap();
    let wiring = cluster.wiring.with(&[("FOOTFALL_ERASURE_KEY", &"5e".repeat(32))]);
    let mut ingest = wiring.ingest("edge-1").unwrap();
    // This one's broker is away: what it takes stays in its log.
    let away = wiring.with(&[("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")]);
    let mut cut_off = away.ingest("edge-2").unwrap();
    let home = wiring.home(&ingest);
    let mut processors = ["p-1", "p-2"].map(|name| wiring.processor(name).unwrap());
    let (hers, his) = (Uuid::new_v4(), Uuid::new_v4());
    comes(&ingest, hers, USER);
    comes(&ingest, his, "bob");
    comes(&cut_off, hers, USER);
    comes(&cut_off, his, "bob");
    says("rows of both", 8, || count(&home, "count()"));
    look_often(&cluster.clickhouse);
    // Copies that nobody has read yet.
    for processor in &mut processors {
        processor.stop().unwrap();
    }
    comes(&ingest, hers, USER);
    let with_name = |record: &&Vec<u8>| record.windows(USER.len()).any(|part| part == USER.as_bytes());
    says("the topic has her twice", 2, || {
        let records = Kafka::at(&cluster.broker.bootstrap()).records(TOPIC).unwrap();
        records.iter().filter(with_name).count() as u64
    });

    let receipt = erase(&wiring, USER);
    let removed = receipt["removed"].as_array().unwrap();
    assert_eq!(removed[0]["count"], 4, "{receipt}");
    assert!(receipt["remains"].to_string().contains("Kafka"), "{receipt}");

    // Unread copies; those of the edge, which finds its way now; and some that are sent late.
    let mut processors = ["p-3", "p-4"].map(|name| wiring.processor(name).unwrap());
    cut_off.kill9().unwrap();
    wiring.run_in(&cut_off.data, &["drain"]).unwrap();
    comes(&ingest, hers, USER);
    comes(&ingest, his, "bob");
    says("rows of him", 12, || {
        count(&home, &format!("countIf(page_id = '{his}')"))
    });
    // Her numbers are below his last ones: as long as one of them has no fate it is missing.
    eventually("the books are balanced", || books::balanced(&home)).unwrap();
    assert_eq!(count(&home, &format!("countIf(user_id = '{USER}')")), 0);
    // What she did on the page before she said who she was is hers too.
    assert_eq!(count(&home, &format!("countIf(page_id = '{hers}')")), 0);
    assert_eq!(kept_out(&home), 16);
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
    // Four pages of each of them, as both edges have sent them.
    eventually("all that was there is read again", || {
        let left_out = last.metric("footfall_processor_left_out_total")?;
        anyhow::ensure!(left_out >= 28.0, "{left_out} records left out");
        Ok(())
    })
    .unwrap();
    eventually("the books are balanced", || again.run(&["audit"])).unwrap();
    assert_eq!((count(&home, "count()"), kept_out(&home)), (rows + 4, erased));
    assert_eq!(count(&home, &format!("countIf(user_id = '{USER}')")), 0);
    ingest.stop().unwrap();
    last.stop().unwrap();
}
