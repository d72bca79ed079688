-- Who logged in and out, from where, and who failed to: `login`, `login_failed`, `logout`, and `takeover`, when a session
-- went on from another network or another browser.
--
--   user             the user; of a failed login whom somebody tried to be
--   is_new_visitor   the user's first login on this visitor (browser)
--   failed_before    failed logins of this user in the hour before
--   ip, ip_hash      under the site's policy
--   reason           `props.reason`, if the page or server said one
CREATE OR REPLACE VIEW auth_timeline AS
WITH happened AS
(
    SELECT
        time,
        received_at,
        site,
        if(name = '$takeover', 'takeover', type::String) AS what,
        if(type = 'login_failed', user_id, resolved_user) AS user,
        visitor_id,
        session_id,
        ip,
        ip_hash,
        country,
        city,
        asn_org,
        browser,
        os,
        device_type,
        user_agent,
        props['reason'] AS reason,
        flags,
        event_id,
        (time, seq, log_seq) AS turn
    FROM user_events
    WHERE type IN ('login', 'login_failed', 'logout') OR (type = 'custom' AND name = '$takeover')
)
SELECT
    * EXCEPT (flags, event_id, turn),
    what = 'login' AND row_number() OVER (PARTITION BY site, user, visitor_id, what ORDER BY turn) = 1 AS is_new_visitor,
    countIf(what = 'login_failed')
        OVER (PARTITION BY site, user ORDER BY toUnixTimestamp64Milli(time) RANGE BETWEEN 3600000 PRECEDING AND CURRENT ROW)
        - (what = 'login_failed') AS failed_before,
    flags,
    event_id
FROM happened
ORDER BY time DESC;
