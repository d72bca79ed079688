-- Which visitor was which user, from when until when.
--
--   visitor_id, scope   the visitor; `scope` as in `user_statements`
--   user_id             the user
--   since               from then on the visitor's events are the user's, `until` excluded
--   until               2200-01-01 while the link holds
--   began_at, began_by  when it was said, and how: `identify` or `login`
--   ended_by            `logout`; `login` or `identify` of another user; `unlink`; empty while it holds
--
-- Of links of a visitor that begin in the same millisecond only the last is here: the others are over before anything else happens.
--
-- The rule for devices that several people share:
-- 1. A link begins with `identify` or `login`, and ends with `logout`, whoever it names, or with the next user.
-- 2. What a visitor did before the first link of all is the user's too (`since` is 1970): people browse, and then sign up.
-- 3. After a link has ended, nobody knows who it is. What is done until the next link is nobody's, also if the same user
--    comes back, and also if only a logout was seen.
-- 4. A statement that was unlinked begins nothing, and counts as such an end: the next link does not reach over it.
CREATE OR REPLACE VIEW user_links AS
WITH
    statements AS
    (
        SELECT *, if(type = 'logout' OR is_void, '', user_id) AS user
        FROM user_statements
    ),
    turns AS
    (
        SELECT *, lagInFrame(user, 1, '') OVER before AS user_before, row_number() OVER before AS nth
        FROM statements
        WINDOW before AS (PARTITION BY site, visitor_id, scope ORDER BY turn ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ),
    spans AS
    (
        SELECT
            *,
            leadInFrame(said_at, 1, toDateTime64('2200-01-01 00:00:00', 3, 'UTC')) OVER after AS until,
            leadInFrame(if(is_void, 'unlink', type::String), 1, '') OVER after AS ended_by
        FROM turns
        WHERE user != user_before OR nth = 1
        WINDOW after AS (PARTITION BY site, visitor_id, scope ORDER BY turn ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
    ),
    links AS
    (
        SELECT
            *,
            if(nth = 1, toDateTime64(0, 3, 'UTC'), said_at) AS since,
            max(nth) OVER (PARTITION BY site, visitor_id, scope, since) AS last_of_them
        FROM spans
        WHERE user != ''
    )
SELECT
    site,
    visitor_id,
    scope,
    user AS user_id,
    since,
    until,
    said_at AS began_at,
    type AS began_by,
    ended_by
FROM links
WHERE nth = last_of_them;
