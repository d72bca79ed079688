-- When people come: by day of the week (1 is Monday) and hour, in the time zone that was asked for. All 168 hours, in order.
CREATE OR REPLACE VIEW report_pattern AS
WITH
    hours AS
    (
        SELECT toUInt8(intDiv(number, 24) + 1) AS weekday, toUInt8(number % 24) AS hour
        FROM numbers(168)
    ),
    counted AS
    (
        SELECT
            toDayOfWeek(time, 0, {timezone:String}) AS weekday,
            toHour(time, {timezone:String}) AS hour,
            uniqExact(visitor_id) AS visitors,
            uniqExact(session_id) AS sessions,
            countIf(type = 'page_view') AS page_views
        FROM report_events({{question}})
        GROUP BY weekday, hour
    )
SELECT weekday, hour, visitors, sessions, page_views
FROM hours
LEFT JOIN counted USING (weekday, hour)
ORDER BY weekday, hour;
