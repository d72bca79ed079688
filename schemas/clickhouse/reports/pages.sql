-- Pages: who looked at them, how often visits begin and end there, and how they were read. The most visitors first.
--
--   page           `path` or `path_template`, as `by` says
--   title          the page's latest title
--   entries        sessions whose first page view this was; exits: whose last
--   bounce_rate    of the sessions that began here, how many did nothing more
--   engagement_ms  median over the views that have been left: how long the page was looked at
--   scroll         median over the same views: how deep, per cent of the page
--
-- A view is one page in one load of the browser; its `page_leave` events add up.
CREATE OR REPLACE VIEW report_pages AS
WITH
    {{filters}},
    -- Views, and what is known of those that have been left: one list, as each would ask anew which sessions count.
    seen AS
    (
        SELECT
            session_id,
            if({by:String} = 'path_template', path_template, path) AS page,
            visitor_id,
            title,
            {{turn}} AS turn,
            0 AS engaged,
            0 AS deepest
        FROM events
        WHERE type = 'page_view'
        AND {{around}}
        AND if({bots:UInt8} = 0, events.bot_score < 50, {{wanted}})
        AND {{matches}}
        UNION ALL
        SELECT
            session_id,
            if({by:String} = 'path_template', path_template, path) AS page,
            any(visitor_id) AS visitor_id,
            '' AS title,
            0 AS turn,
            sum(engagement_ms) AS engaged,
            max(scroll) AS deepest
        FROM events
        WHERE type = 'page_leave'
        AND {{around}}
        AND if({bots:UInt8} = 0, events.bot_score < 50, {{wanted}})
        AND {{matches}}
        GROUP BY session_id, page, page_id
    )
-- A session's first and last view are found among the views by their turns: its pages need not be carried along. Sessions of
-- machines, and those that do not pass, are not joined to anything.
SELECT
    page,
    argMaxIf(title, turn, title != '') AS title,
    uniqExactIf(seen.visitor_id, turn > 0) AS visitors,
    countIf(turn > 0) AS page_views,
    uniqExactIf(seen.session_id, turn = sessions.entry_turn AND turn > 0) AS entries,
    uniqExactIf(seen.session_id, turn = sessions.exit_turn AND turn > 0) AS exits,
    if(entries = 0, 0, uniqExactIf(seen.session_id, turn = sessions.entry_turn AND turn > 0 AND sessions.is_bounce) / entries) AS bounce_rate,
    quantileExactIf(0.5)(engaged, turn = 0) AS engagement_ms,
    quantileExactIf(0.5)(deepest, turn = 0) AS scroll
FROM seen
INNER JOIN
(
    SELECT session_id, is_bounce, entry_turn, exit_turn
    FROM matched_sessions({{question}})
) AS sessions ON sessions.session_id = seen.session_id
GROUP BY page
HAVING page_views > 0
ORDER BY visitors DESC, page_views DESC, page;
