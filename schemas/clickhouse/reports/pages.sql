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
    -- A session's first and last view are found among the views by their turns: its pages need not be carried along. Sessions of
    -- machines, and those that do not pass, are not joined to anything.
    viewed AS
    (
        SELECT
            if({by:String} = 'path_template', events.path_template, events.path) AS page,
            argMaxIf(events.title, {{turn}} AS turn, events.title != '') AS title,
            uniqExact(events.visitor_id) AS visitors,
            count() AS page_views,
            uniqExactIf(events.session_id, turn = sessions.entry_turn) AS entries,
            uniqExactIf(events.session_id, turn = sessions.entry_turn AND sessions.is_bounce) AS bounces,
            uniqExactIf(events.session_id, turn = sessions.exit_turn) AS exits
        FROM events
        INNER JOIN
        (
            SELECT session_id, is_bounce, entry_turn, exit_turn
            FROM matched_sessions({{question}})
        ) AS sessions ON sessions.session_id = events.session_id
        WHERE events.type = 'page_view'
        AND {{around}}
        AND if({bots:UInt8} = 0, events.bot_score < 50, {{wanted}})
        AND {{matches}}
        GROUP BY page
    ),
    read AS
    (
        SELECT page, quantileExact(0.5)(engaged) AS engagement_ms, quantileExact(0.5)(deepest) AS scroll
        FROM
        (
            SELECT
                if({by:String} = 'path_template', path_template, path) AS page,
                sum(engagement_ms) AS engaged,
                max(scroll) AS deepest
            FROM report_events({{question}})
            WHERE type = 'page_leave'
            GROUP BY page, session_id, page_id
        )
        GROUP BY page
    )
SELECT
    page,
    title,
    visitors,
    page_views,
    entries,
    exits,
    if(entries = 0, 0, bounces / entries) AS bounce_rate,
    engagement_ms,
    scroll
FROM viewed
LEFT JOIN read USING (page)
ORDER BY visitors DESC, page_views DESC, page;
