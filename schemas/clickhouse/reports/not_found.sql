-- Pages that answered with an error, as the browser said, the most visitors first.
--
--   status     of the answer, 400 and above
--   referrer   the page that the latest of these views came from, with its host
CREATE OR REPLACE VIEW report_not_found AS
SELECT
    path AS page,
    toUInt16OrZero(props['status']) AS status,
    count() AS views,
    uniqExact(visitor_id) AS visitors,
    argMax(concat(events.referrer_host, referrer_path), turn) AS referrer
FROM report_events({{question}}) AS events
WHERE type = 'page_view' AND status >= 400
GROUP BY page, status
ORDER BY visitors DESC, views DESC, page, status;
