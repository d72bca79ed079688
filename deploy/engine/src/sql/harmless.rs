//! What SQL may use, by name. The lists name the harmless and not the dangerous: what a new release adds is
//! refused until somebody has looked at it (`tests/escape.rs` walks every name that the running engine has).

/// Table functions that stay inside the engine: they make rows, or read tables of this engine.
pub const TABLE_FUNCTIONS: [&str; 27] = [
    "generateRandom",
    "generateSeries",
    "generate_series",
    "loop",
    "merge",
    "mergeTreeAnalyzeIndexes",
    "mergeTreeAnalyzeIndexesUUID",
    "mergeTreeIndex",
    "mergeTreeProjection",
    "mergeTreeTextIndex",
    "null",
    "numbers",
    "numbers_mt",
    "primes",
    "values",
    "SQLStandardValues",
    "view",
    "viewExplain",
    "viewIfPermitted",
    "zeros",
    "zeros_mt",
    "timeSeriesData",
    "timeSeriesMetrics",
    "timeSeriesTags",
    "timeSeriesSamples",
    "timeSeriesSelector",
    "fuzzQuery",
];

/// Table engines that keep their data in the data folder or in memory.
pub const TABLE_ENGINES: [&str; 22] = [
    "MergeTree",
    "ReplacingMergeTree",
    "SummingMergeTree",
    "AggregatingMergeTree",
    "CollapsingMergeTree",
    "VersionedCollapsingMergeTree",
    "CoalescingMergeTree",
    "GraphiteMergeTree",
    "Memory",
    "Null",
    "Set",
    "Join",
    "Log",
    "TinyLog",
    "StripeLog",
    "Buffer",
    "Merge",
    "View",
    "MaterializedView",
    "GenerateRandom",
    "Loop",
    "Alias",
];

/// Database engines that do.
pub const DATABASE_ENGINES: [&str; 2] = ["Atomic", "Memory"];

/// Scalar functions that open files or connections, or show the inside of the process. Table functions that
/// are not listed above are refused besides these, by the names that the engine itself gives at start.
pub const REFUSED_FUNCTIONS: [&str; 27] = [
    "file",
    "catboostEvaluate",
    "AIClassify",
    "AIExtract",
    "AIGenerate",
    "AITranslate",
    "aiClassify",
    "aiEmbed",
    "aiExtract",
    "aiGenerate",
    "aiTranslate",
    "reverseDNSQuery",
    "getServerSetting",
    "getMacro",
    "showCertificate",
    "addressToLine",
    "addressToLineWithInlines",
    "addressToSymbol",
    "demangle",
    "generateSerialID",
    "executable",
    "getClientHTTPHeader",
    "disk",
    "logTrace",
    "sleep",
    "sleepEachRow",
    "filesystem",
];

/// Settings (by prefix) that name files or addresses, hold SQL of their own, change the language or switch
/// on what the lists above refuse.
pub const REFUSED_SETTINGS: [&str; 24] = [
    "dialect",
    "format_schema",
    "output_format_schema",
    "format_template_",
    "format_avro_schema_registry",
    "input_format_record_errors_file_path",
    "default_table_engine",
    "default_temporary_table_engine",
    "allow_experimental_eval_table_function",
    "allow_introspection_functions",
    "additional_table_filters",
    "additional_result_filter",
    "parallel_replicas_custom_key",
    "cluster_for_parallel_replicas",
    "enable_parallel_replicas",
    "allow_experimental_parallel_reading_from_replicas",
    "ai_",
    "storage_policy",
    "filesystem_cache",
    "s3",
    "azure",
    "hdfs",
    "promql_",
    "query_cache_tag",
];

/// Tables of `system` that show the inside of the process, its configuration or its files.
pub const REFUSED_TABLES: [&str; 9] = [
    "stack_trace",
    "symbols",
    "server_settings",
    "user_directories",
    "certificates",
    "fail_points",
    "filesystem_cache_settings",
    "jemalloc_profile_text",
    "detached_parts",
];

/// Formats that are not taken as input: one corrupt Parquet file spins for ever.
pub const REFUSED_INPUT_FORMATS: [&str; 3] = ["Parquet", "ParquetMetadata", "AvroConfluent"];
