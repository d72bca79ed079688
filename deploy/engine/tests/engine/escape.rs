//! SQL does not leave the server: every table function and engine that the running engine has, by name, and
//! every other way out that is known, as reader and as writer, is refused.

use footfall_engine::harmless;

use super::server::{Server, database};

/// Table functions that are neither on the list of harmless ones nor refused by name: they take data or SQL
/// that is looked at. Here is what makes them reach out.
const LOOKED_AT: [(&str, &str); 3] = [
    ("format", "SELECT * FROM format('Parquet', 'x')"),
    (
        "input",
        "SELECT * FROM input('x String DEFAULT file(\\'/etc/hostname\\')')",
    ),
    ("dictionary", "SELECT * FROM dictionary('nothing')"),
];

async fn names(server: &Server, table: &str) -> Vec<String> {
    let text = server
        .read("", format!("SELECT name FROM system.{table} ORDER BY name"))
        .await
        .ok();
    text.lines().map(str::to_owned).collect()
}

/// Refused for reader and writer alike; the reason is returned.
async fn refused(server: &Server, sql: &str) -> String {
    let mut reasons = String::new();
    for reply in [
        server.read("", sql.to_owned()).await,
        server.write("", sql.to_owned()).await,
    ] {
        assert!(!reply.status.is_success(), "{sql}: {}", reply.text());
        reasons += reply.code();
        reasons += " ";
    }
    reasons
}

#[tokio::test]
async fn every_table_function_that_is_not_harmless_is_refused_by_name() {
    let (server, _) = database().await;
    let all = names(server, "table_functions").await;
    assert!(all.len() > 80, "{all:?}");
    for harmless in harmless::TABLE_FUNCTIONS {
        assert!(
            all.iter().any(|name| name == harmless),
            "{harmless} is on the list but not in the engine"
        );
    }
    for name in all {
        if harmless::TABLE_FUNCTIONS.contains(&name.as_str()) {
            continue;
        }
        if let Some((_, sql)) = LOOKED_AT.iter().find(|(looked_at, _)| *looked_at == name) {
            refused(server, sql).await;
            continue;
        }
        for sql in [
            format!("SELECT * FROM {name}('/etc/passwd', 'LineAsString')"),
            format!("SELECT * FROM `{name}` /* x */ ('/etc/passwd')"),
            format!("SELECT * FROM \"{}\"()", name.to_uppercase()),
            format!("DESCRIBE TABLE {name}('http://127.0.0.1:9/x')"),
            format!("SELECT 1 WHERE 1 IN (SELECT * FROM {name}())"),
        ] {
            assert_eq!(refused(server, &sql).await, "497 497 ", "{sql}");
        }
        let insert = format!("INSERT INTO FUNCTION {name}('/tmp/x', 'CSV') SELECT 1");
        refused(server, &insert).await;
        refused(server, &format!("CREATE TABLE x AS {name}('/etc/passwd')")).await;
    }
}

#[tokio::test]
async fn every_engine_that_is_not_harmless_is_refused_by_name() {
    let (server, name) = database().await;
    for engine in names(server, "table_engines").await {
        if harmless::TABLE_ENGINES.contains(&engine.as_str()) {
            continue;
        }
        for (at, clause) in [
            format!("ENGINE = {engine}"),
            format!("ENGINE {engine}('/tmp/x')"),
            format!("engine=`{engine}`(1)"),
        ]
        .iter()
        .enumerate()
        {
            let sql = format!("CREATE TABLE {name}.t_{at} (a UInt8) {clause}");
            assert_eq!(refused(server, &sql).await, "497 497 ", "{sql}");
        }
        refused(
            server,
            &format!("CREATE MATERIALIZED VIEW {name}.v ENGINE = {engine} AS SELECT 1"),
        )
        .await;
    }
    for engine in names(server, "database_engines").await {
        if !harmless::DATABASE_ENGINES.contains(&engine.as_str()) {
            assert_eq!(
                refused(server, &format!("CREATE DATABASE x ENGINE = {engine}('/etc')")).await,
                "497 497 "
            );
        }
    }
    assert_eq!(
        server
            .read(
                "",
                format!("SELECT count() FROM system.tables WHERE database = '{name}'")
            )
            .await
            .ok(),
        "0\n"
    );
}

#[tokio::test]
async fn the_other_ways_out_are_closed() {
    let (server, name) = database().await;
    server
        .write(
            "",
            format!("CREATE TABLE {name}.t (a UInt8, p String) ENGINE = MergeTree ORDER BY a"),
        )
        .await
        .ok();
    for sql in [
        "SELECT file('/etc/passwd')",
        "SELECT `file`('/etc/passwd')",
        "SELECT \"fi\\x6ce\"('/etc/passwd')",
        "SELECT file/**/('/etc/passwd')",
        "SELECT file -- x\n('/etc/passwd')",
        "SELECT file\u{a0}('/etc/passwd')",
        "SELECT * APPLY(file) FROM (SELECT '/etc/passwd')",
        "SELECT * APPLY file FROM (SELECT '/etc/passwd')",
        "SELECT 1 /* /* */ */ , file('/etc/passwd')",
        "SELECT * FROM format('JSONEachRow', 'x String DEFAULT file(\\'/etc/passwd\\')', '{}')",
        "SELECT * FROM format(JSONEachRow, $$x String DEFAULT `file`('/etc/passwd')$$, '{}')",
        "SELECT * FROM format(Parquet, 'x')",
        "SELECT * FROM default.`/etc/passwd`",
        "SELECT * FROM `/etc/passwd`",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM merge('system', '^stack')",
        "SELECT * FROM system.stack_trace",
        "SELECT * FROM `system`.`symbols`",
        "SELECT * FROM system.server_settings",
        "SELECT * FROM system.user_directories",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "INSERT INTO {}.t FROM INFILE '/etc/passwd' FORMAT CSV",
        "INSERT INTO {}.t FORMAT Parquet\nPAR1",
        "SELECT 1 SETTINGS format_schema = '/etc/passwd:x'",
        "SELECT 1 SETTINGS additional_result_filter = 'file(\\'/etc/passwd\\') = 1'",
        "SELECT * FROM eval('SELECT file(1)') SETTINGS allow_experimental_eval_table_function = 1",
        "SELECT aiGenerate('x', 'y')",
        "SELECT catboostEvaluate('/etc/passwd', 1)",
        "SELECT getServerSetting('max_connections')",
        "CREATE DICTIONARY {}.d (a UInt8) PRIMARY KEY a SOURCE(FILE(path '/etc/passwd' format 'CSV')) LAYOUT(FLAT())",
        "CREATE OR REPLACE DICTIONARY {}.d (a UInt8) PRIMARY KEY a SOURCE(HTTP(url 'http://127.0.0.1:9')) LAYOUT(FLAT())",
        "CREATE DICTIONARY {}.d (a UInt8) PRIMARY KEY a SOURCE(EXECUTABLE(command 'id' format 'CSV')) LAYOUT(FLAT())",
        "CREATE VIEW {}.v AS SELECT file('/etc/passwd')",
        "CREATE TABLE {}.u (a String DEFAULT file('/etc/passwd')) ENGINE = Memory",
        "ALTER TABLE {}.t ADD COLUMN b String MATERIALIZED file('/etc/passwd')",
        "CREATE TABLE {}.u (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = '/tmp/x/')",
        "CREATE TABLE {}.u (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = web, endpoint = 'http://127.0.0.1:9/')",
        "CREATE FUNCTION f AS (x) -> file(x)",
        "CREATE FUNCTION f AS (x) -> x",
        "CREATE NAMED COLLECTION c AS url = 'http://127.0.0.1:9/'",
        "CREATE USER u",
        "ATTACH TABLE {}.u FROM '/etc' (a UInt8) ENGINE = MergeTree ORDER BY a",
        "ATTACH TABLE {}.t",
        "DETACH TABLE {}.t",
        "ALTER TABLE {}.t DETACH PARTITION tuple()",
        "ALTER TABLE {}.t FETCH PARTITION tuple() FROM '/x'",
        "ALTER TABLE {}.t FREEZE",
        "ALTER TABLE {}.t FREEZE WITH NAME '../../x'",
        "ALTER TABLE {}.t FREEZE WITH NAME ''",
        "ALTER TABLE {}.t FREEZE PARTITION tuple() WITH NAME 'x'",
        "ALTER TABLE {}.t UNFREEZE WITH NAME 'x'",
        "ALTER TABLE {}.t MOVE PARTITION tuple() TO DISK 'x'",
        "ALTER TABLE {}.t EXPORT PART 'all_1_1_0' TO TABLE FUNCTION s3('http://127.0.0.1:9/')",
        "BACKUP TABLE {}.t TO File('/tmp/x')",
        "BACKUP TABLE {}.t TO Disk('default', 'x')",
        "RESTORE TABLE {}.t FROM File('/tmp/x')",
        "BACKUP DATABASE {} TO File('/tmp/x/')",
        "BACKUP DATABASE {} TO File('../x/')",
        "BACKUP DATABASE {} TO File('x/../../')",
        "BACKUP DATABASE {} TO Disk('default', 'x/')",
        "BACKUP DATABASE {} TO File('x/') SETTINGS base_backup = File('/tmp/x')",
        "RESTORE DATABASE {} FROM File('/etc/')",
        "RESTORE DATABASE {} AS y FROM S3('http://127.0.0.1:9/x', 'a', 'b')",
        "SYSTEM SHUTDOWN",
        "SYSTEM KILL",
        "SYSTEM RELOAD CONFIG",
        "SYSTEM RELOAD USERS",
        "SYSTEM ENABLE FAILPOINT x",
        "SYSTEM START LISTEN HTTP",
        "SYSTEM UNFREEZE WITH NAME 'x'",
        "GRANT ALL ON *.* TO default",
        "EXECUTE AS default SELECT 1",
        "SET dialect = 'prql'",
        "SELECT 1; SELECT file('/etc/passwd')",
    ] {
        let sql = sql.replace("{}", &name);
        refused(server, &sql).await;
    }
}

#[tokio::test]
async fn parameters_and_settings_of_the_url_are_no_way_out_either() {
    let (server, _) = database().await;
    for (url, sql) in [
        ("dialect=prql", "from system.one"),
        ("default_table_engine=File", "SELECT 1"),
        ("additional_result_filter=1", "SELECT 1"),
        ("format_schema=x", "SELECT 1"),
        ("allow_introspection_functions=1", "SELECT addressToLine(1)"),
        ("param_f=file", "SELECT {f:Identifier}('/etc/passwd')"),
        (
            "param_f=file",
            "SELECT * FROM {f:Identifier}('/etc/passwd', 'LineAsString')",
        ),
        ("param_t=%2Fetc%2Fpasswd", "SELECT * FROM {t:Identifier}"),
        (
            "param_s=x%20String%20DEFAULT%20file('%2Fetc%2Fpasswd')",
            "SELECT * FROM format('JSONEachRow', {s:String}, '{}')",
        ),
        ("database=system", "SELECT * FROM stack_trace"),
        (
            "default_format=Parquet&max_threads=1%2C%20dialect%20%3D%201",
            "SELECT 1",
        ),
        ("max_threads=1'%3B%20SELECT%201", "SELECT 1"),
        ("database=x%60%3B%20SELECT%201", "SELECT 1"),
    ] {
        for reply in [server.read(url, sql).await, server.write(url, sql).await] {
            assert!(!reply.status.is_success(), "{url} {sql}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn no_system_table_shows_the_password() {
    let (server, _) = database().await;
    for table in names(server, "tables WHERE database = 'system'").await {
        let reply = server
            .write("", format!("SELECT * FROM system.{table} LIMIT 10000 FORMAT TSV"))
            .await;
        assert!(!reply.text().contains(super::server::PASSWORD), "{table}");
    }
}

/// The guard is not the only wall: what it does not know ends at the kernel's. Seen from the outside: the
/// process may not be able to open what every user can read.
#[tokio::test]
async fn the_kernel_holds_what_gets_past_the_guard() {
    let (server, _) = database().await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.engine.pid())).unwrap();
    assert!(
        status.contains("NoNewPrivs:\t1"),
        "the sandbox is not closed: {status}"
    );
}
