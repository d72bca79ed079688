-- For HAVING, behind `judged`: whether a session is no machine's, if `bots` asks for that. The rule is that of `session_bots`;
-- 60 page views of one minute stand 59 apart when they are in order.
if
(
    {bots:UInt8} = 0,
    max(events.bot_score) < 50
    AND NOT
    (
        countIf(type = 'page_view' AND seq > 0 AND NOT has(flags, 'pixel') AND NOT has(flags, 'server')) >= 20
        AND countIf((events.engagement_ms > 0 OR scroll > 0 OR type IN ('click', 'identify', 'login', 'logout')) AND NOT has(flags, 'server')) = 0
    )
    AND NOT arrayExists
    (
        (minute, later) -> minute = later,
        arraySlice(arraySort(groupArrayIf(toStartOfMinute(time), type = 'page_view' AND NOT has(flags, 'server'))) AS minutes, 1, greatest(length(minutes), 59) - 59),
        arraySlice(minutes, 60)
    ),
    true
)
