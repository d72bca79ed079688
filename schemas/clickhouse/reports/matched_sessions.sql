-- Sessions in which something happened that the question is about.
--
-- A session counts if an event of it matches: it lies in the range and passes the filters. What is said of it comes from all
-- of its events, also from those before and after the range (a day each way), so that no figure depends on where a range cuts.
-- What brought it is what its first event on a page says; one that says nothing began `direct`.
CREATE OR REPLACE VIEW matched_sessions AS
WITH
    {filters:Map(String, Array(String))} AS filters,
    (name, value) ->
        if(notEmpty(filters[name]), has(filters[name], value), true)
        AND if(notEmpty(filters[concat('!', name)]), NOT has(filters[concat('!', name)], value), true) AS passes
SELECT
    session_id,
    any(visitor_id) AS visitor_id,
    argMaxIf(events.user_id, turn, events.user_id != '' AND type != 'login_failed') AS user_id,
    min(time) AS began,
    max(time) AS ended,
    toUInt64(toUnixTimestamp64Milli(ended) - toUnixTimestamp64Milli(began)) AS duration_ms,
    countIf(type = 'page_view') AS page_views,
    count() AS events,
    sum(events.engagement_ms) AS engagement_ms,
    page_views < 2 AND countIf(type NOT IN ('page_view', 'page_leave', 'consent')) = 0 AS is_bounce,
    argMinIf(path, turn, type = 'page_view') AS entry_path,
    argMaxIf(path, turn, type = 'page_view') AS exit_path,
    argMinIf(path_template, turn, type = 'page_view') AS entry_template,
    argMaxIf(path_template, turn, type = 'page_view') AS exit_template,
    countIf(url != '') > 0 AS has_page,
    argMinIf(events.channel, turn, url != '') AS said_channel,
    multiIf(NOT has_page, '', said_channel = '', 'direct', said_channel) AS channel,
    multiIf(NOT has_page, '', said_channel = '', '(direct)', argMinIf(events.source, turn, url != '')) AS source,
    multiIf(NOT has_page, '', said_channel = '', '(none)', argMinIf(events.medium, turn, url != '')) AS medium,
    argMinIf(events.referrer_source, turn, url != '') AS referrer_source,
    argMinIf(events.referrer_host, turn, url != '') AS referrer_host,
    argMinIf(events.utm_source, turn, url != '') AS utm_source,
    argMinIf(events.utm_medium, turn, url != '') AS utm_medium,
    argMinIf(events.utm_campaign, turn, url != '') AS campaign,
    argMinIf(events.utm_term, turn, url != '') AS utm_term,
    argMinIf(events.utm_content, turn, url != '') AS utm_content,
    argMin(events.country, turn) AS country,
    argMin(events.region, turn) AS region,
    argMin(events.city, turn) AS city,
    argMin(events.device_type, turn) AS device_type,
    argMin(events.browser, turn) AS browser,
    argMin(events.os, turn) AS os,
    argMin(events.language, turn) AS language,
    max(events.bot_score) AS bot_score,
    countIf(matches) AS matched_events,
    countIf(matches AND type = 'page_view') AS matched_views,
    minIf(turn, type = 'page_view') = minIf(turn, matches AND type = 'page_view') AND matched_views > 0 AS entry_matches,
    maxIf(turn, type = 'page_view') = maxIf(turn, matches AND type = 'page_view') AND matched_views > 0 AS exit_matches
FROM matched_events
(
    site = {site:String},
    since = {since:DateTime64(3, 'UTC')},
    until = {until:DateTime64(3, 'UTC')},
    bots = {bots:UInt8},
    filters = {filters:Map(String, Array(String))}
) AS events
GROUP BY session_id
HAVING matched_events > 0
AND passes('channel', channel)
AND passes('source', source)
AND passes('medium', medium)
AND passes('referrer_source', referrer_source)
AND passes('referrer_host', referrer_host)
AND passes('utm_source', utm_source)
AND passes('utm_medium', utm_medium)
AND passes('utm_campaign', campaign)
AND passes('utm_term', utm_term)
AND passes('utm_content', utm_content)
AND passes('entry_path', entry_path)
AND passes('exit_path', exit_path);
