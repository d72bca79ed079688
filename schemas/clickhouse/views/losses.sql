-- The loss ledger: what pages say that they sent, against what is in `events`, by site and hour.
--   SELECT * FROM losses(since = now() - INTERVAL 1 DAY, until = now())
--
--   pages           page loads that sent something in the hour
--   sent            numbers that these pages gave: the beacon counts each page's events from 1, without gaps
--   arrived         of these, rows of `events`
--   late            of these, received more than a minute after they happened: kept on the device, and sent again
--   twice           deliveries beyond the first, put aside by their event id (ledger `duplicate`); of the rows that arrived
--   never           numbers that no row has: sent - arrived
--   may_still_come  whether a beacon may still hold some of them: it keeps an event for a week
--
-- A gap belongs to the hour of the number that ends it. So what a page sent after the last number that arrived cannot be
-- seen, nor a page of which nothing arrived. `never` has what ingest refused, too (the page was told why), what the
-- processor could not read (view `ledger_reasons`), and what was erased or has expired. Events without page or number
-- (servers, the pixel) are not in it. Numbers are the public's word: one gap counts at most 10,000.
--
-- `since` and `until` are about `time`; a page is looked at from its beginning, up to 31 days back.
CREATE OR REPLACE VIEW losses AS
WITH
    copies AS
    (
        SELECT event_id, count() AS more
        FROM ledger
        WHERE reason = 'duplicate' AND at >= {since:DateTime64(3, 'UTC')} - INTERVAL 5 MINUTE
        GROUP BY event_id
    ),
    in_range AS
    (
        SELECT site, page_id, seq, time, received_at, flags, event_id
        FROM events
        WHERE seq > 0
        AND page_id != toUUID('00000000-0000-0000-0000-000000000000')
        AND received_at >= {since:DateTime64(3, 'UTC')} - INTERVAL 5 MINUTE
        AND received_at <= {until:DateTime64(3, 'UTC')} + INTERVAL 31 DAY
        AND time >= {since:DateTime64(3, 'UTC')}
        AND time < {until:DateTime64(3, 'UTC')}
    ),
    arrivals AS
    (
        SELECT site, toStartOfHour(at) AS hour, uniqExact(page_id) AS pages, count() AS arrived, countIf(is_late) AS late
        FROM
        (
            SELECT
                site,
                page_id,
                seq,
                min(time) AS at,
                min(received_at) > at + INTERVAL 1 MINUTE AND NOT max(has(flags, 'server')) AS is_late
            FROM in_range
            GROUP BY site, page_id, seq
        )
        GROUP BY site, hour
    ),
    -- Pages of which not every number from 1 to the highest is in the range: as bits, which is exact up to 128; a page with
    -- more is always among them. Few, and only these are put in order, together with their numbers before the range.
    doubtful AS
    (
        SELECT site, page_id
        FROM in_range
        GROUP BY site, page_id
        HAVING bitCount(groupBitOr(bitShiftLeft(1::UInt128, seq % 128))) < max(seq)
    ),
    steps AS
    (
        SELECT
            site,
            min(time) AS at,
            toUInt64(seq - lagInFrame(seq, 1, 0) OVER (PARTITION BY site, page_id ORDER BY seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) AS step
        FROM events
        WHERE seq > 0
        AND received_at >= {since:DateTime64(3, 'UTC')} - INTERVAL 31 DAY
        AND received_at <= {until:DateTime64(3, 'UTC')} + INTERVAL 31 DAY
        AND time < {until:DateTime64(3, 'UTC')}
        AND (site, page_id) IN (SELECT site, page_id FROM doubtful)
        GROUP BY site, page_id, seq
    ),
    gaps AS
    (
        SELECT site, toStartOfHour(at) AS hour, sum(least(step, 10000) - 1) AS never
        FROM steps
        WHERE at >= {since:DateTime64(3, 'UTC')}
        GROUP BY site, hour
    ),
    -- Few: the copies are looked up among the events, not the events among the copies.
    repeated AS
    (
        SELECT site, toStartOfHour(time) AS hour, sum(more) AS again
        FROM in_range
        INNER JOIN copies USING (event_id)
        WHERE event_id IN (SELECT event_id FROM copies)
        GROUP BY site, hour
    )
SELECT
    site,
    hour,
    pages,
    toUInt64(arrived + gaps.never) AS sent,
    arrived,
    late,
    repeated.again AS twice,
    toUInt64(gaps.never) AS never,
    never > 0 AND hour > now() - INTERVAL 8 DAY AS may_still_come
FROM arrivals
LEFT JOIN gaps USING (site, hour)
LEFT JOIN repeated USING (site, hour)
ORDER BY hour DESC, site;
