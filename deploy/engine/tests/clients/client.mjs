// @clickhouse/client against the engine: ping, inserts, selects, parameters, errors, compression both ways.
import assert from "node:assert/strict";
import { createClient } from "@clickhouse/client";

const { ENGINE_HOST, ENGINE_PORT, ENGINE_DATABASE, ENGINE_PASSWORD } = process.env;
const url = `http://${ENGINE_HOST}:${ENGINE_PORT}`;
const rows = Array.from({ length: 20_000 }, (_, n) => ({ n, s: `row 'ä' ${n}\n` }));

for (const [number, compress] of [false, true].entries()) {
  const client = createClient({
    url,
    username: "default",
    password: ENGINE_PASSWORD,
    database: ENGINE_DATABASE,
    compression: { request: compress, response: compress },
  });
  assert.equal((await client.ping()).success, true);
  const table = `node_${number}`;
  await client.command({ query: `CREATE TABLE ${table} (n UInt32, s String) ENGINE = MergeTree ORDER BY n` });

  const inserted = await client.insert({ table, values: rows, format: "JSONEachRow" });
  assert.equal(inserted.summary.written_rows, "20000");

  const json = await client.query({ query: `SELECT n, s FROM ${table} ORDER BY n`, format: "JSON" });
  assert.deepEqual((await json.json()).data, rows);
  const each = await client.query({ query: `SELECT n, s FROM ${table} ORDER BY n`, format: "JSONEachRow" });
  const streamed = [];
  for await (const part of each.stream()) for (const row of part) streamed.push(row.json());
  assert.deepEqual(streamed, rows);

  const query_params = { s: rows[5].s, ids: [1, 2, 3] };
  const found = await client.query({
    query: `SELECT n FROM ${table} WHERE s = {s:String} OR n IN {ids:Array(UInt32)} ORDER BY n`,
    query_params,
    format: "JSONCompactEachRow",
    query_id: `mine-${number}`,
    clickhouse_settings: { max_threads: 1 },
  });
  assert.equal(found.query_id, `mine-${number}`);
  assert.deepEqual(await found.json(), [[1], [2], [3], [5]]);

  await assert.rejects(client.query({ query: "SELECT nothing" }), { code: "47", type: "UNKNOWN_IDENTIFIER" });
  await assert.rejects(async () => {
    const late = await client.query({
      query: "SELECT number, throwIf(number = 900000) FROM numbers(1000000)",
      format: "JSONEachRow",
      clickhouse_settings: { max_block_size: "10000" },
    });
    await late.json();
  });
  await client.close();
}

const reader = createClient({ url });
await assert.rejects(reader.command({ query: "CREATE TABLE x (a UInt8) ENGINE = Memory" }), { code: "164" });
await reader.close();
