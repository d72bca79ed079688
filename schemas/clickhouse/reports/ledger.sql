-- What was not kept, or not for ever, and why, by day; the newest first. What could not be read has no site, and is in `books`.
CREATE OR REPLACE VIEW report_ledger AS
SELECT toDate(at) AS day, reason::String AS reason, count() AS entries, toUInt64(sum(last_seq - first_seq + 1)) AS numbers, max(at) AS newest
FROM ledger
WHERE site = {site:String}
AND at >= {since:DateTime64(3, 'UTC')}
AND at < {until:DateTime64(3, 'UTC')}
GROUP BY day, ledger.reason
ORDER BY day DESC, numbers DESC, reason;
