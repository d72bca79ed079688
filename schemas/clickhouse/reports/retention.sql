-- Who comes back: new visitors by the day, week or month of their first event, and how many of them did something again so
-- many days, weeks or months later.
--
--   cohort     when the unit began in the time zone, as an instant (UTC)
--   period     units since then; 0 is the unit itself
--   visitors   of the cohort who did something in that unit; share: of all of the cohort
--
-- Visitors who were known before the range are in no cohort. Units that have not begun by the end of the range are not listed.
CREATE OR REPLACE VIEW report_retention AS
WITH
    (at) -> if({unit:String} = 'month', toRelativeMonthNum(at, {timezone:String}),
            if({unit:String} = 'week', toRelativeWeekNum(at, {timezone:String}), toRelativeDayNum(at, {timezone:String}))) AS number,
    (at) -> toDateTime
    (
        if({unit:String} = 'month', toDateTime(toStartOfMonth(at, {timezone:String}), {timezone:String}),
        if({unit:String} = 'week', toDateTime(toStartOfWeek(at, 1, {timezone:String}), {timezone:String}), toStartOfDay(at, {timezone:String}))),
        'UTC'
    ) AS bucket,
    number({until:DateTime64(3, 'UTC')} - toIntervalMillisecond(1)) AS last,
    people AS
    (
        SELECT visitor_id, min(time) AS first, groupUniqArray(number(time)) AS units
        FROM report_events({{question}})
        WHERE visitor_id NOT IN
        (
            SELECT visitor_id
            FROM events
            WHERE site = {site:String}
            AND time < {since:DateTime64(3, 'UTC')}
        )
        GROUP BY visitor_id
    ),
    cohorts AS
    (
        SELECT bucket(first) AS cohort, any(number(first)) AS born, count() AS size, sumMap(units, arrayResize([1::UInt64], length(units), 1::UInt64)) AS active
        FROM people
        GROUP BY cohort
    )
SELECT
    cohort,
    toUInt32(arrayJoin(range(last - born + 1))) AS period,
    active.2[indexOf(active.1, born + period)] AS visitors,
    visitors / size AS share
FROM cohorts
ORDER BY cohort, period;
