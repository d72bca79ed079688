-- Events without those of machines, for reports: all columns of `events`, none of a session that `session_bots` names.
--   SELECT path, uniq(visitor_id) FROM human_events(since = now() - INTERVAL 7 DAY, until = now()) WHERE site = 'shop' GROUP BY path
CREATE OR REPLACE VIEW human_events AS
SELECT *
FROM events
WHERE received_at >= {since:DateTime64(3, 'UTC')} - INTERVAL 5 MINUTE
AND received_at <= {until:DateTime64(3, 'UTC')} + INTERVAL 31 DAY
AND time >= {since:DateTime64(3, 'UTC')}
AND time < {until:DateTime64(3, 'UTC')}
AND bot_score < 50
AND (site, session_id) NOT IN
(
    SELECT site, session_id
    FROM session_bots(since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
);
