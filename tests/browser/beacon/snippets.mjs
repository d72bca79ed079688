// What documents tell people to put on their pages, taken out of the documents and played as it stands there: docs/install.md
// and README.md.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { cookieOf, cookiesOf, distinct } from "./cookies.mjs";
import { eventually } from "./product.mjs";
import { types } from "./stage.mjs";

const read = name => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
const MODULE = read("ingest/beacon/dist/index.js");

/** The blocks of code under a heading, with the addresses of the stage in place of the example's. */
function blocks(stage, document, heading) {
  const section = read(document).split(/^## /m).find(text => text.startsWith(`${heading}\n`));
  assert.ok(section, `${document} has no «${heading}»`);
  const found = [...section.matchAll(/^```(?:html|js)\n(.*?)^```$/gms)].map(match => match[1]);
  return found.map(text => text.replaceAll(/https:\/\/collect\.example|http:\/\/127\.0\.0\.1:8000/g, stage.host).replaceAll('"demo"', '"shop"').replaceAll("site=demo", "site=shop"));
}

export default {
  "the snippet for HTML, with and without JavaScript": async (stage, context) => {
    const [head, body] = blocks(stage, "docs/install.md", "HTML");
    stage.serve("/html/", { head, body });
    const page = await context.newPage();
    await page.goto(stage.url("/html/"));
    await page.getByText("Sign up").click();
    await page.getByText("Add").click();
    await page.goto("about:blank");
    const rows = await stage.rows("/html/", 4);
    assert.deepEqual(types(rows), ["page_view", "signup", "added", "page_leave"]);
    assert.deepEqual([rows[1].props, rows[2].props], [{ plan: "pro" }, { sku: "42" }]);
    const { visitor } = await cookieOf(context);
    assert.deepEqual(distinct(rows, "visitor"), [visitor]);

    const plain = await stage.context({ javaScriptEnabled: false });
    stage.serve("/noscript/", { head: "", body: head, headers: { "referrer-policy": "unsafe-url" } });
    const silent = await plain.newPage();
    const views = count =>
      eventually("views without JavaScript", async () => {
        const rows = await stage.footfall.query("SELECT toString(visitor_id) AS visitor, flags FROM events WHERE startsWith(path, '/noscript/')");
        assert.equal(rows.length, count);
        return rows;
      });
    for (const n of [1, 2]) {
      await silent.goto(stage.url(`/noscript/${n}`));
      await views(n);
      await cookieOf(plain);
    }
    const seen = await views(2);
    assert.deepEqual(distinct(seen, "visitor"), [(await cookieOf(plain)).visitor], "the pixel sets the cookie too");
    assert.ok(seen.every(row => row.flags.includes("pixel")));
    await plain.close();
  },

  "the snippet of the README": async (stage, context) => {
    const [head] = blocks(stage, "README.md", "Send from a page");
    stage.serve("/readme/", { head });
    const page = await context.newPage();
    await page.goto(stage.url("/readme/"));
    await page.goto("about:blank");
    assert.deepEqual(types(await stage.rows("/readme/", 2)), ["page_view", "page_leave"]);
  },

  "the snippets for a single page application": async (stage, context) => {
    const [start, user] = blocks(stage, "docs/install.md", "Single page applications");
    const map = JSON.stringify({ imports: { "@footfall/beacon": "/built/module.js" } });
    stage.serve("/built/module.js", { type: "text/javascript", body: MODULE });
    stage.serve("/built/app.js", { type: "text/javascript", body: `${start}\nwindow.signIn = () => {\n${user}\n};` });
    stage.serve("/built/", { head: `<script type="importmap">${map}</script><script type="module" src="/built/app.js"></script>` });
    const page = await context.newPage();
    await page.goto(stage.url("/built/page"));
    await stage.rows("/built/", 1);
    await page.evaluate(() => history.pushState({}, "", "/built/account"));
    await page.evaluate(() => window.signIn());
    await page.goto("about:blank");
    const rows = await stage.rows("/built/", 7);
    assert.deepEqual(types(rows), ["page_view", "page_leave", "page_view", "login", "identify", "logout", "page_leave"]);
    assert.deepEqual(rows.map(row => row.user_id), ["", "", "", "user-42", "user-42", "", ""]);
    assert.deepEqual(rows[4].props, { plan: "pro" });
    assert.equal(distinct(rows, "session").length, 1);
  },

  "the snippets for a tag manager": async (stage, context) => {
    const [tag, early] = blocks(stage, "docs/install.md", "Tag managers");
    // As tag managers do it: they come late, and make the scripts of their tags anew, without attributes.
    const manager = `setTimeout(() => {
      for (const html of ${JSON.stringify([early, tag]).replaceAll("</", "<\\/")}) {
        const holder = document.createElement("div");
        holder.innerHTML = html;
        for (const from of holder.querySelectorAll("script")) {
          const script = document.createElement("script");
          if (from.src) script.src = from.src; else script.text = from.text;
          document.body.append(script);
        }
      }
    }, 200);`;
    stage.serve("/manager/container.js", { type: "text/javascript", body: manager });
    stage.serve("/manager/", { head: '<script async src="/manager/container.js"></script>' });
    const page = await context.newPage();
    await page.goto(stage.url("/manager/page"));
    const rows = await stage.rows("/manager/", 2);
    assert.deepEqual(types(rows), ["newsletter", "page_view"]);
    assert.deepEqual(rows[0].props, { form: "footer" });
    assert.deepEqual(distinct(rows, "visitor"), [(await cookieOf(context)).visitor]);
  },

  "the word of a consent banner": async (stage, context) => {
    const [granted] = blocks(stage, "docs/install.md", "With a consent banner");
    stage.serve("/banner/", { head: stage.tag({ site: "asks" }) });
    const page = await context.newPage();
    await page.goto(stage.url("/banner/"));
    await stage.rows("/banner/", 1);
    assert.deepEqual(await cookiesOf(context, "asks"), []);
    await page.evaluate(granted);
    const rows = await stage.rows("/banner/", 2);
    await cookieOf(context, "asks", { visitor: rows[1].visitor });
  },
};
