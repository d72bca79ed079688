-- For WHERE, where events are put together to sessions, in the place of `wanted`: without machines (`bots` = 0) a session is
-- judged by its events as they come together, see `person`, which costs half of asking who is a machine before. What a machine
-- sent by a server is left out alone, as it says nothing of the session.
if({bots:UInt8} = 0, NOT (events.bot_score >= 50 AND has(events.flags, 'server')), {{wanted}})
