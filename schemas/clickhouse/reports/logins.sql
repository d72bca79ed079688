-- Logins, failed logins, logouts and takeovers of a site, the latest first: `auth_timeline`, which says how they are told.
CREATE OR REPLACE VIEW report_logins AS
SELECT
    time,
    what,
    user,
    visitor_id,
    session_id,
    if(ip = toIPv6('::'), ip_hash, replaceOne(toString(ip), '::ffff:', '')) AS address,
    country::String AS country,
    city::String AS city,
    browser::String AS browser,
    os::String AS os,
    device_type::String AS device_type,
    reason,
    is_new_visitor,
    toUInt64(failed_before) AS failed_before
FROM auth_timeline
WHERE site = {site:String}
AND time >= {since:DateTime64(3, 'UTC')}
AND time < {until:DateTime64(3, 'UTC')}
ORDER BY time DESC, event_id;
