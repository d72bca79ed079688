-- Events with the user that each belongs to, as far as it is known now: `resolved_user`, else empty. A login tells of what
-- came before it, and `unlink` takes back, so nothing of this is stored; `user_id` stays what the event itself said.
--
-- An event that names its user is that user's, unless that was unlinked. A failed login names whom somebody tried to be, and
-- says nothing. Everything else goes by the link of its visitor (`user_links`).
--
-- Filter by `site`, `time` and `received_at`, as with `events`.
CREATE OR REPLACE VIEW user_events AS
SELECT
    events.*,
    multiIf(
        type != 'login_failed' AND events.user_id != '' AND event_id NOT IN (SELECT event_id FROM user_statements WHERE is_void),
        events.user_id,
        events.time < links.until OR (type = 'logout' AND events.time = links.until),
        links.user_id,
        ''
    ) AS resolved_user
FROM events
ASOF LEFT JOIN user_links AS links
    ON links.site = events.site
    AND links.visitor_id = events.visitor_id
    AND links.scope = if(events.decision = 'cookieless', events.page_id, toUUID('00000000-0000-0000-0000-000000000000'))
    AND links.since <= events.time;
