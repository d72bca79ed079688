-- What was said about who a visitor is: every `identify`, `login` and `logout`, with whether it still counts. The other
-- views about users stand on it.
--
--   scope     where the statement holds beside the visitor: nil, or for a visitor without a cookie the page load. Such a
--             visitor is a hash of address and browser, and may be everybody in one office.
--   said_at   `time`, but never before what the same page said earlier: two requests of a page may be on their way
--             differently long, and its numbers are right
--   turn      what to order by
--   is_void   an operator has unlinked it (`footfall unlink`): an event `$unlink` with a server key, which names the visitor,
--             the user or both in `props`, and takes back everything that was said up to its `time`
CREATE OR REPLACE VIEW user_statements AS
WITH
    unlinks AS
    (
        SELECT site, toUUIDOrZero(props['visitor']) AS visitor, props['user'] AS user, max(time) AS at
        FROM events
        WHERE type = 'custom' AND name = '$unlink' AND has(flags, 'server')
        GROUP BY site, visitor, user
    ),
    toUUID('00000000-0000-0000-0000-000000000000') AS nobody,
    said AS
    (
        SELECT
            site,
            visitor_id,
            if(decision = 'cookieless', page_id, nobody) AS scope,
            type,
            user_id,
            props,
            time,
            if(seq > 0, maxIf(time, seq > 0) OVER (PARTITION BY site, visitor_id, page_id ORDER BY seq, log_id, log_seq), time) AS said_at,
            (said_at, page_id, seq, log_id, log_seq) AS turn,
            session_id,
            event_id
        FROM events
        WHERE type IN ('identify', 'login', 'logout') AND (type = 'logout' OR user_id != '')
    )
SELECT
    said.site AS site,
    said.visitor_id AS visitor_id,
    said.scope AS scope,
    said.type AS type,
    said.user_id AS user_id,
    said.props AS props,
    said.time AS time,
    said.said_at AS said_at,
    said.turn AS turn,
    said.session_id AS session_id,
    said.event_id AS event_id,
    greatest(of_visitor.at, of_user.at, of_both.at) >= said_at AS is_void
FROM said
LEFT JOIN (SELECT site, visitor, at FROM unlinks WHERE user = '' AND visitor != nobody) AS of_visitor
    ON of_visitor.site = said.site AND of_visitor.visitor = said.visitor_id
LEFT JOIN (SELECT site, user, at FROM unlinks WHERE user != '' AND visitor = nobody) AS of_user
    ON of_user.site = said.site AND of_user.user = said.user_id
LEFT JOIN (SELECT site, visitor, user, at FROM unlinks WHERE user != '' AND visitor != nobody) AS of_both
    ON of_both.site = said.site AND of_both.visitor = said.visitor_id AND of_both.user = said.user_id;
