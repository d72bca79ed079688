-- The figures of a range in one row. To compare, ask again for the range before.
--
-- A session or visitor counts if an event of it matches; rate and medians are those of the sessions, by all of their events.
CREATE OR REPLACE VIEW report_overview AS
WITH
    sessions AS
    (
        SELECT *
        FROM matched_sessions({{question}})
    )
SELECT
    uniqExact(visitor_id) AS visitors,
    count() AS sessions,
    sum(matched_views) AS page_views,
    sum(matched_events) AS events,
    countIf(is_bounce) AS bounces,
    if(sessions = 0, 0, bounces / sessions) AS bounce_rate,
    if(sessions = 0, 0, page_views / sessions) AS views_per_session,
    quantileExact(0.5)(duration_ms) AS session_ms,
    quantileExact(0.5)(engagement_ms) AS engagement_ms
FROM sessions;
