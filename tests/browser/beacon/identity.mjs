// Users, consent, opting out, privacy signals: what the page sends and what it leaves on the device. What ingest makes of
// cookies is not the beacon's.
import assert from "node:assert/strict";
import { eventually } from "./product.mjs";
import { types } from "./stage.mjs";

const stored = page => page.evaluate(() => ({ ...localStorage }));

export default {
  "login, failed login, logout, and a second user": async (stage, context) => {
    stage.serve("/users/");
    const page = await context.newPage();
    await page.goto(stage.url("/users/"));
    await page.evaluate(() => {
      footfall.identify("u-1", { plan: "gold" });
      footfall.loginFailed("u-1", { why: "wrong_password" });
      footfall.login("u-1", { method: "passkey" });
      footfall.logout("u-1");
      footfall.login("u-2");
    });
    const rows = await stage.rows("/users/", 6);
    assert.deepEqual(rows.map(row => [row.type, row.user_id]), [
      ["page_view", ""], ["identify", "u-1"], ["login_failed", "u-1"], ["login", "u-1"], ["logout", "u-1"], ["login", "u-2"],
    ]);
    assert.equal(new Set(rows.map(row => row.visitor)).size, 1);
    const links = await stage.footfall.query(`SELECT user_id, began_by, ended_by FROM user_links WHERE visitor_id = '${rows[0].visitor}' ORDER BY until`);
    assert.deepEqual(links, [
      { user_id: "u-1", began_by: "identify", ended_by: "logout" },
      { user_id: "u-2", began_by: "login", ended_by: "" },
    ]);
    const [view] = await stage.footfall.query(`SELECT resolved_user FROM user_events WHERE visitor_id = '${rows[0].visitor}' AND type = 'page_view'`);
    assert.equal(view.resolved_user, "u-1", "what came before the first link is the user's");
  },

  "consent is refused, then granted; each is said once and kept": async (stage, context) => {
    stage.serve("/consent/");
    const page = await context.newPage();
    await page.goto(stage.url("/consent/"));
    await page.evaluate(() => footfall.consent("refused"));
    await page.waitForTimeout(300);
    assert.deepEqual(await stored(page), { footfall_consent: "refused" });
    await page.goto(stage.url("/consent/b"));
    await page.evaluate(() => footfall.consent(false));
    await page.evaluate(() => footfall.consent(true));
    await page.goto("about:blank");
    const rows = await stage.rows("/consent/", 6);
    assert.deepEqual(rows.sort((a, b) => a.ts - b.ts || a.seq - b.seq).map(row => [row.type, row.consent]), [
      ["page_view", ""], ["consent", "refused"], ["page_leave", "refused"], ["page_view", "refused"], ["consent", "granted"], ["page_leave", "granted"],
    ]);
  },

  "who has refused has nothing put on the device in an outage": async (stage, context) => {
    stage.serve("/refused/");
    const page = await context.newPage();
    await page.goto(stage.url("/refused/"));
    await stage.rows("/refused/", 1);
    stage.gate.mode = "busy";
    await page.evaluate(() => footfall.track("on the device"));
    await eventually("the event on the device", async () => assert.equal(Object.keys(await stored(page)).length, 1));
    await page.evaluate(() => footfall.consent("refused"));
    await eventually("nothing but the refusal", async () => assert.deepEqual(await stored(page), { footfall_consent: "refused" }));
    stage.gate.mode = "pass";
    assert.deepEqual(types(await stage.rows("/refused/", 3)), ["page_view", "on the device", "consent"]);
  },

  "opting out and in, by verb and by address": async (stage, context) => {
    stage.serve("/out/");
    const page = await context.newPage();
    await page.goto(stage.url("/out/?footfall=off"));
    await page.goto(stage.url("/out/b"));
    await page.evaluate(() => footfall.track("not sent"));
    await page.waitForTimeout(300);
    assert.equal((await stored(page)).footfall_off, "1");
    await page.goto(stage.url("/out/c?footfall=on"));
    await stage.rows("/out/", 1);
    await page.evaluate(() => footfall.optOut());
    await page.evaluate(() => footfall.track("not sent either"));
    await page.evaluate(() => footfall.optIn());
    await page.evaluate(() => footfall.track("sent"));
    const rows = await stage.rows("/out/", 2);
    assert.deepEqual([types(rows), rows[0].path], [["page_view", "sent"], "/out/c"]);
  },

  "cookieless: no cookie goes, nothing comes to the device": async (stage, context) => {
    stage.serve("/cookieless/", { head: stage.tag({ cookieless: "" }) });
    // One that ingest could have set before.
    await context.addCookies([{ name: "footfall_shop", value: "x", domain: "localhost", path: "/" }]);
    const page = await context.newPage();
    await page.goto(stage.url("/cookieless/"));
    await page.waitForTimeout(300);
    stage.gate.mode = "busy";
    await page.evaluate(() => footfall.track("waits in memory"));
    await page.waitForTimeout(300);
    assert.deepEqual(await stored(page), {});
    stage.gate.mode = "pass";
    const rows = await stage.rows("/cookieless/", 2);
    assert.equal(rows[0].props.$hints, undefined);
    await page.goto("about:blank");
    await stage.rows("/cookieless/", 3);
    const sent = stage.gate.bodies.filter(body => body.events[0].url.includes("/cookieless/"));
    assert.ok(sent.length >= 3 && sent.every(body => !body.headers.cookie));
  },

  "cookies go where they may": async (stage, context) => {
    stage.serve("/cookies/");
    await context.addCookies([{ name: "footfall_shop", value: "x", domain: "localhost", path: "/" }]);
    const page = await context.newPage();
    await page.goto(stage.url("/cookies/"));
    await page.goto("about:blank");
    await stage.rows("/cookies/", 2);
    const sent = stage.gate.bodies.filter(body => body.events[0].url.includes("/cookies/"));
    assert.ok(sent.every(body => body.headers.cookie.split("; ").includes("footfall_shop=x")));
  },

  "Global Privacy Control": async (stage, context) => {
    await context.setExtraHTTPHeaders({ "sec-gpc": "1" });
    await context.addInitScript(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
    // The header is the browser's own where it is real; added by a test it is one that CORS asks about.
    stage.serve("/gpc/", { head: stage.tag({}, `http://localhost:${stage.gatePort}`) });
    const page = await context.newPage();
    await page.goto(stage.url("/gpc/"));
    await page.waitForTimeout(300);
    stage.gate.mode = "cut";
    await page.evaluate(() => footfall.track("waits in memory"));
    await page.waitForTimeout(300);
    assert.deepEqual(await stored(page), {});
    stage.gate.mode = "pass";
    const rows = await stage.rows("/gpc/", 2);
    assert.ok(rows.every(row => row.gpc));
    assert.equal(rows[0].props.$hints, undefined);
  },
};
