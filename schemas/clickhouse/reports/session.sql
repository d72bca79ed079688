-- All events of one session, in order.
CREATE OR REPLACE VIEW report_session AS
SELECT time, type::String AS type, name::String AS name, path, title, engagement_ms, scroll, props, event_id
FROM events
WHERE site = {site:String} AND session_id = {session_id:UUID}
ORDER BY time, seq, log_seq;
