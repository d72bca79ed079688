// A browser small enough to hold in one hand: the built beacon runs in it with a clock, a network and a storage that a
// test turns by hand. What a real browser decides is tested in one, in tests/browser/beacon.
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

const script = readFileSync(new URL("../dist/beacon.js", import.meta.url), "utf8");

export class Browser {
  now = 1_795_273_445_000;
  timers = [];
  listeners = {};
  requests = [];
  /** Requests that send no events. */
  others = [];
  storage = {};
  online = true;
  /** What the next requests are answered, the last again and again: a status, or a function of the request. */
  answers = [200];

  constructor({ attributes = {}, url = "https://shop.example/", storage, globals = {}, navigator = {}, answers } = {}) {
    if (storage) this.storage = storage;
    if (answers) this.answers = answers;
    const browser = this;
    const location = new URL(url);
    const window = {
      location,
      localStorage: this.storage,
      document: {
        title: "The shop",
        referrer: "https://search.example/",
        hidden: false,
        currentScript: { src: "https://ingest.example/beacon.js", dataset: { site: "shop", ...attributes } },
        documentElement: { scrollHeight: 2000 },
      },
      navigator: {
        language: "de-DE",
        get onLine() {
          return browser.online;
        },
        sendBeacon: (url, body) => browser.beacon(url, body),
        ...navigator,
      },
      history: {
        pushState: (_state, _title, to) => {
          location.href = new URL(to, location).href;
        },
        replaceState() {},
      },
      performance: { now: () => browser.now, getEntriesByType: () => [] },
      screen: { width: 1920, height: 1080 },
      innerWidth: 1000,
      innerHeight: 500,
      scrollY: 0,
      crypto: globalThis.crypto,
      Request: class {
        get keepalive() {
          return false;
        }
      },
      AbortSignal: { timeout: () => undefined },
      URL,
      Date: class extends Date {
        static now() {
          return browser.now;
        }
      },
      addEventListener: (type, listener) => (browser.listeners[type] ??= []).push(listener),
      setTimeout: (run, after = 0) => browser.timers.push({ at: browser.now + after, run }),
      clearTimeout: id => {
        if (browser.timers[id - 1]) browser.timers[id - 1].run = undefined;
      },
      fetch: (url, options) => browser.fetch(url, options),
      ...globals,
    };
    window.window = window;
    this.window = window;
    runInContext(script, createContext(window));
  }

  fetch(asked, options) {
    const url = String(asked);
    if (options.method !== "POST") return Promise.resolve(this.others.push({ url, ...options }));
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    const request = { url, options, ...JSON.parse(options.body) };
    this.requests.push(request);
    const {
      status = 200,
      body = { accepted: request.events.length, rejected: [] },
      retryAfter,
    } = typeof answer === "object" ? answer : { status: answer };
    if (status === 0) return Promise.reject(new TypeError("Failed to fetch"));
    if (status === "never") return new Promise(() => {});
    const headers = { get: name => (name === "retry-after" ? (retryAfter ?? null) : null) };
    return Promise.resolve({ status, ok: status === 200, headers, json: async () => body });
  }

  beacon(url, body) {
    this.requests.push({ url: String(url), beacon: true, ...JSON.parse(body) });
    return true;
  }

  /** Lets `milliseconds` pass, timer by timer. */
  async pass(milliseconds) {
    const until = this.now + milliseconds;
    for (;;) {
      await new Promise(setImmediate);
      const due = this.timers.filter(timer => timer.run && timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.now = Math.max(this.now, due.at);
      const { run } = due;
      due.run = undefined;
      run();
    }
    this.now = until;
  }

  dispatch(type, event = {}) {
    for (const listener of this.listeners[type] ?? []) listener({ type, ...event });
  }

  /** Milliseconds until the next timer; undefined if there is none. */
  get next() {
    const due = this.timers.filter(timer => timer.run).map(timer => timer.at - this.now);
    return due.length ? Math.min(...due) : undefined;
  }

  get events() {
    return this.requests.flatMap(request => request.events);
  }

  get kept() {
    return Object.entries(this.storage)
      .filter(([key]) => key.startsWith("footfall_shop_"))
      .map(([, text]) => JSON.parse(text));
  }
}
