// Renamed paths, the package's module, hosts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cookieOf, gone } from "./cookies.mjs";
import { Footfall } from "./product.mjs";
import { types } from "./stage.mjs";

const dist = new URL("../../../ingest/beacon/dist/", import.meta.url);

export default {
  "names that an ad blocker does not know": async (stage, context) => {
    const names = ["ingest.events_path=/e", "ingest.beacon_path=/lib/b.js", "ingest.visitor_path=/u"];
    const footfall = new Footfall(join(stage.folder, "renamed"), names);
    footfall.sites(stage.siteFile);
    try {
      await footfall.start();
      const host = `http://localhost:${footfall.port}`;
      stage.serve("/renamed/", { head: `<script defer src="${host}/lib/b.js" data-site="shop" data-debug></script>` });
      const page = await context.newPage();
      const asked = [];
      page.on("request", request => asked.push(new URL(request.url()).pathname));
      await page.goto(stage.url("/renamed/"));
      await page.waitForTimeout(400);
      const [{ visitor, decision }] = await stage.rows("/renamed/", 1, footfall);
      assert.deepEqual([(await cookieOf(context)).visitor, decision], [visitor, "cookie"]);
      assert.deepEqual([...new Set(asked)].sort(), ["/e", "/lib/b-debug.js", "/lib/b.js", "/renamed/"]);
      await page.evaluate(() => footfall.optOut());
      await gone(context);
      assert.equal(asked.at(-1), "/u");
    } finally {
      await footfall.stop();
    }
  },

  "the package's module": async (stage, context) => {
    stage.serve("/module/index.js", { type: "text/javascript", body: readFileSync(new URL("index.js", dist), "utf8") });
    stage.serve("/module/", {
      head: `<script type="module">import { init } from "/module/index.js";
        const footfall = init({ site: "shop", host: "${stage.host}", beforeSend: event => event.name === "secret" ? null : { ...event, title: "changed" } });
        footfall.track("secret"); footfall.track("open"); window.same = window.footfall === footfall;</script>`,
    });
    const page = await context.newPage();
    await page.goto(stage.url("/module/page"));
    const rows = await stage.rows("/module/", 2);
    assert.deepEqual([types(rows), rows[0].title], [["page_view", "open"], "changed"]);
    assert.ok(await page.evaluate(() => window.same));
  },

  "another host name than those of data-domains": async (stage, context) => {
    stage.serve("/domains/", { head: stage.tag({ domains: "shop.test, localhost" }) });
    const page = await context.newPage();
    await page.goto(stage.url("/domains/no", "other.test"));
    await page.goto(stage.url("/domains/yes"));
    await page.goto("about:blank");
    assert.ok((await stage.rows("/domains/", 2)).every(row => row.path === "/domains/yes"));
  },
};
