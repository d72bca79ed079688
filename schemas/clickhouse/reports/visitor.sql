-- Everything that is known of one person: their sessions, the latest first, on all browsers that they logged in with.
--
-- Ask for a visitor or for a user; the other is empty. A visitor who was a user is that person, with what the person did on
-- other visitors, as far as `user_events` knows it. What somebody else did on a shared device is not theirs.
CREATE OR REPLACE VIEW report_visitor AS
WITH
    persons AS
    (
        SELECT DISTINCT resolved_user AS user_id
        FROM user_events
        WHERE site = {site:String} AND {visitor_id:String} != '' AND visitor_id = toUUIDOrZero({visitor_id:String}) AND resolved_user != ''
        UNION DISTINCT
        SELECT {user_id:String}
        WHERE {user_id:String} != ''
    ),
    devices AS
    (
        SELECT visitor_id
        FROM user_links
        WHERE site = {site:String} AND user_id IN (SELECT user_id FROM persons)
        UNION DISTINCT
        SELECT visitor_id
        FROM events
        WHERE site = {site:String} AND user_id != '' AND user_id IN (SELECT user_id FROM persons)
        UNION DISTINCT
        SELECT toUUIDOrZero({visitor_id:String})
        WHERE {visitor_id:String} != ''
    )
SELECT
    session_id,
    visitor_id,
    max(resolved_user) AS user,
    min(time) AS began,
    max(time) AS ended,
    toUInt64(toUnixTimestamp64Milli(ended) - toUnixTimestamp64Milli(began)) AS duration_ms,
    countIf(type = 'page_view') AS page_views,
    count() AS events,
    sum(events.engagement_ms) AS engagement_ms,
    argMinIf(path, (time, seq, log_seq), type = 'page_view') AS entry_path,
    argMaxIf(path, (time, seq, log_seq), type = 'page_view') AS exit_path,
    argMin(events.country, (time, seq, log_seq)) AS country,
    argMin(events.city, (time, seq, log_seq)) AS city,
    argMin(events.device_type, (time, seq, log_seq)) AS device_type,
    argMin(events.browser, (time, seq, log_seq)) AS browser,
    argMin(events.os, (time, seq, log_seq)) AS os
FROM user_events AS events
WHERE site = {site:String}
AND visitor_id IN (SELECT visitor_id FROM devices)
AND NOT startsWith(name, '$')
AND (resolved_user IN (SELECT user_id FROM persons) OR (resolved_user = '' AND {visitor_id:String} != '' AND visitor_id = toUUIDOrZero({visitor_id:String})))
GROUP BY session_id, visitor_id
ORDER BY began DESC, session_id;
