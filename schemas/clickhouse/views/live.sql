-- The last hundred events of the last hour, newest first.
CREATE OR REPLACE VIEW live AS
SELECT received_at, time, site, type, name, host, path, title, referrer_host, country, browser, os, device_type, visitor_id, session_id, event_id
FROM events
WHERE received_at > now64(3, 'UTC') - INTERVAL 1 HOUR
ORDER BY received_at DESC
LIMIT 100;
