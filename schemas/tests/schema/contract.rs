//! The contract as structs to generate the JSON schema from; their comments are its descriptions.
//!
//! The reader ([`footfall_schemas::Beacon`]) is written by hand and more tolerant: unknown fields are ignored, numbers
//! saturate, an id that is not a UUID is replaced, text beyond its limit is cut and flagged.
#![expect(dead_code, reason = "only the schema of these structs is used")]

use footfall_schemas::limits;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::collections::BTreeMap;

/// What `POST /v1/events` takes: a batch, or one event with the fields of the envelope beside its own.
///
/// At most 1 MiB on the wire and 4 MiB decompressed. Unknown fields are ignored and counted.
#[derive(JsonSchema)]
#[schemars(untagged, title = "Footfall beacon", transform = name_it)]
pub(crate) enum Request {
    /// Several events of one site.
    Batch(Batch),
    /// One event.
    Single(Single),
}

fn name_it(schema: &mut Schema) {
    schema.insert("$id".to_owned(), "beacon.schema.json".into());
}

/// Several events of one site.
#[derive(JsonSchema)]
pub(crate) struct Batch {
    /// Site key.
    #[schemars(regex(pattern = r"^[a-z0-9_-]{1,64}$"))]
    site: String,
    /// Client time of sending; corrects the client's clock.
    sent_at: Option<Stamp>,
    /// The events. A bad one is rejected alone, by its index.
    #[schemars(length(min = 1, max = limits::BATCH_EVENTS))]
    events: Vec<Event>,
}

/// One event as a request of its own.
#[derive(JsonSchema)]
#[schemars(extend("not" = {"required": ["events"]}))]
pub(crate) struct Single {
    /// Site key.
    #[schemars(regex(pattern = r"^[a-z0-9_-]{1,64}$"))]
    site: String,
    /// Client time of sending; corrects the client's clock.
    sent_at: Option<Stamp>,
    #[schemars(flatten)]
    event: EventRef,
}

/// Refers to the event, which `flatten` would copy.
pub(crate) struct EventRef;

impl JsonSchema for EventRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EventRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let event = generator.subschema_for::<Event>();
        json_schema!({ "allOf": [event] })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// Milliseconds since 1970, or RFC 3339 text. Anything else is taken and flagged.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Stamp {
    Millis(f64),
    Text(String),
}

/// What happened.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum EventType {
    /// A page was shown.
    PageView,
    /// A page was hidden or left.
    PageLeave,
    /// A click worth counting.
    Click,
    /// Anything else, by `name`.
    Custom,
    /// Links the visitor to a user and carries traits in `props`.
    Identify,
    /// A user logged in.
    Login,
    /// A user logged out.
    Logout,
    /// Somebody failed to log in.
    LoginFailed,
    /// Consent was given, refused or withdrawn.
    Consent,
}

/// One event.
#[derive(JsonSchema)]
#[schemars(extend(
    "if" = {"properties": {"type": {"const": "custom"}}, "required": ["type"]},
    "then" = {"required": ["name"], "properties": {"name": {"type": "string", "minLength": 1}}}
))]
pub(crate) struct Event {
    /// UUIDv7 made by the client: the idempotency key. Made by the service if missing, nil or not a UUID.
    id: Option<String>,
    #[schemars(rename = "type")]
    kind: EventType,
    /// Name of a custom event, at most 256 bytes; must not start with `$`.
    #[schemars(regex(pattern = r"^([^$]|$)"))]
    name: Option<String>,
    /// Client time of the event.
    ts: Option<Stamp>,
    /// Full URL of the page, at most 8 KiB.
    url: Option<String>,
    /// Title of the page, at most 8 KiB.
    title: Option<String>,
    /// Full URL of the page before, at most 8 KiB.
    referrer: Option<String>,
    /// Number of the event on its page, from 1.
    seq: Option<f64>,
    /// One page load: a UUID made by the client.
    page_id: Option<String>,
    /// Which attempt to send this is, from 1.
    attempt: Option<f64>,
    /// The user, with `identify` and `login`; at most 256 bytes.
    user_id: Option<String>,
    /// Milliseconds during which the page was visible and used, with `page_leave`.
    engagement_ms: Option<f64>,
    /// Deepest scroll position, per cent, with `page_leave`.
    scroll: Option<f64>,
    /// Screen width, CSS pixels.
    screen_w: Option<f64>,
    /// Screen height, CSS pixels.
    screen_h: Option<f64>,
    /// Width of the viewport, CSS pixels.
    viewport_w: Option<f64>,
    /// Height of the viewport, CSS pixels.
    viewport_h: Option<f64>,
    /// Language of the browser, BCP 47.
    language: Option<String>,
    /// Time zone of the browser, IANA.
    timezone: Option<String>,
    /// `granted` or `refused`.
    consent: Option<String>,
    /// The token that proves in which session a late event happened.
    token: Option<String>,
    /// Free properties, at most 256 keys and 32 KiB: strings as they are, other values as JSON text, null dropped.
    props: Option<BTreeMap<String, serde_json::Value>>,
    /// Visitor id. Only with a server key, else left out.
    visitor: Option<String>,
    /// Session id. Only with a server key, else left out.
    session: Option<String>,
    /// Address of the visitor. Only with a server key, else left out.
    ip: Option<String>,
    /// User agent of the visitor. Only with a server key, else left out.
    user_agent: Option<String>,
}
