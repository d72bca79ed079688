-- What an operator has said about another ClickHouse server: an owner that wrote to it has nothing under way there any more,
-- and never will. Written by `footfall confirm-server-gone`, read by processors that are held by that owner's metadata. A word
-- is about one owner (each start of a processor has a tag of its own), so it cannot let a later one pass.
CREATE TABLE IF NOT EXISTS gone_servers
(
    -- `log_comment` of the owner's inserts.
    tag String,
    -- `serverUUID()` of the server, and its address, as the metadata says them.
    server UUID,
    address String,
    -- Who has said it, as the command knows it, and when.
    said_by String,
    at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (tag, at)
SETTINGS non_replicated_deduplication_window = 0, fsync_after_insert = 1, fsync_part_directory = 1;
