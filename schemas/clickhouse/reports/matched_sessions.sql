-- Sessions in which something happened that the question is about.
--
-- A session counts if an event of it matches: it lies in the range and passes the filters. What is said of it comes from all
-- of its events, also from those before and after the range (a day each way), so that no figure depends on where a range cuts.
-- What brought it is what its first event on a page says; one that says nothing began `direct`.
--
--   paths, templates   its page views in order: (turn, page); a turn's upper bits, from the 84th, are the time, ms
--   entry_turn, exit_turn   of its first and last page view
--   sections           the first parts of the paths of its page views that match
--   device_types, quarters   of its events that match: the devices; the quarters of an hour, in which every zone has its full hours
--
-- It reads `events` itself, not `matched_events`: the engine would read every column that any figure here needs, asked for or not.
--
-- Sessions are put together anew for each question, so they never disagree with `events`. A copy of twelve columns in the order
-- (site, day, session), as a projection would keep it, takes 197 MB beside 721 for 10 M events, and saves a quarter (a week of
-- one site, 2.7 M events, processor time, ms): figures of all sessions 290, 200; who is a machine 250, 220; timeline 140, 140.
CREATE OR REPLACE VIEW matched_sessions AS
WITH
    {{filters}},
    {{turn}} AS turn,
    {{matches}} AS matches
SELECT
    {{session_figures}}
FROM events
WHERE {{around}}
AND {{judged}}
GROUP BY session_id
HAVING matched_events > 0
AND {{person}}
AND passes('channel', channel)
AND passes('source', source)
AND passes('medium', medium)
AND passes('referrer_source', referrer_source)
AND passes('referrer_host', referrer_host)
AND passes('utm_source', utm_source)
AND passes('utm_medium', utm_medium)
AND passes('utm_campaign', campaign)
AND passes('utm_term', utm_term)
AND passes('utm_content', utm_content)
AND passes('entry_path', entry_path)
AND passes('exit_path', exit_path);
