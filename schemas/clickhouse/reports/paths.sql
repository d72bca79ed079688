-- From page to page: where sessions go from a page, or where they come from to it, step by step.
--
--   step       1 is next to `start`: forward the first move after it, backward the last one before it
--   from, to   pages, in the order in which they were seen; empty `to`: the session ended, empty `from`: it began
--   sessions   in which this move was made at this step
--   dwell_ms   median time from `from` to `to`, ms; 0 where one of them is empty
--
-- Forward begins with the first view of `start`, backward with the last one; without a `start` with the session's first and
-- last page. A page that is seen twice in a row counts once. Sessions are looked at as a whole, and filters choose sessions.
CREATE OR REPLACE VIEW report_paths AS
WITH
    (view) -> toInt64(bitShiftRight(view.1, 84)) AS at_ms,
    seen AS
    (
        -- Two lists of which one is empty: `if` with both would have the engine make both.
        SELECT arrayConcat(if({by:String} = 'path_template', templates, []), if({by:String} = 'path', paths, [])) AS views
        FROM matched_sessions({{question}})
    ),
    walks AS
    (
        SELECT
            arrayFilter((view, before) -> before.2 != view.2 OR before.1 = 0, views, arrayShiftRight(views, 1, (toUInt128(0), ''))) AS pages,
            if
            (
                {direction:String} = 'backward',
                if({start:String} = '', length(pages), arrayLastIndex(view -> view.2 = {start:String}, pages)),
                if({start:String} = '', 1, arrayFirstIndex(view -> view.2 = {start:String}, pages))
            ) AS begin
        FROM seen
        WHERE notEmpty(pages) AND begin > 0
    ),
    moves AS
    (
        SELECT
            arrayJoin(range(1, {depth:UInt8} + 1)) AS step,
            if({direction:String} = 'backward', toInt64(begin) - step, toInt64(begin) + step - 1) AS at,
            if(at = 0, '', pages[at].2) AS from,
            if(at = length(pages), '', pages[at + 1].2) AS to,
            if(at = 0 OR at = length(pages), 0, at_ms(pages[at + 1]) - at_ms(pages[at])) AS dwell
        FROM walks
        WHERE at >= 0 AND at <= length(pages)
    )
SELECT toUInt8(step) AS step, from, to, count() AS sessions, toUInt64(quantileExact(0.5)(dwell)) AS dwell_ms
FROM moves
GROUP BY step, from, to
ORDER BY step, sessions DESC, from, to;
