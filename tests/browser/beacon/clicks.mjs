// Clicks that lead away, downloads, marked elements, and events that are made as the page ends.
import assert from "node:assert/strict";
import { types } from "./stage.mjs";

export default {
  "outbound links, downloads and marked elements": async (stage, context) => {
    stage.serve("/clicks/file.zip", { body: "a file", type: "application/zip" });
    stage.serve("/clicks/", {
      body: `<a id="out" href="${stage.url("/elsewhere", "other.test")}">The <b id="inner">maker</b></a>
        <a id="file" href="/clicks/file.zip">zip</a><a id="plain" href="#x">plain</a>
        <button id="mark" data-footfall-event="signup" data-footfall-plan="pro" data-footfall-user-kind="new">go</button>
        <form id="form" data-footfall-event="search" onsubmit="return false"><input name="q"><button id="send">send</button></form>`,
    });
    stage.serve("/elsewhere", { head: "" });
    const page = await context.newPage();
    await page.goto(stage.url("/clicks/"));
    await page.click("#plain");
    await page.click("#mark");
    await page.click("#send");
    await page.click("#file");
    await page.click("#inner");
    await page.waitForURL("**/elsewhere");
    const rows = await stage.rows("/clicks/", 6);
    assert.deepEqual(types(rows), ["page_view", "signup", "search", "download", "outbound", "page_leave"]);
    assert.deepEqual(rows[1].props, { plan: "pro", "user-kind": "new" });
    assert.deepEqual([rows[4].type, rows[4].props], ["click", { href: stage.url("/elsewhere", "other.test"), text: "The maker" }]);
  },

  "what data-auto leaves out is not sent": async (stage, context) => {
    stage.serve("/auto/", { head: stage.tag({ auto: "false" }), body: `<a id="out" href="${stage.url("/elsewhere", "other.test")}">x</a>` });
    stage.serve("/elsewhere", { head: "" });
    const page = await context.newPage();
    await page.goto(stage.url("/auto/"));
    await page.evaluate(() => footfall.page({ title: "my own" }));
    await page.evaluate(() => footfall.track("bought", { price: 3, items: ["a"] }));
    await page.waitForTimeout(200);
    await page.click("#out");
    await page.waitForURL("**/elsewhere");
    const rows = await stage.rows("/auto/", 2);
    assert.deepEqual(types(rows), ["page_view", "bought"]);
    assert.deepEqual(rows[1].props, { price: "3", items: '["a"]' });
  },

  "an event, and the page is gone at once": async (stage, context) => {
    stage.serve("/closed/");
    for (const [index, end] of [page => page.close({ runBeforeUnload: false }), page => page.goto("about:blank")].entries()) {
      const page = await context.newPage();
      await page.goto(stage.url(`/closed/${index}`));
      await page.waitForTimeout(300);
      await page.evaluate(() => footfall.track("last words"));
      await end(page);
    }
    const rows = await stage.rows("/closed/", 6);
    assert.deepEqual(types(rows), ["page_view", "last words", "page_leave", "page_view", "last words", "page_leave"]);
  },

  "calls before the script is there": async (stage, context) => {
    const stub = "<script>window.footfall=window.footfall||function(){(footfall.q=footfall.q||[]).push(arguments)};footfall('identify','u-1',{plan:'pro'});footfall('track','early')</script>";
    stage.serve("/stub/", { head: stub + stage.tag() });
    const page = await context.newPage();
    await page.goto(stage.url("/stub/"));
    await page.evaluate(() => footfall("track", "later"));
    await page.goto("about:blank");
    const rows = await stage.rows("/stub/", 5);
    assert.deepEqual(types(rows), ["identify", "early", "page_view", "later", "page_leave"]);
    assert.deepEqual([rows[0].user_id, rows[0].props], ["u-1", { plan: "pro" }]);
  },
};
