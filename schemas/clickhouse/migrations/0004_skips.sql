-- What an operator has said about records of a format that no release will ever know: a processor that stands in front of
-- such a number does not wait for it any more. Written by `footfall ledger skip`, read by processors, which alone write the
-- fate. A word about a number that can be read, or has a fate, means nothing; the same word twice means the same.
CREATE TABLE IF NOT EXISTS skips
(
    log_id UUID,
    -- The range, both ends included.
    first_seq UInt64,
    last_seq UInt64,
    -- Who has said it, as the command knows it, and when.
    said_by String,
    at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (log_id, first_seq, at)
SETTINGS non_replicated_deduplication_window = 0, fsync_after_insert = 1, fsync_part_directory = 1;
