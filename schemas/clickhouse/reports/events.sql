-- The events that a question is about: in the range, and past all filters, those on sessions too.
--   SELECT path, uniqExact(visitor_id) FROM report_events(site = 'shop', since = now() - INTERVAL 7 DAY, until = now(), bots = 0,
--                                                         filters = map('channel', ['email'])) GROUP BY path
CREATE OR REPLACE VIEW report_events AS
SELECT * EXCEPT (matches)
FROM matched_events({{question}})
WHERE matches
AND time >= {since:DateTime64(3, 'UTC')}
AND time < {until:DateTime64(3, 'UTC')}
AND if
(
    -- Names of filters on sessions. Without one of them this is constant, and sessions are not even thought of.
    hasAny
    (
        mapKeys({filters:Map(String, Array(String))}),
        [
            'channel', 'source', 'medium', 'referrer_source', 'referrer_host',
            'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'entry_path', 'exit_path',
            '!channel', '!source', '!medium', '!referrer_source', '!referrer_host',
            '!utm_source', '!utm_medium', '!utm_campaign', '!utm_term', '!utm_content', '!entry_path', '!exit_path'
        ]
    ),
    session_id IN
    (
        SELECT session_id
        FROM matched_sessions({{question}})
    ),
    true
);
