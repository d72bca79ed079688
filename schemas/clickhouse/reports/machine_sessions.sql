-- The sessions that `session_bots` names, of one site: the same rule, asked so that it costs little. Most sessions are short,
-- and only one with 20 page views can be told by its pace, so only those are looked at by the minute; and whether a server
-- sent it is looked up last, as lists are dear to read.
CREATE OR REPLACE VIEW machine_sessions AS
SELECT session_id
FROM events
PREWHERE bot_score >= 50
WHERE site = {site:String}
AND {{months}}
AND time >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY
AND time < {until:DateTime64(3, 'UTC')} + INTERVAL 1 DAY
AND NOT startsWith(name, '$')
AND NOT has(flags, 'server')
UNION ALL
SELECT session_id
FROM
(
    SELECT
        session_id,
        toStartOfMinute(time) AS minute,
        countIf(type = 'page_view') AS pages,
        countIf(type = 'page_view' AND seq > 0 AND NOT has(flags, 'pixel')) AS run,
        sum(engagement_ms) AS engaged,
        countIf(type IN ('click', 'identify', 'login', 'logout') OR scroll > 0) AS acts
    FROM events
    PREWHERE session_id IN
    (
        SELECT session_id
        FROM events
        WHERE site = {site:String}
        AND type = 'page_view'
        AND {{months}}
        AND time >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY
        AND time < {until:DateTime64(3, 'UTC')} + INTERVAL 1 DAY
        GROUP BY session_id
        HAVING count() >= 20
    )
    WHERE site = {site:String}
    AND {{months}}
    AND time >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY
    AND time < {until:DateTime64(3, 'UTC')} + INTERVAL 1 DAY
    AND NOT startsWith(name, '$')
    AND NOT has(flags, 'server')
    GROUP BY session_id, minute
)
GROUP BY session_id
HAVING max(pages) >= 60 OR (sum(run) >= 20 AND sum(engaged) = 0 AND sum(acts) = 0);
