// Two tabs of one origin share what waits, and never send it twice.
import assert from "node:assert/strict";
import { stored } from "./cookies.mjs";
import { eventually } from "./product.mjs";
import { types } from "./stage.mjs";

export default {
  "two tabs with events that wait": async (stage, context) => {
    stage.serve("/tabs/");
    const [one, two] = [await context.newPage(), await context.newPage()];
    await one.goto(stage.url("/tabs/1"));
    await two.goto(stage.url("/tabs/2"));
    await one.waitForTimeout(300);
    stage.gate.mode = "busy";
    for (let n = 0; n < 5; n++) {
      await one.evaluate(n => footfall.track(`one ${n}`), n);
      await two.evaluate(n => footfall.track(`two ${n}`), n);
      await one.waitForTimeout(130);
    }
    stage.gate.mode = "pass";
    // Both wake at the same moment, as they do when the network comes back.
    await Promise.all([one, two].map(page => page.evaluate(() => void dispatchEvent(new Event("online")))));
    await stage.rows("/tabs/", 12);
    const times = stage.gate.passed("/tabs/");
    assert.deepEqual([times.size, Math.max(...times.values())], [12, 1]);
  },

  "what a closed tab has left, the next takes": async (stage, context) => {
    stage.serve("/heir/");
    const one = await context.newPage();
    await one.goto(stage.url("/heir/1"));
    await one.waitForTimeout(300);
    stage.gate.mode = "busy";
    await one.evaluate(() => footfall.track("left"));
    await one.waitForTimeout(300);
    await one.close();
    stage.gate.mode = "pass";
    const two = await context.newPage();
    await two.goto(stage.url("/heir/2"));
    const rows = await stage.rows("/heir/", 4);
    assert.deepEqual(types(rows.filter(row => row.path === "/heir/1")), ["page_view", "left", "page_leave"]);
  },

  "the queue has an end, and the newest stay": async (stage, context) => {
    stage.serve("/full/");
    const page = await context.newPage();
    await page.goto(stage.url("/full/"));
    await page.waitForTimeout(300);
    stage.gate.mode = "busy";
    for (let n = 0; n < 12; n++) {
      await page.evaluate(n => footfall.track(`n${n}`, { fill: "x".repeat(10_000) }), n);
      await page.waitForTimeout(120);
    }
    let most = 0;
    // Between two looks it tries again, and has taken them out meanwhile.
    await eventually("a full queue with the newest", async () => {
      const kept = Object.values(await stored(page)).join("");
      most = Math.max(most, kept.length);
      assert.ok(kept.length > 45_000 && kept.includes('"n11"'), `${kept.length} characters on the device`);
    });
    assert.ok(most <= 60_000, `${most} characters on the device`);
    await page.evaluate(() => localStorage.clear());
  },
};
