// The console says of each event that is not sent why, and of each other what ingest has answered.
import assert from "node:assert/strict";
import { eventually } from "./product.mjs";

async function listener(context) {
  const page = await context.newPage();
  const said = [];
  page.on("console", message => message.text().startsWith("[footfall]") && said.push(message.text()));
  const hears = text => eventually(`«${text}» in the console`, () => assert.ok(said.some(line => line.includes(text)), said.join("\n")));
  return { page, said, hears };
}

export default {
  "every fate of an event is said under data-debug": async (stage, context) => {
    stage.serve("/said/", {
      head: `<script>window.hook = event => { if (event.name === "hidden") return; if (event.name === "bang") throw new Error("in the hook"); return event; }</script>${stage.tag({ debug: "", "before-send": "hook" })}`,
    });
    const { page, hears } = await listener(context);
    await page.goto(stage.url("/said/"));
    await hears("accepted: on disk at ingest");
    await page.evaluate(() => footfall.track("numbered"));
    await hears("accepted: on disk at ingest as number ");
    await page.evaluate(() => footfall.track("hidden"));
    await hears("the before-send hook has kept it back");
    await page.evaluate(() => footfall.track("bang"));
    await hears("in the hook");
    await page.evaluate(() => footfall.track("$reserved"));
    await hears("reserved_name");
    stage.gate.mode = "busy";
    await page.evaluate(() => footfall.track("later"));
    await hears("not delivered; kept");
    stage.gate.mode = "pass";
    await page.evaluate(() => footfall.optOut());
    await page.evaluate(() => footfall.track("never"));
    await hears("this device has opted out");
  },

  "how the visitor is known is said, and that a cookie does not come back": async (stage, context) => {
    stage.serve("/known/", { head: stage.tag({ debug: "" }) });
    const { page, said, hears } = await listener(context);
    await page.goto(stage.url("/known/"));
    await hears("accepted: on disk at ingest");
    await page.evaluate(() => footfall.track("again"));
    await hears("visitor known by the cookie");
    assert.ok(!said.some(line => line.includes("DOES NOT COME BACK")), said.join("\n"));
    // A page of another site: its browser has no cookie of a third party.
    await page.goto(stage.url("/known/", "other.test"));
    await stage.rows("/known/", 4);
    await page.evaluate(() => footfall.track("across"));
    await page.waitForTimeout(300);
    await page.evaluate(() => footfall.track("across again"));
    await hears("THE COOKIE DOES NOT COME BACK");
    await hears("serve it from a subdomain");
    assert.equal(said.filter(line => line.includes("DOES NOT COME BACK")).length, 1, "once");
  },

  "a wrong site is said": async (stage, context) => {
    stage.serve("/wrong/", { head: stage.tag({ site: "shopp", debug: "" }) });
    const { page, hears } = await listener(context);
    await page.goto(stage.url("/wrong/"));
    await hears("unknown_site");
  },

  "debug() tells of what happened before": async (stage, context) => {
    stage.serve("/late/", { head: stage.tag({ domains: "elsewhere.test" }) });
    const { page, said, hears } = await listener(context);
    await page.goto(stage.url("/late/"));
    await page.waitForTimeout(200);
    assert.deepEqual(said, []);
    await page.evaluate(() => footfall.debug());
    await hears("this host name is not in data-domains");
  },
};
