// Who it is over pages and tabs, and what begins a session: the cookie that ingest sets, and the rows that it makes.
import assert from "node:assert/strict";
import { cookieOf, cookiesOf, distinct } from "./cookies.mjs";
import { eventually } from "./product.mjs";

const DAY = 24 * 3600;

/** Leaves the page, and waits until the browser has ingest's answer to that. */
async function leave(stage, context, page) {
  const url = page.url();
  await page.goto("about:blank");
  await eventually("the answer to the last event", async () => {
    const { events, set } = stage.gate.bodies.at(-1);
    const last = events.at(-1);
    assert.deepEqual([last.type, last.url], ["page_leave", url]);
    const [cookie] = await cookiesOf(context);
    assert.ok(set.some(text => text.includes(`=${cookie.value};`)), set.join());
  });
}

export default {
  "a second tab, a reload and a single page application are one visitor and one session": async (stage, context) => {
    stage.serve("/same/");
    const page = await context.newPage();
    await page.goto(stage.url("/same/a"));
    await stage.rows("/same/", 1);
    const first = await cookieOf(context);
    await page.reload();
    const second = await context.newPage();
    await second.goto(stage.url("/same/b"));
    await second.evaluate(() => history.pushState({}, "", "/same/c"));
    await page.goto("about:blank");
    await second.goto("about:blank");
    const rows = await stage.rows("/same/", 8);
    assert.deepEqual([distinct(rows, "visitor"), distinct(rows, "session")], [[first.visitor], [first.session]]);
    assert.deepEqual([distinct(rows, "reason"), distinct(rows, "decision"), distinct(rows, "late")], [["new"], ["cookie"], [false]]);
    await eventually("a renewed last activity", async () => {
      const last = await cookieOf(context, "shop", { visitor: first.visitor, session: first.session });
      assert.notEqual(last.value, first.value);
    });
  },

  "the cookie is what the site says": async (stage, context) => {
    stage.serve("/jar/");
    stage.serve("/jar/third", { head: stage.tag({ site: "third" }) });
    const page = await context.newPage();
    await page.goto(stage.url("/jar/"));
    await stage.rows("/jar/", 1);
    const { domain, path, httpOnly, secure, sameSite, expires } = await cookieOf(context);
    assert.deepEqual({ domain, path, httpOnly, secure, sameSite }, { domain: "localhost", path: "/", httpOnly: true, secure: false, sameSite: "Lax" });
    assert.ok(Math.abs(expires - Date.now() / 1000 - 400 * DAY) < DAY, `${expires}`);
    assert.equal(await page.evaluate(() => document.cookie), "", "no script can read it");
    await page.goto(stage.url("/jar/third"));
    await stage.rows("/jar/", 3);
    const third = await cookieOf(context, "third");
    assert.deepEqual([third.secure, third.sameSite], [true, "None"]);
  },

  "a campaign begins a session, once": async (stage, context) => {
    stage.serve("/campaign/");
    const page = await context.newPage();
    const paths = ["1", "2?utm_source=letter&utm_medium=email", "3", "4?utm_source=letter&utm_medium=email", "5?gclid=x"];
    for (const [index, path] of paths.entries()) {
      await page.goto(stage.url(`/campaign/${path}`));
      await stage.rows("/campaign/", 2 * index + 1);
      await leave(stage, context, page);
    }
    const rows = await stage.rows("/campaign/", 10);
    const views = rows.filter(row => row.type === "page_view").sort((a, b) => a.at - b.at);
    assert.deepEqual(views.map(row => row.reason), ["new", "campaign", "campaign", "campaign", "campaign"]);
    const [none, letter, , again, click] = views.map(row => row.session);
    assert.ok(letter !== none && again === letter && views[2].session === letter && click !== letter);
    assert.equal(distinct(rows, "visitor").length, 1);
    const left = rows.find(row => row.type === "page_leave" && row.path === "/campaign/1");
    assert.equal(left.session, none, "the page before the campaign is left in its own session");
  },

  "an answer from before a campaign that arrives after it brings no session back": async (stage, context) => {
    stage.serve("/overtaken/");
    const [one, two] = [await context.newPage(), await context.newPage()];
    await one.goto(stage.url("/overtaken/1"));
    await stage.rows("/overtaken/", 1);
    const held = stage.gate.holdAnswer();
    await one.evaluate(() => footfall.track("slow"));
    const goOn = await held;
    await two.goto(stage.url("/overtaken/2?utm_source=letter"));
    const { session } = (await stage.rows("/overtaken/", 3)).find(row => row.path === "/overtaken/2");
    await cookieOf(context, "shop", { session });
    goOn();
    await eventually("the cookie of before", async () => assert.equal((await cookiesOf(context)).length, 2));
    await two.evaluate(() => footfall.track("after"));
    const rows = await stage.rows("/overtaken/", 4);
    const of = name => rows.find(row => [row.name, row.path].includes(name));
    assert.deepEqual([of("/overtaken/2").session, of("after").session], [session, session]);
    assert.notEqual(of("slow").session, session);
    await cookieOf(context, "shop", { session });
  },

  "two sites on one ingest host keep their visitors apart": async (stage, context) => {
    stage.serve("/apart/shop");
    stage.serve("/apart/blog", { head: stage.tag({ site: "blog" }) });
    const page = await context.newPage();
    await page.goto(stage.url("/apart/shop"));
    await page.goto(stage.url("/apart/blog"));
    await page.goto("about:blank");
    const rows = await stage.rows("/apart/", 4);
    const of = site => rows.filter(row => row.site === site);
    const [shop, blog] = [await cookieOf(context, "shop"), await cookieOf(context, "blog")];
    assert.deepEqual([distinct(of("shop"), "visitor"), distinct(of("blog"), "visitor")], [[shop.visitor], [blog.visitor]]);
    assert.notEqual(shop.visitor, blog.visitor);
    // One site's cookie under another's name is not believed.
    await context.addCookies([{ name: blog.name, value: shop.value, domain: "localhost", path: "/" }]);
    await page.goto(stage.url("/apart/blog"));
    const [stranger] = (await stage.rows("/apart/", 5)).filter(row => ![shop.visitor, blog.visitor].includes(row.visitor));
    assert.deepEqual([stranger.site, stranger.reason], ["blog", "new"]);
    await cookieOf(context, "blog", { visitor: stranger.visitor });
  },

  "pages of one site share the visitor, on each subdomain": async (stage, context) => {
    // The host's own cookie (plain), and one for the domain (wide), which other hosts of ingest get too.
    for (const site of ["plain", "wide"]) {
      const at = name => `http://${name}.shop.test:${stage.gatePort}`;
      stage.serve(`/${site}/in`, { head: stage.tag({ site }, at("in")) });
      stage.serve(`/${site}/other`, { head: stage.tag({ site }, at("in2")) });
      const page = await context.newPage();
      await page.goto(stage.url(`/${site}/in`, "shop.test"));
      await stage.rows(`/${site}/`, 1);
      await page.goto(stage.url(`/${site}/in`, "www.shop.test"));
      await stage.rows(`/${site}/`, 3);
      await page.goto(stage.url(`/${site}/other`, "www.shop.test"));
      await page.goto("about:blank");
      const rows = await stage.rows(`/${site}/`, 6);
      assert.deepEqual(distinct(rows, "decision"), ["cookie"]);
      const [one, two] = ["in", "other"].map(end => distinct(rows.filter(row => row.path.endsWith(end)), "visitor"));
      assert.equal(one.length, 1, "both pages");
      assert.equal(one[0] === two[0], site === "wide");
      const domains = (await cookiesOf(context, site)).map(cookie => cookie.domain);
      assert.deepEqual(domains.sort(), site === "wide" ? [".shop.test"] : ["in.shop.test", "in2.shop.test"]);
    }
  },

  "a page of another site: the cookie is blocked, also with SameSite=None, and each load is a visitor": async (stage, context) => {
    for (const site of ["shop", "third"]) {
      const path = `/foreign/${site}/`;
      stage.serve(path, { head: stage.tag({ site }) });
      const page = await context.newPage();
      await page.goto(stage.url(path, "other.test"));
      await stage.rows(path, 1);
      await page.evaluate(() => footfall.track("again"));
      await page.goto(stage.url(path, "other.test"));
      await page.goto("about:blank");
      const rows = await stage.rows(path, 5);
      assert.deepEqual([await context.cookies(), distinct(rows, "decision")], [[], ["cookie"]]);
      const visitorsOf = page => distinct(rows.filter(row => row.page === page), "visitor");
      assert.deepEqual(distinct(rows, "page").map(page => visitorsOf(page).length), [1, 1]);
      assert.equal(distinct(rows, "visitor").length, 2);
    }
  },
};
