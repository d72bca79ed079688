-- What each trait of a user was, from when until when: one row for each change. Traits are the `props` of `identify`; an
-- empty text takes a trait away.
CREATE OR REPLACE VIEW user_traits_history AS
WITH
    told AS
    (
        SELECT site, user_id, trait, value, said_at, turn, visitor_id
        FROM user_statements
        ARRAY JOIN mapKeys(props)::Array(String) AS trait, mapValues(props) AS value
        WHERE type = 'identify' AND NOT is_void AND NOT startsWith(trait, '$')
    ),
    changes AS
    (
        SELECT
            *,
            lagInFrame(value, 1, '') OVER (PARTITION BY site, user_id, trait ORDER BY turn ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS value_before
        FROM told
    )
SELECT
    site,
    user_id,
    trait,
    value,
    said_at AS since,
    leadInFrame(said_at, 1, toDateTime64('2200-01-01 00:00:00', 3, 'UTC'))
        OVER (PARTITION BY site, user_id, trait ORDER BY turn ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS until,
    visitor_id
FROM changes
WHERE value != value_before
ORDER BY site, user_id, trait, since;
