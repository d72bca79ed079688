-- What the enrichment finds out beyond the first table: see `src/events.rs` for meanings. Rows from before have these empty.
-- `path_template` is no LowCardinality: a site without numbers in its paths has as many templates as pages.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS path_template String CODEC(ZSTD(1)) AFTER path,
    ADD COLUMN IF NOT EXISTS site_search_term String CODEC(ZSTD(1)) AFTER `hash`,
    ADD COLUMN IF NOT EXISTS source LowCardinality(String) CODEC(ZSTD(1)) AFTER click_id,
    ADD COLUMN IF NOT EXISTS medium LowCardinality(String) CODEC(ZSTD(1)) AFTER source,
    ADD COLUMN IF NOT EXISTS enrich_data LowCardinality(String) CODEC(ZSTD(1)) AFTER enrich_version;
