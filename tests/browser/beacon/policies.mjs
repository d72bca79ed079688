// What the visitor, the browser and the site say about being recognised: which cookie is set, which is taken away, and
// what is on the device.
import assert from "node:assert/strict";
import { cookieOf, cookiesOf, distinct, gone, stored } from "./cookies.mjs";
import { eventually } from "./product.mjs";

/** Requests of pages under `path` that ingest has answered. */
const sent = (stage, path) => stage.gate.bodies.filter(body => body.events.some(event => new URL(event.url).pathname.startsWith(path)));

/** The browser says Global Privacy Control, in its header and to pages. */
async function control(context) {
  await context.setExtraHTTPHeaders({ "sec-gpc": "1" });
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
}

/** Two page loads, one after the other. */
async function visit(stage, context, path) {
  const page = await context.newPage();
  for (const count of [1, 3]) {
    await page.goto(stage.url(path));
    await stage.rows(path, count);
  }
  return page;
}

export default {
  "cookie policies: always, after consent, never": async (stage, context) => {
    for (const [site, decision, visitors] of [["shop", "cookie", 1], ["asks", "cookieless", 1], ["never", "cookieless", 1], ["loads", "page", 2]]) {
      const path = `/policy/${site}/`;
      stage.serve(path, { head: stage.tag({ site }) });
      await (await visit(stage, context, path)).close();
      const rows = await stage.rows(path, 4);
      assert.deepEqual([distinct(rows, "decision"), distinct(rows, "visitor").length], [[decision], visitors], site);
      assert.equal((await cookiesOf(context, site)).length, site === "shop" ? 1 : 0, site);
      const set = sent(stage, path).flatMap(body => body.set);
      assert.equal(set.length > 0, site === "shop", `${set}`);
    }
  },

  "consent is refused, then granted, then refused: the cookie follows": async (stage, context) => {
    stage.serve("/asked/", { head: stage.tag({ site: "asks" }) });
    const page = await context.newPage();
    await page.goto(stage.url("/asked/"));
    await stage.rows("/asked/", 1);
    await page.evaluate(() => footfall.consent("refused"));
    await stage.rows("/asked/", 2);
    await gone(context);
    assert.deepEqual(await stored(page), { footfall_consent: "refused" });
    await page.evaluate(() => footfall.consent("granted"));
    await stage.rows("/asked/", 3);
    const cookie = await cookieOf(context, "asks");
    await page.goto(stage.url("/asked/next"));
    await stage.rows("/asked/", 5);
    await cookieOf(context, "asks", { session: cookie.session });
    await page.evaluate(() => footfall.consent("refused"));
    await stage.rows("/asked/", 6);
    await gone(context);
    assert.deepEqual(await stored(page), { footfall_consent: "refused" });
    await page.goto("about:blank");
    const rows = (await stage.rows("/asked/", 7)).sort((a, b) => a.ts - b.ts || a.seq - b.seq);
    assert.deepEqual(rows.map(row => [row.type, row.consent, row.decision]), [
      ["page_view", "", "cookieless"], ["consent", "refused", "cookieless"], ["consent", "granted", "cookie"], ["page_leave", "granted", "cookie"],
      ["page_view", "granted", "cookie"], ["consent", "refused", "cookieless"], ["page_leave", "refused", "cookieless"],
    ]);
    assert.ok(rows.slice(2, 5).every(row => row.visitor === cookie.visitor && row.session === cookie.session));
    assert.equal(distinct([rows[0], rows[1], rows[5], rows[6]], "visitor").length, 1, "of the day");
    assert.notEqual(rows[0].visitor, cookie.visitor);
    assert.equal(rows[0].session, cookie.session, "whoever consents goes on in the session");
  },

  "Global Privacy Control and Do Not Track take a cookie away, consent to this site brings it back": async (stage, context) => {
    stage.serve("/signal/");
    const page = await context.newPage();
    await page.goto(stage.url("/signal/"));
    await stage.rows("/signal/", 1);
    const { visitor } = await cookieOf(context);
    await control(context);
    await page.goto(stage.url("/signal/gpc"));
    await stage.rows("/signal/gpc", 1);
    await gone(context);
    assert.deepEqual(await stored(page), {});
    await context.setExtraHTTPHeaders({ dnt: "1" });
    await page.goto(stage.url("/signal/dnt"));
    await stage.rows("/signal/dnt", 1);
    await gone(context);
    await page.evaluate(() => footfall.consent("granted"));
    await stage.rows("/signal/dnt", 2);
    const again = await cookieOf(context);
    const rows = (await stage.rows("/signal/", 6)).filter(row => row.type !== "page_leave").sort((a, b) => a.ts - b.ts);
    assert.deepEqual(rows.map(row => [row.decision, row.gpc, row.dnt, row.consent]), [
      ["cookie", false, false, ""], ["cookieless", true, false, ""], ["cookieless", false, true, ""], ["cookie", false, true, "granted"],
    ]);
    assert.equal(rows[0].visitor, visitor);
    assert.equal(rows[3].visitor, again.visitor);
    assert.equal(distinct(rows, "visitor").length, 3, "before, of the day, and after");
  },

  "opting out takes the cookie away, and whoever comes back is new": async (stage, context) => {
    stage.serve("/gone/");
    stage.serve("/gone/across", { head: stage.tag({ site: "plain" }, `http://in.shop.test:${stage.gatePort}`) });
    const page = await context.newPage();
    await page.goto(stage.url("/gone/"));
    await stage.rows("/gone/", 1);
    const { visitor } = await cookieOf(context);
    await page.evaluate(() => footfall.optOut());
    await gone(context);
    assert.deepEqual(await stored(page), { footfall_off: "1" });
    await page.goto(stage.url("/gone/?footfall=on"));
    await stage.rows("/gone/", 2);
    assert.notEqual((await cookieOf(context)).visitor, visitor);
    // By address, from another origin of the site, which CORS asks about first.
    await page.goto(stage.url("/gone/across", "www.shop.test"));
    await stage.rows("/gone/across", 1);
    assert.equal((await cookiesOf(context, "plain")).length, 1);
    await page.goto(stage.url("/gone/across?footfall=off", "www.shop.test"));
    await eventually("the cookie's end", async () => assert.deepEqual(await cookiesOf(context, "plain"), []));
    const rows = await stage.rows("/gone/", 5);
    assert.deepEqual(rows.filter(row => row.type === "page_leave").map(row => row.path).sort(), ["/gone/", "/gone/across"]);
  },

  "cookieless: nothing is set or stored, and the visitor is the same within the day": async (stage, context) => {
    stage.serve("/day/", { head: stage.tag({ site: "never", cookieless: "" }) });
    const page = await visit(stage, context, "/day/");
    await gone(context);
    assert.deepEqual(await stored(page), {});
    // Another browser on the same address, and the same one at another address.
    const other = await stage.context({ userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" });
    await (await other.newPage()).goto(stage.url("/day/other"));
    await stage.rows("/day/other", 1);
    await other.close();
    await page.goto("about:blank");
    await stage.rows("/day/", 6);
    stage.gate.from = "198.51.100.7";
    await page.goto(stage.url("/day/elsewhere"));
    await stage.rows("/day/elsewhere", 1);
    stage.gate.from = undefined;
    const rows = await stage.rows("/day/", 7);
    assert.deepEqual(distinct(rows, "decision"), ["cookieless"]);
    const visitors = end => distinct(rows.filter(row => row.path.endsWith(end)), "visitor");
    assert.deepEqual(["/", "other", "elsewhere"].map(end => visitors(end).length), [1, 1, 1]);
    assert.equal(distinct(rows, "visitor").length, 3);
    assert.deepEqual(sent(stage, "/day/").flatMap(body => body.set), []);
    assert.deepEqual(rows.filter(row => row.path.endsWith("elsewhere")).map(row => [row.ip, row.ip_source]), [["::ffff:198.51.100.0", "xff"]]);
  },
};
