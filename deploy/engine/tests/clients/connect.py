"""clickhouse-connect against the engine: inserts, selects, parameters, an error, every compression."""

import os
from datetime import datetime, timedelta, timezone

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError


def connect(**options):
    return clickhouse_connect.get_client(
        host=os.environ["ENGINE_HOST"],
        port=int(os.environ["ENGINE_PORT"]),
        username="default",
        password=os.environ["ENGINE_PASSWORD"],
        database=os.environ["ENGINE_DATABASE"],
        **options,
    )


def exercise(client, table):
    client.command(f"CREATE TABLE {table} (n UInt64, s String, t DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY n")
    start = datetime(2026, 11, 21, 12, 0, 0, 125_000, tzinfo=timezone.utc)
    rows = [[n, f"row 'ä' {n}\n", start + timedelta(seconds=n)] for n in range(20_000)]
    summary = client.insert(table, rows, column_names=["n", "s", "t"])
    assert summary.written_rows == 20_000, summary.summary

    result = client.query(f"SELECT n, s, t FROM {table} WHERE n < {{limit:UInt64}} ORDER BY n", parameters={"limit": 10_000})
    assert [[*row[:2], row[2].replace(tzinfo=timezone.utc)] for row in result.result_rows] == rows[:10_000]
    assert client.query(f"SELECT n FROM {table} WHERE 0").result_rows == []
    assert client.query(f"SELECT count() FROM {table} WHERE s = {{s:String}}", parameters={"s": rows[5][1]}).first_row[0] == 1
    assert client.command(f"SELECT max(n) FROM {table}") == 19_999
    assert client.raw_query("SELECT 1, 'x'", fmt="JSONEachRow", settings={"max_threads": 1}) == b"{\"1\":1,\"'x'\":\"x\"}\n"
    with client.query_row_block_stream(f"SELECT n FROM {table} ORDER BY n") as blocks:
        assert sum(len(block) for block in blocks) == 20_000

    try:
        client.query("SELECT nothing")
    except DatabaseError as error:
        assert "47" in str(error) and "UNKNOWN_IDENTIFIER" in str(error), error
    else:
        raise AssertionError("no error")


for number, compress in enumerate([False, True, "lz4", "zstd", "gzip"]):
    exercise(connect(compress=compress), f"t{number}")

reader = clickhouse_connect.get_client(host=os.environ["ENGINE_HOST"], port=int(os.environ["ENGINE_PORT"]))
assert reader.command("SELECT 1") == 1
try:
    reader.command("CREATE TABLE x (a UInt8) ENGINE = Memory")
except DatabaseError as error:
    assert "READONLY" in str(error), error
else:
    raise AssertionError("the reader has written")
