-- The numbers that are not in `events`, each with its reason. Meaning and unit of each column: `src/ledger.rs`.
CREATE TABLE IF NOT EXISTS ledger
(
    log_id UUID CODEC(ZSTD(1)),
    first_seq UInt64 CODEC(Delta(8), ZSTD(1)),
    last_seq UInt64 CODEC(Delta(8), ZSTD(1)),
    reason LowCardinality(String) CODEC(ZSTD(1)),
    detail String CODEC(ZSTD(1)),
    payload String CODEC(ZSTD(1)),
    event_id UUID CODEC(ZSTD(1)),
    site LowCardinality(String) CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    insert_deadline DateTime64(3, 'UTC') CODEC(ZSTD(1)),

    CONSTRAINT fresh CHECK now64(3) < insert_deadline
)
ENGINE = MergeTree
ORDER BY (log_id, first_seq)
SETTINGS non_replicated_deduplication_window = 0, fsync_after_insert = 1, fsync_part_directory = 1;
