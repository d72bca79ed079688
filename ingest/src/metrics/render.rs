//! The text format of Prometheus (version 0.0.4).

use super::{COOKIE_FATES, Metrics, STATUSES};
use footfall_log::{State, Stats};
use footfall_schemas::{Kind, Reject};
use std::fmt::Write;

/// One metric's head and lines.
struct Text<'o> {
    out: &'o mut String,
}

impl Text<'_> {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn one(&mut self, (name, kind, help): (&str, &str, &str), value: impl std::fmt::Display) {
        self.head(name, kind, help);
        _ = writeln!(self.out, "{name} {value}");
    }

    fn many<V: std::fmt::Display>(
        &mut self,
        (name, kind, help): (&str, &str, &str),
        label: &str,
        values: impl IntoIterator<Item = (String, V)>,
    ) {
        self.head(name, kind, help);
        for (of, value) in values {
            _ = writeln!(self.out, "{name}{{{label}=\"{of}\"}} {value}");
        }
    }
}

impl Metrics {
    /// Everything counted so far.
    pub(crate) fn render(&self, out: &mut String) {
        let mut text = Text { out };
        let statuses = STATUSES.iter().zip(&self.statuses).map(|(status, counter)| {
            let other = status % 100 == 99;
            let of = if other {
                format!("{}xx", status / 100)
            } else {
                status.to_string()
            };
            (of, counter.get())
        });
        text.many(
            (
                "footfall_ingest_requests_total",
                "counter",
                "Requests by status of the answer.",
            ),
            "status",
            statuses,
        );
        let kinds = Kind::ALL
            .iter()
            .zip(&self.accepted)
            .map(|(kind, counter)| (kind.label().to_owned(), counter.get()));
        text.many(
            (
                "footfall_ingest_events_accepted_total",
                "counter",
                "Events in the log, by type.",
            ),
            "type",
            kinds,
        );
        let reasons = Reject::ALL
            .iter()
            .zip(&self.rejected)
            .filter(|(reason, _)| reason.status().is_some())
            .map(|(reason, counter)| (reason.label().to_owned(), counter.get()));
        text.many(
            (
                "footfall_ingest_rejected_total",
                "counter",
                "Events and whole requests that were not kept, by reason.",
            ),
            "reason",
            reasons,
        );
        self.render_singles(&mut text);
        let refused = [("total", &self.refused_total), ("address", &self.refused_address)];
        text.many(
            (
                "footfall_ingest_connections_refused_total",
                "counter",
                "Connections refused, by the limit.",
            ),
            "limit",
            refused.map(|(of, counter)| (of.to_owned(), counter.get())),
        );
        let cookies = COOKIE_FATES.iter().zip(&self.cookies);
        text.many(
            (
                "footfall_ingest_cookies_total",
                "counter",
                "Visitors' cookies: read and right, refused (forged: the signature is wrong; unknown_key: signed with a key that the ring does not have; malformed), sent with an answer.",
            ),
            "fate",
            cookies.map(|(of, counter)| ((*of).to_owned(), counter.get())),
        );
        let failed = [("plain_http", &self.tls_plain), ("handshake", &self.tls_failed)];
        text.many(
            (
                "footfall_ingest_tls_failed_total",
                "counter",
                "Connections to the TLS port that came to nothing: plain HTTP, or a handshake that one side refused.",
            ),
            "kind",
            failed.map(|(of, counter)| (of.to_owned(), counter.get())),
        );
        let timeouts = [
            ("handshake", &self.timeout_handshake),
            ("header", &self.timeout_header),
            ("idle", &self.timeout_idle),
            ("write", &self.timeout_write),
        ];
        text.many(
            (
                "footfall_ingest_timeouts_total",
                "counter",
                "Connections closed because the client was too slow; slow bodies are answered 408.",
            ),
            "kind",
            timeouts.map(|(of, counter)| (of.to_owned(), counter.get())),
        );
    }

    fn render_singles(&self, text: &mut Text<'_>) {
        let counters = [
            (
                "footfall_ingest_unknown_fields_total",
                "Fields that this release does not know, ignored.",
                &self.unknown_fields,
            ),
            (
                "footfall_ingest_body_bytes_total",
                "Bytes of bodies on the wire.",
                &self.body_bytes,
            ),
            (
                "footfall_ingest_decoded_bytes_total",
                "Bytes of bodies after decompression.",
                &self.decoded_bytes,
            ),
            (
                "footfall_ingest_appends_total",
                "Requests whose events are durable in the log.",
                &self.appends,
            ),
            (
                "footfall_ingest_panics_total",
                "Requests that hit a bug.",
                &self.panics,
            ),
            (
                "footfall_ingest_connections_total",
                "Connections taken.",
                &self.connections,
            ),
            (
                "footfall_ingest_accept_errors_total",
                "Errors of accept(2).",
                &self.accept_errors,
            ),
            (
                "footfall_ingest_takeovers_total",
                "Sessions of somebody logged in that went on from another network, or with another user agent.",
                &self.takeovers,
            ),
            (
                "footfall_ingest_sites_reloaded_total",
                "The sites file was read again.",
                &self.sites_reloaded,
            ),
            (
                "footfall_ingest_sites_broken_total",
                "The sites file had changed and could not be used.",
                &self.sites_broken,
            ),
            (
                "footfall_ingest_tls_reloaded_total",
                "Certificate and key were read again.",
                &self.tls_reloaded,
            ),
            (
                "footfall_ingest_tls_broken_total",
                "Certificate or key had changed and could not be used: the pair before them stays in use. Alarm.",
                &self.tls_broken,
            ),
        ];
        for (name, help, counter) in counters {
            text.one((name, "counter", help), counter.get());
        }
        text.one(
            ("footfall_ingest_connections_open", "gauge", "Connections now."),
            self.connections_open.get(),
        );
    }
}

/// What `/metrics` says of the edge and its log before anything has happened: every name, kind and description.
#[must_use]
pub fn metrics_of_an_idle_edge() -> String {
    let mut out = String::new();
    Metrics::default().render(&mut out);
    secrets(&mut out, 1, 1);
    proxies(&mut out, 0, false);
    certificate(&mut out, 0);
    sites(&mut out, std::iter::empty());
    log(&mut out, &State::Ready, &Stats::default());
    out
}

/// What recognises visitors: how many keys the ring has, and how many days have a salt.
pub(crate) fn secrets(out: &mut String, keys: usize, salts: usize) {
    let mut text = Text { out };
    text.one(
        (
            "footfall_ingest_keys",
            "gauge",
            "Keys of the ring; the same on all nodes before a new one signs.",
        ),
        keys,
    );
    text.one(
        (
            "footfall_ingest_salts",
            "gauge",
            "Days that have a salt. 0: visitors without a cookie are page loads, because nodes have not got one from Kafka.",
        ),
        salts,
    );
}

/// What is passed on by proxies that nobody trusts.
pub(crate) fn proxies(out: &mut String, passed_on: u64, standing: bool) {
    let mut text = Text { out };
    text.one(
        (
            "footfall_ingest_forwarding_not_believed_total",
            "counter",
            "Requests with `X-Forwarded-For` or `Forwarded` from an address that `ingest.trusted_proxies` does not name.",
        ),
        passed_on,
    );
    text.one(
        (
            "footfall_ingest_proxy_not_trusted",
            "gauge",
            "1: nearly all visitors share the address of a proxy that `ingest.trusted_proxies` does not name. Alarm.",
        ),
        u8::from(standing),
    );
}

/// What each site has in the log.
pub(crate) fn sites(out: &mut String, held: impl Iterator<Item = (String, u64)>) {
    let mut text = Text { out };
    text.many(
        (
            "footfall_ingest_site_log_bytes",
            "gauge",
            "Bytes of a site that this process has written to the local log and that are still there, where there are several sites. Beyond its share new ones are refused with `site_share`.",
        ),
        "site",
        held,
    );
}

/// Until when browsers take the certificate, Unix seconds; 0: no TLS.
pub(crate) fn certificate(out: &mut String, not_after: i64) {
    let mut text = Text { out };
    text.one(
        (
            "footfall_ingest_tls_certificate_expires_seconds",
            "gauge",
            "Unix time at which the certificate in use, or one that signed it, expires; 0: no TLS. Alarm 14 days before.",
        ),
        not_after,
    );
}

/// The log's figures.
pub(crate) fn log(out: &mut String, state: &State, stats: &Stats) {
    let mut text = Text { out };
    let takes = matches!(state, State::Ready | State::Degraded(_));
    text.one(
        ("footfall_log_ready", "gauge", "1: events are taken."),
        u8::from(takes),
    );
    let counters = [
        (
            "footfall_log_appended_total",
            "Records durable since the start, marks included.",
            stats.appended,
        ),
        ("footfall_log_groups_total", "Groups written.", stats.groups),
        (
            "footfall_log_poisoned_total",
            "Segments given up after a failed write or fsync.",
            stats.poisoned,
        ),
        (
            "footfall_log_quarantined_total",
            "Numbers found unreadable.",
            stats.quarantined,
        ),
        (
            "footfall_log_torn_tails_total",
            "Torn tails cut at recovery.",
            stats.torn_tails,
        ),
        (
            "footfall_log_acked_lost_total",
            "Acknowledged numbers that recovery could not read. Alarm.",
            stats.acked_lost,
        ),
    ];
    for (name, help, value) in counters {
        text.one((name, "counter", help), value);
    }
    text.one(
        ("footfall_log_disk_bytes", "gauge", "Bytes of records on disk."),
        stats.disk_bytes,
    );
    text.one(
        (
            "footfall_log_quota_share",
            "gauge",
            "Share of the quota, 1 = full.",
        ),
        stats.quota_share,
    );
    text.one(
        (
            "footfall_log_queued_bytes",
            "gauge",
            "Bytes that wait for the disk.",
        ),
        stats.queued.0,
    );
    text.one(
        ("footfall_log_fsync_p50_seconds", "gauge", "Median fdatasync."),
        stats.fsync_p50.as_secs_f64(),
    );
    text.one(
        ("footfall_log_fsync_max_seconds", "gauge", "Slowest fdatasync."),
        stats.fsync_max.as_secs_f64(),
    );
    let of = |value: fn(&footfall_log::CursorStats) -> f64| {
        stats
            .cursors
            .iter()
            .map(move |cursor| (cursor.name.clone(), value(cursor)))
    };
    #[expect(clippy::cast_precision_loss, reason = "a gauge needs no 53rd bit")]
    text.many(
        (
            "footfall_log_behind_records",
            "gauge",
            "Records that a cursor has not passed.",
        ),
        "cursor",
        of(|cursor| cursor.records as f64),
    );
    text.many(
        (
            "footfall_log_behind_seconds",
            "gauge",
            "Age of the oldest of them.",
        ),
        "cursor",
        of(|cursor| cursor.age.as_secs_f64()),
    );
}
