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
            {{event_value}} AS value,
            session_id,
            countIf(type = 'page_view') AS page_views,
            count() AS events
        FROM events
        WHERE NOT of_session
        AND NOT of_first_touch
        AND {{around}}
        AND if({bots:UInt8} = 0, bot_score < 50, {{wanted}})
        AND {{matches}}
        GROUP BY value, session_id
    ),
    firsts AS
    (
        SELECT
            visitor_id,
            argMin
            (
                if({dimension:String} = 'channel', if(channel = '', 'direct', channel),
                if({dimension:String} = 'source', if(channel = '', '(direct)', source),
                if({dimension:String} = 'medium', if(channel = '', '(none)', medium),
                if({dimension:String} = 'referrer_source', referrer_source,
                if({dimension:String} = 'referrer_host', referrer_host,
                if({dimension:String} = 'utm_source', utm_source,
                if({dimension:String} = 'utm_medium', utm_medium,
                if({dimension:String} = 'utm_campaign', utm_campaign,
                if({dimension:String} = 'utm_term', utm_term,
                if({dimension:String} = 'utm_content', utm_content,
                if({dimension:String} IN ('entry_path', 'exit_path'), path,
                {{event_value}}))))))))))),
                {{turn}}
            ) AS value
        FROM events
        WHERE of_first_touch
        AND site = {site:String}
        AND time < {until:DateTime64(3, 'UTC')}
        AND url != ''
        AND NOT startsWith(name, '$')
        GROUP BY visitor_id
    )
SELECT
    if(of_first_touch, firsts.value, if(of_session, sessions.value, done.value)) AS value,
    uniqExact(sessions.visitor_id) AS visitors,
    count() AS sessions,
    sum(if(of_session OR of_first_touch, matched_views, done.page_views)) AS page_views,
    sum(if(of_session OR of_first_touch, matched_events, done.events)) AS events,
    countIf(is_bounce) / sessions AS bounce_rate,
    quantileExact(0.5)(duration_ms) AS session_ms,
    quantileExact(0.5)(engagement_ms) AS engagement_ms
FROM sessions
LEFT JOIN done ON done.session_id = sessions.session_id
LEFT JOIN firsts ON firsts.visitor_id = sessions.visitor_id
GROUP BY value
ORDER BY visitors DESC, page_views DESC, value;
