// The dashboard in a real browser, on a Footfall of its own: waiting for the first event, one event, a click that shows by
// itself, every view on a month of the demo's traffic, filters, segments, the map, the disk's future, keyboard, phone, dark, ClickHouse away. No console errors,
// nothing that axe calls serious. `tests/run browser` runs it; TEST_BIN is the binary, CHROMIUM the browser. Pictures are
// left in TEST_SCREENSHOTS. TEST_ONLY=views,looks plays parts of it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { eventually, Footfall } from "./beacon/product.mjs";

const PATIENCE = 120_000;
/** What a person's browser says: the headless one says that it is a machine, and machines are not shown. */
const PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
/** Every view, and something that has to stand on it. */
const VIEWS = {
  overview: /Top pages/, live: /Who is here/, pages: /\/cart/, sources: /Campaigns/, places: /Countries/, devices: /Browsers/, pattern: /Hours of the week/, sessions: /Latest sessions/,
  paths: /How sessions begin/, funnel: /Name at least two steps/, retention: /First seen/, goals: /Another goal/, preferences: /Groups of pages/, logins: /Login/, bots: /What gave them away/, books: /Complete up to/, sharing: /Shared links/,
};

const folder = mkdtempSync(join(tmpdir(), "footfall-dashboard-"));
const pictures = process.env.TEST_SCREENSHOTS ?? join(folder, "pictures");
mkdirSync(pictures, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const footfall = new Footfall(join(folder, "data"));
let browser;

/** Everything is there, nothing is being asked. */
async function settled(page) {
  await page.waitForFunction(() => document.querySelector("main") && !document.querySelector(".waiting, .stale, [aria-busy=true]"), undefined, { timeout: PATIENCE });
}

async function open(view, parameters = "", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1340, height: 900 }, locale: "en-GB", userAgent: PERSON, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", error => page.complaints.push(String(error)));
  page.on("console", message => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
  await page.goto(`${footfall.run.dashboard}/?view=${view}${parameters}`);
  return page;
}

async function picture(page, name) {
  await page.screenshot({ path: join(pictures, `dashboard-${name}.png`), fullPage: true, timeout: PATIENCE });
}

/** No serious finding. The library is evaluated by the debugger, which the page's policy does not concern. */
async function accessible(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ""}`).join(" | ")}`), [], name);
}

async function done(page, name, except = []) {
  const complaints = page.complaints.filter(text => !except.some(pattern => pattern.test(text)));
  assert.deepEqual(complaints, [], `${name}: the console`);
  await page.context().close();
}

async function first() {
  const page = await open("overview");
  await page.getByRole("heading", { name: "Waiting for your first event" }).waitFor({ timeout: PATIENCE });
  assert.match(await page.textContent("pre"), new RegExp(`<script defer src="${footfall.run.public}/beacon.js" data-site="demo"></script>`));
  await accessible(page, "first run");
  await picture(page, "first");
  const demo = await page.context().newPage();
  await demo.goto(`${footfall.run.public}/`);
  assert.equal(demo.url(), `${footfall.run.dashboard}/`, "/ of the public port leads to the dashboard");
  await demo.goto(`${footfall.run.public}/demo`);
  await demo.getByRole("button", { name: "Page view", exact: true }).click();
  await page.getByRole("heading", { name: "Top pages" }).waitFor({ timeout: PATIENCE });
  await settled(page);
  await picture(page, "one-event");
  await accessible(page, "one event");
  await demo.close();
  await done(page, "first run");
}

/** From a press on the demo page to the live view. */
async function live() {
  const page = await open("live");
  await settled(page);
  const demo = await page.context().newPage();
  await demo.goto(`${footfall.run.public}/demo`);
  await demo.getByRole("button", { name: "Page view", exact: true }).waitFor();
  const before = await page.evaluate(() => document.querySelector(".feed small")?.textContent ?? "");
  const times = [];
  for (let turn = 0; turn < 5; turn++) {
    const views = () => page.evaluate(() => [...document.querySelectorAll(".feed .when small")].reduce((sum, element) => sum + Number.parseInt(element.textContent, 10), 0));
    const had = await views();
    const pressed = Date.now();
    await demo.getByRole("button", { name: "Page view", exact: true }).click();
    await eventually("the press in the live view", async () => assert.ok((await views()) > had, `${had} ${before}`));
    times.push(Date.now() - pressed);
  }
  console.log(`from a press on the demo page to the live view: ${times.join(", ")} ms`);
  await picture(page, "live-click");
  await done(page, "live");
}

/** A month of the demo's traffic. */
async function month() {
  await footfall.command("demo");
  await eventually("the demo's traffic", async () => assert.ok((await footfall.query("SELECT count() AS rows FROM events"))[0].rows > 100_000));
  // What is demonstrated was all received just now. Of another site something has come on each of the last twenty days, which
  // says what a day brings.
  await footfall.write(`INSERT INTO events SELECT * REPLACE ('archive' AS site, generateUUIDv4() AS event_id, toUUID('00000000-0000-4000-8000-000000000001') AS log_id,
    rowNumberInAllBlocks() + 1 AS log_seq, now64(3) - toIntervalDay(rowNumberInAllBlocks() % 20 + 1) AS received_at, received_at AS time, now64(3) + 600 AS insert_deadline)
    FROM (SELECT * FROM events WHERE site = 'demo' LIMIT 20000)`);
}

/** Until something stood on the screen, as the browser itself says, ms. */
const painted = page => page.evaluate(() => Math.round(performance.getEntriesByName("first-contentful-paint")[0].startTime));

async function views() {
  const paints = [];
  for (const [view, expected] of Object.entries(VIEWS)) {
    const page = await open(view, "&range=30d");
    await settled(page);
    await eventually(`the view ${view}`, async () => assert.match(await page.textContent("main"), expected));
    assert.deepEqual(await page.locator(".refusal").allTextContents(), [], view);
    paints.push(await painted(page));
    await picture(page, view);
    await accessible(page, view);
    await done(page, view);
  }
  paints.sort((a, b) => a - b);
  console.log(`first paint of a view: ${paints[0]} to ${paints.at(-1)} ms, in the middle ${paints[paints.length >> 1]} ms`);
}

/** By a click and by the keyboard, with the address and the way back. */
async function filters() {
  const page = await open("overview", "&range=30d");
  await settled(page);
  const figure = () => page.locator(".tile .figure").first().textContent();
  const all = await figure();
  await page.getByRole("button", { name: /^Mobile/ }).click();
  await eventually("the filter", async () => assert.match(page.url(), /f\.device_type=mobile/));
  await settled(page);
  const mobile = await figure();
  assert.notEqual(mobile, all);
  await page.reload();
  await settled(page);
  assert.equal(await figure(), mobile, "the address is the view");
  await page.goBack();
  await settled(page);
  assert.equal(await figure(), all);

  // The keyboard alone: skip link, range, Escape.
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.getByRole("button", { name: "30 days" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Range" }).waitFor();
  await accessible(page, "range");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Range" }).waitFor({ state: "detached" });

  await page.getByRole("button", { name: "The SQL behind Visitors" }).click();
  const sql = await page.locator("dialog pre").first().textContent();
  assert.match(sql, /FROM footfall\.report_timeline\(/);
  assert.ok((await footfall.query(sql)).length > 20, "the SQL can be asked as it stands");
  await accessible(page, "the SQL");
  await picture(page, "sql");
  await page.keyboard.press("Escape");

  const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Save Sources as CSV" }).click()]);
  assert.match(readFileSync(await csv.path(), "utf8"), /^"value","visitors"/);
  const [png] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save Visitors as PNG" }).click()]);
  assert.equal(readFileSync(await png.path()).subarray(1, 4).toString(), "PNG");
  await done(page, "filters");
}

/** What a button saves, and that it is a picture of some size. */
async function saves(page, name) {
  const [png] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
  const bytes = readFileSync(await png.path());
  assert.equal(bytes.subarray(1, 4).toString(), "PNG");
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  assert.ok(width > 300 && height > 200, `${name}: ${width} x ${height}`);
  writeFileSync(join(pictures, `saved-${png.suggestedFilename()}`), bytes);
}

/** The map: by a click, by the keyboard, and as a picture; lists and grids as pictures too. */
async function places() {
  const page = await open("places", "&range=30d");
  await settled(page);
  const map = page.getByRole("group", { name: "Visitors by country" });
  await map.waitFor();
  const countries = map.getByRole("button");
  assert.ok((await countries.count()) > 3);
  const [most, next] = await countries.evaluateAll(all =>
    [...all].map(({ dataset, ariaLabel }) => [dataset.code, Number(ariaLabel.match(/: ([\d,]+)/)[1].replace(",", ""))]).sort((a, b) => b[1] - a[1]).map(([code]) => code),
  );
  assert.equal(await map.locator("[tabindex='0']").count(), 1, "one Tab leads into the map");
  await map.locator("[tabindex='0']").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.code), next);
  await page.keyboard.press("Enter");
  await eventually("the filter by the keyboard", async () => assert.match(page.url(), new RegExp(`f\\.country=${next}`)));
  await settled(page);
  assert.equal(await map.locator(`[data-code=${next}]`).getAttribute("aria-pressed"), "true");
  await page.goBack();
  await settled(page);
  await map.locator(`[data-code=${most}]`).click({ force: true });
  await eventually("the filter by a click", async () => assert.match(page.url(), new RegExp(`f\\.country=${most}`)));
  await page.goBack();
  await settled(page);
  await saves(page, "Save World as PNG");
  await saves(page, "Save Countries as PNG");
  await done(page, "places");
  for (const [view, panel] of Object.entries({ retention: "Retention", logins: "Logins" })) {
    const page = await open(view, "&range=30d");
    await settled(page);
    await saves(page, `Save ${panel} as PNG`);
    await done(page, view);
  }
}

/** Kept under a name, applied in other views, in the address, taken off and forgotten. */
async function segments() {
  const page = await open("devices", "&range=30d&f.device_type=mobile");
  await settled(page);
  await page.getByRole("button", { name: "Segments" }).click();
  await page.getByLabel("Save the filters as").fill("On the way");
  await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "On the way", exact: true }).waitFor();
  await accessible(page, "segments");
  await done(page, "a segment is kept");
  for (const view of Object.keys(VIEWS).filter(view => !["live", "sharing"].includes(view))) {
    const page = await open(view, "&range=30d");
    await settled(page);
    await page.getByRole("button", { name: "Segments" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "On the way", exact: true }).click();
    await eventually(`the segment in ${view}`, async () => assert.match(page.url(), /f\.device_type=mobile/));
    await settled(page);
    assert.deepEqual(await page.locator(".refusal").allTextContents(), [], view);
    await page.getByRole("button", { name: "On the way", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "On the way", exact: true }).click();
    await eventually(`no segment in ${view}`, async () => assert.doesNotMatch(page.url(), /f\./));
    await done(page, `a segment in ${view}`);
  }
  const last = await open("overview");
  await settled(last);
  await last.getByRole("button", { name: "Segments" }).click();
  await last.getByRole("button", { name: "Forget On the way" }).click();
  await last.getByRole("button", { name: "Forget On the way" }).waitFor({ state: "detached" });
  await done(last, "forgotten");
}

/** A session's events, and paths drawn as a picture. */
async function deeper() {
  const page = await open("sessions", "&range=30d");
  await settled(page);
  await page.locator(".sessions .row").first().click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  await settled(page);
  assert.ok((await page.locator(".timeline li").count()) >= 1);
  await picture(page, "session");
  await accessible(page, "a session");
  await done(page, "a session");

  const paths = await open("paths", "&range=30d");
  await settled(paths);
  const [png] = await Promise.all([paths.waitForEvent("download"), paths.getByRole("button", { name: /as PNG$/ }).click()]);
  assert.equal(readFileSync(await png.path()).subarray(1, 4).toString(), "PNG");
  await paths.getByRole("button", { name: /^\/shoes:/ }).first().press("Enter");
  await paths.getByRole("heading", { name: "From /shoes" }).waitFor({ timeout: PATIENCE });
  await done(paths, "paths");

  const steps = encodeURIComponent("page:/\npage:/cart\npage:/checkout/*");
  const funnel = await open("funnel", `&range=30d&steps=${steps}`);
  await settled(funnel);
  assert.match(await funnel.textContent(".conversion"), /go all the way/);
  await picture(funnel, "funnel-built");
  await accessible(funnel, "a funnel");
  await done(funnel, "a funnel");
}

/** The disk's future under the books: what the API says, drawn. */
async function disk() {
  const page = await open("books", "&range=30d");
  await settled(page);
  const panel = page.getByRole("region", { name: "Room on the disk" });
  await panel.getByRole("img", { name: /^The tables: .* in 365 days/ }).waitFor({ timeout: PATIENCE });
  const told = await page.evaluate(async () => (await fetch("/api/forecast")).json());
  assert.deepEqual(told.notes, []);
  const year = told.ahead.at(-1);
  assert.ok(year.bytes > told.tables[0].bytes && told.disk.free_bytes < told.disk.total_bytes, JSON.stringify(told.disk));
  const facts = await panel.getByRole("definition").allTextContents();
  const size = text => Number.parseFloat(text) * 1000 ** ["B", "KB", "MB", "GB", "TB"].findIndex(unit => text.includes(` ${unit}`));
  const near = (text, bytes) => assert.ok(Math.abs(size(text) - bytes) <= bytes / 10, `${text}: ${bytes}`);
  const fact = async name => (await panel.locator("dl > div", { hasText: name }).locator(".figure").textContent()).replaceAll(",", "");
  near(await fact("Tables now"), told.tables.reduce((sum, table) => sum + table.bytes, 0));
  near(await fact("In 365 days"), year.bytes);
  near(await fact("Free"), told.disk.free_bytes);
  assert.ok(facts.some(text => /^events are kept for ever$/.test(text)), facts.join(" | "));
  await panel.locator(".growth .hit").nth(20).hover();
  await saves(page, "Save Room on the disk as PNG");
  await done(page, "the disk");
}

async function looks() {
  for (const [name, options] of Object.entries({ dark: { colorScheme: "dark" }, phone: { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true } })) {
    for (const view of Object.keys(VIEWS)) {
      const page = await open(view, "&range=30d", options);
      await settled(page);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wider <= 0, `${view} on a ${name} is ${wider} pixels too wide`);
      await accessible(page, `${view}, ${name}`);
      await picture(page, `${view}-${name}`);
      await done(page, `${view}, ${name}`);
    }
  }
}

/** Nothing in the range; and a server that is gone and comes back. */
async function trouble() {
  const empty = await open("overview", "&range=2020-01-01..2020-01-07");
  await settled(empty);
  assert.match(await empty.textContent("main"), /Nothing in this range/);
  await picture(empty, "empty");
  await done(empty, "empty");

  const page = await open("overview", "&range=7d");
  await settled(page);
  const engine = execFileSync("pgrep", ["-P", String(footfall.process.pid)], { encoding: "utf8" }).trim().split("\n")[0];
  process.kill(Number(engine), "SIGSTOP");
  process.kill(Number(engine), "SIGKILL");
  await page.goto(`${footfall.run.dashboard}/?view=overview&range=30d`);
  await settled(page);
  // The engine is started again by itself, and so is the page.
  await eventually("the page by itself again", async () => assert.deepEqual(await page.locator(".refusal").allTextContents(), []));
  await done(page, "the engine gone", [/503/, /Failed to load/]);
}

try {
  await footfall.start();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  const only = process.env.TEST_ONLY?.split(",");
  for (const part of [first, live, month, views, filters, places, segments, deeper, disk, looks, trouble]) {
    if (only && part !== month && !only.includes(part.name)) continue;
    console.log(part.name);
    await part();
  }
  console.log(`dashboard: ${Object.keys(VIEWS).length} views`);
} finally {
  await browser?.close();
  await footfall.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
