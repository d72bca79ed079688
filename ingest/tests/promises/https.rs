//! The TLS port: what it agrees to, what it says, whom it turns away.

use crate::http::{Client, Request};
use crate::secure_client::{NAME, Shared, Trust, once, post, to};
use crate::server::{Server, Setup, eventually, setup};
use bytes::Bytes;
use footfall_ingest::TlsFiles;
use footfall_tls::{Authority, Signed};
use http_body_util::Full;
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

const BODY: &str = r#"{"site":"demo","type":"click"}"#;

/// Writes a pair beside the server's data.
pub(crate) fn files(setup: &Setup, signed: &Signed) -> TlsFiles {
    let folder = setup.path("");
    let (certificate, key) = signed.write(&folder, "edge").unwrap();
    TlsFiles { certificate, key }
}

/// An edge with a TLS port, and who signed its certificate.
pub(crate) async fn secure(change: impl FnOnce(Setup) -> Setup) -> (Server, Authority) {
    let ours = Authority::new("ours").unwrap();
    let setup = change(setup());
    let files = files(&setup, &ours.sign(NAME).unwrap());
    (setup.tls(files).await.start().await, ours)
}

/// A key as OpenSSL makes it, PKCS#8.
fn rsa_key() -> String {
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        .output()
        .expect("openssl, on Debian: apt-get install openssl");
    String::from_utf8(made.stdout).unwrap()
}

/// Protocols and ciphers that the port takes, as an independent scanner finds them.
fn scan(port: u16) -> (BTreeSet<String>, BTreeSet<String>) {
    let scanned = Command::new("sslscan")
        .args([
            "--no-colour",
            "--show-cipher-ids",
            "--xml=-",
            &format!("127.0.0.1:{port}"),
        ])
        .output()
        .expect("sslscan, on Debian: apt-get install sslscan");
    let text = String::from_utf8_lossy(&scanned.stdout).into_owned();
    let of = |line: &str, name: &str| {
        let (_, rest) = line
            .split_once(&format!(" {name}=\""))
            .unwrap_or_else(|| panic!("{line}"));
        rest.split('"').next().unwrap().to_owned()
    };
    let lines = |begin: &'static str| {
        text.lines()
            .map(str::trim)
            .filter(move |line| line.starts_with(begin))
    };
    let protocols = lines("<protocol ").filter(|line| of(line, "enabled") == "1");
    let protocols = protocols.map(|line| format!("{} {}", of(line, "type"), of(line, "version")));
    let ciphers = lines("<cipher ").map(|line| of(line, "cipher"));
    (protocols.collect(), ciphers.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_finds_modern_protocols_and_ciphers_only() {
    let ours = Authority::new("ours").unwrap();
    let pairs = [
        ("ECDSA", ours.sign(NAME).unwrap()),
        ("RSA", ours.sign_key(NAME, &rsa_key()).unwrap()),
    ];
    for (kind, pair) in pairs {
        let setup = setup();
        let files = files(&setup, &pair);
        let server = setup.tls(files).await.start().await;
        let port = server.tls.unwrap().port();
        let (protocols, ciphers) = tokio::task::spawn_blocking(move || scan(port)).await.unwrap();
        println!("{kind}: {protocols:?} {ciphers:?}");
        assert_eq!(
            protocols,
            BTreeSet::from(["tls 1.2".to_owned(), "tls 1.3".to_owned()])
        );
        let mut wanted = BTreeSet::from(
            [
                "TLS_AES_128_GCM_SHA256",
                "TLS_AES_256_GCM_SHA384",
                "TLS_CHACHA20_POLY1305_SHA256",
            ]
            .map(str::to_owned),
        );
        for cipher in ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"] {
            wanted.insert(format!("ECDHE-{kind}-{cipher}"));
        }
        assert_eq!(ciphers, wanted);
    }
}

#[tokio::test]
async fn an_event_by_either_protocol_is_kept_and_its_cookie_is_secure() {
    let (mut server, ours) = secure(|setup| setup).await;
    let at = server.tls.unwrap();
    let by_http1 = Trust::new(&ours, &["http/1.1"]).connect(at).await.unwrap();
    let mut answers = vec![once(by_http1, post(BODY)).await.unwrap()];
    // Who offers no protocol gets HTTP/1.1.
    let silent = Trust::new(&ours, &[]).connect(at).await.unwrap();
    // Also where the page calls this machine by its name: it came by TLS.
    let local = hyper::Request::post("/v1/events").header("host", "localhost");
    answers.push(once(silent, local.body(Full::from(BODY)).unwrap()).await.unwrap());
    let by_http2 = Trust::new(&ours, &["h2", "http/1.1"]).connect(at).await.unwrap();
    answers.push(Shared::new(by_http2).await.ask(post(BODY)).await.unwrap());
    for answer in &answers {
        assert_eq!(answer.status(), 200, "{answer:?}");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("; Secure"), "{cookie}");
    }
    assert_eq!(server.events().len(), 3);
    assert_eq!(
        server
            .metric("footfall_ingest_requests_total{status=\"200\"}")
            .await,
        3.0
    );
}

#[tokio::test]
async fn every_answer_has_security_headers_and_by_tls_hsts() {
    let (server, ours) = secure(|setup| {
        setup.with(|config| {
            let own = axum::routing::get(async || ([("referrer-policy", "same-origin")], "a page"));
            config.extra.public = axum::Router::new().route("/page", own);
        })
    })
    .await;
    for path in [
        "/health",
        "/ready",
        "/beacon.js",
        "/v1/pixel.gif?site=demo",
        "/nowhere",
        "/page",
    ] {
        let stream = Trust::new(&ours, &["h2"])
            .connect(server.tls.unwrap())
            .await
            .unwrap();
        let secure = Shared::new(stream)
            .await
            .ask(to("GET", path).body(Full::<Bytes>::default()).unwrap())
            .await
            .unwrap();
        let plain = server.send(&Request::get(path)).await;
        let referrer = if path == "/page" {
            "same-origin"
        } else {
            "no-referrer"
        };
        for (name, wanted) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", referrer),
            ("cross-origin-resource-policy", "cross-origin"),
        ] {
            assert_eq!(secure.headers()[name], wanted, "{path}");
            assert_eq!(plain.header(name), wanted, "{path}");
        }
        assert_eq!(
            secure.headers()["strict-transport-security"],
            "max-age=31536000",
            "{path}"
        );
        assert_eq!(plain.header("strict-transport-security"), "", "{path}");
    }
}

#[tokio::test]
async fn plain_http_on_the_tls_port_is_told_so() {
    let (mut server, _) = secure(|setup| setup).await;
    let mut client = Client::connect(server.tls.unwrap()).await;
    let answer = client.send(&Request::post(BODY)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.body,
        b"this port speaks HTTPS: write https:// in the address\n"
    );
    assert!(client.is_closed().await);
    // Bytes of neither kind are hung up on.
    let mut client = Client::connect(server.tls.unwrap()).await;
    client.write(b"\x00\x01\x02 neither of the two").await;
    assert!(client.is_closed().await);
    assert_eq!(
        server
            .metric("footfall_ingest_tls_failed_total{kind=\"plain_http\"}")
            .await,
        1.0
    );
    assert_eq!(
        server
            .metric("footfall_ingest_tls_failed_total{kind=\"handshake\"}")
            .await,
        1.0
    );
    assert!(server.records().is_empty());
}

#[tokio::test]
async fn a_handshake_has_a_deadline_and_counts_as_a_connection() {
    let (server, ours) = secure(|setup| {
        setup.with(|config| {
            // Within it three connections are made and a fourth is refused.
            config.timeouts.header_read = Duration::from_secs(6);
            config.limits.connections = 3;
        })
    })
    .await;
    // Nothing, the beginning of a record, and a plain connection: all of one limit.
    let at = server.tls.unwrap();
    let mut held = vec![
        Client::connect(at).await,
        Client::connect(at).await,
        server.client().await,
    ];
    held[1].write(b"\x16\x03\x01\x02\x00\x01").await;
    eventually("three connections", async || {
        server.metric("footfall_ingest_connections_total").await >= 3.0
    })
    .await;
    Trust::new(&ours, &[])
        .connect(at)
        .await
        .expect_err("a fourth connection");
    assert_eq!(
        server
            .metric("footfall_ingest_connections_refused_total{limit=\"total\"}")
            .await,
        1.0
    );
    for client in &mut held {
        assert!(client.is_closed().await);
    }
    assert_eq!(
        server
            .metric("footfall_ingest_timeouts_total{kind=\"handshake\"}")
            .await,
        2.0
    );
    eventually("the permits are back", async || {
        match Trust::new(&ours, &[]).connect(at).await {
            Ok(stream) => once(stream, post(BODY))
                .await
                .is_ok_and(|answer| answer.status() == 200),
            Err(_) => false,
        }
    })
    .await;
}

#[tokio::test]
async fn a_head_by_tls_has_a_deadline_too() {
    let (server, ours) =
        secure(|setup| setup.with(|config| config.timeouts.header_read = Duration::from_secs(4))).await;
    for protocol in ["http/1.1", "h2"] {
        let mut stream = Trust::new(&ours, &[protocol])
            .connect(server.tls.unwrap())
            .await
            .unwrap();
        let end = async {
            while !matches!(
                tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1024]).await,
                Ok(0) | Err(_)
            ) {}
        };
        if protocol == "h2" {
            // Idle: the patience of an idle connection, which is longer.
            tokio::time::timeout(Duration::from_secs(8), end)
                .await
                .expect_err("an idle connection is kept");
        } else {
            end.await;
        }
    }
}
