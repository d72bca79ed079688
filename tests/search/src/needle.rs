//! The forms in which an address or a secret could stand somewhere.

use aho_corasick::AhoCorasick;
use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;
use uuid::Uuid;

/// Bytes to look for.
#[derive(Debug, Clone)]
struct Needle {
    /// What they stand for.
    of: String,
    /// In which form.
    form: &'static str,
    bytes: Vec<u8>,
    /// So short that they may stand among many other bytes by chance.
    short: bool,
}

/// All forms of some addresses and secrets.
#[derive(Debug, Clone, Default)]
pub struct Needles {
    all: Vec<Needle>,
    /// Finds all of them in one pass; made when first something is searched.
    automaton: OnceLock<AhoCorasick>,
}

impl FromIterator<Needle> for Needles {
    fn from_iter<I: IntoIterator<Item = Needle>>(all: I) -> Self {
        Self {
            all: all.into_iter().collect(),
            automaton: OnceLock::new(),
        }
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The address or secret.
    pub of: String,
    /// The form in which it stood there.
    pub form: &'static str,
    /// Where: as the search was told, or the file.
    pub place: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) in {}", self.of, self.form, self.place)
    }
}

impl Needles {
    /// More of them.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        self.all.into_iter().chain(more.all).collect()
    }

    /// An address in full. Of an IPv6 address each half counts for itself: the lower is somebody's device, and of the upper
    /// all but the /48.
    #[must_use]
    pub fn address(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self::v4(v4),
            IpAddr::V6(v6) => Self::v6(v6),
        }
    }

    fn v4(ip: Ipv4Addr) -> Self {
        let of = ip.to_string();
        let [a, b, c, d] = ip.octets();
        let text = |form, text: String| Needle::new(&of, form, text.into_bytes());
        let mut mapped = vec![0xff, 0xff];
        mapped.extend(ip.octets());
        let all = [
            text("text", of.clone()),
            text("with dashes", format!("{a}-{b}-{c}-{d}")),
            text("as names are looked up", format!("{d}.{c}.{b}.{a}")),
            text("decimal", ip.to_bits().to_string()),
            text("mapped", format!("{a:02x}{b:02x}:{c:02x}{d:02x}")),
            text("mapped, capitals", format!("{a:02X}{b:02X}:{c:02X}{d:02X}")),
            text("mapped, hex", format!("ffff{a:02x}{b:02x}{c:02x}{d:02x}")),
            text(
                "mapped, hex, capitals",
                format!("FFFF{a:02X}{b:02X}{c:02X}{d:02X}"),
            ),
            Needle::new(
                &of,
                "mapped, turned round",
                mapped.iter().rev().copied().collect(),
            ),
            Needle::new(&of, "mapped, raw", mapped),
            text("hex", format!("{a:02x}{b:02x}{c:02x}{d:02x}")).short(),
            text("hex, capitals", format!("{a:02X}{b:02X}{c:02X}{d:02X}")).short(),
            text("hex, turned round", format!("{d:02x}{c:02x}{b:02x}{a:02x}")).short(),
            Needle::new(&of, "raw", vec![a, b, c, d]).short(),
            Needle::new(&of, "raw, turned round", vec![d, c, b, a]).short(),
        ];
        all.into_iter().collect()
    }

    fn v6(ip: Ipv6Addr) -> Self {
        let (of, bytes, groups) = (ip.to_string(), ip.octets(), ip.segments());
        let mut all = Vec::new();
        for (groups, bytes) in groups.chunks(4).zip(bytes.chunks(8)) {
            let join = |text: fn(&u16) -> String| groups.iter().map(text).collect::<Vec<_>>().join(":");
            for (form, text) in [
                ("text", join(|group| format!("{group:x}"))),
                ("text, capitals", join(|group| format!("{group:X}"))),
                ("text, filled up", join(|group| format!("{group:04x}"))),
            ] {
                all.push(Needle::new(&of, form, text.into_bytes()));
            }
            all.extend(Self::raw(&of, bytes));
        }
        all.into_iter().collect()
    }

    /// A secret of at least 8 bytes, as bytes and as hex.
    #[must_use]
    pub fn secret(name: &str, bytes: &[u8]) -> Self {
        Self::raw(name, bytes).into_iter().collect()
    }

    /// A text as it is.
    #[must_use]
    pub fn text(name: &str, text: &str) -> Self {
        std::iter::once(Needle::new(name, "text", text.as_bytes().to_vec())).collect()
    }

    /// An id as text, and its halves: ClickHouse keeps each turned round for itself.
    #[must_use]
    pub fn id(name: &str, id: Uuid) -> Self {
        let halves = id.as_bytes().chunks(8).map(|half| Self::secret(name, half));
        halves.fold(Self::text(name, &id.to_string()), Self::and)
    }

    fn raw(of: &str, bytes: &[u8]) -> Vec<Needle> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let turned: Vec<u8> = bytes.iter().rev().copied().collect();
        vec![
            Needle::new(of, "hex", hex(bytes).into_bytes()),
            Needle::new(of, "hex, capitals", hex(bytes).to_uppercase().into_bytes()),
            Needle::new(of, "hex, turned round", hex(&turned).into_bytes()),
            Needle::new(of, "raw", bytes.to_vec()),
            Needle::new(of, "raw, turned round", turned),
        ]
    }

    /// What of it is in these bytes; every form, so they should be no more than some hundred kilobytes, or text.
    #[must_use]
    pub fn in_bytes(&self, place: &str, bytes: &[u8]) -> Vec<Found> {
        self.find(place, bytes, true)
    }

    /// The same without the forms that are short enough to be in a megabyte of noise by chance.
    #[must_use]
    pub fn in_noise(&self, place: &str, bytes: &[u8]) -> Vec<Found> {
        self.find(place, bytes, false)
    }

    fn find(&self, place: &str, bytes: &[u8], short_too: bool) -> Vec<Found> {
        let automaton = self.automaton.get_or_init(|| {
            let all = self.all.iter().map(|needle| &needle.bytes);
            AhoCorasick::new(all)
                .unwrap_or_else(|error| panic!("more needles than can be searched for: {error}"))
        });
        let found = automaton
            .find_overlapping_iter(bytes)
            .map(|found| &self.all[found.pattern()]);
        let found = found.filter(|needle| short_too || !needle.short);
        let found: BTreeSet<_> = found.map(|needle| (needle.of.as_str(), needle.form)).collect();
        found
            .into_iter()
            .map(|(of, form)| Found {
                of: of.to_owned(),
                form,
                place: place.to_owned(),
            })
            .collect()
    }
}

impl Needle {
    fn new(of: &str, form: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            of: of.to_owned(),
            form,
            bytes,
            short: false,
        }
    }

    fn short(self) -> Self {
        Self { short: true, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::Needles;
    use uuid::Uuid;

    fn forms(ip: &str, bytes: &[u8]) -> Vec<&'static str> {
        let found = Needles::address(ip.parse().unwrap()).in_bytes("here", bytes);
        found.iter().map(|found| found.form).collect()
    }

    #[test]
    fn an_ipv4_address_is_found_in_each_form() {
        let ip = "203.0.113.197";
        for (text, form) in [
            ("203.0.113.197", "text"),
            (r#"{"ip":"203.0.113.197:4711"}"#, "text"),
            ("::ffff:203.0.113.197", "text"),
            ("197.113.0.203.in-addr.arpa", "as names are looked up"),
            ("203-0-113-197.dsl.example", "with dashes"),
            ("::ffff:cb00:71c5", "mapped"),
            ("0xCB0071C5", "hex, capitals"),
            ("c57100cb", "hex, turned round"),
            ("3405803973", "decimal"),
            ("\u{1}::FFFF:CB00:71C5", "mapped, capitals"),
        ] {
            assert!(forms(ip, text.as_bytes()).contains(&form), "{text}: {form}");
        }
        assert_eq!(forms(ip, b"x\xcb\x00\x71\xc5x"), ["raw"]);
        assert_eq!(forms(ip, b"\xc5\x71\x00\xcb"), ["raw, turned round"]);
        assert_eq!(forms(ip, b"\xff\xff\xcb\x00\x71\xc5"), ["mapped, raw", "raw"]);
        let noise = Needles::address(ip.parse().unwrap());
        assert!(noise.in_noise("here", b"x\xcb\x00\x71\xc5x cb0071c5").is_empty());
        for other in ["203.0.113.0", "::ffff:cb00:7100", "203.0.113.19"] {
            assert!(forms(ip, other.as_bytes()).is_empty(), "{other}");
        }
    }

    #[test]
    fn an_id_is_found_as_text_and_as_clickhouse_keeps_it() {
        let id = Uuid::from_u128(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210);
        let needles = Needles::id("id", id);
        let found = |bytes: &[u8]| needles.in_bytes("here", bytes).len();
        assert_eq!(found(b"{01234567-89ab-cdef-fedc-ba9876543210}"), 1);
        let kept: Vec<u8> = id
            .as_bytes()
            .chunks(8)
            .flat_map(|half| half.iter().rev())
            .copied()
            .collect();
        assert_eq!((found(&kept[..8]), found(&kept[8..])), (1, 1), "either half");
        assert_eq!(found(b"01234567-89ab-cdef-fedc-ba9876543211"), 0);
    }

    #[test]
    fn either_half_of_an_ipv6_address_is_found() {
        let ip = "2001:db8:77:9d3e:61c8:f07b:2ea5:b419";
        for text in [
            ip,
            "[2001:db8:77:9d3e::]:443",
            "2001:0db8:0077:9d3e:",
            "61C8:F07B:2EA5:B419",
            "20010db800779d3e",
            "61c8f07b2ea5b419",
        ] {
            assert!(!forms(ip, text.as_bytes()).is_empty(), "{text}");
        }
        assert_eq!(forms(ip, b"\x61\xc8\xf0\x7b\x2e\xa5\xb4\x19"), ["raw"]);
        assert_eq!(
            forms(ip, b"\x3e\x9d\x77\x00\xb8\x0d\x01\x20"),
            ["raw, turned round"]
        );
        assert!(forms(ip, b"2001:db8:77::").is_empty(), "what truncate leaves");
    }
}
