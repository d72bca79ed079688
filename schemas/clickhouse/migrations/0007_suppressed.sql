-- Who was erased, so that nothing of them comes back: late arrivals, records that are read again, replays. Written by `footfall
-- erase`, read by processors before every insert; rows are never changed. No value of a person stands here: only its keyed hash,
-- under a key that is not in ClickHouse (HMAC-SHA-256, the first 128 bits).
--
-- What is kept out: events whose `kind` has the hash, of `site` (empty: of all), that happened from `since` on and happened, or
-- were received, up to `until`.
CREATE TABLE IF NOT EXISTS suppressed
(
    -- Which erasure.
    erasure UUID,
    -- What is hashed: `visitor`, `user`, `ip`; `page`: a page load of a visitor without a cookie who was the user there.
    kind LowCardinality(String),
    hash UInt128,
    -- Which key: the first 32 bits of a hash of it. A processor with another one could not tell whom these rows mean.
    key_id UInt32,
    site LowCardinality(String),
    since DateTime64(3, 'UTC'),
    until DateTime64(3, 'UTC'),
    -- It was asked for; the others follow from it (visitors who were the user).
    asked Bool,
    -- Written once more at the end: the erasure was done. One without it was cut off, and the same command finishes it.
    finished Bool,
    -- Who has said it, as the command knows it, and when.
    said_by String,
    at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (kind, hash, at)
SETTINGS non_replicated_deduplication_window = 0, fsync_after_insert = 1, fsync_part_directory = 1;
