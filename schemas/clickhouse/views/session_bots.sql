-- Sessions of machines: what each event said by itself, and what only the whole session shows. Rows are never rewritten, so
-- this may be judged anew as rules change; events of a session that is found out later are relabelled with it.
--   SELECT * FROM session_bots(since = now() - INTERVAL 1 DAY, until = now())
--
--   events, views   events and page views of the session
--   fastest         page views in its busiest minute (of the clock)
--   engagement_ms   how long its pages were looked at and used
--   reasons         `agent`          an event of it has a `bot_score` of 50 or more: `bot_reasons` there say why
--                   `rate`           60 page views in a minute: nobody looks at a page for a second, a minute long
--                   `no_engagement`  20 page views with the script running, and nothing looked at, scrolled or clicked
--   score           0 to 100
--
-- What a site's own server sends is not looked at, nor what Footfall notes itself (`$…`). Sessions are judged by their events from a day before `since` on, which
-- is how long one may last; one that ended before is not among them.
CREATE OR REPLACE VIEW session_bots AS
WITH
    minutes AS
    (
        SELECT
            site,
            session_id,
            toStartOfMinute(time) AS minute,
            any(visitor_id) AS visitor,
            min(time) AS first,
            max(time) AS last,
            count() AS all,
            countIf(type = 'page_view') AS pages,
            countIf(type = 'page_view' AND seq > 0 AND NOT has(flags, 'pixel')) AS run,
            sum(events.engagement_ms) AS engaged,
            countIf(type IN ('click', 'identify', 'login', 'logout') OR scroll > 0) AS acts,
            max(bot_score) AS told
        FROM events
        WHERE received_at >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY - INTERVAL 5 MINUTE
        AND received_at <= {until:DateTime64(3, 'UTC')} + INTERVAL 31 DAY
        AND time >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY
        AND time < {until:DateTime64(3, 'UTC')}
        AND NOT startsWith(name, '$')
        AND NOT has(flags, 'server')
        GROUP BY site, session_id, minute
    )
SELECT
    site,
    session_id,
    any(visitor) AS visitor_id,
    min(first) AS began,
    max(last) AS ended,
    sum(all) AS events,
    sum(pages) AS views,
    max(pages) AS fastest,
    sum(engaged) AS engagement_ms,
    arrayFilter
    (
        reason -> reason != '',
        [
            if(max(told) >= 50, 'agent', ''),
            if(fastest >= 60, 'rate', ''),
            if(sum(run) >= 20 AND engagement_ms = 0 AND sum(acts) = 0, 'no_engagement', '')
        ]
    ) AS reasons,
    toUInt8(greatest(max(told), if(has(reasons, 'rate'), 95, 0), if(has(reasons, 'no_engagement'), 80, 0))) AS score
FROM minutes
GROUP BY site, session_id
HAVING notEmpty(reasons) AND ended >= {since:DateTime64(3, 'UTC')};
