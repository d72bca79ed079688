//! Answers that are good for a moment, and equal questions that are asked once while they are on their way.

use super::ask::{Asker, Format};
use crate::refusal::Refusal;
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Answers that the cache expects to hold; beyond its bytes the least used go.
const ANSWERS: usize = 1024;
/// What a key and its place in the cache take, bytes, beside texts.
const OVERHEAD: u64 = 128;

/// How long an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fresh {
    /// What happens now.
    Live,
    /// A range that is not over.
    Now,
    /// The past, which only late events change.
    Past,
}

impl Fresh {
    pub(crate) const fn span(self) -> Duration {
        match self {
            Self::Live => Duration::from_secs(1),
            Self::Now => Duration::from_secs(5),
            Self::Past => Duration::from_secs(120),
        }
    }
}

/// A question in the span of time in which its answer counts: no answer has to be taken out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    sql: String,
    format: Format,
    span: u128,
}

#[derive(Debug, Clone)]
struct Bytewise;

impl Weighter<Key, Bytes> for Bytewise {
    fn weight(&self, key: &Key, answer: &Bytes) -> u64 {
        (key.sql.len() + answer.len()) as u64 + OVERHEAD
    }
}

/// Asks, or has the answer.
#[derive(Debug)]
pub(crate) struct Cached {
    asker: Asker,
    answers: Cache<Key, Bytes, Bytewise>,
}

impl Cached {
    pub(crate) fn new(asker: Asker, bytes: u64) -> Self {
        Self {
            asker,
            answers: Cache::with_weighter(ANSWERS, bytes, Bytewise),
        }
    }

    /// The answer, made by `finish` from what ClickHouse said. Whoever asks the same meanwhile waits for it; if who asked
    /// first leaves, the next one asks.
    pub(crate) async fn ask(
        &self,
        sql: &str,
        format: Format,
        fresh: Fresh,
        finish: impl FnOnce(Bytes) -> Result<Bytes, Refusal>,
    ) -> Result<Bytes, Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let key = Key {
            sql: sql.to_owned(),
            format,
            span: now.as_millis() / fresh.span().as_millis(),
        };
        let asked = async { finish(self.asker.ask(sql, format).await?) };
        self.answers.get_or_insert_async(&key, asked).await
    }
}
