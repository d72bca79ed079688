//! The client's address: the peer, or the right-most hop of a forwarding header that is not one of our own proxies.
//!
//! Only what a trusted proxy appended can be believed, so the chain is walked from its right end, and the walk stops at
//! the first hop that nobody trusted vouches for. What stands left of it may be the client's invention.

use crate::config::{Proxies, ProxyHeader};
use footfall_schemas::event::IpSource;
use std::net::{IpAddr, SocketAddr};

/// The forwarding headers of one request, all lines of each in order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Forwarding<'a> {
    /// `X-Forwarded-For`.
    pub(crate) xff: Vec<&'a str>,
    /// `Forwarded` (RFC 7239).
    pub(crate) forwarded: Vec<&'a str>,
}

impl Forwarding<'_> {
    /// Whether nobody says that the request was passed on.
    pub(crate) const fn is_empty(&self) -> bool {
        self.xff.is_empty() && self.forwarded.is_empty()
    }
}

/// The client as the first hop names it. Nobody may believe that: it only tells one from another.
pub(crate) fn claimed(headers: &Forwarding<'_>) -> Option<IpAddr> {
    let xff = headers
        .xff
        .first()
        .and_then(|line| address(line.split(',').next()?));
    xff.or_else(|| forwarded_for(split_quoted(headers.forwarded.first()?, ',').first()?))
}

/// Whether an address is of no network but one's own: no visitor comes from it through the internet.
pub(crate) fn is_internal(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            // 100.64.0.0/10: RFC 6598.
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || (a == 100 && b & 0xC0 == 64)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// An IPv4 address even if it came as an IPv4-mapped IPv6 one.
pub(crate) fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// Whether `ip` is one of our own proxies.
pub(crate) fn is_trusted(proxies: &Proxies, ip: IpAddr) -> bool {
    proxies.trusted.iter().any(|net| net.contains(&ip))
}

/// The client's address and where it stood.
pub(crate) fn find(peer: IpAddr, headers: &Forwarding<'_>, proxies: &Proxies) -> (IpAddr, IpSource) {
    let peer = canonical(peer);
    if !is_trusted(proxies, peer) {
        return (peer, IpSource::Peer);
    }
    let use_xff = match proxies.header {
        ProxyHeader::Auto => !headers.xff.is_empty(),
        ProxyHeader::XForwardedFor => true,
        ProxyHeader::Forwarded => false,
    };
    let (found, source) = if use_xff {
        let hops = headers.xff.iter().rev().flat_map(|line| line.rsplit(','));
        (walk(hops.map(address), proxies), IpSource::Xff)
    } else {
        let hops = headers
            .forwarded
            .iter()
            .rev()
            .flat_map(|line| split_quoted(line, ',').into_iter().rev());
        (walk(hops.map(forwarded_for), proxies), IpSource::Forwarded)
    };
    found.map_or((peer, IpSource::Peer), |ip| (ip, source))
}

/// Walks hops from the right: past trusted ones to the first other; a hop that is no address ends the walk.
fn walk(hops: impl Iterator<Item = Option<IpAddr>>, proxies: &Proxies) -> Option<IpAddr> {
    let mut last = None;
    for hop in hops {
        let Some(ip) = hop else { return last };
        last = Some(ip);
        if !is_trusted(proxies, ip) {
            return last;
        }
    }
    last
}

/// An address as proxies write it: bare, with a port, in brackets, IPv4-mapped. Names (`unknown`, `_hidden`) are none.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let ip = bare
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(canonical(ip))
}

/// The `for=` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = split_quoted(element, ';');
    let value = pairs.iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    })?;
    address(
        value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .unwrap_or(value),
    )
}

/// Splits at `separator` outside of quotes.
fn split_quoted(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(move |c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{Forwarding, find};
    use crate::config::{Proxies, ProxyHeader};
    use footfall_schemas::event::IpSource::{self, Forwarded, Peer, Xff};

    const PROXY: &str = "10.0.0.1";

    fn proxies(header: ProxyHeader) -> Proxies {
        let trusted = ["10.0.0.0/8", "fd00::/8"]
            .map(|net| net.parse().unwrap())
            .to_vec();
        Proxies { trusted, header }
    }

    fn check(peer: &str, xff: &[&str], forwarded: &[&str], expected: (&str, IpSource)) {
        let headers = Forwarding {
            xff: xff.to_vec(),
            forwarded: forwarded.to_vec(),
        };
        let (ip, source) = find(peer.parse().unwrap(), &headers, &proxies(ProxyHeader::Auto));
        assert_eq!(
            (ip.to_string().as_str(), source),
            expected,
            "{peer} {xff:?} {forwarded:?}"
        );
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        check(
            "203.0.113.9",
            &["1.1.1.1"],
            &["for=1.1.1.1"],
            ("203.0.113.9", Peer),
        );
        check("::ffff:203.0.113.9", &["1.1.1.1"], &[], ("203.0.113.9", Peer));
        check(PROXY, &["1.1.1.1, 203.0.113.9"], &[], ("203.0.113.9", Xff));
        check(PROXY, &["10.9.9.9, 203.0.113.9"], &[], ("203.0.113.9", Xff));
        check(PROXY, &["1.1.1.1", "203.0.113.9"], &[], ("203.0.113.9", Xff));
        check(
            PROXY,
            &["1.1.1.1, 203.0.113.9, 10.2.2.2", "10.3.3.3"],
            &[],
            ("203.0.113.9", Xff),
        );
        check(PROXY, &["203.0.113.9"], &["for=1.1.1.1"], ("203.0.113.9", Xff));
        check(
            PROXY,
            &[],
            &[r#"for="x,for=1.1.1.1", for=203.0.113.9"#],
            ("203.0.113.9", Forwarded),
        );
    }

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        check(PROXY, &["203.0.113.9:4711"], &[], ("203.0.113.9", Xff));
        check(PROXY, &["[2001:db8::1]:4711"], &[], ("2001:db8::1", Xff));
        check(PROXY, &["[2001:db8::1]"], &[], ("2001:db8::1", Xff));
        check(PROXY, &["::ffff:203.0.113.9"], &[], ("203.0.113.9", Xff));
        check(
            PROXY,
            &[],
            &[r#"proto=https;For="[2001:db8::1]:4711";by=10.0.0.1"#],
            ("2001:db8::1", Forwarded),
        );
        check("::ffff:10.0.0.1", &["203.0.113.9"], &[], ("203.0.113.9", Xff));
        check("fd00::1", &["203.0.113.9"], &[], ("203.0.113.9", Xff));
    }

    #[test]
    fn a_chain_that_says_nothing_leaves_the_last_hop_that_is_known() {
        check(PROXY, &[], &[], (PROXY, Peer));
        check(PROXY, &[""], &[], (PROXY, Peer));
        check(PROXY, &["unknown"], &[], (PROXY, Peer));
        check(PROXY, &["1.1.1.1, unknown"], &[], (PROXY, Peer));
        check(PROXY, &["1.1.1.1, _hidden, 10.2.2.2"], &[], ("10.2.2.2", Xff));
        check(PROXY, &["10.3.3.3, 10.2.2.2"], &[], ("10.3.3.3", Xff));
        check(PROXY, &[], &["for=_hidden"], (PROXY, Peer));
        check(PROXY, &[], &["proto=https"], (PROXY, Peer));
    }

    #[test]
    fn an_operator_can_name_the_one_header_that_counts() {
        let headers = Forwarding {
            xff: vec!["1.1.1.1"],
            forwarded: vec!["for=203.0.113.9"],
        };
        let by = |header| {
            find(PROXY.parse().unwrap(), &headers, &proxies(header))
                .0
                .to_string()
        };
        assert_eq!(by(ProxyHeader::Forwarded), "203.0.113.9");
        assert_eq!(by(ProxyHeader::XForwardedFor), "1.1.1.1");
    }
}
