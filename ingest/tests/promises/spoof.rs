//! Every way to claim another address in a header that the edge's proxies have not written: none is believed.

use crate::http::{Client, Request};
use crate::server::setup;
use footfall_schemas::event::IpSource;

/// What an attacker wants to be.
const CLAIM: &str = "198.51.100.66";
/// What the proxy appends: where the request really came from.
const REAL: &str = "203.0.113.7";

/// Headers as a client sends them.
const CLAIMS: [&[(&str, &str)]; 27] = [
    &[("x-forwarded-for", "198.51.100.66")],
    &[("x-forwarded-for", "198.51.100.66:443")],
    &[("x-forwarded-for", "::ffff:198.51.100.66")],
    &[("x-forwarded-for", "[::ffff:198.51.100.66]:443")],
    &[("x-forwarded-for", "::ffff:c633:6442")],
    &[("x-forwarded-for", "198.51.100.66, 198.51.100.66, 198.51.100.66")],
    &[("x-forwarded-for", "198.51.100.66,10.0.0.1")],
    &[("x-forwarded-for", "198.51.100.66, 127.0.0.1, 10.9.9.9")],
    &[("x-forwarded-for", "unknown, 198.51.100.66")],
    &[
        ("x-forwarded-for", "_hidden"),
        ("x-forwarded-for", "198.51.100.66"),
    ],
    &[("x-forwarded-for", ""), ("x-forwarded-for", "198.51.100.66")],
    &[
        ("x-forwarded-for", "198.51.100.66"),
        ("x-forwarded-for", "198.51.100.66"),
    ],
    &[("X-FORWARDED-FOR", " 198.51.100.66 ")],
    &[("forwarded", "for=198.51.100.66")],
    &[("forwarded", "for=\"198.51.100.66:443\"")],
    &[("forwarded", "for=\"[::ffff:198.51.100.66]:443\"")],
    &[("forwarded", "for=198.51.100.66;by=10.0.0.1;proto=https")],
    &[("forwarded", "for=_obf, for=198.51.100.66")],
    &[("forwarded", "for=\"x,for=198.51.100.66\"")],
    &[
        ("Forwarded", "For=198.51.100.66"),
        ("forwarded", "for=198.51.100.66"),
    ],
    &[
        ("forwarded", "for=198.51.100.66"),
        ("x-forwarded-for", "198.51.100.66"),
    ],
    &[("x-real-ip", "198.51.100.66")],
    &[
        ("true-client-ip", "198.51.100.66"),
        ("cf-connecting-ip", "198.51.100.66"),
    ],
    &[
        ("x-client-ip", "198.51.100.66"),
        ("x-cluster-client-ip", "198.51.100.66"),
    ],
    &[
        ("x-forwarded", "for=198.51.100.66"),
        ("forwarded-for", "198.51.100.66"),
    ],
    &[("via", "1.1 198.51.100.66"), ("client-ip", "198.51.100.66")],
    &[("x-forwarded-for", "198.51.100.66%eth0, 0xc6336442, 3325256770")],
];

fn with(claim: &[(&str, &str)]) -> Request {
    let body = r#"{"site":"demo","type":"click","ip":"198.51.100.66"}"#;
    let request = Request::post(body);
    claim
        .iter()
        .fold(request, |request, (name, value)| request.and(name, value))
}

#[tokio::test]
async fn no_claimed_address_is_believed() {
    let mut server = setup()
        .with(|config| config.proxies.trusted = vec!["127.0.0.1/32".parse().unwrap()])
        .start()
        .await;
    let mut believed = 0;
    let mut tried = 0;
    for claim in CLAIMS {
        // From somebody who is no proxy of ours.
        let mut stranger = Client::connect_from([127, 0, 0, 9], server.public).await.unwrap();
        assert_eq!(stranger.send(&with(claim)).await.status, 200, "{claim:?}");
        let event = server.event();
        assert_eq!(
            (event.ip.as_ref(), event.ip_source),
            ("127.0.0.9", IpSource::Peer),
            "{claim:?}"
        );
        believed += u32::from(event.ip.contains(CLAIM));
        // Through our proxy, which appends to the header that is there, or adds a line.
        let uses_forwarded = claim
            .iter()
            .all(|(name, _)| name.eq_ignore_ascii_case("forwarded"));
        let added = if uses_forwarded { "for=203.0.113.7" } else { REAL };
        let name = if uses_forwarded {
            "forwarded"
        } else {
            "x-forwarded-for"
        };
        assert_eq!(server.send(&with(claim).and(name, added)).await.status, 200);
        let event = server.event();
        assert_eq!(event.ip, REAL, "{claim:?}");
        believed += u32::from(event.ip.contains(CLAIM));
        tried += 2;
    }
    println!("{tried} requests that claim another address: {believed} believed");
    assert_eq!(believed, 0);
}
