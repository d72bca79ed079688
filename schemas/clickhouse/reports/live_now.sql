-- Who is here now: people of whom something was seen in the last five minutes, the last seen first.
--
--   path, title   of the last page; views: page views of the last half hour; source: what brought their session
CREATE OR REPLACE VIEW report_live_now AS
WITH
    seen AS
    (
        SELECT
            visitor_id,
            max(time) AS last_at,
            argMaxIf(path, turn, url != '') AS path,
            argMaxIf(title, turn, title != '') AS title,
            argMax(country, turn) AS country,
            argMax(city, turn) AS city,
            argMax(device_type, turn) AS device_type,
            argMax(browser, turn) AS browser,
            argMax(session_id, turn) AS session_id,
            countIf(type = 'page_view') AS views
        FROM report_events
        (
            site = {site:String},
            since = now64(3, 'UTC') - INTERVAL 30 MINUTE,
            until = now64(3, 'UTC') + INTERVAL 5 MINUTE,
            bots = 0,
            filters = map()
        )
        GROUP BY visitor_id
        HAVING last_at >= now64(3, 'UTC') - INTERVAL 5 MINUTE
    ),
    sessions AS
    (
        SELECT session_id, source
        FROM matched_sessions
        (
            site = {site:String},
            since = now64(3, 'UTC') - INTERVAL 30 MINUTE,
            until = now64(3, 'UTC') + INTERVAL 5 MINUTE,
            bots = 0,
            filters = map()
        )
    )
SELECT visitor_id, last_at, path, title, country, city, device_type, browser, source, views
FROM seen
LEFT JOIN sessions USING (session_id)
ORDER BY last_at DESC, visitor_id;
