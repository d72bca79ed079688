// What the built script decides by itself: when to send, what to keep, when to try again.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Browser } from "./browser.mjs";

const names = events => events.map(event => event.name ?? event.type);

test("the first view says what the schema knows, and nothing else", async () => {
  const schema = JSON.parse(readFileSync(new URL("../../../schemas/beacon.schema.json", import.meta.url), "utf8"));
  const browser = new Browser({ url: "https://shop.example/a?b=c#secret" });
  await browser.pass(1000);
  const [{ url, options, site, sent_at, events }] = browser.requests;
  assert.equal(url, "https://ingest.example/v1/events");
  assert.deepEqual([options.method, options.credentials, options.keepalive], ["POST", "include", true]);
  assert.deepEqual([site, sent_at, events.length], ["shop", 1_795_273_445_100, 1]);
  const known = schema.$defs.Event.properties;
  for (const field of Object.keys(events[0])) assert.ok(field in known, field);
  assert.equal(events[0].url, "https://shop.example/a?b=c");
  assert.deepEqual([events[0].seq, events[0].attempt, events[0].ts], [1, 1, 1_795_273_445_000]);
});

test("ids are UUIDs of version 7 with the time in them, no two alike", async () => {
  const browser = new Browser();
  for (let n = 0; n < 100; n++) browser.window.footfall.track("x");
  await browser.pass(1000);
  const ids = browser.events.map(event => event.id);
  assert.equal(new Set(ids).size, 101);
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(Number.parseInt(id.replace("-", "").slice(0, 12), 16), 1_795_273_445_000);
  }
});

test("the first request goes alone, then each at once", async () => {
  let open;
  const browser = new Browser();
  const { fetch } = browser.window;
  browser.window.fetch = (...asked) =>
    new Promise(resolve => {
      open = () => resolve(fetch(...asked));
    });
  await browser.pass(150);
  browser.window.footfall.track("one");
  await browser.pass(150);
  browser.window.footfall.track("two");
  await browser.pass(150);
  browser.window.fetch = fetch;
  open();
  await browser.pass(0);
  assert.deepEqual(
    browser.requests.map(request => names(request.events)),
    [["page_view"], ["one", "two"]],
  );
});

test("what follows a login waits for its answer, because the next cookie comes with it", async () => {
  const browser = new Browser();
  await browser.pass(1000);
  let open;
  const { fetch } = browser.window;
  browser.window.fetch = (...asked) => new Promise(resolve => (open = () => resolve(fetch(...asked))));
  browser.window.footfall.login("ada");
  await browser.pass(150);
  browser.window.fetch = fetch;
  browser.window.footfall.track("inside");
  await browser.pass(500);
  assert.equal(browser.requests.length, 1);
  open();
  await browser.pass(0);
  assert.deepEqual(
    browser.requests.map(request => names(request.events)),
    [["page_view"], ["login"], ["inside"]],
  );
});

test("opting out drops what waits, and has ingest take its cookie away", async () => {
  const browser = new Browser();
  await browser.pass(1000);
  browser.window.footfall.track("waits");
  browser.window.footfall.optOut();
  browser.window.footfall.track("not made");
  await browser.pass(1000);
  assert.equal(browser.requests.length, 1);
  assert.deepEqual(
    browser.others.map(({ url, method, credentials }) => [url, method, credentials]),
    [["https://ingest.example/v1/visitor?site=shop", "DELETE", "include"]],
  );
  browser.window.footfall.optIn();
  assert.equal(browser.others.length, 1);
});

test("what an earlier page has left on the device is taken from it where nothing may lie there", async () => {
  const event = { id: "a", type: "click", ts: 1_795_273_445_000 };
  for (const settings of [
    { attributes: { cookieless: "" } },
    { storage: { footfall_consent: "refused" } },
    { navigator: { globalPrivacyControl: true } },
  ]) {
    const browser = new Browser({ ...settings, storage: { footfall_shop_a: JSON.stringify(event), ...settings.storage } });
    assert.deepEqual(browser.kept, []);
    await browser.pass(1000);
    assert.ok(browser.events.some(sent => sent.id === "a"));
  }
});

test("the wait doubles with each failure, with jitter, up to five minutes and a half more", async () => {
  const browser = new Browser({ answers: [0] });
  await browser.pass(100);
  for (let failure = 0; failure < 12; failure++) {
    const least = Math.min(300_000, 1000 * 2 ** failure);
    assert.ok(browser.next >= least && browser.next <= least * 1.5, `${failure}: ${browser.next}`);
    await browser.pass(browser.next);
  }
  assert.deepEqual(
    browser.requests.at(-1).events.map(event => event.attempt),
    [13],
  );
});

test("429 and 503 are tried again when they say, 400 and 403 never", async () => {
  for (const status of [429, 503, 500, 408]) {
    const browser = new Browser({ answers: [{ status, retryAfter: "7" }, 200] });
    await browser.pass(6900);
    assert.equal(browser.requests.length, 1, `${status}`);
    await browser.pass(5000);
    assert.deepEqual(
      browser.events.map(event => [event.seq, event.attempt]),
      [
        [1, 1],
        [1, 2],
      ],
    );
    assert.deepEqual(browser.kept, []);
  }
  for (const status of [400, 403, 413]) {
    const browser = new Browser({ answers: [{ status, body: { error: "x", detail: "y" } }, 200] });
    browser.window.footfall.track("after");
    await browser.pass(60_000);
    assert.equal(browser.requests.length, 1, `${status}`);
  }
});

test("an answer that is not JSON has kept nothing: a captive portal", async () => {
  const portal = {
    status: 200,
    get body() {
      return Promise.reject(new SyntaxError("<html>"));
    },
  };
  const browser = new Browser({ answers: [portal, 200] });
  await browser.pass(5000);
  assert.deepEqual(
    browser.events.map(event => event.attempt),
    [1, 2],
  );
});

test("the token of an answer stands beside what is kept after it", async () => {
  const browser = new Browser({ answers: [{ body: { accepted: 1, rejected: [], token: "v1.first" } }, 0] });
  await browser.pass(1000);
  browser.window.footfall.track("late");
  await browser.pass(200);
  assert.deepEqual(
    browser.kept.map(event => [event.name, event.token]),
    [["late", "v1.first"]],
  );
  browser.answers = [{ body: { accepted: 1, rejected: [], token: "v1.second" } }];
  await browser.pass(5000);
  assert.equal(browser.requests.at(-1).events[0].token, "v1.first");
});

test("while nothing may be sent, events are kept with their numbers", async () => {
  const browser = new Browser({ answers: [{ status: 503, retryAfter: "60" }, 200] });
  await browser.pass(200);
  for (const name of ["one", "two"]) {
    browser.window.footfall.track(name);
    await browser.pass(200);
  }
  assert.equal(browser.requests.length, 1);
  assert.deepEqual(browser.kept.map(event => event.seq).sort(), [1, 2, 3]);
  browser.dispatch("online");
  await browser.pass(10);
  assert.deepEqual(browser.requests[1].events.map(event => event.seq).sort(), [1, 2, 3]);
});

test("a page that is left keeps what has no answer, and the last event only until the next page is well", async () => {
  const first = new Browser({ answers: [200, "never"] });
  await first.pass(1000);
  first.window.footfall.track("unanswered");
  first.answers = [{ status: "never" }];
  first.dispatch("pagehide");
  await first.pass(10);
  assert.deepEqual(names(first.requests.at(-1).events), ["unanswered", "page_leave"]);
  assert.deepEqual(first.kept.map(event => event.attempt).sort(), [-1, 1]);
  const well = new Browser({ storage: { ...first.storage } });
  await well.pass(1000);
  assert.deepEqual(names(well.events), ["page_view", "unanswered"]);
  assert.deepEqual(well.kept, []);
  const ill = new Browser({ storage: { ...first.storage }, answers: [0, 200] });
  await ill.pass(5000);
  assert.deepEqual(names(ill.events).sort(), ["page_leave", "page_view", "page_view", "unanswered"]);
  assert.deepEqual(
    ill.events.filter(event => event.type === "page_leave").map(event => event.attempt),
    [2],
  );
});

test("what is older than a week is given up", async () => {
  const old = { id: "a", type: "click", ts: 1_795_273_445_000 - 8 * 86_400_000 };
  const young = { id: "b", type: "click", ts: 1_795_273_445_000 - 6 * 86_400_000 };
  const browser = new Browser({
    storage: { footfall_shop_a: JSON.stringify(old), footfall_shop_b: JSON.stringify(young), footfall_other_c: "{}" },
  });
  await browser.pass(1000);
  assert.deepEqual(
    browser.events.slice(1).map(event => event.id),
    ["b"],
  );
  assert.deepEqual(Object.keys(browser.storage), ["footfall_other_c"]);
});

test("what waits has an end: the oldest give way", async () => {
  const browser = new Browser({ answers: [0] });
  await browser.pass(200);
  for (let n = 0; n < 20; n++) {
    browser.window.footfall.track(`n${n}`, { fill: "x".repeat(5000) });
    browser.now += 1;
    browser.dispatch("pagehide");
  }
  await browser.pass(10);
  const size = Object.values(browser.storage).join("").length;
  assert.ok(size > 50_000 && size <= 60_000, `${size}`);
  assert.ok(names(browser.kept).includes("n19") && !names(browser.kept).includes("n0"));
});

test("a burst is split into requests that ingest takes", async () => {
  const browser = new Browser();
  await browser.pass(1000);
  for (let n = 0; n < 60; n++) browser.window.footfall.track("x");
  await browser.pass(1000);
  assert.deepEqual(
    browser.requests.map(request => request.events.length),
    [1, 25, 25, 10],
  );
  assert.deepEqual(
    browser.events.map(event => event.seq),
    Array.from({ length: 61 }, (_, index) => index + 1),
  );
});

test("beyond the quota of keepalive a request goes without, and with sendBeacon when the page is left", async () => {
  const browser = new Browser();
  await browser.pass(1000);
  browser.window.footfall.track("large", { fill: "x".repeat(30_000) });
  await browser.pass(200);
  assert.equal(browser.requests[1].options.keepalive, false);
  browser.window.footfall.track("large", { fill: "x".repeat(30_000) });
  browser.dispatch("pagehide");
  assert.equal(browser.requests[2].beacon, true);
  const discreet = new Browser({ attributes: { cookieless: "" } });
  await discreet.pass(1000);
  discreet.window.footfall.track("large", { fill: "x".repeat(30_000) });
  discreet.dispatch("pagehide");
  assert.deepEqual(
    [discreet.requests[1].beacon, discreet.requests[1].options.credentials],
    [undefined, "omit"],
    "sendBeacon would take cookies along",
  );
});

test("data-host is where events go, with a folder if it ends in a slash", async () => {
  for (const [host, url] of [
    ["https://a.example", "https://a.example/v1/events"],
    ["https://a.example/b/", "https://a.example/b/v1/events"],
    ["/stats/", "https://shop.example/stats/v1/events"],
  ]) {
    const browser = new Browser({ attributes: { host } });
    await browser.pass(200);
    assert.equal(browser.requests[0].url, url);
  }
});

test("attributes without a value, true and false mean what they say", async () => {
  const views = async attributes => {
    const browser = new Browser({ attributes, url: "https://shop.example/#a" });
    await browser.pass(200);
    return browser.events.map(event => event.url);
  };
  assert.deepEqual(await views({}), ["https://shop.example/"]);
  assert.deepEqual(await views({ hash: "" }), ["https://shop.example/#a"]);
  assert.deepEqual(await views({ hash: "true" }), ["https://shop.example/#a"]);
  assert.deepEqual(await views({ hash: "false" }), ["https://shop.example/"]);
  assert.deepEqual(await views({ auto: "false" }), []);
  assert.deepEqual(await views({ auto: "leave,outbound" }), []);
  assert.deepEqual(await views({ auto: "view" }), ["https://shop.example/"]);
  assert.deepEqual(await views({ domains: "a.example, shop.example" }), ["https://shop.example/"]);
  assert.deepEqual(await views({ domains: "a.example" }), []);
});

test("a hook can change and hold back events, and numbers have no gaps", async () => {
  const hook = event => event.name !== "held" && { ...event, title: "changed" };
  const browser = new Browser({ attributes: { beforeSend: "hook" }, globals: { hook } });
  for (const name of ["one", "held", "two"]) browser.window.footfall.track(name);
  await browser.pass(200);
  assert.deepEqual(
    browser.events.map(event => [event.seq, event.name, event.title]),
    [
      [1, undefined, "changed"],
      [2, "one", "changed"],
      [3, "two", "changed"],
    ],
  );
  const missing = new Browser({ attributes: { beforeSend: "notThere" } });
  await missing.pass(200);
  assert.deepEqual(missing.requests, [], "an event that should have been redacted is not sent as it is");
});

test("engagement is the time looked at, in pieces whose sum is right", async () => {
  const browser = new Browser();
  await browser.pass(3000);
  browser.window.document.hidden = true;
  browser.dispatch("visibilitychange");
  await browser.pass(60_000);
  browser.window.document.hidden = false;
  browser.dispatch("visibilitychange");
  await browser.pass(500);
  browser.window.document.hidden = true;
  browser.dispatch("visibilitychange");
  browser.window.document.hidden = false;
  browser.dispatch("visibilitychange");
  await browser.pass(2000);
  browser.dispatch("pagehide");
  browser.window.document.hidden = true;
  browser.dispatch("visibilitychange");
  await browser.pass(100);
  const leaves = browser.events.filter(event => event.type === "page_leave");
  assert.deepEqual(
    leaves.map(event => event.engagement_ms),
    [3000, 2500],
  );
  assert.equal(leaves[0].scroll, 25);
});

test("a view is left once, however short it was", async () => {
  const browser = new Browser();
  await browser.pass(300);
  browser.window.history.pushState({}, "", "/next");
  await browser.pass(200);
  browser.dispatch("pagehide");
  browser.dispatch("pagehide");
  await browser.pass(10);
  const leaves = browser.events.filter(event => event.type === "page_leave");
  assert.deepEqual(
    leaves.map(event => [new URL(event.url).pathname, event.engagement_ms]),
    [
      ["/", 300],
      ["/next", 200],
    ],
  );
});

test("nothing that the page breaks is thrown at it", async () => {
  const broken = {
    localStorage: {
      get: () => {
        throw new Error("blocked");
      },
    },
    crypto: undefined,
    Intl: undefined,
  };
  for (const [name, value] of Object.entries(broken)) {
    const browser = new Browser({ globals: name === "localStorage" ? {} : { [name]: value } });
    if (name === "localStorage") Object.defineProperty(browser.window, name, value);
    browser.window.footfall.track("x");
    browser.window.footfall("track", "y");
    browser.dispatch("pagehide");
    await browser.pass(100);
  }
});
