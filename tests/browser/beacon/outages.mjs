// Ingest or the network is away for a while: everything arrives once, in its order.
import assert from "node:assert/strict";
import { cookieOf, distinct, kept } from "./cookies.mjs";
import { eventually } from "./product.mjs";
import { types } from "./stage.mjs";

const track = (page, name) => page.evaluate(name => footfall.track(name), name);

/** Waits until the page has heard ingest's answer to its first request. */
const answered = page =>
  eventually("an answer", async () => assert.ok(await page.evaluate(() => performance.getEntriesByType("resource").some(entry => entry.name.endsWith("/v1/events")))));

/** Waits until an event, by its type or name, has met the gate in a mode. */
const met = (stage, mode, path, name) =>
  eventually(`${name} of ${path} at the gate`, () => {
    const there = ({ url, ...event }) => new URL(url).pathname === path && (event.name || event.type) === name;
    assert.ok(stage.gate.bodies.some(body => body.mode === mode && body.events.some(there)));
  });

export default {
  "offline, then online": async (stage, context) => {
    stage.serve("/offline/");
    const page = await context.newPage();
    await page.goto(stage.url("/offline/"));
    await stage.rows("/offline/", 1);
    await context.setOffline(true);
    for (const name of ["one", "two", "three"]) {
      await track(page, name);
      await page.waitForTimeout(150);
    }
    await kept(page, 3);
    assert.equal((await stage.rows("/offline/", 1)).length, 1);
    await context.setOffline(false);
    const rows = await stage.rows("/offline/", 4);
    assert.deepEqual(types(rows), ["page_view", "one", "two", "three"]);
    assert.ok(rows[1].attempt > 1);
  },

  "ingest answers 503, then takes events again": async (stage, context) => {
    stage.serve("/busy/", { body: '<a id="next" href="/busy/next">next</a>' });
    const page = await context.newPage();
    await page.goto(stage.url("/busy/"));
    await answered(page);
    stage.gate.mode = "busy";
    await track(page, "one");
    await met(stage, "busy", "/busy/", "one");
    await track(page, "two");
    // Left while ingest is away: the last event of this page, and all of the next, are kept on the device.
    await page.click("#next");
    await page.waitForURL("**/busy/next");
    await met(stage, "busy", "/busy/next", "page_view");
    await track(page, "three");
    await page.waitForTimeout(200);
    stage.gate.mode = "pass";
    const rows = await stage.rows("/busy/", 6);
    assert.deepEqual(types(rows.filter(row => row.path === "/busy/")), ["page_view", "one", "two", "page_leave"]);
    assert.deepEqual(types(rows.filter(row => row.path === "/busy/next")), ["page_view", "three"]);
    assert.equal(await page.evaluate(() => Object.keys(localStorage).length), 0, "nothing is left on the device");
    for (const times of stage.gate.passed("/busy/").values()) assert.equal(times, 1);
  },

  "the outage begins with the leaving of a page": async (stage, context) => {
    stage.serve("/sudden/", { body: '<a id="next" href="/sudden/next">next</a>' });
    const page = await context.newPage();
    await page.goto(stage.url("/sudden/"));
    await answered(page);
    stage.gate.mode = "cut";
    await page.click("#next");
    await page.waitForURL("**/sudden/next");
    await met(stage, "cut", "/sudden/next", "page_view");
    stage.gate.mode = "pass";
    const rows = await stage.rows("/sudden/", 3);
    assert.deepEqual(types(rows.filter(row => row.path === "/sudden/")), ["page_view", "page_leave"]);
  },

  "while all is well nothing is sent twice": async (stage, context) => {
    stage.serve("/well/");
    const page = await context.newPage();
    for (let n = 0; n < 4; n++) {
      await page.goto(stage.url(`/well/${n}`));
      // All is well only where each page has had its answer before the next.
      await stage.rows("/well/", 2 * n + 1);
      await answered(page);
    }
    const times = stage.gate.passed("/well/");
    assert.deepEqual([times.size, Math.max(...times.values())], [7, 1]);
    assert.equal(await page.evaluate(() => Object.keys(localStorage).length), 0);
  },

  "Retry-After is kept to": async (stage, context) => {
    stage.serve("/patience/");
    stage.gate.mode = "busy";
    stage.gate.retryAfter = "6";
    const page = await context.newPage();
    const before = stage.gate.bodies.length;
    const start = Date.now();
    await page.goto(stage.url("/patience/"));
    await eventually("a refusal", () => assert.ok(stage.gate.bodies.length > before));
    stage.gate.mode = "pass";
    stage.gate.retryAfter = "1";
    await track(page, "waits too");
    await page.waitForTimeout(1500);
    assert.equal(stage.gate.bodies.length, before + 1, "nothing is sent meanwhile");
    await stage.rows("/patience/", 2);
    assert.ok(Date.now() - start >= 6000);
  },

  "a site that is over its rate is sent to later": async (stage, context) => {
    stage.serve("/rate/", { head: stage.tag({ site: "slow" }) });
    const page = await context.newPage();
    await page.goto(stage.url("/rate/"));
    // More than it has in a second: paid off later.
    const many = ["1", "2", "3", "4", "5", "6", "7", "8"];
    await page.evaluate(names => names.forEach(name => footfall.track(name)), many);
    await met(stage, "pass", "/rate/", "8");
    await track(page, "one more");
    const rows = await stage.rows("/rate/", 10);
    assert.deepEqual(types(rows), ["page_view", ...many, "one more"]);
    assert.ok(rows.some(row => row.attempt > 1));
  },

  "Footfall is killed and started again": async (stage, context) => {
    stage.serve("/killed/");
    const page = await context.newPage();
    await page.goto(stage.url("/killed/"));
    await stage.rows("/killed/", 1);
    await stage.footfall.stop("SIGKILL");
    await track(page, "while it is away");
    await page.waitForTimeout(300);
    await page.goto(stage.url("/killed/next"));
    await stage.footfall.start(`127.0.0.1:${stage.footfall.port}`);
    await track(page, "back");
    await page.waitForTimeout(200);
    const rows = await stage.rows("/killed/", 5);
    assert.deepEqual(types(rows.filter(row => row.path === "/killed/")), ["page_view", "while it is away", "page_leave"]);
    // The browser has kept the script.
    assert.deepEqual(types(rows.filter(row => row.path === "/killed/next")), ["page_view", "back"]);
  },

  "the clock of the device is three days off": async (stage, context) => {
    await context.addInitScript(() => {
      const real = Date.now;
      Date.now = () => real() + 3 * 24 * 3600 * 1000;
    });
    stage.serve("/clock/");
    const page = await context.newPage();
    await page.goto(stage.url("/clock/"));
    await stage.rows("/clock/", 1);
    await cookieOf(context);
    await page.goto(stage.url("/clock/"));
    await page.goto("about:blank");
    const rows = await stage.rows("/clock/", 4);
    for (const row of rows) assert.ok(Math.abs(row.at - row.received) < 60 && row.ts - row.received > 2 * 24 * 3600, `${row.at} ${row.received}`);
    const { visitor, session } = await cookieOf(context);
    assert.deepEqual([distinct(rows, "visitor"), distinct(rows, "session"), distinct(rows, "late")], [[visitor], [session], [false]]);
  },
};
