-- How each session began: what its first event on a page says of source, medium and channel.
--   SELECT channel, count() FROM session_sources(since = now() - INTERVAL 7 DAY, until = now()) WHERE site = 'shop' GROUP BY channel
--
--   began     time of the session's first event
--   channel   …: of the first event with a page. One that says nothing (reached from the site's own pages, or back from
--             paying) began without anything that brought it: `direct`. Empty: the session has no page, as of a server.
--   referrer_source, campaign, click_id_name, entry_host, entry_path: of the same event
--
-- `since` and `until` are about `began`. A session is looked at from a day before on: that is how long one may last.
CREATE OR REPLACE VIEW session_sources AS
WITH
    firsts AS
    (
        SELECT
            site,
            session_id,
            any(visitor_id) AS visitor_id,
            min(time) AS began,
            countIf(url != '') > 0 AS has_page,
            argMinIf
            (
                (channel, source, medium, referrer_source, utm_campaign, click_id_name, host, path),
                (time, seq, received_at, log_seq),
                url != ''
            ) AS entry
        FROM events
        WHERE received_at >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY - INTERVAL 5 MINUTE
        AND received_at <= {until:DateTime64(3, 'UTC')} + INTERVAL 31 DAY
        AND time >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY
        AND time < {until:DateTime64(3, 'UTC')}
        GROUP BY site, session_id
    )
SELECT
    site,
    session_id,
    visitor_id,
    began,
    multiIf(NOT has_page, '', entry.1 = '', 'direct', entry.1) AS channel,
    multiIf(NOT has_page, '', entry.1 = '', '(direct)', entry.2) AS source,
    multiIf(NOT has_page, '', entry.1 = '', '(none)', entry.3) AS medium,
    entry.4 AS referrer_source,
    entry.5 AS campaign,
    entry.6 AS click_id_name,
    entry.7 AS entry_host,
    entry.8 AS entry_path
FROM firsts
WHERE began >= {since:DateTime64(3, 'UTC')};
