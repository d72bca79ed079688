-- Sessions in which something happened that the question is about, the latest first. Figures are of the whole session:
-- see `matched_sessions`.
--
-- The latest 10,000: a shorter range shows the others. Which these are is asked first, as all that is said of a session is
-- dear to find out for a million of them.
CREATE OR REPLACE VIEW report_sessions AS
WITH
    {{filters}},
    {{turn}} AS turn,
    {{matches}} AS matches,
    described AS
    (
        SELECT
            {{session_figures}}
        FROM events
        WHERE {{around}}
        AND if({bots:UInt8} = 0, events.bot_score < 50, {{wanted}})
        AND session_id IN
        (
            SELECT session_id
            FROM matched_sessions({{question}})
            ORDER BY began DESC, session_id
            LIMIT 10000
        )
        GROUP BY session_id
    )
SELECT
    session_id,
    visitor_id,
    user_id,
    began,
    ended,
    duration_ms,
    page_views,
    events,
    engagement_ms,
    entry_path,
    exit_path,
    channel,
    source,
    medium,
    campaign,
    referrer_host,
    country,
    city,
    device_type,
    browser,
    os,
    bot_score,
    is_bounce
FROM described
ORDER BY began DESC, session_id;
