-- What somebody returns to, against everyone: groups of pages, hours, days of the week, sources, devices.
--
--   kind       `page` (first part of the path), `hour` and `weekday` in the time zone, `source`, `device`
--   visits     sessions of the segment in which the value occurs; share: of all its sessions
--   everyone   the same share of everyone; lift: share by everyone, above 1 means more than others
--
-- The segment is whom the filters choose, or one visitor (`of`) under the filters; everyone is the same question without either.
CREATE OR REPLACE VIEW report_preferences AS
WITH
    chosen AS
    (
        SELECT session_id, source
        FROM matched_sessions
        (
            site = {site:String},
            since = {since:DateTime64(3, 'UTC')},
            until = {until:DateTime64(3, 'UTC')},
            bots = {bots:UInt8},
            filters = {filters:Map(String, Array(String))}
        )
        WHERE if({of:String} = '', true, toString(visitor_id) = {of:String})
    ),
    seen AS
    (
        SELECT
            session_id,
            arrayJoin
            ([
                ('page', if(type = 'page_view', concat('/', splitByChar('/', path_template)[2]), '')),
                ('hour', toString(toHour(time, {timezone:String}))),
                ('weekday', toString(toDayOfWeek(time, 0, {timezone:String}))),
                ('device', device_type::String)
            ]) AS trait
        FROM session_events
        (
            site = {site:String},
            since = {since:DateTime64(3, 'UTC')},
            until = {until:DateTime64(3, 'UTC')},
            bots = {bots:UInt8},
            filters = map()
        )
        UNION ALL
        SELECT session_id, ('source', source)
        FROM matched_sessions
        (
            site = {site:String},
            since = {since:DateTime64(3, 'UTC')},
            until = {until:DateTime64(3, 'UTC')},
            bots = {bots:UInt8},
            filters = map()
        )
    ),
    counted AS
    (
        SELECT
            trait,
            uniqExactIf(session_id, session_id IN (SELECT session_id FROM chosen)) AS visits,
            uniqExact(session_id) AS all_visits
        FROM seen
        WHERE trait.2 != ''
        GROUP BY trait
    ),
    (SELECT count() FROM chosen) AS sessions,
    (SELECT uniqExact(session_id) FROM seen) AS all_sessions
SELECT
    trait.1 AS kind,
    trait.2 AS value,
    visits,
    visits / assumeNotNull(sessions) AS share,
    all_visits / assumeNotNull(all_sessions) AS everyone,
    share / everyone AS lift
FROM counted
WHERE visits > 0
ORDER BY kind, visits DESC, value;
