-- The books of the logs that have events of this site: of every number, what became of it. Right are `missing` 0 and `doubled` 0.
-- A log is of a node and serves all sites, so the figures are of all of them. Meaning of the columns: view `books`.
CREATE OR REPLACE VIEW report_books AS
SELECT log_id, acknowledged, rows, ledger, marks, missing, doubled, through, first_at, last_at
FROM books
WHERE log_id IN (SELECT log_id FROM events WHERE site = {site:String})
ORDER BY last_at DESC, log_id;
