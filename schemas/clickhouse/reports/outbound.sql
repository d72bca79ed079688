-- Links to other hosts that were followed, the most visitors first.
CREATE OR REPLACE VIEW report_outbound AS
SELECT props['href'] AS target, uniqExact(path) AS pages, count() AS clicks, uniqExact(visitor_id) AS visitors
FROM report_events({{question}})
WHERE type = 'click' AND name = 'outbound'
GROUP BY target
ORDER BY visitors DESC, clicks DESC, target;
