//! Forgery: what is not exactly what we wrote is refused.

use super::{Cookie, Refused};
use crate::identity::fingerprint::Fingerprint;
use crate::identity::ring::KeyRing;
use crate::identity::session::Session;
use footfall_schemas::event::SessionReason;
use uuid::Uuid;

fn ring(key: u8) -> KeyRing {
    KeyRing::parse(&crate::secret::to_hex(&[key; 32])).unwrap()
}

fn cookie() -> Cookie {
    Cookie {
        visitor: Uuid::from_u128(0x0193_2f4c_8d1e_8c3a_9b5f_0123_4567_89ab),
        session: Session {
            id: Uuid::from_u128(7),
            start: 1_795_273_446_000,
            last: 1_795_273_447_001,
            reason: SessionReason::Campaign,
            signed_in: true,
            campaign: 0x1234_abcd,
            number: 9999,
        },
        fingerprint: Fingerprint {
            network: 1,
            agent: 0xffff_ffff,
        },
    }
}

fn written(cookie: &Cookie, site: &str, ring: &KeyRing) -> Vec<u8> {
    let mut text = Vec::new();
    cookie.write(site, ring.signing(0), &mut text);
    text
}

fn read(text: &[u8], site: &str, ring: &KeyRing) -> Result<Cookie, Refused> {
    Cookie::read(text, site, ring).map(|(cookie, _)| cookie)
}

#[test]
fn a_cookie_is_read_as_it_was_written() {
    let ring = ring(1);
    let text = written(&cookie(), "demo", &ring);
    assert_eq!(read(&text, "demo", &ring), Ok(cookie()));
    assert_eq!(text.len(), Cookie::usual_bytes("demo"));
    let text = String::from_utf8(text).unwrap();
    let (signed, signature) = text.rsplit_once('.').unwrap();
    assert_eq!(
        signed,
        "v1.4063a895.demo.01932f4c8d1e8c3a9b5f0123456789ab.00000000000000000000000000000007.9999\
         .1795273446000.1795273447001.c11234abcd.00000001ffffffff"
    );
    assert_eq!(signature.len(), 64);
}

#[test]
fn no_flipped_bit_is_accepted() {
    let ring = ring(1);
    let good = written(&cookie(), "demo", &ring);
    let mut tried = 0;
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            assert!(read(&bad, "demo", &ring).is_err(), "byte {at}, bit {bit}");
            tried += 1;
        }
    }
    assert_eq!(tried, good.len() * 8);
}

#[test]
fn no_byte_can_be_left_out_added_or_put_elsewhere() {
    let ring = ring(1);
    let good = written(&cookie(), "demo", &ring);
    for at in 0..good.len() {
        let mut less = good.clone();
        less.remove(at);
        assert!(read(&less, "demo", &ring).is_err(), "without byte {at}");
        for more in [b'0', b'.', b'a', b'+', b' ', 0] {
            let mut text = good.clone();
            text.insert(at, more);
            assert!(read(&text, "demo", &ring).is_err(), "byte {more} at {at}");
        }
        assert!(read(&good[..at], "demo", &ring).is_err(), "cut at {at}");
        assert!(read(&good[at + 1..], "demo", &ring).is_err());
    }
    let fields: Vec<_> = good.split(|byte| *byte == b'.').collect();
    for a in 0..fields.len() {
        for b in 0..a {
            let mut swapped = fields.clone();
            swapped.swap(a, b);
            assert!(
                read(&swapped.join(&b'.'), "demo", &ring).is_err(),
                "fields {b} and {a}"
            );
        }
    }
    assert_eq!(read(&[b'.'; 5000], "demo", &ring), Err(Refused::Form));
    assert_eq!(read(b"", "demo", &ring), Err(Refused::Form));
}

#[test]
fn a_cookie_of_another_site_or_another_footfall_is_refused() {
    let ring_1 = ring(1);
    let good = written(&cookie(), "demo", &ring_1);
    assert_eq!(read(&good, "shop", &ring_1), Err(Refused::Form));
    // With the site's name changed in the text as well, the signature says no.
    let renamed = String::from_utf8(good.clone())
        .unwrap()
        .replace(".demo.", ".shop.");
    assert_eq!(read(renamed.as_bytes(), "shop", &ring_1), Err(Refused::Signature));
    assert_eq!(read(&good, "demo", &ring(2)), Err(Refused::Key));
    // Another's key under our key's name.
    let theirs = String::from_utf8(written(&cookie(), "demo", &ring(2))).unwrap();
    let named = theirs.replacen(theirs.split('.').nth(1).unwrap(), "4063a895", 1);
    assert_eq!(read(named.as_bytes(), "demo", &ring_1), Err(Refused::Signature));
}

#[test]
fn a_cookie_of_an_older_key_is_read_while_the_ring_has_it() {
    let mut ring = ring(1);
    let old = written(&cookie(), "demo", &ring);
    let kid = ring.signing(0).kid;
    ring.rotate(1, 1);
    assert_eq!(read(&old, "demo", &ring), Ok(cookie()));
    assert!(ring.revoke(std::str::from_utf8(&kid).unwrap()));
    assert_eq!(read(&old, "demo", &ring), Err(Refused::Key));
}
