//! Reads plain events without serde, three times as fast: known fields, strings without escapes, whole numbers, flat
//! props within their limits. That is nearly every event that a beacon sends. Anything else, wrong or merely unusual, is
//! none here and left to [`super::Reader`], so this knows no error and decides nothing.

mod scan;

use super::fields::Stamp;
use super::{BeaconEvent, Props};
use crate::reject::Rejection;
use crate::{limits, timestamp};
use scan::{Scan, Value};
use std::borrow::Cow;
use uuid::Uuid;

/// Pairs among which a repeated key is looked for one by one.
const FEW_PAIRS: usize = 16;

/// `site` and `sent_at`.
type Said<'a> = (Cow<'a, str>, Stamp);

/// One event; with `envelope` a request of one event, whose `site` and `sent_at` go there.
pub(super) fn read<'a>(text: &'a str, envelope: Option<&mut Said<'a>>) -> Option<BeaconEvent<'a>> {
    let mut scan = Scan::new(text);
    let event = event(&mut scan, envelope)?;
    scan.end()?;
    Some(event)
}

/// A batch with at most [`limits::BATCH_EVENTS`] events, to `each`; an event that is not plain is read with serde.
pub(super) fn batch<'a>(
    text: &'a str,
    mut each: impl FnMut(Result<BeaconEvent<'a>, Rejection>),
) -> Option<Said<'a>> {
    let (mut said, mut count) = ((Cow::Borrowed(""), Stamp::Missing), 0);
    let mut scan = Scan::new(text);
    scan.object(|scan, key| {
        match key {
            "site" => said.0 = scan.string()?.into(),
            "sent_at" => said.1 = stamp(scan)?,
            "events" if count == 0 => scan.list(|scan| {
                count += 1;
                let whole = scan.clone();
                each(match event(scan, None) {
                    Some(event) => Ok(event),
                    None => {
                        *scan = whole;
                        BeaconEvent::parse_with_serde(scan.raw()?)
                    }
                });
                (count <= limits::BATCH_EVENTS).then_some(())
            })?,
            _ => return None,
        }
        Some(())
    })?;
    scan.end()?;
    (count > 0).then_some(said)
}

fn event<'a>(scan: &mut Scan<'a>, mut envelope: Option<&mut Said<'a>>) -> Option<BeaconEvent<'a>> {
    let mut event = BeaconEvent::EMPTY;
    let mut kind = "";
    scan.object(|scan, key| {
        match key {
            "props" => event.props = props(scan)?,
            "type" => kind = scan.string()?,
            "site" => envelope.as_mut()?.0 = scan.string()?.into(),
            "sent_at" => envelope.as_mut()?.1 = stamp(scan)?,
            "ts" => event.ts = stamp(scan)?,
            "id" => event.id = Uuid::try_parse(scan.string()?).ok().filter(|id| !id.is_nil()),
            key => match number_field(&mut event, key) {
                Some(field) => *field = u32::try_from(scan.whole()?).ok()?,
                None => *text_field(&mut event, key)? = scan.string()?.into(),
            },
        }
        Some(())
    })?;
    event.check((!kind.is_empty()).then_some(kind)).ok()
}

fn number_field<'e>(event: &'e mut BeaconEvent<'_>, key: &str) -> Option<&'e mut u32> {
    Some(match key {
        "seq" => &mut event.seq,
        "attempt" => &mut event.attempt,
        "engagement_ms" => &mut event.engagement_ms,
        "scroll" => &mut event.scroll,
        "screen_w" => &mut event.screen_w,
        "screen_h" => &mut event.screen_h,
        "viewport_w" => &mut event.viewport_w,
        "viewport_h" => &mut event.viewport_h,
        _ => return None,
    })
}

/// The field of that name; a name that is not known here is not plain.
fn text_field<'e, 'a>(event: &'e mut BeaconEvent<'a>, key: &str) -> Option<&'e mut Cow<'a, str>> {
    Some(match key {
        "url" => &mut event.url,
        "title" => &mut event.title,
        "referrer" => &mut event.referrer,
        "page_id" => &mut event.page_id,
        "name" => &mut event.name,
        "user_id" => &mut event.user_id,
        "language" => &mut event.language,
        "timezone" => &mut event.timezone,
        "consent" => &mut event.consent,
        "token" => &mut event.token,
        "visitor" => &mut event.visitor,
        "session" => &mut event.session,
        "ip" => &mut event.ip,
        "user_agent" => &mut event.user_agent,
        _ => return None,
    })
}

fn stamp(scan: &mut Scan<'_>) -> Option<Stamp> {
    if scan.peek()? == b'"' {
        return timestamp::parse(scan.string()?).map(Stamp::At);
    }
    i64::try_from(scan.whole()?).ok().map(Stamp::At)
}

fn props<'a>(scan: &mut Scan<'a>) -> Option<Props<'a>> {
    let (mut props, mut bytes) = (Props::default(), 0);
    scan.object(|scan, key| {
        let value = match scan.scalar()? {
            Value::Null => return Some(()),
            Value::Text(text) => text,
        };
        bytes += key.len() + value.len();
        let fits = key.len() <= limits::PROPS_KEY_BYTES
            && value.len() <= limits::STRING_BYTES
            && bytes <= limits::PROPS_BYTES
            && props.pairs.len() < FEW_PAIRS
            && props.pairs.iter().all(|(known, _)| known != key);
        fits.then(|| props.pairs.push((Cow::Borrowed(key), Cow::Borrowed(value))))
    })?;
    Some(props)
}

#[cfg(test)]
mod tests;
