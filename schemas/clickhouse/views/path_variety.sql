-- Where many different words stand in a site's paths: what the rules of `path_template` cannot know, learned from what the
-- table has. `pattern` can go into `pages.toml` as it is; name the part as you like.
--   SELECT pattern, words, views, examples FROM path_variety(since = now() - INTERVAL 7 DAY, until = now()) WHERE site = 'shop'
--
--   pattern   the template before the words, and one part in their place; `/*` if most of these paths go on
--   words     different words there (approximately)
--   views     page views of such paths
--   share     views of the most frequent word: near 1 it is one page and its rare neighbours, and no part to be named
--
-- Parts that have a name already (`:id`) are none, and places with fewer than 20 words neither.
CREATE OR REPLACE VIEW path_variety AS
WITH parts AS
(
    SELECT site, splitByChar('/', path_template) AS part, arrayJoin(range(1, length(part))) AS depth
    FROM events
    WHERE type = 'page_view'
    AND startsWith(path_template, '/')
    AND received_at >= {since:DateTime64(3, 'UTC')} - INTERVAL 5 MINUTE
    AND received_at <= {until:DateTime64(3, 'UTC')} + INTERVAL 31 DAY
    AND time >= {since:DateTime64(3, 'UTC')}
    AND time < {until:DateTime64(3, 'UTC')}
)
SELECT
    site,
    arrayStringConcat(arraySlice(part, 1, depth), '/') AS before,
    concat(before, '/:part', if(avg(length(part) > depth + 1) > 0.5, '/*', '')) AS pattern,
    uniq(part[depth + 1]) AS words,
    count() AS views,
    arrayMap(top -> top.count, topK(1, 3, 'counts')(part[depth + 1]))[1] / views AS share,
    topK(5)(part[depth + 1]) AS examples
FROM parts
WHERE part[depth + 1] != '' AND NOT startsWith(part[depth + 1], ':')
GROUP BY site, depth, before
HAVING words >= 20
ORDER BY site, views DESC;
