-- What pages say that they sent, against what arrived, by hour; the newest first. Meaning of the columns: view `losses`.
CREATE OR REPLACE VIEW report_losses AS
SELECT hour, pages, sent, arrived, late, twice, never, may_still_come
FROM losses(since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
WHERE site = {site:String}
ORDER BY hour DESC;
