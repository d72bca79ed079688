//! From a body to entries of the log: decode, identify, stamp. Synchronous, with one look at the clock.

use crate::address;
use crate::admit::{admit, check_host};
use crate::answer::Refusal;
use crate::auth_log::LoginLine;
use crate::client_ip;
use crate::debug::Asked;
use crate::edge::Edge;
use crate::head::Head;
use crate::identity::Trust;
use crate::identity::visit::{Arrival, Farewell, Visit};
use crate::metrics::Metrics;
use crate::sites::live::Memory;
use crate::stamp::{Sender, stamp};
use crate::takeover;
use footfall_log::{Entry, FRAME_BYTES};
use footfall_schemas::beacon::{self, Beacon, Single, Stamp};
use footfall_schemas::reject::Rejection;
use footfall_schemas::{BeaconEvent, Event, Kind, Reject, reserved};
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Builder;

/// What one request has for the log, and what it has not.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) entries: Vec<Entry>,
    pub(crate) counts: Counts,
    pub(crate) rejected: Vec<(usize, Rejection)>,
    /// Lines for the log of logins, once the entries are durable.
    pub(crate) logins: Vec<LoginLine>,
    /// What was accepted, if the sender asked.
    pub(crate) asked: Vec<Asked>,
    /// What the answer tells the browser, if the events are kept.
    pub(crate) farewell: Farewell,
    /// How many of the entries, the last ones, are ingest's own and nothing that the sender counts.
    pub(crate) own: usize,
    /// What the site remembers, where there are others to be fair to.
    pub(crate) memory: Option<Arc<Memory>>,
}

/// What is counted once the entries are durable.
#[derive(Default)]
pub(crate) struct Counts {
    kinds: [u32; Kind::ALL.len()],
    unknown_fields: u64,
}

impl Counts {
    fn take(&mut self, event: &BeaconEvent<'_>) {
        self.unknown_fields += u64::from(event.unknown_fields);
        if let Some(count) = self.kinds.get_mut(usize::from(event.kind.code()) - 1) {
            *count += 1;
        }
    }

    pub(crate) fn add_to(&self, metrics: &Metrics) {
        for (kind, count) in Kind::ALL.into_iter().zip(self.kinds) {
            if count > 0 {
                metrics.accepted(kind, u64::from(count));
            }
        }
        if self.unknown_fields > 0 {
            metrics.unknown_fields.add(self.unknown_fields);
        }
    }
}

impl Batch {
    /// Reads a body and stamps its events; a bad event costs only itself.
    pub(crate) fn make(edge: &Edge, peer: IpAddr, head: &Head<'_>, body: &[u8]) -> Result<Self, Refusal> {
        if let Some(single) = Single::parse(body) {
            let request = Request {
                site: &single.site,
                sent_at: single.sent_at,
                pixel: false,
                bytes: body.len(),
            };
            return Self::stamp(edge, peer, head, &request, std::iter::once(Ok(single.event)), 1);
        }
        if let Some(read) = beacon::Batch::parse(body) {
            let request = Request {
                site: &read.site,
                sent_at: read.sent_at,
                pixel: false,
                bytes: body.len(),
            };
            let count = read.events.len();
            return Self::stamp(edge, peer, head, &request, read.events.into_iter(), count);
        }
        let beacon = Beacon::parse(body)?;
        let count = beacon.events.len();
        let events = beacon.events.into_iter().map(BeaconEvent::parse);
        let request = Request {
            site: &beacon.site,
            sent_at: beacon.sent_at,
            pixel: false,
            bytes: body.len(),
        };
        Self::stamp(edge, peer, head, &request, events, count)
    }

    /// Stamps `count` events that have been read.
    pub(crate) fn stamp<'e>(
        edge: &Edge,
        peer: IpAddr,
        head: &Head<'_>,
        request: &Request<'_>,
        events: impl Iterator<Item = Result<BeaconEvent<'e>, Rejection>>,
        count: usize,
    ) -> Result<Self, Refusal> {
        let table = edge.table.load();
        let (client, ip_source) = client_ip::find(peer, &head.forwarding, &edge.config.proxies);
        let (live, trust) = admit(&table, request.site, head, client, count, &edge.log.room())
            .map_err(|refusal| refusal.of_site(request.site))?;
        if trust == Trust::Public {
            edge.unbelieved
                .look((peer, ip_source), &head.forwarding, &edge.config.proxies);
        }
        let received_at = edge.config.clock.now_ms();
        let salts = &*edge.secrets.salts;
        let keep = |ip| address::keep(ip, live.site.ip, || salts.at(received_at, received_at));
        let ip = if trust == Trust::Public {
            keep(client)
        } else {
            String::new()
        };
        let ring = edge.secrets.ring.load();
        let arrival = Arrival {
            live,
            head,
            trust,
            ip: client,
            now: received_at,
            request: Builder::from_random_bytes(rand::random()).into_uuid(),
        };
        let mut visit = Visit::begin(arrival, &ring, salts);
        let sender = Sender {
            live,
            head,
            trust,
            received_at,
            sent_at: request.sent_at,
            ip: &ip,
            ip_source,
            keep: &keep,
            pixel: request.pixel,
        };
        let mut batch = Self {
            entries: Vec::with_capacity(count),
            memory: table.is_shared().then(|| Arc::clone(&live.memory)),
            ..Self::default()
        };
        let room = request.bytes / count.max(1) + 512;
        let mut latest = None;
        for (index, event) in events.enumerate() {
            let allowed = event
                .and_then(|event| check_reserved(event, trust))
                .and_then(|event| check_host(&sender, event));
            match allowed {
                Ok(event) => latest = Some(batch.take(index, event, &sender, &mut visit, room)),
                Err(rejection) => {
                    let refusals = &edge.config.extra.refusals;
                    refusals.tell(request.site, head.page_origin(), &rejection);
                    batch.rejected.push((index, rejection));
                }
            }
        }
        batch.farewell = visit.end();
        if let (Some(takeover), Some(with)) = (&batch.farewell.takeover, &latest) {
            let event = takeover::event(takeover, &ring, with);
            batch.tell(&event, room);
        }
        Ok(batch)
    }

    /// Appends an event of ingest's own.
    fn tell(&mut self, event: &Event<'_>, room: usize) {
        self.logins.extend(LoginLine::of(event));
        self.entries.push(entry(event, room));
        self.own += 1;
    }

    fn take<'e>(
        &mut self,
        index: usize,
        event: BeaconEvent<'e>,
        sender: &Sender<'e>,
        visit: &mut Visit<'_>,
        room: usize,
    ) -> Event<'e> {
        self.counts.take(&event);
        let event = stamp(event, sender, visit, rand::random);
        self.logins.extend(LoginLine::of(&event));
        if sender.head.debug {
            self.asked.push(Asked::of(index, &event));
        }
        self.entries.push(entry(&event, room));
        event
    }
}

/// Bytes of the log that entries will be.
pub(crate) fn bytes(entries: &[Entry]) -> u64 {
    let frames = entries.iter().map(|entry| FRAME_BYTES + entry.payload.len());
    frames.sum::<usize>() as u64
}

/// A name that starts with `$` is a server's, and the reader has let pass only those that servers may use.
fn check_reserved(event: BeaconEvent<'_>, trust: Trust) -> Result<BeaconEvent<'_>, Rejection> {
    if trust == Trust::Server || !reserved::is_reserved(&event.name) {
        return Ok(event);
    }
    Err(Rejection::new(
        Reject::ReservedName,
        "`name` starts with `$`: such names are reserved, and this one takes a server key",
    ))
}

/// What the envelope says of all events.
pub(crate) struct Request<'a> {
    pub(crate) site: &'a str,
    pub(crate) sent_at: Stamp,
    pub(crate) pixel: bool,
    /// Of the body, to guess how large an entry gets.
    pub(crate) bytes: usize,
}

/// The record of an event; `room` bytes are set aside for it.
#[inline]
fn entry(event: &Event<'_>, room: usize) -> Entry {
    let mut payload = Vec::with_capacity(room);
    event.write_json(&mut payload);
    Entry {
        kind: event.kind.code(),
        time_ms: event.received_at.unsigned_abs(),
        key: event.visitor.into_bytes(),
        payload,
    }
}
