// Pages that forbid, lack or break what the beacon uses.
import assert from "node:assert/strict";
import { cookieOf, distinct } from "./cookies.mjs";
import { eventually } from "./product.mjs";
import { types } from "./stage.mjs";

export default {
  "a strict Content-Security-Policy": async (stage, context) => {
    const policy = `default-src 'none'; script-src ${stage.host}; connect-src ${stage.host}; require-trusted-types-for 'script'`;
    stage.serve("/csp/", { headers: { "content-security-policy": policy, "referrer-policy": "no-referrer" } });
    await context.addInitScript(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", event => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    });
    const page = await context.newPage();
    await page.goto(stage.url("/csp/"));
    await stage.rows("/csp/", 1);
    // Under `no-referrer` a request still has an origin, and the cookie goes and comes.
    const { visitor } = await cookieOf(context);
    assert.deepEqual(await page.evaluate(() => window.violations.filter(text => !text.startsWith("img-src"))), []);
    await page.goto("about:blank");
    const rows = await stage.rows("/csp/", 2);
    assert.deepEqual([distinct(rows, "visitor"), distinct(rows, "decision")], [[visitor], ["cookie"]]);
  },

  "a nonce": async (stage, context) => {
    const policy = `default-src 'none'; script-src 'nonce-abc'; connect-src ${stage.host}`;
    stage.serve("/nonce/", { head: stage.tag({ debug: "" }).replace("<script", '<script nonce="abc"'), headers: { "content-security-policy": policy } });
    const page = await context.newPage();
    const said = [];
    page.on("console", message => said.push(message.text()));
    await page.goto(stage.url("/nonce/"));
    await eventually("the answer in the console", async () => assert.ok(said.some(text => text.includes("accepted")), said.join("\n")));
    await stage.rows("/nonce/", 1);
  },

  "storage, crypto and more are missing or throw": async (stage, context) => {
    await context.addInitScript(() => {
      for (const name of ["localStorage", "crypto"]) Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
      delete Navigator.prototype.userAgentData;
      Object.defineProperty(Navigator.prototype, "locks", { get: () => undefined });
      AbortSignal.timeout = undefined;
      Request = function () {};
    });
    stage.serve("/poor/");
    const page = await context.newPage();
    await page.goto(stage.url("/poor/"));
    await page.waitForTimeout(300);
    stage.gate.mode = "busy";
    await page.evaluate(() => footfall.track("kept in memory"));
    await page.waitForTimeout(300);
    stage.gate.mode = "pass";
    const rows = await stage.rows("/poor/", 2);
    assert.deepEqual(types(rows), ["page_view", "kept in memory"]);
    await page.evaluate(() => footfall.optOut());
    await page.evaluate(() => footfall.track("not sent"));
    // Without keepalive the last event goes with sendBeacon; opted out, there is none.
    await page.evaluate(() => footfall.optIn());
    await page.evaluate(() => footfall.track("last"));
    await page.goto("about:blank");
    await stage.rows("/poor/", 4);
  },

  "nonsense from the page": async (stage, context) => {
    stage.serve("/nonsense/");
    const page = await context.newPage();
    await page.goto(stage.url("/nonsense/"));
    await page.evaluate(() => {
      const loop = {};
      loop.loop = loop;
      footfall.track("cycle", loop);
      footfall.track("big", { n: 1n });
      footfall("no such verb");
      footfall();
      footfall.track();
      localStorage.setItem("footfall_shop_0", "not JSON");
      footfall.track("fine");
    });
    // The call without a name has a number, and ingest refuses it: the one gap, and it is said.
    const sent = () => stage.gate.bodies.flatMap(body => body.events).filter(event => event.url.includes("/nonsense/"));
    const are = () => assert.deepEqual(sent().map(event => event.name ?? event.type), ["page_view", "custom", "fine"]);
    await eventually("what makes sense of it", async () => are());
    // Nothing else follows.
    await page.waitForTimeout(300);
    are();
  },

  "a cross-site page": async (stage, context) => {
    stage.serve("/cross/", { head: stage.tag({}, `http://127.0.0.1:${stage.gatePort}`) });
    const page = await context.newPage();
    await page.goto(stage.url("/cross/", "shop.test"));
    await page.waitForTimeout(300);
    await page.evaluate(() => footfall.track("across"));
    await page.goto("about:blank");
    assert.deepEqual(types(await stage.rows("/cross/", 3)), ["page_view", "across", "page_leave"]);
  },

  "two tags on one page are one": async (stage, context) => {
    stage.serve("/twice/", { head: stage.tag() + stage.tag() });
    const page = await context.newPage();
    await page.goto(stage.url("/twice/"));
    await page.goto("about:blank");
    await stage.rows("/twice/", 2);
  },
};
