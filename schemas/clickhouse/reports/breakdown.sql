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
    {dimension:String} IN
    (
        'channel', 'source', 'medium', 'referrer_source', 'referrer_host',
        'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'entry_path', 'exit_path'
    ) AS of_session,
    done AS
    (
        SELECT
            if({touch:String} = 'first', '',
            if({dimension:String} = 'type', type,
            if({dimension:String} = 'name', name,
            if({dimension:String} = 'host', host,
            if({dimension:String} = 'path', path,
            if({dimension:String} = 'path_template', path_template,
            if({dimension:String} = 'country', country,
            if({dimension:String} = 'region', region,
            if({dimension:String} = 'city', city,
            if({dimension:String} = 'asn_org', asn_org,
            if({dimension:String} = 'browser', browser,
            if({dimension:String} = 'browser_version', browser_version,
            if({dimension:String} = 'os', os,
            if({dimension:String} = 'os_version', os_version,
            if({dimension:String} = 'device_type', device_type,
            if({dimension:String} = 'device_brand', device_brand,
            if({dimension:String} = 'device_model', device_model,
            if({dimension:String} = 'language', language,
            if({dimension:String} = 'timezone', timezone,
            if({dimension:String} = 'user_id', user_id,
            if({dimension:String} = 'visitor_id', toString(visitor_id),
            if({dimension:String} = 'session_id', toString(session_id),
            '')))))))))))))))))))))) AS value,
            session_id,
            any(visitor_id) AS visitor,
            countIf(type = 'page_view') AS page_views,
            count() AS events
        FROM report_events
        (
            site = {site:String},
            since = {since:DateTime64(3, 'UTC')},
            until = {until:DateTime64(3, 'UTC')},
            bots = {bots:UInt8},
            filters = {filters:Map(String, Array(String))}
        )
        GROUP BY value, session_id
    ),
    sessions AS
    (
        SELECT
            session_id,
            is_bounce,
            duration_ms,
            engagement_ms,
            if({dimension:String} = 'channel', channel,
            if({dimension:String} = 'source', source,
            if({dimension:String} = 'medium', medium,
            if({dimension:String} = 'referrer_source', referrer_source,
            if({dimension:String} = 'referrer_host', referrer_host,
            if({dimension:String} = 'utm_source', utm_source,
            if({dimension:String} = 'utm_medium', utm_medium,
            if({dimension:String} = 'utm_campaign', campaign,
            if({dimension:String} = 'utm_term', utm_term,
            if({dimension:String} = 'utm_content', utm_content,
            if({dimension:String} = 'entry_path', entry_path,
            if({dimension:String} = 'exit_path', exit_path,
            '')))))))))))) AS value
        FROM matched_sessions
        (
            site = {site:String},
            since = {since:DateTime64(3, 'UTC')},
            until = {until:DateTime64(3, 'UTC')},
            bots = {bots:UInt8},
            filters = {filters:Map(String, Array(String))}
        )
    ),
    firsts AS
    (
        SELECT
            visitor_id,
            argMin(
                if({dimension:String} = 'type', type,
                if({dimension:String} = 'name', name,
                if({dimension:String} = 'host', host,
                if({dimension:String} = 'path', path,
                if({dimension:String} = 'path_template', path_template,
                if({dimension:String} = 'country', country,
                if({dimension:String} = 'region', region,
                if({dimension:String} = 'city', city,
                if({dimension:String} = 'asn_org', asn_org,
                if({dimension:String} = 'browser', browser,
                if({dimension:String} = 'browser_version', browser_version,
                if({dimension:String} = 'os', os,
                if({dimension:String} = 'os_version', os_version,
                if({dimension:String} = 'device_type', device_type,
                if({dimension:String} = 'device_brand', device_brand,
                if({dimension:String} = 'device_model', device_model,
                if({dimension:String} = 'language', language,
                if({dimension:String} = 'timezone', timezone,
                if({dimension:String} = 'user_id', user_id,
                if({dimension:String} = 'visitor_id', toString(visitor_id),
                if({dimension:String} = 'session_id', toString(session_id),
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
                if({dimension:String} = 'entry_path', path,
                if({dimension:String} = 'exit_path', path,
                ''))))))))))))))))))))))))))))))))),
                (time, seq, log_seq)
            ) AS value
        FROM events
        WHERE {touch:String} = 'first'
        AND site = {site:String}
        AND time < {until:DateTime64(3, 'UTC')}
        AND url != ''
        AND NOT startsWith(name, '$')
        GROUP BY visitor_id
    )
SELECT
    if({touch:String} = 'first', firsts.value, if(of_session, sessions.value, done.value)) AS value,
    uniqExact(visitor) AS visitors,
    uniqExact(session_id) AS sessions,
    sum(page_views) AS page_views,
    sum(events) AS events,
    uniqExactIf(session_id, is_bounce) / sessions AS bounce_rate,
    quantileExact(0.5)(duration_ms) AS session_ms,
    quantileExact(0.5)(engagement_ms) AS engagement_ms
FROM done
INNER JOIN sessions USING (session_id)
LEFT JOIN firsts ON firsts.visitor_id = visitor
GROUP BY value
ORDER BY visitors DESC, page_views DESC, value;
