-- Users, with what is known of each now.
--
--   first_at, last_at   the first and the last time that something was said about the user
--   visitors            visitors (devices, browsers) on which it was
--   logins, last_login  logins, and the last of them; 1970 if there was none
--   traits              the last value of each trait (`user_traits_history`)
CREATE OR REPLACE VIEW users AS
WITH
    traits AS
    (
        SELECT site, user_id, mapFromArrays(groupArray(trait), groupArray(value)) AS map
        FROM (SELECT site, user_id, trait, value FROM user_traits_history WHERE until > '2199-12-31' AND value != '' ORDER BY trait)
        GROUP BY site, user_id
    ),
    seen AS
    (
        SELECT
            site,
            user_id,
            min(said_at) AS first_at,
            max(said_at) AS last_at,
            uniqExact(visitor_id) AS visitors,
            countIf(type = 'login') AS logins,
            maxIf(said_at, type = 'login') AS last_login
        FROM user_statements
        WHERE user_id != '' AND NOT is_void
        GROUP BY site, user_id
    )
SELECT
    seen.site AS site,
    seen.user_id AS user_id,
    seen.first_at AS first_at,
    seen.last_at AS last_at,
    seen.visitors AS visitors,
    seen.logins AS logins,
    seen.last_login AS last_login,
    traits.map AS traits
FROM seen
LEFT JOIN traits ON traits.site = seen.site AND traits.user_id = seen.user_id;
