-- Goals: how often each was reached, and by how many of the visitors. Twenty at once.
--
--   conversions   events that reach the goal; visitors: who did
--   rate          share of all visitors of the question
--
-- Filters choose sessions: what was done in another one does not count.
CREATE OR REPLACE VIEW report_goals AS
WITH
    -- A step says what must happen: `page:/docs/*` a view of such a page (its path or its template), `event:signup` an event of
    -- that name, `type:login` an event of that type; `*` stands for anything. What is constant here is computed once.
    (step) -> substring(step, position(step, ':') + 1) AS wanted,
    (step) -> replaceAll(replaceRegexpAll(wanted(step), '[\\\\%_]', '\\\\\\0'), '*', '%') AS pattern,
    (value, step) -> if(position(step, '*') = 0, value = wanted(step), value LIKE pattern(step)) AS fits,
    (step) ->
        if(startsWith(step, 'page:'), type = 'page_view' AND (fits(path, step) OR fits(path_template, step)),
        if(startsWith(step, 'event:'), name != '' AND fits(name, step),
        if(startsWith(step, 'type:'), fits(type, step), false))) AS happens,
    done AS
    (
        SELECT
            visitor_id,
            arrayJoin(arrayPushFront(arrayFilter((nth, hit) -> hit, range(1, 21),
            [
                if(length({goals:Array(String)}) < 1, false, happens({goals:Array(String)}[1])),
                if(length({goals:Array(String)}) < 2, false, happens({goals:Array(String)}[2])),
                if(length({goals:Array(String)}) < 3, false, happens({goals:Array(String)}[3])),
                if(length({goals:Array(String)}) < 4, false, happens({goals:Array(String)}[4])),
                if(length({goals:Array(String)}) < 5, false, happens({goals:Array(String)}[5])),
                if(length({goals:Array(String)}) < 6, false, happens({goals:Array(String)}[6])),
                if(length({goals:Array(String)}) < 7, false, happens({goals:Array(String)}[7])),
                if(length({goals:Array(String)}) < 8, false, happens({goals:Array(String)}[8])),
                if(length({goals:Array(String)}) < 9, false, happens({goals:Array(String)}[9])),
                if(length({goals:Array(String)}) < 10, false, happens({goals:Array(String)}[10])),
                if(length({goals:Array(String)}) < 11, false, happens({goals:Array(String)}[11])),
                if(length({goals:Array(String)}) < 12, false, happens({goals:Array(String)}[12])),
                if(length({goals:Array(String)}) < 13, false, happens({goals:Array(String)}[13])),
                if(length({goals:Array(String)}) < 14, false, happens({goals:Array(String)}[14])),
                if(length({goals:Array(String)}) < 15, false, happens({goals:Array(String)}[15])),
                if(length({goals:Array(String)}) < 16, false, happens({goals:Array(String)}[16])),
                if(length({goals:Array(String)}) < 17, false, happens({goals:Array(String)}[17])),
                if(length({goals:Array(String)}) < 18, false, happens({goals:Array(String)}[18])),
                if(length({goals:Array(String)}) < 19, false, happens({goals:Array(String)}[19])),
                if(length({goals:Array(String)}) < 20, false, happens({goals:Array(String)}[20]))
            ]), 0)) AS nth
        FROM session_events
        (
            site = {site:String},
            since = {since:DateTime64(3, 'UTC')},
            until = {until:DateTime64(3, 'UTC')},
            bots = {bots:UInt8},
            filters = {filters:Map(String, Array(String))}
        )
    ),
    counted AS
    (
        SELECT nth, count() AS conversions, uniqExact(visitor_id) AS visitors
        FROM done
        GROUP BY nth
    ),
    (SELECT visitors FROM counted WHERE nth = 0) AS everyone
SELECT
    asked.goal.1 AS goal,
    counted.conversions AS conversions,
    counted.visitors AS visitors,
    if(visitors = 0, 0, visitors / assumeNotNull(everyone)) AS rate
FROM (SELECT arrayJoin(arrayZip({goals:Array(String)}, arrayEnumerate({goals:Array(String)}))) AS goal) AS asked
LEFT JOIN counted ON counted.nth = asked.goal.2
ORDER BY asked.goal.2;
