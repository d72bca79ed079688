//! The alarm that all visitors share one address: a proxy stands in front of us and says for whom it speaks, and nobody has
//! said that it can be trusted (`proxies.trusted`). Then place, limits of an address and visitors without a cookie are wrong,
//! and nothing else tells.
//!
//! A request that says nothing of a proxy, or comes by a trusted one, costs one atomic addition. The watcher looks once a minute: at least
//! [`LEAST`] requests, nine of ten passed on by one address (or by several of one's own network), for more than one client.

use crate::address;
use crate::client_ip::{self, Forwarding};
use crate::clock::Clock;
use crate::config::Proxies;
use crate::metrics::Counter;
use footfall_schemas::event::IpSource;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Requests below which nothing is judged: of few, all may well be of one visitor or of one test.
const LEAST: u64 = 20;
/// How long requests are counted before they are judged; longer where they are fewer.
const WINDOW_MS: i64 = 60_000;
/// How often the watcher looks at the clock.
const EVERY: Duration = Duration::from_millis(500);

/// What is known of requests that nobody may believe.
#[derive(Default)]
pub(crate) struct Unbelieved {
    /// Requests of visitors.
    requests: Counter,
    /// Of these, passed on by a proxy that is not trusted.
    passed_on: Counter,
    /// Whether the last window looked like a proxy of ours.
    standing: AtomicBool,
    window: Mutex<Window>,
}

/// Who passed on since the last look.
#[derive(Default)]
struct Window {
    /// The first that did. If nine of ten come from one address, so does it, soon.
    proxy: Option<IpAddr>,
    by_it: u64,
    by_all: u64,
    /// The first client that it named.
    client: Option<IpAddr>,
    /// Whether it has named another.
    several: bool,
}

/// What the last look saw, and whether the operator was told.
#[derive(Default)]
struct Seen {
    since_ms: i64,
    requests: u64,
    passed_on: u64,
    told: bool,
}

impl Unbelieved {
    /// Looks at a request of a visitor: who sent it, and whose word his address is.
    #[inline]
    pub(crate) fn look(&self, sent: (IpAddr, IpSource), headers: &Forwarding<'_>, proxies: &Proxies) {
        self.requests.add(1);
        // Behind a proxy that is trusted, the address is that of a header.
        if sent.1 == IpSource::Peer && !headers.is_empty() {
            self.passed_on(sent.0, headers, proxies);
        }
    }

    #[cold]
    fn passed_on(&self, peer: IpAddr, headers: &Forwarding<'_>, proxies: &Proxies) {
        let peer = client_ip::canonical(peer);
        if client_ip::is_trusted(proxies, peer) {
            return;
        }
        self.passed_on.add(1);
        // Who meets another here is not needed: most are enough.
        let Ok(mut window) = self.window.try_lock() else {
            return;
        };
        let proxy = *window.proxy.get_or_insert(peer);
        window.by_all += 1;
        if is_same(proxy, peer) {
            window.by_it += 1;
            let client = client_ip::claimed(headers);
            window.several |= window.client.is_some() && client.is_some() && window.client != client;
            window.client = window.client.or(client);
        }
    }

    /// Requests that were passed on and not believed, and whether that looks like a proxy of ours; for `/metrics`.
    pub(crate) fn figures(&self) -> (u64, bool) {
        (self.passed_on.get(), self.standing.load(Ordering::Relaxed))
    }

    /// Judges for ever; ends only by being dropped.
    pub(crate) async fn watch(&self, clock: &Clock) {
        let mut seen = Seen {
            since_ms: clock.now_ms(),
            ..Seen::default()
        };
        let mut tick = tokio::time::interval(EVERY);
        loop {
            tick.tick().await;
            if let Some(proxy) = self.judge(&mut seen, clock.now_ms()) {
                tell(proxy);
            }
        }
    }

    /// The proxy of which the operator should hear now.
    fn judge(&self, seen: &mut Seen, now_ms: i64) -> Option<IpAddr> {
        let (requests, passed_on) = (self.requests.get(), self.passed_on.get());
        if now_ms - seen.since_ms < WINDOW_MS || requests - seen.requests < LEAST {
            return None;
        }
        let window = std::mem::take(&mut *self.window.lock().unwrap_or_else(PoisonError::into_inner));
        let most = |part: u64, whole: u64| part * 10 >= whole * 9;
        let standing = most(passed_on - seen.passed_on, requests - seen.requests)
            && most(window.by_it, window.by_all)
            && window.several;
        self.standing.store(standing, Ordering::Relaxed);
        let told = seen.told;
        *seen = Seen {
            since_ms: now_ms,
            requests,
            passed_on,
            told: told || standing,
        };
        window.proxy.filter(|_| standing && !told)
    }
}

/// Whether both are of one set of proxies: balanced ones have an address each.
fn is_same(one: IpAddr, other: IpAddr) -> bool {
    one == other || (client_ip::is_internal(one) && client_ip::is_internal(other))
}

/// Names no address of the internet: it may be somebody's.
fn tell(proxy: IpAddr) {
    let network = match proxy {
        ip if ip.is_loopback() => ip.to_string(),
        ip if !client_ip::is_internal(ip) => String::new(),
        ip @ IpAddr::V4(_) => format!("{}/24", address::network(ip)),
        ip @ IpAddr::V6(_) => format!("{}/48", address::network(ip)),
    };
    tracing::warn!(
        network,
        "nearly all visitors come by a proxy that is not trusted, and share its address; if it is ours, name it in \
         `ingest.trusted_proxies` (FOOTFALL_INGEST_TRUSTED_PROXIES) and start again"
    );
}

#[cfg(test)]
mod tests {
    use super::{LEAST, Seen, Unbelieved, WINDOW_MS};
    use crate::client_ip::{self, Forwarding};
    use crate::config::{Proxies, ProxyHeader};
    use std::net::IpAddr;

    const PROXY: &str = "10.0.0.1";

    /// Requests of one window: from whom, and what is said of the client.
    struct Traffic {
        unbelieved: Unbelieved,
        seen: Seen,
        now: i64,
        trusted: Proxies,
    }

    impl Traffic {
        fn new() -> Self {
            Self {
                unbelieved: Unbelieved::default(),
                seen: Seen::default(),
                now: 0,
                trusted: Proxies {
                    trusted: vec!["192.168.0.0/16".parse().unwrap()],
                    header: ProxyHeader::Auto,
                },
            }
        }

        fn come(&self, times: u64, peer: &str, client: impl Fn(u64) -> String) {
            for at in 0..times {
                let client = client(at);
                let xff = if client.is_empty() {
                    vec![]
                } else {
                    vec![client.as_str()]
                };
                let headers = Forwarding {
                    xff,
                    forwarded: vec![],
                };
                let peer = peer.parse().unwrap();
                let source = client_ip::find(peer, &headers, &self.trusted).1;
                self.unbelieved.look((peer, source), &headers, &self.trusted);
            }
        }

        /// A minute later: whom the operator hears of, and what the figure says.
        fn judged(&mut self) -> (Option<IpAddr>, bool) {
            self.now += WINDOW_MS;
            let told = self.unbelieved.judge(&mut self.seen, self.now);
            (told, self.unbelieved.figures().1)
        }
    }

    fn each(at: u64) -> String {
        format!("203.0.113.{}", at % 250)
    }

    #[test]
    fn a_proxy_that_is_not_trusted_is_told_once_and_the_figure_stands_until_it_is_trusted() {
        let mut traffic = Traffic::new();
        traffic.come(LEAST, PROXY, each);
        traffic.come(2, "10.0.0.9", |_| String::new());
        assert_eq!(traffic.judged(), (Some(PROXY.parse().unwrap()), true));
        traffic.come(LEAST, PROXY, each);
        assert_eq!(traffic.judged(), (None, true));
        assert_eq!(
            traffic.judged(),
            (None, true),
            "nobody came: nothing new is known"
        );
        traffic.trusted.trusted.push("10.0.0.0/8".parse().unwrap());
        traffic.come(LEAST, PROXY, each);
        assert_eq!(traffic.judged(), (None, false));
        assert_eq!(traffic.unbelieved.figures(), (2 * LEAST, false));
    }

    #[test]
    fn proxies_that_share_the_load_count_as_one() {
        let mut traffic = Traffic::new();
        for last in 0..LEAST {
            traffic.come(3, &format!("10.0.{last}.1"), each);
        }
        assert!(traffic.judged().1);
    }

    #[test]
    fn few_requests_are_judged_together_with_those_that_come_later() {
        let mut traffic = Traffic::new();
        for _ in 0..3 {
            assert_eq!(traffic.judged(), (None, false));
            traffic.come(LEAST / 4, PROXY, each);
        }
        traffic.come(LEAST / 4, PROXY, each);
        assert!(traffic.judged().1);
    }

    #[test]
    fn it_is_quiet_where_visitors_have_addresses_of_their_own() {
        type Case = (&'static str, fn(&Traffic));
        let cases: [Case; 6] = [
            ("no proxy", |traffic| traffic.come(99, PROXY, |_| String::new())),
            ("a trusted proxy", |traffic| traffic.come(99, "192.168.0.1", each)),
            ("somebody who lies among others", |traffic| {
                traffic.come(99, "198.51.100.7", each);
                traffic.come(99, PROXY, |_| String::new());
            }),
            ("one visitor behind a proxy", |traffic| {
                traffic.come(99, PROXY, |_| each(0));
            }),
            ("visitors with proxies of their own", |traffic| {
                for last in 0..99 {
                    traffic.come(1, &format!("198.51.100.{last}"), each);
                }
            }),
            ("headers that name nobody", |traffic| {
                traffic.come(99, PROXY, |_| "unknown".to_owned());
            }),
        ];
        for (case, come) in cases {
            let mut traffic = Traffic::new();
            come(&traffic);
            assert_eq!(traffic.judged(), (None, false), "{case}");
        }
    }
}
