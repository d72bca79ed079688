-- One row per event that was kept. Meaning and unit of each column: `src/events.rs`.
--
-- The partition follows the time of receipt, never client time: otherwise one wrong clock makes a partition per batch.
-- The constraint refuses an insert that arrives after its writer may have lost its right to insert (code 469).
-- Codecs by measured size, 1 M rows: 80 bytes a row with ZSTD(1), 118 with LZ4, 79 with ZSTD(3); T64 in front saves 8 % on
-- times and numbers, Delta and DoubleDelta nothing. `user_agent` takes 0.6 bytes as LowCardinality, 2.7 as String. Lists of
-- few, mostly absent codes are plain strings: the same size, and merged in a third of the time.
CREATE TABLE IF NOT EXISTS events
(
    site LowCardinality(String) CODEC(ZSTD(1)),
    `type` LowCardinality(String) CODEC(ZSTD(1)),
    name LowCardinality(String) CODEC(ZSTD(1)),
    event_id UUID CODEC(ZSTD(1)),
    visitor_id UUID CODEC(ZSTD(1)),
    session_id UUID CODEC(ZSTD(1)),
    session_start DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    session_start_reason LowCardinality(String) CODEC(ZSTD(1)),
    decision LowCardinality(String) CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    seq UInt32 CODEC(T64, ZSTD(1)),
    attempt UInt32 CODEC(ZSTD(1)),
    time DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    client_time Nullable(DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    sent_at Nullable(DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    url String CODEC(ZSTD(1)),
    host LowCardinality(String) CODEC(ZSTD(1)),
    path String CODEC(ZSTD(1)),
    query String CODEC(ZSTD(1)),
    `hash` String CODEC(ZSTD(1)),
    title String CODEC(ZSTD(1)),
    page_id UUID CODEC(ZSTD(1)),
    referrer String CODEC(ZSTD(1)),
    referrer_host LowCardinality(String) CODEC(ZSTD(1)),
    referrer_path String CODEC(ZSTD(1)),
    utm_source LowCardinality(String) CODEC(ZSTD(1)),
    utm_medium LowCardinality(String) CODEC(ZSTD(1)),
    utm_campaign LowCardinality(String) CODEC(ZSTD(1)),
    utm_term String CODEC(ZSTD(1)),
    utm_content String CODEC(ZSTD(1)),
    utm_id String CODEC(ZSTD(1)),
    click_id_name LowCardinality(String) CODEC(ZSTD(1)),
    click_id String CODEC(ZSTD(1)),
    channel LowCardinality(String) CODEC(ZSTD(1)),
    referrer_source LowCardinality(String) CODEC(ZSTD(1)),
    referrer_medium LowCardinality(String) CODEC(ZSTD(1)),
    search_term String CODEC(ZSTD(1)),
    country LowCardinality(String) CODEC(ZSTD(1)),
    region LowCardinality(String) CODEC(ZSTD(1)),
    city LowCardinality(String) CODEC(ZSTD(1)),
    asn UInt32 CODEC(ZSTD(1)),
    asn_org LowCardinality(String) CODEC(ZSTD(1)),
    browser LowCardinality(String) CODEC(ZSTD(1)),
    browser_version LowCardinality(String) CODEC(ZSTD(1)),
    os LowCardinality(String) CODEC(ZSTD(1)),
    os_version LowCardinality(String) CODEC(ZSTD(1)),
    device_type LowCardinality(String) CODEC(ZSTD(1)),
    device_brand LowCardinality(String) CODEC(ZSTD(1)),
    device_model LowCardinality(String) CODEC(ZSTD(1)),
    screen_w UInt32 CODEC(ZSTD(1)),
    screen_h UInt32 CODEC(ZSTD(1)),
    viewport_w UInt32 CODEC(ZSTD(1)),
    viewport_h UInt32 CODEC(ZSTD(1)),
    language LowCardinality(String) CODEC(ZSTD(1)),
    timezone LowCardinality(String) CODEC(ZSTD(1)),
    accept_language LowCardinality(String) CODEC(ZSTD(1)),
    user_agent LowCardinality(String) CODEC(ZSTD(1)),
    hint_ua LowCardinality(String) CODEC(ZSTD(1)),
    hint_full LowCardinality(String) CODEC(ZSTD(1)),
    hint_mobile LowCardinality(String) CODEC(ZSTD(1)),
    hint_platform LowCardinality(String) CODEC(ZSTD(1)),
    hint_platform_version LowCardinality(String) CODEC(ZSTD(1)),
    hint_model LowCardinality(String) CODEC(ZSTD(1)),
    ip IPv6 CODEC(ZSTD(1)),
    ip_hash String CODEC(ZSTD(1)),
    ip_source LowCardinality(String) CODEC(ZSTD(1)),
    origin LowCardinality(String) CODEC(ZSTD(1)),
    gpc Bool CODEC(ZSTD(1)),
    dnt Bool CODEC(ZSTD(1)),
    consent LowCardinality(String) CODEC(ZSTD(1)),
    bot_score UInt8 CODEC(ZSTD(1)),
    bot_reasons Array(String) CODEC(ZSTD(1)),
    flags Array(String) CODEC(ZSTD(1)),
    late Bool CODEC(ZSTD(1)),
    engagement_ms UInt32 CODEC(ZSTD(1)),
    scroll UInt32 CODEC(ZSTD(1)),
    props Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    log_id UUID CODEC(ZSTD(1)),
    log_seq UInt64 CODEC(T64, ZSTD(1)),
    insert_deadline DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    enrich_version UInt16 CODEC(ZSTD(1)),
    schema_version UInt16 CODEC(ZSTD(1)),

    -- The processor's questions. Over one part of 10 M rows: 1,000 numbers 39 ms instead of 145, the rows of the last
    -- 10 minutes 51 instead of 126, three event ids 16 instead of 135 for 1.3 bytes a row.
    INDEX log_seq log_seq TYPE minmax GRANULARITY 1,
    INDEX received_at received_at TYPE minmax GRANULARITY 1,
    INDEX event_id event_id TYPE bloom_filter(0.01) GRANULARITY 1,

    CONSTRAINT fresh CHECK now64(3) < insert_deadline
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
-- Sort key: measured over 5 M rows of 30 days, three sites, inserts of 50,000 rows, one core. All merges until nothing was
-- left to merge, µs a row | views and visitors of a site, 7 days | its top pages | its sessions | funnel | retention, 30 days
-- | one rare type, 30 days | newest 100, ms:
--   site, day, type, visitor_id, time, event_id   9.0 | 45 | 110 | 83 | 164 | 732 | 22 | 50
--   site, day, type, time                         5.0 | 46 | 109 | 86 | 178 | 781 | 21 | 42
--   site, time                                    4.7 | 53 | 129 | 81 | 156 | 676 | 54 |  8
--   site, hour, type, time                        4.9 | 54 | 130 | 80 | 163 | 704 | 51 | 45
--   site, hour, visitor_id, time                  5.7 | 50 | 126 | 76 | 152 | 643 | 59 | 44
-- Rows arrive nearly in the order of `time`, so a key that ends in it merges whole runs, one with a visitor before it row by
-- row; it also keeps the processor's numbers together: 1,000 of them 5.4 ms, with visitors in the key 7.3. With 900 sites one
-- merge of ten inserts takes 4.5 µs a row, 6.8 with visitors in the key, 3.7 by site and time alone.
ORDER BY (site, toDate(time), type, time)
-- Numbers keep rows apart, not the server's tokens; they lost rows when the server was killed in an insert.
-- fsync: an answered insert survives a power cut. With replicas an operator may switch both off (`ALTER TABLE … MODIFY SETTING`).
-- A part is one file until it is larger than any insert: 250 files to write and fsync cost an insert of 50,000 rows as much
-- as half of all else (2.4 µs a row instead of 3.7).
SETTINGS non_replicated_deduplication_window = 0, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;
