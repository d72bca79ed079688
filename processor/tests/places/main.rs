//! Places: both schemas, files of IPv4 and IPv6, what cannot be used, and replacing files under the enrichment.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made;
mod reload;

use footfall_processor::enrich::folder::{DataError, Folder, PARTS};
use footfall_processor::enrich::place::{Database, Place, Places};
use footfall_processor::enrich::{Enricher, Enrichment};
use made::{Flat, Nested, Network, database};
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

fn column(address: &str) -> Ipv6Addr {
    match address.parse().unwrap() {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

fn place([country, region, city, asn_org]: [&str; 4], asn: u32) -> Place {
    Place {
        country: country.into(),
        region: region.into(),
        city: city.into(),
        asn,
        asn_org: asn_org.into(),
    }
}

fn open(name: &str, bytes: Vec<u8>) -> Database {
    Database::from_bytes(name.to_owned(), bytes).unwrap()
}

fn nested_cities() -> Vec<u8> {
    let vienna = Nested::city("AT", "Vienna", "Vienna");
    let nowhere = Nested::country("ZZ");
    database(
        6,
        "GeoLite2-City",
        &[
            ("::cb00:7100/120", &vienna),
            ("2001:db8::/32", &vienna),
            ("2a00::/16", &nowhere),
        ],
    )
}

#[test]
fn both_schemas_say_the_same_for_both_kinds_of_address() {
    let flat = Flat::city("AT", "Vienna", "Vienna");
    let separate = vec![
        open("v4", database(4, "city ipv4", &[("203.0.113.0/24", &flat)])),
        open("v6", database(6, "city ipv6", &[("2001:db8::/32", &flat)])),
    ];
    let expected = place(["AT", "Vienna", "Vienna", ""], 0);
    for places in [
        Places::new(separate),
        Places::new(vec![open("nested", nested_cities())]),
    ] {
        // The prefix, as `truncate` leaves it, and a whole address.
        for address in ["203.0.113.0", "203.0.113.77", "2001:db8:1::", "2001:db8:1::5"] {
            assert_eq!(*places.of(column(address)), expected, "{address}");
            assert_eq!(*places.of(column(address)), expected, "{address}, remembered");
        }
        for unknown in ["198.51.100.0", "2001:db9::", "::", "127.0.0.1", "2a00::"] {
            assert_eq!(*places.of(column(unknown)), Place::default(), "{unknown}");
        }
    }
}

#[test]
fn country_and_network_come_from_whichever_database_knows_them() {
    let (city, network) = (
        Nested::city("AT", "", "Linz"),
        Network::new(64_500, "Example Networks"),
    );
    let (country, other) = (Flat::country("de"), Flat::country("XYZ"));
    let places = Places::new(vec![
        open(
            "a-country",
            database(
                4,
                "country ipv4",
                &[
                    ("203.0.113.0/24", &country),
                    ("198.51.100.0/24", &country),
                    ("192.0.2.0/24", &other),
                ],
            ),
        ),
        open(
            "b-asn",
            database(4, "GeoLite2-ASN", &[("203.0.113.0/24", &network)]),
        ),
        open(
            "c-city",
            database(4, "GeoLite2-City", &[("203.0.113.0/24", &city)]),
        ),
    ]);
    // A city's country fits the city, though the file comes later by its name.
    let of = |address| (*places.of(column(address))).clone();
    assert_eq!(
        of("203.0.113.0"),
        place(["AT", "", "Linz", "Example Networks"], 64_500)
    );
    assert_eq!(of("198.51.100.0"), place(["DE", "", "", ""], 0));
    assert_eq!(of("192.0.2.0"), Place::default(), "no code of a country");
}

#[test]
fn what_is_no_database_is_told_and_never_half_used() {
    let whole = nested_cities();
    let cut = |at: usize| whole[..at].to_vec();
    let names = database(4, "names", &[("203.0.113.0/24", &"only a text")]);
    let other = database(
        4,
        "other",
        &[(
            "203.0.113.0/24",
            &std::collections::BTreeMap::from([("is_anonymous", true)]),
        )],
    );
    let empty = database(4, "empty", &[] as &[(&str, &Flat)]);
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("a text", b"country,city\nAT,Vienna\n".to_vec()),
        ("half of it", cut(whole.len() / 2)),
        ("all but the end", cut(whole.len() - 1)),
        ("records that are texts", names),
        ("records of something else", other),
        ("no records", empty),
    ] {
        let error = Database::from_bytes("x".to_owned(), bytes).unwrap_err();
        assert!(!error.is_empty(), "{what}");
        println!("{what}: {error}");
    }
}

#[test]
fn damage_anywhere_is_an_error_or_an_empty_answer() {
    let whole = nested_cities();
    for at in 0..whole.len() {
        for flip in [0xFF, 0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            let Ok(damaged) = Database::from_bytes("x".to_owned(), bytes) else {
                continue;
            };
            let places = Places::new(vec![damaged]);
            for address in ["203.0.113.0", "2001:db8::", "255.255.255.255", "ffff::"] {
                let _ = places.of(column(address));
            }
        }
    }
}

/// As copying tools do it.
fn put(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(".new"), bytes).unwrap();
    std::fs::rename(folder.join(".new"), folder.join(name)).unwrap();
}

#[test]
fn files_are_replaced_while_events_are_enriched_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let country = |code| database(4, "country", &[("203.0.113.0/24", &Flat::country(code))]);
    put(folder.path(), "country.mmdb", &country("AT"));
    let mut data = Folder::new(folder.path().to_owned(), PARTS);
    let refresh = |data: &mut Folder, now: &Enricher| data.refresh(now, true);
    let (first, errors) = refresh(&mut data, &Enricher::built_in());
    assert!(errors.is_empty(), "{errors:?}");
    let first = first.unwrap();
    let of = |enricher: &Enricher| enricher.places.of(column("203.0.113.0")).country.clone();
    assert_eq!(of(&first), "AT");
    assert!(
        first.versions().contains("places=country@20260617"),
        "{}",
        first.versions()
    );

    put(folder.path(), "country.mmdb", &country("DE")[..40]);
    let (broken, errors) = refresh(&mut data, &first);
    assert!(broken.is_none(), "the old data stay");
    assert!(
        matches!(&errors[..], [DataError::Broken(path, _)] if path.ends_with("country.mmdb")),
        "{errors:?}"
    );
    assert!(refresh(&mut data, &first).1.is_empty(), "told once");

    put(folder.path(), "country.mmdb", &country("DE"));
    let second = refresh(&mut data, &first).0.unwrap();
    assert_eq!(
        (of(&first), of(&second)),
        ("AT".to_owned(), "DE".to_owned()),
        "whoever had the first keeps it"
    );
    std::fs::remove_file(folder.path().join("country.mmdb")).unwrap();
    let third = refresh(&mut data, &second).0.unwrap();
    assert_eq!(of(&third), "");
    assert!(!third.versions().contains("places"));
}

#[test]
fn a_folder_with_a_broken_file_still_gives_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "x.mmdb", b"no");
    put(
        folder.path(),
        "sources.toml",
        b"[[source]]\nname = \"Us\"\nkind = \"own\"\nat = [\"us.example\"]\n",
    );
    let (enrichment, errors) = Enrichment::open(folder.path().to_owned());
    assert_eq!(errors.len(), 1);
    assert!(enrichment.now().sources.at("us.example", "/").is_some());
}
