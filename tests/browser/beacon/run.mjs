// The beacon in a real browser against the real thing, scenario by scenario: every event that a page has made must be a
// row, once. `tests/run browser` runs it; TEST_BIN is the binary, CHROMIUM the browser. `node run.mjs offline` runs those
// whose names contain the word, `node run.mjs tabs:` those of a file.
import assert from "node:assert/strict";
import { eventually } from "./product.mjs";
import { Stage } from "./stage.mjs";

const modules = ["views", "clicks", "tabs", "sessions", "policies", "people", "identity", "hostile", "paths", "debug", "snippets"];
const load = async names => {
  const all = [];
  for (const name of names) {
    const scenarios = Object.entries((await import(`./${name}.mjs`)).default);
    all.push(...scenarios.filter(([title]) => `${name}: ${title}`.includes(process.argv[2] ?? "")));
  }
  return all;
};
const [wanted, long, outages] = [await load(modules), await load(["breaks"]), await load(["outages"])];

const stage = new Stage();
const failed = [];

async function play(stage, [name, scenario]) {
  const start = Date.now();
  stage.gate.mode = "pass";
  const context = await stage.context();
  try {
    await scenario(stage, context);
    assert.deepEqual(context.complaints, [], "the page has seen an error");
    console.log(`ok      ${name} (${Date.now() - start} ms)`);
  } catch (error) {
    failed.push(name);
    console.log(`FAILED  ${name}\n${error.stack}\n${error.cause?.stack ?? ""}`);
  } finally {
    await context.close();
  }
}

try {
  await stage.open();
  // Those that mostly wait go on beside the others, each behind a gate of its own.
  const beside = long.map(async scenario => play(await stage.beside(), scenario));
  for (const scenario of wanted) await play(stage, scenario);
  await Promise.all(beside);
  // One of them kills Footfall, which all share.
  for (const scenario of outages) await play(stage, scenario);
  // What arrived twice was recognised: the books of everything that was played.
  await eventually("books without a gap", async () => {
    const [books] = await stage.footfall.query("SELECT sum(missing) AS missing, sum(doubled) AS doubled FROM books");
    assert.deepEqual([Number(books.missing), Number(books.doubled)], [0, 0]);
  });
  // What the view makes of it: some scenarios refuse events, or let the queue overflow.
  const [losses] = await stage.footfall.query(`SELECT sum(pages) AS pages, sum(sent) AS sent, sum(arrived) AS arrived, sum(late) AS late,
    sum(twice) AS twice, sum(never) AS never FROM losses(since = now() - INTERVAL 10 DAY, until = now() + INTERVAL 1 HOUR)`);
  console.log(`the loss ledger: ${JSON.stringify(losses)}`);
  assert.equal(Number(losses.sent), Number(losses.arrived) + Number(losses.never));
  const [twice] = await stage.footfall.query("SELECT count() - uniqExact(event_id) AS n FROM events");
  assert.equal(Number(twice.n), 0);
} finally {
  await stage.close();
}
const played = wanted.length + long.length + outages.length;
console.log(`${played - failed.length} of ${played} scenarios`);
if (failed.length) process.exit(1);
