//! Certificate and key: read, compared, renewed while in use; what is wrong is named, and the old pair stays.

use crate::https::{files, secure};
use crate::secure_client::{NAME, Shared, Trust, once, own, post, shown};
use crate::server::{Server, eventually, setup};
use footfall_ingest::TlsFiles;
use footfall_tls::{Authority, Signed};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::task::JoinSet;

const BODY: &str = r#"{"site":"demo","type":"click"}"#;
const RELOADED: &str = "footfall_ingest_tls_reloaded_total";
const BROKEN: &str = "footfall_ingest_tls_broken_total";

async fn shows(server: &Server, trust: &Trust) -> Vec<u8> {
    shown(&trust.connect(server.tls.unwrap()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_under_load_without_one_failed_request() {
    let ours = Authority::new("ours").unwrap();
    let setup = setup().with(|config| config.limits.connections_per_address = 8192);
    let first = ours.sign(NAME).unwrap();
    let files = files(&setup, &first);
    let server = Arc::new(setup.tls(files.clone()).await.start().await);
    let (at, stop, answered) = (
        server.tls.unwrap(),
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let mut clients = JoinSet::new();
    for client in 0..8 {
        let trust = Trust::new(&ours, if client % 2 == 0 { &["http/1.1"] } else { &["h2"] });
        let (stop, answered, seen) = (Arc::clone(&stop), Arc::clone(&answered), Arc::clone(&seen));
        clients.spawn(async move {
            // Half of them open a connection for each request, half keep one for ever.
            let kept = match client % 2 {
                1 => Some(Shared::new(trust.connect(at).await.unwrap()).await),
                _ => None,
            };
            while !stop.load(Ordering::Relaxed) {
                let answer = match &kept {
                    Some(kept) => kept.ask(post(BODY)).await,
                    None => {
                        let stream = trust.connect(at).await.unwrap();
                        seen.lock().unwrap().insert(shown(&stream));
                        once(stream, post(BODY)).await
                    }
                };
                assert_eq!(answer.unwrap().status(), 200);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let is_shown = |pair: &Signed| seen.lock().unwrap().contains(&own(pair));
    eventually("the first pair is shown", async || is_shown(&first)).await;
    for number in 1..=5 {
        let next = ours.sign(NAME).unwrap();
        let before = answered.load(Ordering::Relaxed);
        // As renewals do: one file after the other, and in between they do not fit each other.
        std::fs::write(&files.key, &next.key).unwrap();
        std::fs::write(&files.certificate, &next.chain).unwrap();
        eventually("the new pair is in use", async || {
            server.metric(RELOADED).await >= f64::from(number)
        })
        .await;
        eventually("the new pair is shown", async || is_shown(&next)).await;
        eventually("load goes on", async || {
            answered.load(Ordering::Relaxed) > before + 50
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    println!("{} requests, 5 renewals", answered.load(Ordering::Relaxed));
    assert_eq!(seen.lock().unwrap().len(), 6, "nothing else was ever shown");
}

/// What a pair may be spoiled by, and what must be said of it.
fn spoiled(ours: &Authority, good: &Signed) -> Vec<(&'static str, Signed)> {
    let with = |chain: &str, key: &str| Signed {
        chain: chain.to_owned(),
        key: key.to_owned(),
    };
    let half = |text: &str| text[..text.len() / 2].to_owned();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGb\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nMIGb\n-----END CERTIFICATE-----\n";
    vec![
        ("edge.pem: it is not PEM", with(&half(&good.chain), &good.key)),
        ("edge.key: it is not PEM", with(&good.chain, &half(&good.key))),
        ("edge.pem: there is no certificate in it", with("", &good.key)),
        ("edge.key: there is no private key in it", with(&good.chain, "")),
        (
            "edge.key: there is no private key in it",
            with(&good.chain, encrypted),
        ),
        (
            "edge.pem: there is no certificate in it",
            with(&good.key, &good.key),
        ),
        ("cannot use the certificate in", with(no_certificate, &good.key)),
        (
            "does not fit the certificate in",
            with(&good.chain, &ours.sign(NAME).unwrap().key),
        ),
        (
            "is not the server's own: the key fits number 2",
            with(&format!("{}{}", ours.pem, good.chain), &good.key),
        ),
    ]
}

#[tokio::test]
async fn a_pair_that_cannot_be_used_leaves_the_old_one_in_use() {
    let (server, ours) = secure(|setup| setup).await;
    let trust = Trust::new(&ours, &[]);
    let before = shows(&server, &trust).await;
    let folder = server.path("");
    let good = ours.sign(NAME).unwrap();
    let mut broken = 0.0;
    for (what, pair) in spoiled(&ours, &good) {
        let (certificate, key) = pair.write(&folder, "edge").unwrap();
        let said = TlsFiles { certificate, key }.check().unwrap_err();
        assert!(said.to_string().contains(what), "{said}, not {what}");
        broken += 1.0;
        eventually(what, async || server.metric(BROKEN).await >= broken).await;
        broken = server.metric(BROKEN).await;
        assert_eq!(shows(&server, &trust).await, before, "{what}");
    }
    std::fs::remove_file(folder.join("edge.key")).unwrap();
    eventually("the key is away", async || server.metric(BROKEN).await > broken).await;
    assert_eq!(shows(&server, &trust).await, before);
    assert_eq!(server.metric(RELOADED).await, 0.0);
    good.write(&folder, "edge").unwrap();
    eventually("the new pair is in use", async || {
        server.metric(RELOADED).await == 1.0
    })
    .await;
    assert_eq!(shows(&server, &trust).await, own(&good));
}

#[tokio::test]
async fn it_does_not_start_with_a_pair_that_cannot_be_used() {
    let ours = Authority::new("ours").unwrap();
    let other = Signed {
        key: ours.sign(NAME).unwrap().key,
        ..ours.sign(NAME).unwrap()
    };
    let setup = setup();
    let files = files(&setup, &other);
    let said = setup
        .tls(files)
        .await
        .start()
        .await
        .ended()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("cannot serve HTTPS: the key in") && said.contains("edge.key"),
        "{said}"
    );
}

#[tokio::test]
async fn a_chain_leads_to_the_root_that_clients_trust() {
    let root = Authority::new("root").unwrap();
    let setup = setup();
    let files = files(&setup, &root.intermediate("between").unwrap().sign(NAME).unwrap());
    let server = setup.tls(files).await.start().await;
    let stream = Trust::new(&root, &[]).connect(server.tls.unwrap()).await.unwrap();
    assert_eq!(once(stream, post(BODY)).await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_figures_say_until_when_the_certificate_is_good() {
    let ours = Authority::new("ours").unwrap();
    let setup = setup();
    let files = files(&setup, &ours.lasting(NAME, 10).unwrap());
    let facts = files.check().unwrap();
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let now = i64::try_from(now).unwrap();
    assert_eq!(facts.names, [NAME]);
    assert!(
        facts.ends_soon(now) && (9..=10).contains(&facts.days_left(now)),
        "{facts:?}"
    );
    let server = setup.tls(files).await.start().await;
    let said = server
        .metric("footfall_ingest_tls_certificate_expires_seconds")
        .await;
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    let wanted = facts.not_after as f64;
    assert_eq!(said, wanted);
    tokio::time::sleep(Duration::from_millis(1)).await;
    // One that has expired is used all the same: a restart at night must not end what a renewal mends.
    assert!(
        ours.expired(NAME)
            .unwrap()
            .write(&server.path(""), "edge")
            .is_ok()
    );
    eventually("the expired one is in use", async || {
        server.metric(RELOADED).await == 1.0
    })
    .await;
    Trust::new(&ours, &[])
        .connect(server.tls.unwrap())
        .await
        .expect_err("clients see it");
}
