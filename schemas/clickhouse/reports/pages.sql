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
    viewed AS
    (
        SELECT
            if({by:String} = 'path_template', path_template, path) AS page,
            argMaxIf(title, turn, title != '') AS title,
            uniqExact(visitor_id) AS visitors,
            count() AS page_views
        FROM report_events
        (
            site = {site:String},
            since = {since:DateTime64(3, 'UTC')},
            until = {until:DateTime64(3, 'UTC')},
            bots = {bots:UInt8},
            filters = {filters:Map(String, Array(String))}
        )
        WHERE type = 'page_view'
        GROUP BY page
    ),
    -- A session stands here twice: with its first page and with its last.
    visited AS
    (
        SELECT edge.1 AS page, countIf(edge.2) AS entries, countIf(edge.2 AND is_bounce) AS bounces, countIf(edge.3) AS exits
        FROM
        (
            SELECT
                is_bounce,
                arrayJoin
                ([
                    (if({by:String} = 'path_template', entry_template, entry_path), entry_matches, 0),
                    (if({by:String} = 'path_template', exit_template, exit_path), 0, exit_matches)
                ]) AS edge
            FROM matched_sessions
            (
                site = {site:String},
                since = {since:DateTime64(3, 'UTC')},
                until = {until:DateTime64(3, 'UTC')},
                bots = {bots:UInt8},
                filters = {filters:Map(String, Array(String))}
            )
        )
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
            FROM report_events
            (
                site = {site:String},
                since = {since:DateTime64(3, 'UTC')},
                until = {until:DateTime64(3, 'UTC')},
                bots = {bots:UInt8},
                filters = {filters:Map(String, Array(String))}
            )
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
LEFT JOIN visited USING (page)
LEFT JOIN read USING (page)
ORDER BY visitors DESC, page_views DESC, page;
