-- How many of a range's visitors were never seen before it. A report of its own, as it reads all that is older.
CREATE OR REPLACE VIEW report_newcomers AS
WITH
    came AS
    (
        SELECT DISTINCT visitor_id
        FROM matched_sessions({{question}})
    ),
    known AS
    (
        SELECT visitor_id
        FROM events
        WHERE site = {site:String} AND time < {since:DateTime64(3, 'UTC')}
    )
SELECT
    count() AS visitors,
    countIf(visitor_id NOT IN (SELECT visitor_id FROM known)) AS new_visitors,
    if(visitors = 0, 0, new_visitors / visitors) AS share
FROM came;
