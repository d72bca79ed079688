-- Sessions in which something happened that the question is about, the latest first. Figures are of the whole session:
-- see `matched_sessions`.
CREATE OR REPLACE VIEW report_sessions AS
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
FROM matched_sessions
(
    site = {site:String},
    since = {since:DateTime64(3, 'UTC')},
    until = {until:DateTime64(3, 'UTC')},
    bots = {bots:UInt8},
    filters = {filters:Map(String, Array(String))}
)
ORDER BY began DESC, session_id;
