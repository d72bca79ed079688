-- What somebody returns to, against everyone: groups of pages, hours, days of the week, sources, devices.
--
--   kind       `page` (first part of the path), `hour` and `weekday` in the time zone, `source`, `device`
--   visits     sessions of the segment in which the value occurs; share: of all its sessions
--   everyone   the same share of everyone; lift: share by everyone, above 1 means more than others
--
-- The segment is whom the filters choose, or one visitor (`of`) under the filters; everyone is the same question without either.
CREATE OR REPLACE VIEW report_preferences AS
WITH
    seen AS
    (
        SELECT
            arrayJoin
            (arrayConcat(
                [('', '')],
                arrayMap(section -> ('page', section), sections),
                arrayDistinct(arrayMap(quarter -> ('hour', toString(toHour(quarter, {timezone:String}))), quarters)),
                arrayDistinct(arrayMap(quarter -> ('weekday', toString(toDayOfWeek(quarter, 0, {timezone:String}))), quarters)),
                arrayMap(device -> ('device', device::String), device_types),
                [('source', source::String)]
            )) AS trait,
            if({of:String} = '', true, toString(visitor_id) = {of:String})
                AND if
                (
                    empty({filters:Map(String, Array(String))}),
                    true,
                    session_id IN
                    (
                        SELECT session_id
                        FROM matched_sessions({{question}})
                    )
                ) AS is_chosen
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
        SELECT trait, countIf(is_chosen) AS visits, count() AS all_visits
        FROM seen
        GROUP BY trait
    ),
    -- The trait without a name is everybody's.
    of_all AS
    (
        SELECT *, maxIf(visits, trait.1 = '') OVER () AS sessions, maxIf(all_visits, trait.1 = '') OVER () AS all_sessions
        FROM counted
    )
SELECT
    trait.1 AS kind,
    trait.2 AS value,
    visits,
    visits / sessions AS share,
    all_visits / all_sessions AS everyone,
    share / everyone AS lift
FROM of_all
WHERE visits > 0 AND trait.2 != ''
ORDER BY kind, visits DESC, value;
