// Page views: loads, tabs, history, single page applications, the back/forward cache, prerendering.
import assert from "node:assert/strict";
import { types } from "./stage.mjs";

const leaveTo = async page => page.goto("about:blank");

export default {
  "a first visit, a reload and a second tab": async (stage, context) => {
    stage.serve("/first/");
    const page = await context.newPage();
    await page.goto(stage.url("/first/?a=1&b=2#part"));
    await page.waitForTimeout(500);
    await page.reload();
    const second = await context.newPage();
    await second.goto(stage.url("/first/"));
    await leaveTo(page);
    await leaveTo(second);
    const rows = await stage.rows("/first/", 6);
    assert.deepEqual(types(rows), ["page_view", "page_leave", "page_view", "page_leave", "page_view", "page_leave"]);
    const [view] = rows.sort((a, b) => a.ts - b.ts);
    assert.equal(new Set(rows.map(row => row.page)).size, 3);
    assert.deepEqual([view.title, view.hash, view.language.slice(0, 2)], ["Title of /first/", "", "en"]);
    assert.ok(view.timezone && view.viewport_w > 0);
    assert.equal(view.props.$hints, undefined);
    assert.match(view.hint_full, /"Chromium";v="\d+\.\d+\.\d+/);
    assert.equal(view.hint_platform, '"Linux"');
    // The user agent has the major version only; the hints have the real one. A browser without a window is a bot's.
    assert.deepEqual([view.browser, view.browser_version, view.os], ["HeadlessChrome", stage.browser.version(), "Linux"]);
    assert.deepEqual([view.device_type, view.bot_reasons], ["bot", ["crawler", "headless"]]);
    assert.match(view.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  },

  "what hints say of a browser with a window, on Windows 11 and on a phone": async (stage, context) => {
    stage.serve("/hints/");
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    const brands = version => [{ brand: "Not_A Brand", version: "99" }, { brand: "Chromium", version }, { brand: "Google Chrome", version }];
    const browse = async (path, userAgent, hints) => {
      const full = stage.browser.version();
      await session.send("Emulation.setUserAgentOverride", {
        userAgent: userAgent.replace("VERSION", `${full.split(".")[0]}.0.0.0`),
        userAgentMetadata: { brands: brands(full.split(".")[0]), fullVersionList: brands(full), architecture: "x86", ...hints },
      });
      await page.goto(stage.url(path));
      await page.waitForTimeout(300);
    };
    await browse("/hints/a", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/VERSION Safari/537.36", { platform: "Windows", platformVersion: "19.0.0", model: "", mobile: false });
    await browse("/hints/b", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/VERSION Mobile Safari/537.36", { platform: "Android", platformVersion: "16.0.0", model: "Pixel 9", mobile: true });
    await leaveTo(page);
    const rows = (await stage.rows("/hints/", 4)).filter(row => row.type === "page_view").sort((a, b) => a.ts - b.ts);
    const version = stage.browser.version();
    const told = rows.map(row => [row.browser, row.browser_version, row.os, row.os_version, row.device_type, row.device_model, row.bot_score]);
    assert.deepEqual(told, [
      ["Chrome", version, "Windows", "11", "desktop", "", 0],
      ["Chrome Mobile", version, "Android", "16", "mobile", "Pixel 9", 0],
    ]);
  },

  "back and forward over links": async (stage, context) => {
    stage.serve("/links/", { body: '<a id="a" href="/links/a">a</a>' });
    const page = await context.newPage();
    await page.goto(stage.url("/links/"));
    await page.click("#a");
    await page.waitForURL("**/links/a");
    await page.goBack();
    await page.goForward();
    await leaveTo(page);
    const rows = (await stage.rows("/links/", 8)).filter(row => row.type === "page_view").sort((a, b) => a.ts - b.ts);
    assert.deepEqual(rows.map(row => row.path), ["/links/", "/links/a", "/links/", "/links/a"]);
    assert.equal(new URL(rows[1].referrer).pathname, "/links/");
  },

  "a single page application: push, replace, pop, the whole address compared": async (stage, context) => {
    stage.serve("/spa/");
    const page = await context.newPage();
    await page.goto(stage.url("/spa/"));
    const go = async (method, path, title) =>
      page.evaluate(([method, path, title]) => {
        history[method]({}, "", path);
        // As frameworks do: the title comes after the address.
        setTimeout(() => { document.title = title; }, 20);
      }, [method, path, title]);
    await go("pushState", "/spa/b", "B");
    await page.waitForTimeout(200);
    await go("pushState", "/spa/b", "B");
    await go("replaceState", "/spa/b?q=1", "B, asked");
    await page.waitForTimeout(200);
    await go("replaceState", "/spa/b?q=1#part", "no page of its own");
    await page.waitForTimeout(200);
    await page.goBack();
    await page.waitForTimeout(200);
    await leaveTo(page);
    const rows = await stage.rows("/spa/", 8);
    const views = rows.filter(row => row.type === "page_view");
    assert.deepEqual(views.map(row => row.path + row.query.replace(/^\??(?=.)/, "?")), ["/spa/", "/spa/b", "/spa/b?q=1", "/spa/b"]);
    assert.deepEqual(views.slice(1, 3).map(row => row.title), ["B", "B, asked"]);
    assert.deepEqual(views.slice(1).map(row => new URL(row.referrer).pathname), ["/spa/", "/spa/b", "/spa/b"]);
    assert.deepEqual(rows.filter(row => row.type === "page_leave").map(row => row.path), ["/spa/", "/spa/b", "/spa/b", "/spa/b"]);
  },

  "hash routes, where the page says so": async (stage, context) => {
    stage.serve("/hash/", { head: stage.tag({ hash: "" }) });
    const page = await context.newPage();
    await page.goto(stage.url("/hash/#/a"));
    await page.evaluate(() => { location.hash = "#/b"; });
    await page.waitForTimeout(150);
    await leaveTo(page);
    const rows = await stage.rows("/hash/", 4);
    assert.deepEqual(rows.map(row => [row.type, row.hash.replace("#", "")]), [["page_view", "/a"], ["page_leave", "/a"], ["page_view", "/b"], ["page_leave", "/b"]]);
  },

  "a page that comes back from the back/forward cache is a view": async stage => {
    // Playwright switches the cache off.
    const browser = await stage.launch({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });
    try {
      stage.serve("/bfcache/");
      const page = await browser.newPage();
      await page.goto(stage.url("/bfcache/a"));
      await page.evaluate(() => {
        window.alive = true;
        addEventListener("pageshow", event => { window.restored = event.persisted; });
      });
      await page.waitForTimeout(400);
      await page.goto(stage.url("/bfcache/b"));
      await page.goBack({ waitUntil: "commit" });
      await page.waitForFunction(() => window.alive);
      assert.equal(await page.evaluate(() => window.restored), true, "the beacon keeps the page out of the cache");
      await page.waitForTimeout(300);
      await page.goto("about:blank");
      const rows = await stage.rows("/bfcache/", 6);
      const back = rows.filter(row => row.path === "/bfcache/a");
      assert.deepEqual(types(back), ["page_view", "page_leave", "page_view", "page_leave"]);
      assert.equal(new Set(back.map(row => row.page)).size, 1, "one load, whose numbers go on");
      assert.ok(back[3].engagement_ms < 5000, "the time in the cache is not looked at");
    } finally {
      await browser.close();
    }
  },

  "a prerendered page counts when it is shown, and not if it is not": async stage => {
    const rules = { prerender: [{ source: "list", urls: ["/prerender/shown", "/prerender/never"], eagerness: "immediate" }] };
    // Goes on once both have said that they are there.
    const go = `<script>(async () => {
      while (!(await fetch('/prerender/ready')).ok) await new Promise(goOn => setTimeout(goOn, 100));
      location.href = '/prerender/shown';
    })()</script>`;
    const say = `<script>addEventListener('load', () => {
      document.addEventListener('prerenderingchange', () => footfall.track('activated'));
      fetch('/prerender/loaded' + location.pathname);
    })</script>`;
    stage.serve("/prerender/from", { body: `${go}<script type="speculationrules">${JSON.stringify(rules)}</script>` });
    stage.serve("/prerender/shown", { body: say });
    stage.serve("/prerender/never", { body: say });
    const asked = [];
    const loaded = new Set();
    stage.pageServer.on("request", ({ url, headers }) => {
      if (url.startsWith("/prerender/loaded/")) {
        if (loaded.add(url).size === 2) stage.serve("/prerender/ready");
      } else if (headers["sec-purpose"]?.includes("prerender")) asked.push(url);
    });
    // DevTools, by which Playwright drives a browser, forbids prerendering: this one is on its own.
    const end = stage.launchAlone(stage.url("/prerender/from"));
    try {
      const rows = await stage.rows("/prerender/", 4);
      assert.deepEqual(new Set(asked), new Set(["/prerender/shown", "/prerender/never"]));
      assert.deepEqual(rows.filter(row => row.path === "/prerender/from").map(row => row.type), ["page_view", "page_leave"]);
      assert.deepEqual(types(rows.filter(row => row.path === "/prerender/shown")), ["page_view", "activated"]);
    } finally {
      await end();
    }
  },

  "engagement and depth": async (stage, context) => {
    stage.serve("/deep/", { body: '<div style="height:5000px">deep</div>' });
    const page = await context.newPage();
    await page.goto(stage.url("/deep/"));
    await page.mouse.wheel(0, 2000);
    await page.waitForTimeout(1200);
    await page.evaluate(() => scrollTo(0, 0));
    await leaveTo(page);
    const [, leave] = await stage.rows("/deep/", 2);
    assert.ok(leave.engagement_ms >= 1200 && leave.engagement_ms < 20_000, `${leave.engagement_ms}`);
    assert.ok(leave.scroll > 40 && leave.scroll < 70, `${leave.scroll}`);
  },

  "a page that is not found says its status": async (stage, context) => {
    stage.serve("/missing/", { status: 404 });
    const page = await context.newPage();
    await page.goto(stage.url("/missing/x"));
    await leaveTo(page);
    assert.equal((await stage.rows("/missing/", 2))[0].props.status, "404");
  },
};
