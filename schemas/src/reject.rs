//! Why something was not kept: one enum for the HTTP answer, the counter's label and the ledger.
//!
//! Reasons up to [`Reject::Draining`] are said to the sender and never become a number; the rest are fates of numbers
//! that were acknowledged, and stand in the table `ledger`.

use serde::{Serialize, Serializer};
use std::fmt;

/// One reason. [`Reject::label`] is its name everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reject {
    /// The body is larger than the limit on the wire.
    BodyTooLarge,
    /// The body is larger than the limit after decompression, or expands beyond the ratio.
    BodyTooLargeDecoded,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The content type is neither JSON nor plain text.
    MediaType,
    /// The content encoding is none of gzip, br, zstd, identity.
    ContentEncoding,
    /// The body cannot be decompressed.
    BodyCorrupt,
    /// The body is not UTF-8.
    NotUtf8,
    /// The body is not JSON, or not an object.
    NotJson,
    /// The batch has no events.
    NoEvents,
    /// The batch has more events than the limit.
    TooManyEvents,
    /// A field has a type that it cannot have.
    WrongType,
    /// A field that every such event needs is missing.
    MissingField,
    /// `type` is not one of the contract's.
    UnknownType,
    /// The name starts with `$`, which is reserved.
    ReservedName,
    /// No such site.
    UnknownSite,
    /// The page's origin is not on the site's list.
    OriginNotAllowed,
    /// The server key is not one of the site's.
    ServerKey,
    /// The site or the address sends faster than it may.
    RateLimited,
    /// The site has as much of the local log, or of the way to it, as it may have beside others.
    SiteShare,
    /// The local log has reached its quota, or the disk its floor.
    LogFull,
    /// The local log cannot be written.
    LogUnavailable,
    /// Too much is waiting to be written.
    Busy,
    /// The service is shutting down.
    Draining,
    /// A record in the log that is not an event; the ledger keeps its bytes.
    Unreadable,
    /// A record of a newer format that an operator chose to skip.
    UnknownVersion,
    /// An event id that is in the table under another number.
    Duplicate,
    /// Erased on request.
    Erased,
    /// Past its retention.
    Expired,
    /// A number that no copy has any more. Alarm.
    Lost,
    /// The log's own record: everything up to here was acknowledged.
    Mark,
}

impl Reject {
    /// Every reason, in the order in which a message can meet it.
    pub const ALL: [Self; 30] = [
        Self::BodyTooLarge,
        Self::BodyTooLargeDecoded,
        Self::BodyTooSlow,
        Self::MediaType,
        Self::ContentEncoding,
        Self::BodyCorrupt,
        Self::NotUtf8,
        Self::NotJson,
        Self::NoEvents,
        Self::TooManyEvents,
        Self::WrongType,
        Self::MissingField,
        Self::UnknownType,
        Self::ReservedName,
        Self::UnknownSite,
        Self::OriginNotAllowed,
        Self::ServerKey,
        Self::RateLimited,
        Self::SiteShare,
        Self::LogFull,
        Self::LogUnavailable,
        Self::Busy,
        Self::Draining,
        Self::Unreadable,
        Self::UnknownVersion,
        Self::Duplicate,
        Self::Erased,
        Self::Expired,
        Self::Lost,
        Self::Mark,
    ];

    /// The name in answers, metrics and the ledger.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTooLargeDecoded => "body_too_large_decoded",
            Self::BodyTooSlow => "body_too_slow",
            Self::MediaType => "media_type",
            Self::ContentEncoding => "content_encoding",
            Self::BodyCorrupt => "body_corrupt",
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::NoEvents => "no_events",
            Self::TooManyEvents => "too_many_events",
            Self::WrongType => "wrong_type",
            Self::MissingField => "missing_field",
            Self::UnknownType => "unknown_type",
            Self::ReservedName => "reserved_name",
            Self::UnknownSite => "unknown_site",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::ServerKey => "server_key",
            Self::RateLimited => "rate_limited",
            Self::SiteShare => "site_share",
            Self::LogFull => "log_full",
            Self::LogUnavailable => "log_unavailable",
            Self::Busy => "busy",
            Self::Draining => "draining",
            Self::Unreadable => "unreadable",
            Self::UnknownVersion => "unknown_version",
            Self::Duplicate => "duplicate",
            Self::Erased => "erased",
            Self::Expired => "expired",
            Self::Lost => "lost",
            Self::Mark => "mark",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.label() == label)
    }

    /// The HTTP status when the whole request fails for this reason; none for fates of the ledger.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::BodyCorrupt
            | Self::NotUtf8
            | Self::NotJson
            | Self::NoEvents
            | Self::WrongType
            | Self::MissingField
            | Self::UnknownType
            | Self::ReservedName => Some(400),
            Self::UnknownSite | Self::OriginNotAllowed | Self::ServerKey => Some(403),
            Self::BodyTooSlow => Some(408),
            Self::BodyTooLarge | Self::BodyTooLargeDecoded | Self::TooManyEvents => Some(413),
            Self::MediaType | Self::ContentEncoding => Some(415),
            Self::RateLimited | Self::SiteShare => Some(429),
            Self::LogFull | Self::LogUnavailable | Self::Busy | Self::Draining => Some(503),
            Self::Unreadable
            | Self::UnknownVersion
            | Self::Duplicate
            | Self::Erased
            | Self::Expired
            | Self::Lost
            | Self::Mark => None,
        }
    }

    /// Whether the same request may succeed later, unchanged: such answers carry `Retry-After`.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self.status(), Some(408 | 429 | 503))
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl Serialize for Reject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.label())
    }
}

/// A reason with one short sentence for the sender: which field, which limit. No personal data, no causes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Rejection {
    /// The reason.
    pub reason: Reject,
    /// What exactly, lower case, without a full stop.
    pub detail: String,
}

impl Rejection {
    /// A reason with its sentence.
    #[must_use]
    pub fn new(reason: Reject, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reject;
    use std::collections::HashSet;

    #[test]
    fn every_reason_has_a_name_of_its_own() {
        let labels: HashSet<_> = Reject::ALL.iter().map(|reason| reason.label()).collect();
        assert_eq!(labels.len(), Reject::ALL.len());
        for reason in Reject::ALL {
            assert_eq!(Reject::from_label(reason.label()), Some(reason));
        }
    }

    #[test]
    fn a_reason_is_either_an_answer_or_a_fate() {
        let first_fate = Reject::ALL
            .iter()
            .position(|reason| reason.status().is_none())
            .unwrap();
        assert_eq!(Reject::ALL[first_fate], Reject::Unreadable);
        assert!(
            Reject::ALL[first_fate..]
                .iter()
                .all(|reason| reason.status().is_none())
        );
    }
}
