-- For WHERE: the events of a site from a day before the range to a day after, so that a session which the range cuts is judged
-- by all of it; 24 hours is how long one may last. Receipt has no upper bound, as a server may send what is years old; the primary
-- key (site, day) leaves out what lies later. What Footfall itself notes among the events (`$takeover`, `$unlink`)
-- is nobody's.
events.site = {site:String}
AND {{months}}
AND events.time >= {since:DateTime64(3, 'UTC')} - INTERVAL 1 DAY
AND events.time < {until:DateTime64(3, 'UTC')} + INTERVAL 1 DAY
AND NOT startsWith(events.name, '$')
