//! What must be nowhere in a cluster is searched for everywhere: in the records of the topics, in the broker's files, in those
//! of every node and of ClickHouse, in the tables, in what services print, count and answer. One machine, where more is
//! sent and searched: `deploy/footfall/tests/one_machine/privacy.rs`.

use footfall_broker::{Broker, Options};
use footfall_search::{Found, Needles};
use footfall_tests::books::number;
use footfall_tests::cluster::{Cluster, Wiring};
use footfall_tests::footfall::{Home, eventually};
use footfall_tests::http::Client;
use footfall_tests::kafka::Kafka;
use footfall_tests::server::Server;
use footfall_tests::service::Service;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Header lines by which addresses come through the proxy, and what they say.
const WAYS: [(&str, &str); 5] = [
    ("x-forwarded-for", "203.0.113.197"),
    ("x-forwarded-for", "9.9.9.9, 203.0.113.197:4711"),
    ("x-forwarded-for", "::ffff:198.51.100.86"),
    ("x-forwarded-for", "[2001:db8:77:9d3e:61c8:f07b:2ea5:b419]:4711"),
    ("forwarded", "for=\"[2001:DB8:77:9D3E:61C8:F07B:2EA5:B419]:4711\""),
];
const ADDRESSES: [&str; 3] = [
    "198.51.100.86",
    "2001:db8:77:9d3e:61c8:f07b:2ea5:b419",
    "203.0.113.197",
];

/// Events that each way brings.
const KINDS: [&str; 6] = [
    "page_view",
    "login",
    "login_failed",
    "logout",
    "click",
    "page_leave",
];

const SALTS: &str = "footfall-salts";

/// What was found, by place.
type Findings = BTreeMap<String, Vec<Found>>;

fn addresses() -> Needles {
    let address = |ip: &str| Needles::address(ip.parse().unwrap());
    ADDRESSES
        .into_iter()
        .fold(Needles::default(), |all, ip| all.and(address(ip)))
}

fn note(place: &str, bytes: &[u8], needles: &Needles, findings: &mut Findings) {
    let found = needles.in_bytes(place, bytes);
    if !found.is_empty() {
        findings.entry(place.to_owned()).or_default().extend(found);
    }
}

/// Sends everything; all that was answered.
fn visit(ingest: &Service) -> Vec<u8> {
    let mut client = Client::new(ingest.http, Duration::from_secs(30));
    let mut answers = Vec::new();
    for way in WAYS {
        let origin = ("origin", "https://shop.example");
        for kind in KINDS {
            let body = format!(
                r#"{{"site":"demo","type":"{kind}","user_id":"ada","url":"https://shop.example/a"}}"#
            );
            let answer = client
                .request("POST", "/v1/events?debug=1", &[way, origin], body.as_bytes())
                .unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
            answers.extend(format!("{answer:?}{}", answer.text()).into_bytes());
        }
        for (method, path, body) in [
            ("GET", "/v1/pixel.gif?site=demo&url=https://shop.example/a", ""),
            ("GET", "/v1/pixel.gif?site=nobody", ""),
            ("POST", "/v1/events", "{"),
            ("POST", "/v1/events", r#"{"site":"nobody","type":"click"}"#),
            ("DELETE", "/v1/visitor?site=demo", ""),
        ] {
            let answer = client
                .request(method, path, &[way, origin], body.as_bytes())
                .unwrap();
            answers.extend(format!("{answer:?}{}", answer.text()).into_bytes());
        }
    }
    answers
}

/// Reads Footfall's own tables, as text and as raw bytes.
fn tables(server: &Server, needles: &Needles, findings: &mut Findings) {
    let ask = |sql: &str| {
        let headers = [
            ("x-clickhouse-user", "default"),
            ("x-clickhouse-key", server.password.as_str()),
        ];
        let mut client = Client::new(server.address, Duration::from_secs(60));
        let answer = client.request("POST", "/", &headers, sql.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
        answer.body
    };
    let list =
        "SELECT name FROM system.tables WHERE database = 'footfall' AND engine NOT LIKE '%View' FORMAT TSV";
    let list = String::from_utf8(ask(list)).unwrap();
    assert!(list.contains("events") && list.contains("ledger"), "{list}");
    for name in list.lines() {
        for format in ["TSV", "RowBinary"] {
            let rows = ask(&format!("SELECT * FROM footfall.`{name}` FORMAT {format}"));
            note("tables", &rows, needles, findings);
        }
    }
}

/// All files below the folder, by whose they are; but what services print, which is looked at line by line.
fn files(what: &str, folder: &Path, needles: &Needles, findings: &mut Findings) {
    let searched = needles.in_folder(folder).unwrap();
    println!("{what}: {searched}");
    assert!(searched.files > 10, "{searched}");
    for found in searched.found {
        if Path::new(&found.place)
            .extension()
            .is_some_and(|ending| ending == "out")
        {
            continue;
        }
        let part: Vec<_> = found.place.split('/').take(2).collect();
        let part = if part[0] == "clickhouse" {
            "clickhouse"
        } else {
            &part.join("/")
        };
        let inside = if found.place.ends_with("unpacked") {
            ", unpacked"
        } else {
            ""
        };
        findings
            .entry(format!("{what}: {part}{inside}"))
            .or_default()
            .push(found);
    }
}

/// What a service has printed: the log of logins, and everything else.
fn printed(what: &str, service: &Service, needles: &Needles, findings: &mut Findings) {
    let printed = service.printed();
    assert!(printed.contains(r#""level":"TRACE""#), "{printed}");
    for line in printed.lines() {
        let is_login = line.contains(r#""target":"auth""#);
        let place = if is_login { "printed logins" } else { what };
        note(place, line.as_bytes(), needles, findings);
    }
}

/// The wiring, with a proxy that is trusted, everything logged, and sites of that policy.
fn wired(wiring: &Wiring, folder: &Path, policy: &str) -> Wiring {
    let sites = folder.join("all-sites.toml");
    let site = format!("[[site]]\nkey = \"demo\"\norigins = [\"https://shop.example\"]\nip = \"{policy}\"\n");
    std::fs::write(&sites, site).unwrap();
    wiring.with(&[
        ("FOOTFALL_INGEST_SITES", sites.to_str().unwrap()),
        ("FOOTFALL_INGEST_TRUSTED_PROXIES", "127.0.0.1/32"),
        ("FOOTFALL_LOG_FOLDER", "logs"),
        ("FOOTFALL_LOG_LEVEL", "trace"),
        ("FOOTFALL_LOCAL_LOG_SEGMENT", "4MiB"),
    ])
}

/// Brings events through a cluster whose sites have that policy, and searches it while it runs and when it has stopped.
fn left_behind(policy: &str) -> Findings {
    let (folder, needles) = (tempfile::tempdir().unwrap(), addresses());
    let Cluster {
        wiring,
        broker,
        clickhouse,
    } = Cluster::start(folder.path(), 3).unwrap();
    let wiring = wired(&wiring, folder.path(), policy);
    let mut ingest = wiring.ingest("edge-1").unwrap();
    let mut processor = wiring.processor("p-1").unwrap();
    let mut findings = Findings::new();
    note("answers", &visit(&ingest), &needles, &mut findings);
    arrived(&wiring.home(&ingest));
    for service in [&ingest, &processor] {
        note(
            "figures",
            service.metrics().unwrap().as_bytes(),
            &needles,
            &mut findings,
        );
    }
    let search = |findings: &mut Findings| {
        files("nodes", folder.path(), &needles, findings);
        files("broker", broker.folder(), &needles, findings);
    };
    search(&mut findings);
    tables(&clickhouse, &needles, &mut findings);
    let records = Kafka::at(&broker.bootstrap()).records("footfall-events").unwrap();
    println!(
        "{policy}: {} records of the topic, {} bytes",
        records.len(),
        records.concat().len()
    );
    assert!(records.len() > WAYS.len() * KINDS.len());
    note(
        "records of the topic",
        &records.join(&b'\n'),
        &needles,
        &mut findings,
    );
    for service in [&mut ingest, &mut processor] {
        service.stop().unwrap();
    }
    search(&mut findings);
    note(
        "printed by the broker",
        broker.printed().as_bytes(),
        &needles,
        &mut findings,
    );
    printed("printed by ingest", &ingest, &needles, &mut findings);
    printed("printed by the processor", &processor, &needles, &mut findings);
    findings
}

/// Waits until every event has its row, the pixels' too.
fn arrived(home: &Home) {
    let sent = WAYS.len() * (KINDS.len() + 1);
    eventually("all rows", || {
        let rows = number(
            home,
            "SELECT count() AS n FROM footfall.events WHERE name != '$takeover'",
        )?;
        anyhow::ensure!(rows == sent as u64, "{rows} of {sent}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_truncated_address_is_in_no_record_no_file_no_row_no_figure_and_no_line_of_a_cluster() {
    let findings = left_behind("truncate");
    let found: Vec<_> = findings.values().flatten().map(Found::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The control: where addresses are kept, the same search finds each of them in each place that may have them, and none
/// elsewhere.
#[test]
fn an_address_that_is_kept_is_found_in_the_topic_the_log_the_tables_and_the_log_of_logins() {
    let mut findings = left_behind("full");
    // In what a codec or Kafka's compression has left as it was: by chance.
    let by_chance = findings.split_off("broker:").into_iter();
    let by_chance =
        by_chance.filter(|(place, _)| place != "nodes: clickhouse" && !place.starts_with("broker:"));
    findings.extend(by_chance.collect::<Findings>());
    let places: Vec<_> = findings.keys().map(String::as_str).collect();
    let belongs = [
        "nodes: clickhouse, unpacked",
        "nodes: edge-1/auth-log",
        "nodes: edge-1/log",
        "printed logins",
        "records of the topic",
        "tables",
    ];
    assert_eq!(places, belongs, "{findings:#?}");
    for place in belongs {
        for ip in ADDRESSES {
            assert!(
                findings[place].iter().any(|found| found.of == ip),
                "{ip}, {place}: {findings:#?}"
            );
        }
    }
}

/// Days since 1970, UTC; not at a moment when it changes within the test.
fn today() -> i64 {
    loop {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        if since.as_secs() % 86_400 < 86_400 - 300 {
            return i64::try_from(since.as_secs() / 86_400).unwrap();
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// No node was there when the time of a salt was over: the first that starts has it deleted. Yesterday's stays for what comes
/// late; and what a salt is never leaves the topic.
#[test]
fn a_salt_whose_time_is_over_is_deleted_when_the_first_node_starts() {
    let options = Options::default()
        .property("log.retention.check.interval.ms", "500")
        .property("log.initial.task.delay.ms", "500")
        .property("log.segment.delete.delay.ms", "100");
    let (folder, broker) = (tempfile::tempdir().unwrap(), Broker::start(&options).unwrap());
    let clickhouse = Server::start(&folder.path().join("clickhouse")).unwrap();
    let wiring = Wiring::new(folder.path(), &broker.bootstrap(), &clickhouse, 1, 1);
    let kafka = Kafka::at(&broker.bootstrap());
    // An hour in the product, where the days of a partition lie further apart.
    kafka.salts_apart(SALTS, Duration::from_millis(100)).unwrap();
    wiring.prepare().unwrap();
    let today = today();
    for (day, byte) in [(today - 2, "5e"), (today - 1, "a7")] {
        let (partition, salt) = (i32::from(day.rem_euclid(2) == 1), byte.repeat(32));
        kafka.publish(SALTS, partition, &day.to_string(), &salt).unwrap();
    }
    let on_disk = |of: &Needles| of.in_folder(broker.folder()).unwrap().found;
    let [over, yesterday] = [0x5e, 0xa7].map(|byte| Needles::secret("a salt", &[byte; 32]));
    assert!(
        !on_disk(&over).is_empty() && !on_disk(&yesterday).is_empty(),
        "the search finds them"
    );
    let mut ingest = wired(&wiring, folder.path(), "hash").ingest("edge-1").unwrap();
    eventually("the salt is in no file of the broker", || {
        let found = on_disk(&over);
        anyhow::ensure!(found.is_empty(), "{found:?}");
        Ok(())
    })
    .unwrap();
    assert!(!on_disk(&yesterday).is_empty());
    let records = kafka.records(SALTS).unwrap();
    // Yesterday's, today's and soon tomorrow's.
    assert!(records.len() >= 2, "{records:?}");
    let secrets = records.iter().map(|record| {
        let text = String::from_utf8_lossy(record);
        let hex: String = text.lines().nth(1).unwrap().to_owned();
        let bytes = (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
        Needles::secret("a salt", &bytes.collect::<Vec<_>>())
    });
    let secrets = secrets.fold(over, Needles::and);
    visit(&ingest);
    ingest.stop().unwrap();
    let mut findings = Findings::new();
    files("nodes", folder.path(), &secrets, &mut findings);
    printed("printed by ingest", &ingest, &secrets, &mut findings);
    assert!(findings.is_empty(), "{findings:#?}");
}
