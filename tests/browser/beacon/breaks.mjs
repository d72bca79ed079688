// Visits with breaks in them: sessions that end while nobody looks, events that come hours later. Each waits for most of its
// time, so these play beside all others.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { cookieOf, distinct, kept } from "./cookies.mjs";

/** Longer than the site `brisk` keeps a session without events. */
const IDLE = 4_500;
/** Longer than an event counts as having happened just now. */
const LATE = 64_000;

export default {
  "who comes back after a break has a new session, and the reason is stored": async (stage, context) => {
    stage.serve("/break/", { head: stage.tag({ site: "brisk" }) });
    const page = await context.newPage();
    await page.goto(stage.url("/break/"));
    await stage.rows("/break/", 1);
    const before = await cookieOf(context, "brisk");
    await pause(IDLE);
    await page.evaluate(() => footfall.track("back"));
    await page.evaluate(() => footfall.track("still here"));
    const [view, ...after] = await stage.rows("/break/", 3);
    assert.deepEqual([view.session, view.reason], [before.session, "new"]);
    assert.deepEqual([distinct(after, "reason"), distinct(after, "session").length], [["idle"], 1]);
    assert.notEqual(after[0].session, view.session);
    assert.deepEqual(distinct([view, ...after], "visitor"), [before.visitor]);
    await cookieOf(context, "brisk", { visitor: before.visitor, session: after[0].session });
  },

  "tabs that cross a cut at the same moment get one new session": async (stage, context) => {
    stage.serve("/crossing/", { head: stage.tag({ site: "brisk" }) });
    const tabs = [];
    for (let n = 0; n < 4; n++) {
      tabs.push(await context.newPage());
      await tabs[n].goto(stage.url(`/crossing/${n}`));
      await stage.rows("/crossing/", n + 1);
      await cookieOf(context, "brisk");
    }
    const before = await cookieOf(context, "brisk");
    await pause(IDLE);
    // Held until all have come, so that each has the cookie of before the cut.
    stage.gate.hold(tabs.length);
    await Promise.all(tabs.map(tab => tab.evaluate(() => footfall.track("awake"))));
    const rows = (await stage.rows("/crossing/", 8)).filter(row => row.name === "awake");
    const bodies = stage.gate.bodies.filter(body => body.events[0].name === "awake");
    assert.deepEqual([bodies.length, new Set(bodies.map(body => body.headers.cookie)).size], [4, 1]);
    assert.deepEqual([distinct(rows, "session").length, distinct(rows, "reason"), distinct(rows, "visitor")], [1, ["idle"], [before.visitor]]);
    assert.notEqual(rows[0].session, before.session);
    await cookieOf(context, "brisk", { session: rows[0].session });
  },

  "offline for longer, then online on another network: each event is in the session in which it happened": async (stage, context) => {
    stage.serve("/away/", { head: stage.tag({ site: "lapse" }) });
    stage.serve("/away/quiet", { head: "" });
    const device = await context.newPage();
    await device.goto(stage.url("/away/quiet"));
    stage.gate.from = "203.0.113.9";
    const page = await context.newPage();
    await page.goto(stage.url("/away/then"));
    await stage.rows("/away/", 1);
    const before = await cookieOf(context, "lapse");
    await context.setOffline(true);
    await page.evaluate(() => footfall.track("proven"));
    await kept(page, 1);
    await page.evaluate(() => footfall.track("not proven"));
    await kept(page, 2);
    // Not closed: a browser that is busy ends a closed tab before it has put away what it holds.
    await page.goto("about:blank");
    await kept(device, 3);
    // As if ingest had never answered before this event.
    await device.evaluate(() => {
      const [key, text] = Object.entries({ ...localStorage }).find(([, text]) => text.includes("not proven"));
      localStorage.setItem(key, JSON.stringify({ ...JSON.parse(text), token: undefined }));
    });
    await pause(LATE);
    stage.gate.from = "198.51.100.4";
    await context.setOffline(false);
    const next = await context.newPage();
    await next.goto(stage.url("/away/now"));
    const rows = await stage.rows("/away/", 5);
    const now = rows.find(row => row.path === "/away/now");
    assert.deepEqual([now.reason, now.ip], ["idle", "::ffff:198.51.100.0"]);
    const of = name => rows.find(row => row.path === "/away/then" && (row.name || row.type) === name);
    assert.deepEqual(["page_view", "proven", "page_leave"].map(name => [of(name).session, of(name).late]), Array(3).fill([before.session, false]));
    assert.ok(of("proven").received - of("proven").at > 60, "it has come late");
    assert.equal(of("proven").ip, "::ffff:198.51.100.0");
    const lost = of("not proven");
    assert.ok(lost.late && lost.session !== before.session && lost.session !== now.session, "a session of its own, and marked");
    assert.deepEqual(distinct(rows, "visitor"), [before.visitor]);
    await next.evaluate(() => footfall.track("goes on"));
    const after = await stage.rows("/away/", 6);
    assert.equal(after.find(row => row.name === "goes on").session, now.session, "what came late has not touched the current session");
    await cookieOf(context, "lapse", { session: now.session });
  },

  "offline for longer within a session: it goes on, on another network too": async (stage, context) => {
    stage.serve("/tunnel/");
    stage.gate.from = "203.0.113.9";
    const page = await context.newPage();
    await page.goto(stage.url("/tunnel/"));
    await stage.rows("/tunnel/", 1);
    const before = await cookieOf(context);
    await context.setOffline(true);
    await page.evaluate(() => footfall.track("in the tunnel"));
    await kept(page, 1);
    await pause(LATE);
    stage.gate.from = "198.51.100.4";
    await context.setOffline(false);
    await stage.rows("/tunnel/", 2);
    await page.evaluate(() => footfall.track("out again"));
    const rows = await stage.rows("/tunnel/", 3);
    assert.deepEqual([distinct(rows, "visitor"), distinct(rows, "session")], [[before.visitor], [before.session]]);
    assert.deepEqual([distinct(rows, "late"), distinct(rows, "reason")], [[false], ["new"]]);
    assert.ok(rows[1].received - rows[1].at > 60);
  },
};
