-- What every report stands on: the events of a site around a range, and which of them the question is about.
--   SELECT count() FROM matched_events(site = 'shop', since = now() - INTERVAL 7 DAY, until = now(), bots = 0,
--                                      filters = map('country', ['DE', 'AT'], '!browser', ['Opera'])) WHERE matches
--
--   matches   the event lies in the range and passes the filters on events; those on what brought the session, and on its
--             first and last page, are about sessions: see `matched_sessions` and `report_events`
--   turn      what to order events by: time, then the page's own numbers, then those of the log
--
-- Events from a day before the range to a day after are here too, so that a session which the range cuts is judged by all of
-- it; 24 hours is how long one may last. `received_at` has no upper bound, as a server may send what is years old; the primary key
-- (site, day) leaves out what lies later.
--
-- `bots`: 0 without machines, 1 everything, 2 machines alone. A machine's are events with a `bot_score` of 50 or more, and all
-- of a session that `session_bots` names (`machine_sessions` asks it). What Footfall itself notes among the events (`$takeover`, `$unlink`) is nobody's.
--
-- A filter that is not given costs nothing: its condition is constant, and its column is not read.
CREATE OR REPLACE VIEW matched_events AS
WITH
    {filters:Map(String, Array(String))} AS filters,
    (name, value) ->
        if(notEmpty(filters[name]), has(filters[name], value), true)
        AND if(notEmpty(filters[concat('!', name)]), NOT has(filters[concat('!', name)], value), true) AS passes
SELECT
    *,
    bitShiftLeft(toUInt128(toUnixTimestamp64Milli(time)), 84) + bitShiftLeft(toUInt128(seq), 52) + log_seq AS turn,
    time >= {since:DateTime64(3, 'UTC')}
        AND time < {until:DateTime64(3, 'UTC')}
        AND passes('type', type)
        AND passes('name', name)
        AND passes('host', host)
        AND passes('path', path)
        AND passes('path_template', path_template)
        AND passes('country', country)
        AND passes('region', region)
        AND passes('city', city)
        AND passes('asn_org', asn_org)
        AND passes('browser', browser)
        AND passes('browser_version', browser_version)
        AND passes('os', os)
        AND passes('os_version', os_version)
        AND passes('device_type', device_type)
        AND passes('device_brand', device_brand)
        AND passes('device_model', device_model)
        AND passes('language', language)
        AND passes('timezone', timezone)
        AND passes('user_id', user_id)
        AND passes('visitor_id', toString(visitor_id))
        AND passes('session_id', toString(session_id))
    AS matches
FROM events
WHERE site = {site:String}
AND received_at >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY - INTERVAL 5 MINUTE
AND time >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY
AND time < {until:DateTime64(3, 'UTC')} + INTERVAL 1 DAY
AND NOT startsWith(name, '$')
AND if(
    {bots:UInt8} = 1,
    true,
    ({bots:UInt8} = 2) = (bot_score >= 50 OR session_id IN
    (
        SELECT session_id
        FROM machine_sessions(site = {site:String}, since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
    ))
);
