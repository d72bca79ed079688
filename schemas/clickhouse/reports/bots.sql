-- Machines and what gave them away, the most events first. An event may have several reasons.
--
--   reason   of an event, as docs/bots.md explains them, or of a whole session: `rate`, `no_engagement`
--   agent    user agent that had it most often
CREATE OR REPLACE VIEW report_bots AS
WITH
    judged AS
    (
        SELECT session_id, arrayFilter(reason -> reason != 'agent', reasons) AS reasons
        FROM session_bots(since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')} + INTERVAL 1 DAY)
        WHERE site = {site:String}
        AND session_id IN
        (
            SELECT session_id
            FROM machine_sessions(site = {site:String}, since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
        )
    ),
    counted AS
    (
        SELECT
            arrayJoin(arrayConcat(if(bot_score >= 50, bot_reasons, []), judged.reasons)) AS reason,
            user_agent,
            session_id,
            visitor_id,
            count() AS number
        FROM report_events
        (
            site = {site:String},
            since = {since:DateTime64(3, 'UTC')},
            until = {until:DateTime64(3, 'UTC')},
            bots = 2,
            filters = {filters:Map(String, Array(String))}
        ) AS events
        LEFT JOIN judged ON judged.session_id = events.session_id
        GROUP BY ALL
    ),
    agents AS
    (
        SELECT reason, user_agent, sum(number) AS events, groupUniqArray(session_id) AS sessions, groupUniqArray(visitor_id) AS visitors
        FROM counted
        GROUP BY reason, user_agent
    )
SELECT
    reason,
    uniqExactArray(agents.visitors) AS visitors,
    uniqExactArray(agents.sessions) AS sessions,
    sum(agents.events) AS events,
    argMax(user_agent::String, (agents.events, user_agent::String)) AS agent
FROM agents
GROUP BY reason
ORDER BY events DESC, reason;
