// Ranges are those of the site's zone, wherever the browser is: `check` runs this with the clock of Auckland.
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildSync } from "esbuild";

async function load(entry) {
  const { outputFiles } = buildSync({
    entryPoints: [new URL(`../src/${entry}`, import.meta.url).pathname],
    bundle: true,
    write: false,
    format: "esm",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
}
const zone = await load("zone.ts");
const range = await load("range.ts");
const format = await load("format.ts");
const iso = at => new Date(at).toISOString();

test("a day begins at the zone's midnight, also on the days of a clock change", () => {
  assert.equal(iso(zone.midnight(2026, 11, 22, "Europe/Berlin")), "2026-11-21T23:00:00.000Z");
  assert.equal(iso(zone.midnight(2026, 3, 29, "Europe/Berlin")), "2026-03-28T23:00:00.000Z");
  assert.equal(iso(zone.midnight(2026, 3, 30, "Europe/Berlin")), "2026-03-29T22:00:00.000Z");
  assert.equal(iso(zone.midnight(2026, 11, 22, "Asia/Kolkata")), "2026-11-21T18:30:00.000Z");
  assert.equal(iso(zone.midnight(2026, 1, 32, "UTC")), "2026-02-01T00:00:00.000Z");
  // There is no midnight on this day in Beirut: the clocks go from 0 to 1.
  assert.equal(iso(zone.midnight(2026, 3, 29, "Asia/Beirut")), "2026-03-28T22:00:00.000Z");
});

test("ranges and what was before them", () => {
  const now = Date.parse("2026-11-22T13:07:00Z");
  const week = range.resolve("7d", now, "UTC");
  assert.deepEqual([iso(week.since), iso(week.until)], ["2026-11-16T00:00:00.000Z", "2026-11-23T00:00:00.000Z"]);
  const then = range.before("7d", week, now, "UTC");
  assert.deepEqual([iso(then.since), iso(then.until)], ["2026-11-09T00:00:00.000Z", "2026-11-15T13:10:00.000Z"]);
  const month = range.resolve("before", now, "UTC");
  assert.deepEqual([iso(month.since), iso(month.until)], ["2026-10-01T00:00:00.000Z", "2026-11-01T00:00:00.000Z"]);
  assert.equal(iso(range.before("before", month, now, "UTC").since), "2026-09-01T00:00:00.000Z");
  const own = range.resolve("2026-03-28..2026-03-29", now, "Europe/Berlin");
  assert.equal(own.until - own.since, 47 * 3_600_000);
  assert.equal(iso(range.before("2026-03-28..2026-03-29", own, now, "Europe/Berlin").since), "2026-03-25T23:00:00.000Z");
  assert.deepEqual(range.resolve("nonsense", now, "UTC"), week);
});

test("figures for people", () => {
  assert.equal(format.duration(80_000), "1m 20s");
  assert.equal(format.bytes(3_100_000), "3.1 MB");
  assert.equal(format.change(150, 100), "+50%");
  assert.equal(format.change(1, 0), undefined);
  assert.equal(format.value("country", "DE"), "Germany");
  assert.equal(format.instant("2026-11-22 10:00:00"), Date.parse("2026-11-22T10:00:00Z"));
});
