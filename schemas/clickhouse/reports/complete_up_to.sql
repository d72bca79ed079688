-- Time before which nothing is still on its way between the edge and the table, as far as the table knows it; one row.
--
--   complete_up_to   everything that was received before it has its fate
--   logs             logs with something in the last two days; waiting: numbers of them that have no fate yet, though later ones have
--
-- A log gives each event a number, and marks of its own while events come and one after the last. So all is there up to the
-- first number that is missing; a log whose last number is a mark, with nothing missing, has nothing under way. What a node
-- has not sent at all cannot be known here, and a page may keep what it could not send for a week: view `losses`.
--
-- What was erased or has expired is told of long after its receipt: of it, only numbers among those of the last two days count.
--
-- Only events say when they were received; the ledger says when a fate was decided, which may be much later. Requests get their
-- numbers when they go to the disk, so two may be the other way round than they were received: ten seconds are left for that.
CREATE OR REPLACE VIEW report_complete_up_to AS
WITH
    now64(3, 'UTC') - INTERVAL 2 DAY AS horizon,
    lowest AS (SELECT log_id, min(log_seq) AS low FROM events WHERE received_at >= horizon GROUP BY log_id),
    spans AS
    (
        SELECT log_id, log_seq AS first, log_seq AS last, received_at, false AS is_mark
        FROM events
        WHERE received_at >= horizon
        UNION ALL
        SELECT log_id, first_seq, last_seq, horizon, reason = 'mark'
        FROM ledger
        LEFT JOIN lowest USING (log_id)
        WHERE at >= horizon
        AND (reason NOT IN ('erased', 'expired') OR last_seq >= low)
    ),
    steps AS
    (
        SELECT
            *,
            max(last) OVER (PARTITION BY log_id ORDER BY first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
            max(received_at) OVER (PARTITION BY log_id ORDER BY first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS known
        FROM spans
        WHERE log_id IN (SELECT log_id FROM events WHERE site = {site:String} AND received_at >= horizon)
    ),
    logs AS
    (
        SELECT
            log_id,
            sumIf(first - before - 1, before > 0 AND first > before + 1) AS missing,
            minIf(known, before > 0 AND first > before + 1) AS until_gap,
            argMax(is_mark, last) AS ends_with_mark,
            max(received_at) AS newest
        FROM steps
        GROUP BY log_id
    )
SELECT
    if(logs = 0, now64(3, 'UTC'), min(if(missing > 0, until_gap - INTERVAL 10 SECOND, if(ends_with_mark, now64(3, 'UTC'), newest - INTERVAL 10 SECOND)))) AS complete_up_to,
    count() AS logs,
    toUInt64(sum(missing)) AS waiting
FROM logs;
