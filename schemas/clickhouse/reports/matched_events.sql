-- The events of a site around a range, and which of them the question is about.
--   SELECT count() FROM matched_events(site = 'shop', since = now() - INTERVAL 7 DAY, until = now(), bots = 0,
--                                      filters = map('country', ['DE', 'AT'], '!browser', ['Opera'])) WHERE matches
--
--   matches   the event lies in the range and passes the filters on events; those on what brought the session, and on its
--             first and last page, are about sessions: see `matched_sessions` and `report_events`
--   turn      what to order events by
--
-- Events from a day before the range to a day after are here too. A filter that is not given costs nothing: its condition is
-- constant, and its column is not read.
CREATE OR REPLACE VIEW matched_events AS
WITH
    {{filters}}
SELECT
    *,
    {{turn}} AS turn,
    {{matches}} AS matches
FROM events
WHERE {{around}}
AND {{wanted}};
