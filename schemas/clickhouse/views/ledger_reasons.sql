-- Why numbers are not in `events`, by day and site: entries, and the numbers that they stand for.
CREATE OR REPLACE VIEW ledger_reasons AS
SELECT
    toDate(at) AS day,
    site,
    reason,
    count() AS entries,
    sum(last_seq - first_seq + 1) AS numbers,
    max(at) AS newest
FROM ledger
GROUP BY day, site, reason
ORDER BY day DESC, numbers DESC;
