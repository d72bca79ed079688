//! Writes an event as JSON, byte for byte as `serde_json` would, in half its time: most strings need no escapes, and
//! that is seen 32 bytes at once.

use super::{ClientHints, Event};
use serde::Serialize;
use std::borrow::Cow;
use uuid::Uuid;

/// A key as it stands in the text; ours need no escapes.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}

impl Event<'_> {
    /// Appends the event as one JSON object.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        self.write_identity(&mut object);
        self.write_times(&mut object);
        self.write_page(&mut object);
        self.write_device(&mut object);
        self.write_privacy(&mut object);
        object.props(&self.props);
        object.text(key!("traceparent"), &self.traceparent);
        object.end();
    }

    fn write_identity(&self, object: &mut Object<'_>) {
        object.any(key!("v"), &self.v);
        object.uuid(key!("id"), &self.id);
        object.always(key!("site"), &self.site);
        object.always(key!("type"), self.kind.label());
        object.text(key!("name"), &self.name);
        object.uuid(key!("visitor"), &self.visitor);
        object.uuid(key!("session"), &self.session);
        object.any(key!("session_start"), &self.session_start);
        object.any(key!("session_reason"), &self.session_reason);
        object.any(key!("decision"), &self.decision);
        object.text(key!("user_id"), &self.user_id);
        if !self.page_id.is_nil() {
            object.uuid(key!("page_id"), &self.page_id);
        }
        object.count(key!("seq"), self.seq);
        object.count(key!("attempt"), self.attempt);
    }

    fn write_times(&self, object: &mut Object<'_>) {
        object.any(key!("time"), &self.time);
        object.some(key!("ts"), self.ts);
        object.some(key!("sent_at"), self.sent_at);
        object.any(key!("received_at"), &self.received_at);
    }

    fn write_page(&self, object: &mut Object<'_>) {
        object.text(key!("url"), &self.url);
        object.text(key!("title"), &self.title);
        object.text(key!("referrer"), &self.referrer);
        object.count(key!("engagement_ms"), self.engagement_ms);
        object.count(key!("scroll"), self.scroll);
    }

    fn write_device(&self, object: &mut Object<'_>) {
        object.count(key!("screen_w"), self.screen_w);
        object.count(key!("screen_h"), self.screen_h);
        object.count(key!("viewport_w"), self.viewport_w);
        object.count(key!("viewport_h"), self.viewport_h);
        object.text(key!("language"), &self.language);
        object.text(key!("timezone"), &self.timezone);
        object.text(key!("ip"), &self.ip);
        object.any(key!("ip_source"), &self.ip_source);
        object.text(key!("origin"), &self.origin);
        object.text(key!("user_agent"), &self.user_agent);
        object.text(key!("accept_language"), &self.accept_language);
        object.hints(&self.hints);
    }

    fn write_privacy(&self, object: &mut Object<'_>) {
        object.truth(key!("gpc"), self.gpc);
        object.truth(key!("dnt"), self.dnt);
        object.text(key!("consent"), &self.consent);
        object.text(key!("token"), &self.token);
        if !self.flags.is_empty() {
            object.any(key!("flags"), &self.flags);
        }
    }
}

/// A JSON object that is being written. Each key comes with a comma, and the first comma becomes the brace.
struct Object<'o> {
    begin: usize,
    out: &'o mut Vec<u8>,
}

impl<'o> Object<'o> {
    fn begin(out: &'o mut Vec<u8>) -> Self {
        Self {
            begin: out.len(),
            out,
        }
    }

    fn key(&mut self, key: &str) {
        self.out.extend_from_slice(key.as_bytes());
    }

    fn any(&mut self, key: &str, value: &impl Serialize) {
        self.key(key);
        by_serde(self.out, value);
    }

    fn some(&mut self, key: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.any(key, &value);
        }
    }

    fn count(&mut self, key: &str, number: u32) {
        if number != 0 {
            self.any(key, &number);
        }
    }

    fn truth(&mut self, key: &str, truth: bool) {
        if truth {
            self.key(key);
            self.out.extend_from_slice(b"true");
        }
    }

    fn uuid(&mut self, key: &str, id: &Uuid) {
        self.key(key);
        self.out.push(b'"');
        self.out.extend_from_slice(
            id.hyphenated()
                .encode_lower(&mut Uuid::encode_buffer())
                .as_bytes(),
        );
        self.out.push(b'"');
    }

    fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.always(key, value);
        }
    }

    fn always(&mut self, key: &str, value: &str) {
        self.key(key);
        string(self.out, value);
    }

    fn hints(&mut self, hints: &ClientHints<'_>) {
        if hints.is_empty() {
            return;
        }
        let ClientHints {
            ua,
            full,
            mobile,
            platform,
            platform_version,
            model,
        } = hints;
        self.key(key!("hints"));
        let mut inner = Object::begin(self.out);
        inner.text(key!("ua"), ua);
        inner.text(key!("full"), full);
        inner.text(key!("mobile"), mobile);
        inner.text(key!("platform"), platform);
        inner.text(key!("platform_version"), platform_version);
        inner.text(key!("model"), model);
        inner.end();
    }

    fn props(&mut self, props: &[(Cow<'_, str>, Cow<'_, str>)]) {
        for (at, (key, value)) in props.iter().enumerate() {
            if at == 0 {
                self.key(key!("props"));
            }
            self.out.push(if at == 0 { b'{' } else { b',' });
            string(self.out, key);
            self.out.push(b':');
            string(self.out, value);
        }
        if !props.is_empty() {
            self.out.push(b'}');
        }
    }

    /// Every object that is begun here has a key.
    fn end(self) {
        if let Some(comma) = self.out.get_mut(self.begin) {
            *comma = b'{';
        }
        self.out.push(b'}');
    }
}

/// Numbers and codes. Writing our own types into memory cannot fail.
fn by_serde(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    _ = serde_json::to_writer(out, value);
}

fn string(out: &mut Vec<u8>, text: &str) {
    if needs_escapes(text.as_bytes()) {
        return by_serde(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Whether JSON cannot have these bytes as they are (RFC 8259, 7). Blocks without an early exit, so that the compiler
/// can look at a whole block at once.
fn needs_escapes(bytes: &[u8]) -> bool {
    let any = |block: &[u8]| {
        block.iter().fold(false, |any, byte| {
            any | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')
        })
    };
    let blocks = bytes.chunks_exact(32);
    let rest = blocks.remainder();
    blocks.into_iter().any(any) || any(rest)
}

#[cfg(test)]
mod tests {
    use super::super::Event;

    const FULL: &str = r#"{"v":1,"id":"01932f4c-8d1e-7c3a-9b5f-0123456789ab","site":"demo","type":"custom","name":"a \"name\"","visitor":"01932f4c-8d1e-8c3a-9b5f-0123456789ab","session":"01932f4c-8d1e-8c3a-9b5f-0123456789ac","session_start":-5,"session_reason":"campaign","decision":"cookie","user_id":"u\\1","page_id":"01932f4c-8d1e-7c3a-9b5f-0123456789ad","seq":1,"attempt":2,"time":3,"ts":4,"sent_at":-9223372036854775808,"received_at":6,"url":"https://a.example/?q=a long one without anything to be escaped in it at all","title":"\u0000\u001f\n\t\b 完了 👟 \u007f","referrer":"r","engagement_ms":7,"scroll":8,"screen_w":9,"screen_h":10,"viewport_w":11,"viewport_h":12,"language":"de","timezone":"UTC","ip":"203.0.113.0","ip_source":"forwarded","origin":"https://a.example","user_agent":"M","accept_language":"de","hints":{"ua":"\"C\";v=\"1\"","full":"f","mobile":"?0","platform":"p","platform_version":"1","model":"m"},"gpc":true,"dnt":true,"consent":"granted","token":"t","flags":["id_made","late"],"props":{"a":"1","b\"":"[\"x\"]","":""},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#;

    #[test]
    fn the_sample_has_every_field() {
        // No `..`: a new field does not compile until it is thought of here, in the sample and in the writer.
        let Event {
            v: _,
            id: _,
            site: _,
            kind: _,
            name: _,
            visitor: _,
            session: _,
            session_start: _,
            session_reason: _,
            decision: _,
            user_id: _,
            page_id: _,
            seq: _,
            attempt: _,
            time: _,
            ts: _,
            sent_at: _,
            received_at: _,
            url: _,
            title: _,
            referrer: _,
            engagement_ms: _,
            scroll: _,
            screen_w: _,
            screen_h: _,
            viewport_w: _,
            viewport_h: _,
            language: _,
            timezone: _,
            ip: _,
            ip_source: _,
            origin: _,
            user_agent: _,
            accept_language: _,
            hints: _,
            gpc: _,
            dnt: _,
            consent: _,
            token: _,
            flags: _,
            props: _,
            traceparent: _,
        } = serde_json::from_str::<Event<'_>>(FULL).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Map<_, _>>(FULL).unwrap().len(),
            42
        );
    }

    #[test]
    fn it_writes_what_serde_json_writes() {
        let full: Event<'_> = serde_json::from_str(FULL).unwrap();
        // Every field on, then each off in its turn, and long strings with the odd byte at every place.
        let mut events = vec![full.clone()];
        let whole: serde_json::Map<_, _> = serde_json::from_str(FULL).unwrap();
        let texts: Vec<String> = whole
            .keys()
            .map(|off| {
                let mut less = whole.clone();
                less.remove(off);
                serde_json::to_string(&less).unwrap()
            })
            .collect();
        events.extend(texts.iter().filter_map(|text| serde_json::from_str(text).ok()));
        assert!(events.len() > 30);
        for at in 0..70 {
            for odd in ['"', '\\', '\n', '\u{1f}', ' ', 'é'] {
                let mut title = "x".repeat(70);
                title.insert(at, odd);
                events.push(Event {
                    title: title.into(),
                    ..full.clone()
                });
            }
        }
        for event in events {
            let mut written = Vec::new();
            event.write_json(&mut written);
            assert_eq!(
                String::from_utf8(written).unwrap(),
                serde_json::to_string(&event).unwrap()
            );
        }
        let mut written = Vec::new();
        full.write_json(&mut written);
        assert_eq!(written.len(), serde_json::to_string(&full).unwrap().len());
    }
}
