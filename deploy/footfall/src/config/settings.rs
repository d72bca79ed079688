//! The table of settings. To add one: a line here, its use where it works, and the reference generated anew
//! (`footfall config --reference > docs/configuration.md`; a test fails until then).

use super::raw::Raw;
use super::setting::{self, Group, Setting, settings};
use super::value::{Address, Bytes, LogFormat, Networks, ProxyHeader, Secret, Value};
use crate::problem::Problem;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

settings! {
    /// Where everything is kept.
    data: Data {
        /// The folder with the log, the tables, credentials and `run.json`. One running Footfall per folder. It is made
        /// at the first start. Cannot be set in the file, which is looked for in it.
        folder: PathBuf = "./footfall-data", alias = "FOOTFALL_DATA", flag = "--data";
    }

    /// The HTTP edge that takes events.
    ingest: Ingest {
        /// Public address: events, pixel, `/health`, `/ready` and the demo page at `/demo`. Port 0 takes a free one (see `run.json`).
        listen: SocketAddr = "127.0.0.1:8000", flag = "--listen";
        /// Address of a second public port, which speaks HTTPS (HTTP/2 and HTTP/1.1, TLS 1.2 and 1.3), such as `0.0.0.0:443`;
        /// with `tls_certificate` and `tls_key`. `listen` goes on for this machine.
        tls_listen: Option<SocketAddr> = "";
        /// Its certificate, PEM, and behind it those that signed it; relative paths lie in the data folder. Read again when it
        /// or the key changes; a pair that cannot be used leaves the old one in use.
        tls_certificate: Option<PathBuf> = "";
        /// The key of that certificate, PEM, not encrypted; relative paths lie in the data folder.
        tls_key: Option<PathBuf> = "";
        /// Address of the operator's port: `/metrics`, `/version`, the live stream of `footfall tail`. Who reaches it sees
        /// everything that is sent: off loopback Footfall does not start without `admin_exposed`.
        admin_listen: SocketAddr = "127.0.0.1:8001";
        /// Says that `admin_listen` is meant to be off loopback: on a network that only your own services reach, as in
        /// `deploy/compose.yaml`.
        admin_exposed: bool = "false";
        /// The file with the sites; relative paths lie in the data folder. Made at first start with the site `demo`,
        /// read again whenever it changes.
        sites: PathBuf = "sites.toml";
        /// Proxies whose `X-Forwarded-For` and `Forwarded` are believed. With a proxy in front and nothing here, all
        /// visitors share the proxy's address.
        trusted_proxies: Networks = "";
        /// Which header those proxies write: `auto` takes `X-Forwarded-For`, else `Forwarded`; or name the one.
        proxy_header: ProxyHeader = "auto";
        /// The secret behind visitors and sessions: 64 hex digits (`openssl rand -hex 32`), or a ring of such keys as
        /// `footfall keys rotate` makes it. One machine makes its own, in `keys/identity.key`; with Kafka all nodes must be
        /// given the same one, or a visitor is another one on each of them.
        identity_key: Option<Secret> = "";
        /// Path of the endpoint for events; ad blockers know the usual one.
        events_path: String = "/v1/events";
        /// Path of the pixel: a page view from a page without JavaScript.
        pixel_path: String = "/v1/pixel.gif";
        /// Path of the endpoint that takes a visitor's cookie away (`DELETE`).
        visitor_path: String = "/v1/visitor";
        /// Path of the beacon script, which learns the other paths when it is served. Its debug texts lie beside it:
        /// `/beacon-debug.js`.
        beacon_path: String = "/beacon.js";
        /// Open connections on the public port; more are answered 503.
        max_connections: u32 = "8192";
        /// Open connections of one address (IPv6: one /64). Trusted proxies are exempt.
        max_connections_per_address: u32 = "256";
        /// Memory for all request bodies at one moment; beyond it the answer is 503.
        body_memory: Bytes = "48MiB";
        /// Time for a request's head.
        header_timeout: Duration = "5s";
        /// Time for a request's body.
        body_timeout: Duration = "10s";
        /// Longest pause within a body.
        stall_timeout: Duration = "5s";
        /// Longest pause between two requests of a connection.
        idle_timeout: Duration = "60s";
    }

    /// The local log: every event is on disk there before it is acknowledged.
    local_log: LocalLog {
        /// Its folder; relative paths lie in the data folder.
        folder: PathBuf = "log";
        /// Most bytes that the log may take. Above it new events are answered 503 with `Retry-After`.
        quota: Bytes = "8GiB";
        /// Free bytes of the disk that are left alone; below it new events are answered 503 too.
        free_floor: Bytes = "256MiB";
        /// Size of one file of the log, allocated when it is begun.
        segment: Bytes = "64MiB";
        /// How long a record stays although ClickHouse has it safely on disk (with Kafka: although Kafka has it). Not set:
        /// `0s` on one machine, `24h` with Kafka, so that `footfall resend` can repair what Kafka has lost.
        keep: Option<Duration> = "";
        /// How long it is kept what recovery has cut off the end of a log after a crash, for a person to look at
        /// (`corrupt/*.corrupt`); `0d` for ever.
        keep_corrupt: Duration = "30d";
        /// Name of this node in its logs: letters, digits, `.`, `_`, `-`. Not set: `local` on one machine, the host's name
        /// with Kafka.
        node: String = "";
    }

    /// The ClickHouse that holds the tables: the built-in engine, or a server of yours.
    clickhouse: ClickHouse {
        /// Use this server instead of the built-in engine: `http://host:8123`, or `https://host:8443`. User and password may
        /// stand in it. Without a port it is ClickHouse's own, 8123 or 8443.
        url: Option<Address> = "", alias = "CLICKHOUSE_URL";
        /// User on that server; it may create tables and insert.
        user: String = "default", alias = "CLICKHOUSE_USER";
        /// Password of that user.
        password: Secret = "", alias = "CLICKHOUSE_PASSWORD";
        /// The database with the tables `events` and `ledger`; made if it is missing.
        database: String = "footfall", alias = "CLICKHOUSE_DATABASE";
        /// With https: the authority that signed the server's certificate, PEM; without it the system's. This and the two
        /// below are read at the start.
        ca: Option<PathBuf> = "";
        /// Our own certificate, PEM, if the server asks for one; with `key`.
        certificate: Option<PathBuf> = "";
        /// The key of that certificate, PEM, not encrypted.
        key: Option<PathBuf> = "";
    }

    /// The built-in engine: the real ClickHouse as a library, in a process of its own.
    engine: Engine {
        /// Address of its ClickHouse HTTP interface: any ClickHouse client can connect here as a reader.
        listen: SocketAddr = "127.0.0.1:8123", flag = "--clickhouse-listen";
        /// Its folder; relative paths lie in the data folder.
        folder: PathBuf = "engine";
        /// A `libchdb.so` of your own instead of the one that is fetched once into the user's cache folder.
        library: Option<PathBuf> = "", alias = "FOOTFALL_LIBCHDB";
        /// Password of the user `readonly`. Without one, whoever reaches a loopback address may read; needed on any
        /// other address, where the writer's password is the only other way in.
        reader_password: Option<Secret> = "";
        /// Most memory of the engine; 0 takes 80 % of the machine's.
        max_memory: Bytes = "0";
    }

    /// From the log to rows in the table.
    processor: Processor {
        /// Address of the operator's port of `footfall processor`: `/metrics`, `/ready`, `/version`. On one machine the
        /// edge's has all that. Off loopback it does not start without `admin_exposed`.
        admin_listen: SocketAddr = "127.0.0.1:8002";
        /// Says that `admin_listen` is meant to be off loopback: on a network that only your own services reach.
        admin_exposed: bool = "false";
        /// Most time that an event waits for others to be inserted with.
        wait: Duration = "100ms";
        /// Events that are inserted at once without waiting for more.
        batch: u32 = "10000";
        /// How often the auditor compares what was acknowledged with what is in the tables; 0 switches it off.
        audit_every: Duration = "60s";
        /// Whether the auditor repairs what it finds.
        audit_repair: bool = "true";
        /// Put events of a newer release into the ledger instead of waiting for an upgrade.
        skip_unknown_version: bool = "false";
    }

    /// What is found out about events: sources, places, agents.
    enrich: Enrich {
        /// The folder with data of yours, beside what is built in; relative paths lie in the data folder. It need not
        /// exist; its files are read again whenever they change.
        folder: PathBuf = "enrich";
        /// Whether `footfall up` fetches a free database of countries with npm (8 MB, once, into the user's cache folder) where
        /// that folder has no database of places. It does so in the background; without one events have no country.
        fetch: bool = "true";
    }

    /// What Footfall says about itself. Never addresses, ids or bodies of events.
    log: Log {
        /// Least level: `error`, `warn`, `info`, `debug`, `trace`, or per part: `info,footfall_ingest=debug`.
        level: String = "info";
        /// How lines look on the terminal; `auto` is pretty on a terminal and JSON elsewhere.
        format: LogFormat = "auto";
        /// Also write them to rolling files, one a day, JSON; relative paths lie in the data folder. Empty: no files.
        folder: Option<PathBuf> = "";
        /// How many of those files are kept.
        keep_files: u32 = "7";
    }

    /// The log of logins: a line for each login, failed login and logout with user, session and address as the site's policy
    /// leaves it. A stream of its own, because no other log has such things.
    auth_log: AuthLog {
        /// Whether it is written to stdout, JSON. Other lines go to stderr.
        stdout: bool = "true";
        /// The folder of its files, one a day (UTC), JSON; relative paths lie in the data folder. Empty: no files.
        folder: Option<PathBuf> = "auth-log";
        /// How long a line is kept there: the file of a day is removed when its last line is older.
        keep: Duration = "90d";
    }

    /// For how long what is kept, counted in whole days (UTC) from its receipt; `0d` is for ever. A site of the sites file may
    /// have its own: `keep = { events = "365d", addresses = "30d" }`. What goes is in the ledger as `expired`. Logs of logins:
    /// `auth_log.keep`.
    retention: Retention {
        /// Events. Not set: for ever.
        events: Option<Duration> = "";
        /// Full addresses of events (sites with `ip = "full"`): the column `ip` is emptied, the event stays.
        addresses: Duration = "90d";
        /// Bytes of what could not be read, in the ledger: the entry stays, and can be replayed no more.
        payloads: Duration = "90d";
        /// How often the processor looks for what has expired; the first time shortly after its start. 0 switches it off:
        /// then only `footfall retention` does it.
        every: Duration = "1h";
    }

    /// Erasing a person: `footfall erase`.
    erasure: Erasure {
        /// The secret by which the erased are known, and receipts signed: 64 hex digits (`openssl rand -hex 32`). One machine
        /// makes its own, in `keys/erasure.key`; in a cluster every processor, and whoever runs `footfall erase`, must be given
        /// the same one. It is never changed: who was erased under another one would be known to nobody.
        key: Option<Secret> = "";
    }

    /// The dashboard: reports, and the page that shows them. It has an address of its own, because the public one of ingest is
    /// for everybody.
    dashboard: Dashboard {
        /// Whether `footfall up` serves it.
        enabled: bool = "true";
        /// Its address. Off loopback it does not start without a password.
        listen: SocketAddr = "127.0.0.1:8003", flag = "--dashboard-listen";
        /// Password that shows everything. On loopback none is needed, as long as no name of the world's leads there.
        password: Option<Secret> = "";
        /// Host names beside loopback's own under which it is reached, comma separated: those of a proxy in front.
        hosts: String = "";
        /// The file with segments, goals, tokens and shared links; relative paths lie in the data folder.
        file: PathBuf = "dashboard.toml";
        /// Where pages reach ingest, for the script tag that the dashboard shows: `https://events.shop.example`. Not set: the
        /// address of this machine's ingest.
        ingest_url: String = "";
    }

    /// The demo page at `/demo`, with buttons that send events for the site `demo`.
    demo: Demo {
        /// Whether it is served. Switch it off on a public address.
        enabled: bool = "true";
    }

    /// Stopping.
    shutdown: Shutdown {
        /// One deadline for everything after Ctrl-C or SIGTERM: requests in flight, log, processor, engine. What the
        /// processor has not written by then is in the log and is written after the next start.
        deadline: Duration = "20s";
    }

    /// Kafka, between `footfall ingest` and `footfall processor`. On one machine the local log takes its place. Needs a
    /// build with Kafka (`cargo build --features kafka`; images have it).
    kafka: Kafka {
        /// Brokers, comma separated: `kafka-1:9092,kafka-2:9092`.
        bootstrap_servers: String = "", alias = "KAFKA_BOOTSTRAP_SERVERS";
        /// The topic; `footfall topics` makes it.
        topic: String = "footfall-events";
        /// The topic through which ingest nodes share the salts of the days, for visitors without a cookie;
        /// `footfall topics` makes it too.
        salts_topic: String = "footfall-salts";
        /// Consumer group of the processors. One group per database: two groups on one are not fenced from each other.
        group: String = "footfall";
        /// Partitions that `footfall topics` gives the topic: the most processors that can share the work.
        partitions: u32 = "12";
        /// Copies of each partition; as many brokers are needed.
        replication: u32 = "3";
        /// Copies that must have an event before Kafka has acknowledged it.
        min_insync: u32 = "2";
        /// How long Kafka keeps an event; at least `72h`.
        retention: Duration = "72h";
        /// Memory for records that a processor has fetched and not yet taken.
        buffer: Bytes = "64MiB";
        /// Encrypt the way to the brokers. Implied by the three files below.
        tls: bool = "false";
        /// The authority that signed the brokers' certificates, PEM; without it the system's.
        ca: Option<PathBuf> = "";
        /// Our own certificate, PEM, if the brokers ask for one; with `key`.
        certificate: Option<PathBuf> = "";
        /// The key of that certificate, PEM.
        key: Option<PathBuf> = "";
        /// Password of that key, if it is encrypted.
        key_password: Option<Secret> = "";
        /// How to log in: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`; empty: without a password.
        mechanism: String = "", alias = "KAFKA_SASL_MECHANISM";
        /// User that logs in to the brokers.
        user: String = "", alias = "KAFKA_SASL_USERNAME";
        /// Password of that user.
        password: Secret = "", alias = "KAFKA_SASL_PASSWORD";
    }
}

/// Every setting, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings)
}

/// The setting of that key.
#[must_use]
pub fn find(key: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.key == key)
}
