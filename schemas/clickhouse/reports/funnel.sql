-- A funnel: how many visitors do one step after the other. Ten steps at most.
--
--   value         of `dimension`, at the visitor's first step; empty without one
--   visitors      who got this far; of_first, of_previous: as a share of the first step's and of the step's before
--   median_ms     time since the step before, median, ms
--
-- Steps must be done in order, the last within `window_s` of the first. A visitor may try again: the attempt that goes furthest
-- counts. `strict`: nothing else may happen between two steps, but for pages being left and consent being given.
-- Of an attempt that went as far, what is measured is the first that got there, with the latest of each earlier step.
CREATE OR REPLACE VIEW report_funnel AS
WITH
    -- A step says what must happen: `page:/docs/*` a view of such a page (its path or its template), `event:signup` an event of
    -- that name, `type:login` an event of that type; `*` stands for anything. What is constant here is computed once.
    {steps:Array(String)} AS asked,
    {{steps}},
    toUInt64({window_s:UInt32}) * 1000 AS window_ms,
    {{of_session}} AS of_session,
    done AS
    (
        SELECT
            visitor_id,
            session_id,
            turn,
            toUnixTimestamp64Milli(time) AS at,
            [
                happens(1), happens(2), happens(3), happens(4), happens(5),
                happens(6), happens(7), happens(8), happens(9), happens(10)
            ] AS hits,
            {{event_value}} AS value
        FROM session_events({{question}}) AS events
        WHERE if({strict:UInt8} = 1, type NOT IN ('page_leave', 'consent'), has(hits, 1))
    ),
    -- How far a visitor has got, by folding what they did into (the attempt at each step, the furthest attempt). An attempt is
    -- the times of its steps, and the session and value that it began with.
    attempts AS
    (
        SELECT
            visitor_id,
            arrayFold
            (
                (state, event) -> (
                    arrayMap
                    (
                        (nth, hit, before, now) ->
                            if(hit AND (nth = 1 OR (notEmpty(before.1) AND event.2 - before.1[1] <= window_ms)), (arrayPushBack(before.1, event.2), before.2, before.3),
                            if({strict:UInt8} = 1, ([]::Array(Int64), event.4, ''), now)),
                        arrayEnumerate(event.3),
                        event.3,
                        arrayPushFront(arrayPopBack(state.1), ([]::Array(Int64), event.4, event.5)),
                        state.1
                    ) AS tried,
                    arrayFold((best, now) -> if(length(now.1) > length(best.1), now, best), tried, state.2)
                ),
                arraySort(groupArray((turn, at, arrayResize(hits, length({steps:Array(String)})), session_id, value::String))),
                (
                    arrayResize([([]::Array(Int64), toUUIDOrZero(''), '')], length({steps:Array(String)}), ([]::Array(Int64), toUUIDOrZero(''), '')),
                    ([]::Array(Int64), toUUIDOrZero(''), '')
                )
            ).2 AS best
        FROM done
        GROUP BY visitor_id
        HAVING notEmpty(best.1)
    ),
    -- Read only for a dimension of sessions; a condition alone would not keep the engine from asking who is a machine.
    sessions AS
    (
        SELECT
            session_id,
            {{session_value}} AS value
        FROM matched_sessions
        (
            site = {site:String},
            since = if(of_session, {since:DateTime64(3, 'UTC')}, toDateTime64('2200-01-01 00:00:00', 3, 'UTC')),
            until = {until:DateTime64(3, 'UTC')},
            bots = {bots:UInt8},
            filters = {filters:Map(String, Array(String))}
        )
        WHERE of_session
    ),
    reached AS
    (
        SELECT
            arrayJoin(arrayEnumerate({steps:Array(String)})) AS step,
            if(of_session, sessions.value, best.3) AS value,
            countIf(length(best.1) >= step) AS visitors,
            quantileExactIf(0.5)(best.1[step] - best.1[step - 1], step > 1 AND length(best.1) >= step) AS median
        FROM attempts
        LEFT JOIN sessions ON sessions.session_id = best.2
        GROUP BY step, value
    )
SELECT
    toUInt8(step) AS step,
    value,
    visitors,
    visitors / first_value(visitors) OVER steps AS of_first,
    if(step = 1, 1, if(lagInFrame(visitors) OVER steps = 0, 0, visitors / lagInFrame(visitors) OVER steps)) AS of_previous,
    toUInt64(median) AS median_ms
FROM reached
WINDOW steps AS (PARTITION BY value ORDER BY step ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
ORDER BY max(visitors) OVER (PARTITION BY value) DESC, value, step;
