-- What the auditor found, per log and closed range of numbers; the newest `at` of a range is its state.
CREATE TABLE IF NOT EXISTS audited
(
    log_id UUID,
    -- The range, both ends included.
    first_seq UInt64,
    last_seq UInt64,
    -- Distinct numbers of the range in `events`, and numbers of it in `ledger`.
    rows UInt64,
    ledger UInt64,
    -- Numbers in neither table; rows and entries beyond the first of a number; event ids that were kept twice.
    missing UInt64,
    doubled UInt64,
    late_duplicates UInt64,
    -- When it was counted.
    at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (log_id, first_seq, at)
SETTINGS non_replicated_deduplication_window = 0, fsync_after_insert = 1, fsync_part_directory = 1;
