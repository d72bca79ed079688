-- Visitors and page views of each of the last 30 minutes, of people, the newest last. The minute that runs is the last.
CREATE OR REPLACE VIEW report_live AS
WITH
    minutes AS
    (
        SELECT toStartOfMinute(now('UTC')) - toIntervalMinute(29 - number) AS minute
        FROM numbers(30)
    ),
    counted AS
    (
        SELECT
            toDateTime(toStartOfMinute(time), 'UTC') AS minute,
            uniqExact(visitor_id) AS visitors,
            countIf(type = 'page_view') AS page_views
        FROM report_events
        (
            site = {site:String},
            since = now64(3, 'UTC') - INTERVAL 30 MINUTE,
            until = now64(3, 'UTC') + INTERVAL 5 MINUTE,
            bots = 0,
            filters = map()
        )
        GROUP BY minute
    )
SELECT minute, visitors, page_views
FROM minutes
LEFT JOIN counted USING (minute)
ORDER BY minute;
