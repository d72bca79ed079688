// The demo page in a real browser, against the real thing: every button is pressed, every answer is read, every event
// must arrive on the page, and be in ClickHouse. `tests/run browser` runs it; TEST_BIN is the binary, CHROMIUM the
// browser. Leaves demo.png beside the data.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const patience = 60_000;
const folder = mkdtempSync(join(tmpdir(), "footfall-browser-"));
const data = join(folder, "data");
const environment = { ...process.env, FOOTFALL_INGEST_ADMIN_LISTEN: "127.0.0.1:0", FOOTFALL_DASHBOARD_LISTEN: "127.0.0.1:0" };
const footfall = spawn(process.env.TEST_BIN, ["up", "--data", data, "--listen", "127.0.0.1:0", "--clickhouse-listen", "127.0.0.1:0"],
  { env: environment, stdio: ["ignore", "ignore", "inherit"] });

async function eventually(what, probe) {
  const until = Date.now() + patience;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() > until) throw new Error(`waited in vain for ${what}`, { cause: error });
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }
}

/** Rows of a query, by the reader. */
async function query(run, sql) {
  const answer = await fetch(`${run.clickhouse}/?default_format=JSONEachRow`, { method: "POST", body: sql });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return text.trim().split("\n").filter(Boolean).map(line => JSON.parse(line));
}

/** What the page says of its visitor after a press; `before`: of the visitor or session that it must not say any more. */
async function press(page, label, expected, before) {
  await page.getByRole("button", { name: label, exact: true }).click();
  return eventually(`${expected} after «${label}»`, async () => {
    const [visitor, known, session, began, user] = await Promise.all(["visitor", "known", "session", "began", "user"].map(id => page.textContent(`#${id}`)));
    assert.match(`${known}, ${began}, ${user}`, expected);
    assert.ok(visitor !== before && session !== before);
    return { visitor, session };
  });
}

/** Who one is, as the page says it, step by step, and as the tables have it. */
async function recognised(run, page) {
  const first = await press(page, "Allow cookies", /cookie, .*, grace/);
  const in_ = await press(page, "Log in", /signed cookie.*ada/);
  assert.deepEqual(in_, first, "a login begins no session where the site does not say so");
  await press(page, "Log out", /nobody/);
  const refused = await press(page, "Refuse cookies", /salted hash/, first.visitor);
  await press(page, "Allow cookies", /signed cookie/);
  const forgotten = await press(page, "Forget me", /signed cookie.*its first/, first.visitor);
  assert.notEqual(forgotten.visitor, refused.visitor);
  const campaign = await press(page, "Arrive by a campaign", /begun by a campaign/, forgotten.session);
  assert.equal(campaign.visitor, forgotten.visitor);
  const asked = (await page.textContent("#people")).match(/'(.*)'/)[1].replace("user_events", "footfall.user_events");
  const people = await eventually("what the page asks about people", async () => {
    const rows = await query(run, asked);
    assert.deepEqual(rows.slice(0, 2).map(({ type, session_start_reason, decision }) => [type, session_start_reason, decision]),
      [["page_view", "campaign", "cookie"], ["page_view", "new", "cookie"]]);
    return rows;
  });
  assert.equal(people.find(({ type }) => type === "login").resolved_user, "ada");
  const [row] = await query(run, "SELECT toString(visitor_id) AS visitor, toString(session_id) AS session FROM footfall.events ORDER BY time DESC LIMIT 1");
  assert.deepEqual([row.visitor.slice(0, 8), row.session.slice(0, 8)], [campaign.visitor, campaign.session]);
  await page.screenshot({ path: join(process.env.TEST_SCREENSHOTS ?? folder, "demo-identity.png"), fullPage: true });
}

let browser;
try {
  const run = await eventually("Footfall", () => {
    const run = JSON.parse(readFileSync(join(data, "run.json"), "utf8"));
    assert.ok(run.clickhouse);
    return run;
  });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1100, height: 1000 } });
  const complaints = [];
  page.on("pageerror", error => complaints.push(String(error)));
  page.on("console", message => message.type() === "error" && complaints.push(message.text()));
  await page.goto(`${run.public}/demo`);
  await page.waitForSelector("#dot.on");

  // What each button sends, and what the page must say of it.
  const buttons = await page.$$eval("button[class='odd'], #plain button, #identity button", list => list.map(button => button.textContent));
  assert.ok(buttons.length >= 18, `${buttons}`);
  let accepted = 0;
  // The one that makes another visitor of us comes last.
  for (const label of buttons.filter(label => label !== "Forget me")) {
    await page.evaluate(() => { document.getElementById("answer").textContent = ""; });
    await page.getByRole("button", { name: label, exact: true }).click();
    const text = await eventually(`the answer to «${label}»`, async () => {
      const text = await page.textContent("#answer");
      assert.match(text, /^\d{3} in /);
      return text;
    });
    const status = Number(text.slice(0, 3));
    const body = JSON.parse(text.slice(text.indexOf("\n") + 1));
    accepted += body.accepted ?? 0;
    assert.equal(status, { "No name": 400, "Unknown site": 403 }[label] ?? 200, `${label}: ${text}`);
    if (status === 200) assert.equal(body.events.length, body.accepted, text);
    // At once, and before rows of earlier buttons push it off the page.
    if (label === "No name") await eventually("the refusal on the page", async () => assert.match(await page.textContent("#live"), /refused: missing_field/));
    if (label === "One good, one bad") assert.deepEqual([body.accepted, body.rejected[0].index, body.rejected[0].reason], [1, 1, "unknown_type"]);
  }
  await page.waitForFunction(() => document.querySelectorAll("#live tr").length > 0);
  await eventually("the duplicate on the page", async () => assert.match(await page.textContent("#live"), /ledger: duplicate/));
  assert.match(await page.textContent("#fate"), /^footfall tail --event [0-9a-f-]{36}$/);
  await page.screenshot({ path: join(process.env.TEST_SCREENSHOTS ?? folder, "demo.png"), fullPage: true });

  // Everything that was accepted is in the table, but for the one that was sent twice.
  await eventually("all rows", async () => {
    const [{ rows }] = await query(run, "SELECT count() AS rows FROM footfall.events");
    assert.equal(Number(rows), accepted - 1);
  });
  const [seen] = await query(run, `SELECT uniqIf(visitor_id, decision = 'cookie') AS visitors, uniq(type) AS types, any(title) AS title, any(path) AS path,
    any(timezone) != '' AS zone, countIf(user_agent ILIKE '%chrome%') = count() AS chrome FROM footfall.events`);
  assert.deepEqual({ ...seen, visitors: Number(seen.visitors), types: Number(seen.types), zone: Number(seen.zone), chrome: Number(seen.chrome) },
    { visitors: 1, types: 9, title: "Footfall demo", path: "/demo", zone: 1, chrome: 1 });
  await recognised(run, page);
  const [books] = await query(run, "SELECT sum(missing) AS missing, sum(doubled) AS doubled FROM footfall.books");
  assert.deepEqual([Number(books.missing), Number(books.doubled)], [0, 0]);
  // The refusals are said by the browser itself; nothing else may be.
  assert.deepEqual(complaints.filter(line => !/40[03] \((Bad Request|Forbidden)\)/.test(line)), []);
  console.log(`${buttons.length} buttons pressed, ${accepted} events accepted, all seen on the page and in ClickHouse`);
} finally {
  await browser?.close();
  const ended = footfall.exitCode === null ? once(footfall, "exit") : undefined;
  footfall.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
