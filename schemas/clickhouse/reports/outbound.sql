-- Links to other hosts that were followed, the most visitors first.
CREATE OR REPLACE VIEW report_outbound AS
SELECT props['href'] AS target, uniqExact(path) AS pages, count() AS clicks, uniqExact(visitor_id) AS visitors
FROM report_events
(
    site = {site:String},
    since = {since:DateTime64(3, 'UTC')},
    until = {until:DateTime64(3, 'UTC')},
    bots = {bots:UInt8},
    filters = {filters:Map(String, Array(String))}
)
WHERE type = 'click' AND name = 'outbound'
GROUP BY target
ORDER BY visitors DESC, clicks DESC, target;
