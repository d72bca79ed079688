-- Everything that happened in the range in the sessions that the question is about: for reports on what follows what. There
-- filters choose sessions: with one on the country or on a page, the other steps of such a session are looked at too.
CREATE OR REPLACE VIEW session_events AS
SELECT *
FROM matched_events({{question}})
WHERE time >= {since:DateTime64(3, 'UTC')}
AND time < {until:DateTime64(3, 'UTC')}
AND if
(
    empty({filters:Map(String, Array(String))}),
    true,
    session_id IN
    (
        SELECT session_id
        FROM matched_sessions({{question}})
    )
);
