-- Visitors, sessions, page views and events by time, with empty buckets too.
--
--   at   when the bucket begins in the time zone that was asked for, as an instant (UTC); a week begins on Monday
--
-- A visitor or session counts in each bucket in which it does something, so the buckets add up to more than the overview.
CREATE OR REPLACE VIEW report_timeline AS
WITH
    (at) -> toDateTime
    (
        if({interval:String} = 'minute', toStartOfMinute(at, {timezone:String}),
        if({interval:String} = 'hour', toStartOfHour(at, {timezone:String}),
        if({interval:String} = 'day', toStartOfDay(at, {timezone:String}),
        if({interval:String} = 'week', toDateTime(toStartOfWeek(at, 1, {timezone:String}), {timezone:String}),
        toDateTime(toStartOfMonth(at, {timezone:String}), {timezone:String}))))),
        'UTC'
    ) AS bucket,
    -- The shortest time between two beginnings, and not more than where a clock change can put one: every bucket is met.
    if({interval:String} = 'minute', 60000, if({interval:String} = 'hour', 900000, 21600000)) AS step,
    toUnixTimestamp64Milli({since:DateTime64(3, 'UTC')}) AS first,
    toUnixTimestamp64Milli({until:DateTime64(3, 'UTC')}) - 1 AS last,
    buckets AS
    (
        SELECT DISTINCT bucket(fromUnixTimestamp64Milli(arrayJoin(arrayPushBack(range(first, last, step), last)), 'UTC')) AS at
        WHERE last >= first
    ),
    counted AS
    (
        SELECT
            bucket(time) AS at,
            uniqExact(visitor_id) AS visitors,
            uniqExact(session_id) AS sessions,
            countIf(type = 'page_view') AS page_views,
            count() AS events
        FROM report_events({{question}})
        GROUP BY at
    )
SELECT at, visitors, sessions, page_views, events
FROM buckets
LEFT JOIN counted USING (at)
ORDER BY at;
