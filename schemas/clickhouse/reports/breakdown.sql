-- Visitors and what they did by the values of one dimension, the most visitors first.
--
-- A row says what the overview would say with a filter on its value. Dimensions of events (page, place, device, …) put each
-- event where it belongs, so a session may count in several rows; those of what brought a session, and of its first and last
-- page, have one value for a session.
--
-- `touch` = 'first' asks for what the visitor's very first event on a page said, however long ago, in place of what this
-- event or session says.
CREATE OR REPLACE VIEW report_breakdown AS
WITH
    {{filters}},
    {{of_session}} AS of_session,
    {touch:String} = 'first' AS of_first_touch,
    sessions AS
    (
        SELECT
            session_id,
            visitor_id,
            is_bounce,
            duration_ms,
            engagement_ms,
            matched_views,
            matched_events,
            {{session_value}} AS value
        FROM matched_sessions({{question}})
    ),
    -- What was done in a session by value. Sessions of machines, and those that do not pass, are not joined to anything.
    done AS
    (
        SELECT
            session_id,
            any({{event_value}} AS said) AS value,
            countIf(type = 'page_view') AS page_views,
            count() AS events
        FROM events
        WHERE NOT of_session
        AND NOT of_first_touch
        AND {{around}}
        AND if({bots:UInt8} = 0, bot_score < 50, {{wanted}})
        AND {{matches}}
        -- A key of fixed size is a third faster than one with a text in it.
        GROUP BY session_id, sipHash128(said)
    ),
    firsts AS
    (
        SELECT
            visitor_id,
            argMin
            (
                concat
                (
                    if({dimension:String} = 'channel', if(channel = '', 'direct', channel), ''),
                    if({dimension:String} = 'source', if(channel = '', '(direct)', source), ''),
                    if({dimension:String} = 'medium', if(channel = '', '(none)', medium), ''),
                    if({dimension:String} = 'referrer_source', referrer_source, ''),
                    if({dimension:String} = 'referrer_host', referrer_host, ''),
                    if({dimension:String} = 'utm_source', utm_source, ''),
                    if({dimension:String} = 'utm_medium', utm_medium, ''),
                    if({dimension:String} = 'utm_campaign', utm_campaign, ''),
                    if({dimension:String} = 'utm_term', utm_term, ''),
                    if({dimension:String} = 'utm_content', utm_content, ''),
                    if({dimension:String} IN ('entry_path', 'exit_path'), path, ''),
                    {{event_value}}
                ),
                {{turn}}
            ) AS value
        FROM events
        WHERE of_first_touch
        AND site = {site:String}
        AND time < {until:DateTime64(3, 'UTC')}
        AND url != ''
        AND NOT startsWith(name, '$')
        GROUP BY visitor_id
    ),
    -- One of the two is empty: each would cost a join.
    said AS
    (
        SELECT session_id AS of, value, page_views, events
        FROM done
        UNION ALL
        SELECT visitor_id AS of, value, 0 AS page_views, 0 AS events
        FROM firsts
    )
SELECT
    if(of_session AND NOT of_first_touch, sessions.value, said.value) AS value,
    uniqExact(sessions.visitor_id) AS visitors,
    count() AS sessions,
    sum(if(of_session OR of_first_touch, matched_views, said.page_views)) AS page_views,
    sum(if(of_session OR of_first_touch, matched_events, said.events)) AS events,
    countIf(is_bounce) / sessions AS bounce_rate,
    quantileExact(0.5)(duration_ms) AS session_ms,
    quantileExact(0.5)(engagement_ms) AS engagement_ms
FROM sessions
LEFT JOIN said ON said.of = if(of_first_touch, sessions.visitor_id, sessions.session_id)
GROUP BY value
ORDER BY visitors DESC, page_views DESC, value;
