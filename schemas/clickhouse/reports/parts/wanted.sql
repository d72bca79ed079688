-- For WHERE: of people and machines, those that `bots` says: 0 without machines, 1 everything, 2 machines alone. A machine's are
-- events with a `bot_score` of 50 or more, and all of a session that `session_bots` names (`machine_sessions` asks it).
if(
    {bots:UInt8} = 1,
    true,
    ({bots:UInt8} = 2) = (events.bot_score >= 50 OR events.session_id IN
    (
        SELECT session_id
        FROM machine_sessions(site = {site:String}, since = {since:DateTime64(3, 'UTC')}, until = {until:DateTime64(3, 'UTC')})
    ))
)
