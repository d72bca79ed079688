-- The books: of every number that a log has given, what became of it. Right are `missing` 0 and `doubled` 0.
--
--   acknowledged  highest number known, from either table; numbers start at 1. Of a stranger's log, which is a partition of
--                 Kafka's (its id is of version 8), as many as are known: the numbers between are other logs' records
--   rows          numbers whose event is in `events`
--   ledger        numbers that are in `ledger`
--   marks         of those, the log's own marks
--   missing       numbers in neither table; on the way while events come, lost if it stays below `through`
--   doubled       rows and ledger entries beyond the first of a number
--   through       last mark
--   first_at      first and last time of receipt or entry
--   last_at
--
-- A fate is final, with two exceptions. `erased` and `expired` may follow any fate, and `duplicate` may follow a row (the
-- auditor found it late): then the number belongs to the ledger, also until its row is deleted. Anything else is doubled.
CREATE OR REPLACE VIEW books AS
WITH
    starts AS
    (
        SELECT
            log_id,
            first_seq,
            max(last_seq) AS last_any,
            maxIf(last_seq, reason NOT IN ('erased', 'expired')) AS last_fate,
            maxIf(last_seq, reason NOT IN ('erased', 'expired', 'duplicate')) AS last_clash,
            sumIf(last_seq - first_seq + 1, reason NOT IN ('erased', 'expired')) AS fates,
            countIf(reason = 'mark') AS marks,
            maxIf(last_seq, reason = 'mark') AS through,
            min(at) AS first_at,
            max(at) AS last_at
        FROM ledger
        GROUP BY log_id, first_seq
    ),
    -- How far the ranges that start at or below `first_seq` reach: a number n at or above it is in one of them if n <= reach.
    spans AS
    (
        SELECT
            *,
            max(last_any) OVER upto AS reach_any,
            max(last_clash) OVER upto AS reach_clash,
            max(last_any) OVER before AS before_any,
            max(last_fate) OVER before AS before_fate
        FROM starts
        WINDOW
            upto AS (PARTITION BY log_id ORDER BY first_seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
            before AS (PARTITION BY log_id ORDER BY first_seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ),
    parts AS
    (
        SELECT
            log_id,
            max(last_any) AS highest,
            0 AS copies,
            0 AS numbers,
            0 AS covered,
            0 AS clashes,
            -- What each range adds to those before it.
            sum(toUInt64(greatest(0, toInt64(last_any) - greatest(toInt64(first_seq) - 1, toInt64(before_any))))) AS entries,
            sum(fates) AS fates,
            sum(toUInt64(greatest(0, toInt64(last_fate) - greatest(toInt64(first_seq) - 1, toInt64(before_fate))))) AS fate_numbers,
            sum(marks) AS marks,
            max(through) AS through,
            min(first_at) AS first_at,
            max(last_at) AS last_at
        FROM spans
        GROUP BY log_id
        UNION ALL
        SELECT log_id, max(log_seq), count(), groupBitmap(log_seq), 0, 0, 0, 0, 0, 0, 0, min(received_at), max(received_at)
        FROM events
        GROUP BY log_id
        UNION ALL
        -- Numbers of events that are in the ledger too. Few rows can be, whatever their log: the others are not joined.
        SELECT
            log_id,
            max(log_seq),
            0,
            0,
            groupBitmapIf(log_seq, log_seq <= reach_any),
            groupBitmapIf(log_seq, log_seq <= reach_clash),
            0,
            0,
            0,
            0,
            0,
            min(received_at),
            max(received_at)
        FROM
        (
            SELECT log_id, log_seq, received_at
            FROM events
            WHERE log_seq IN (SELECT arrayJoin(range(first_seq, last_seq + 1)) FROM ledger WHERE last_seq - first_seq < 1000 AND reason != 'expired')
            OR log_id IN (SELECT log_id FROM ledger WHERE last_seq - first_seq >= 1000 AND reason != 'expired')
            -- What has expired is most of an old table: by blocks of numbers, not by number.
            OR (log_id, intDiv(log_seq, 65536)) IN (
                SELECT log_id, arrayJoin(range(intDiv(first_seq, 65536), intDiv(last_seq, 65536) + 1)) FROM ledger WHERE reason = 'expired')
        ) AS rows
        ASOF JOIN (SELECT log_id, first_seq, reach_any, reach_clash FROM spans) AS ranges
            ON rows.log_id = ranges.log_id AND rows.log_seq >= ranges.first_seq
        GROUP BY log_id
    )
SELECT
    log_id,
    if(substring(toString(log_id), 15, 1) = '8', rows + ledger, max(parts.highest)) AS acknowledged,
    toUInt64(sum(numbers) - sum(covered)) AS rows,
    sum(entries) AS ledger,
    sum(parts.marks) AS marks,
    toUInt64(acknowledged - rows - ledger) AS missing,
    toUInt64(sum(copies) - sum(numbers) + sum(fates) - sum(fate_numbers) + sum(clashes)) AS doubled,
    max(parts.through) AS through,
    min(parts.first_at) AS first_at,
    max(parts.last_at) AS last_at
FROM parts
GROUP BY log_id;
