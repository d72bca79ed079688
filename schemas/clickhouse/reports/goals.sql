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
    {goals:Array(String)} AS asked,
    {{steps}},
    done AS
    (
        SELECT
            visitor_id,
            arrayJoin(arrayPushFront(arrayFilter((nth, hit) -> hit, range(1, 21),
            [
                happens(1), happens(2), happens(3), happens(4), happens(5),
                happens(6), happens(7), happens(8), happens(9), happens(10),
                happens(11), happens(12), happens(13), happens(14), happens(15),
                happens(16), happens(17), happens(18), happens(19), happens(20)
            ]), 0)) AS nth
        FROM session_events({{question}})
    ),
    counted AS
    (
        SELECT nth, count() AS conversions, uniqExact(visitor_id) AS visitors
        FROM done
        GROUP BY nth
    ),
    -- The goal 0 is everybody's.
    of_all AS
    (
        SELECT *, maxIf(visitors, nth = 0) OVER () AS everyone
        FROM counted
    )
SELECT
    goals.goal.1 AS goal,
    of_all.conversions AS conversions,
    of_all.visitors AS visitors,
    if(visitors = 0, 0, visitors / everyone) AS rate
FROM (SELECT arrayJoin(arrayZip({goals:Array(String)}, arrayEnumerate({goals:Array(String)}))) AS goal) AS goals
LEFT JOIN of_all ON of_all.nth = goals.goal.2
ORDER BY goals.goal.2;
