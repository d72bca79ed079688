// What a scenario plays on: the one-command Footfall with its engine (product.mjs), a gate before it that counts and can
// fail (gate.mjs), a server of pages, a real Chromium. Scenarios are in the files beside this one, run.mjs runs them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Gate } from "./gate.mjs";
import { eventually, Footfall, listen } from "./product.mjs";
import { sites } from "./sites.mjs";

const ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1, MAP localhost 127.0.0.1"];

/** Everything together. */
export class Stage {
  pages = new Map();
  gates = [];

  async open() {
    this.folder = mkdtempSync(join(tmpdir(), "footfall-beacon-"));
    this.pageServer = createServer((asked, answer) => this.#page(asked, answer));
    this.port = await listen(this.pageServer);
    this.footfall = new Footfall(join(this.folder, "data"), ["ingest.trusted_proxies=127.0.0.0/8"]);
    this.siteFile = sites(["localhost", "127.0.0.1", "shop.test", "www.shop.test", "other.test"].map(host => `http://${host}:${this.port}`));
    this.footfall.sites(this.siteFile);
    await this.footfall.start();
    Object.assign(this, await this.#open());
    this.browser = await this.launch();
  }

  async #open() {
    const gate = new Gate(this.footfall.port);
    const gatePort = await listen(gate.server);
    this.gates.push(gate);
    return { gate, gatePort };
  }

  /** The same stage with a gate of its own, for a scenario that plays beside others. */
  async beside() {
    return Object.assign(Object.create(this), await this.#open());
  }

  launch(options = {}) {
    return chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ARGUMENTS,
      ...options,
    });
  }

  /** A browser that nobody drives, at one address; gives what ends it. */
  launchAlone(url) {
    const folder = join(this.folder, "alone");
    const child = spawn(process.env.CHROMIUM ?? "/usr/bin/chromium", [...ARGUMENTS, "--headless=new", "--no-first-run", `--user-data-dir=${folder}`, url], { stdio: "ignore", detached: true });
    return async () => {
      const ended = once(child, "exit");
      // Its own process group: the browser is a child of Debian's script.
      process.kill(-child.pid, "SIGTERM");
      await ended;
    };
  }

  /** Where ingest is, as the page sees it. */
  get host() {
    return `http://localhost:${this.gatePort}`;
  }

  url(path, host = "localhost") {
    return `http://${host}:${this.port}${path}`;
  }

  tag(attributes = {}, host = this.host) {
    const all = { site: "shop", ...attributes };
    const text = Object.entries(all).map(([name, value]) => ` data-${name}="${value}"`).join("");
    return `<script defer src="${host}/beacon.js"${text}></script>`;
  }

  /** Serves every path that begins so: with the tag unless `head` says otherwise. */
  serve(path, { head = this.tag(), body = "", headers = {}, status = 200, type = "text/html" } = {}) {
    const text = type === "text/html" ? `<!doctype html><meta charset="utf-8"><title>Title of ${path}</title><link rel="icon" href="data:,">${head}<body>${body}` : body;
    this.pages.set(path, { text, headers: { "content-type": `${type}; charset=utf-8`, ...headers }, status });
  }

  #page(asked, answer) {
    const path = asked.url.split("?")[0];
    const match = [...this.pages.keys()].filter(known => path.startsWith(known)).sort((a, b) => b.length - a.length)[0];
    const page = this.pages.get(match);
    if (!page) return void answer.writeHead(404).end();
    answer.writeHead(page.status, page.headers);
    answer.end(page.text);
  }

  /** Rows of pages under `path`, in order, once there are `count` and every number of every page is there. */
  async rows(path, count, footfall = this.footfall) {
    const sql = `SELECT type, name, path, query, hash, title, referrer, toString(page_id) AS page, toString(event_id) AS id, toString(visitor_id) AS visitor, toString(session_id) AS session,
      session_start_reason AS reason, decision, late, flags, dnt, toString(ip) AS ip, ip_source, seq, attempt, user_id, engagement_ms, scroll, consent,
      toFloat64(time) AS at, toFloat64(client_time) AS ts, toFloat64(received_at) AS received, site, props, hint_full, hint_platform, browser, browser_version, os, os_version, device_type, device_model, bot_score, bot_reasons, gpc, timezone, language, viewport_w FROM events WHERE startsWith(path, '${path}') ORDER BY page_id, seq`;
    return eventually(`${count} rows of ${path}`, async () => {
      const rows = await footfall.query(sql);
      const seen = JSON.stringify(rows.map(row => [row.type, row.name, row.path, row.seq]));
      assert.equal(rows.length, count, `${rows.length} rows: ${seen}`);
      const pages = Map.groupBy ? Map.groupBy(rows, row => row.page) : rows.reduce((map, row) => map.set(row.page, [...(map.get(row.page) ?? []), row]), new Map());
      for (const of of pages.values()) assert.deepEqual(of.map(row => row.seq), of.map((_, index) => index + 1), seen);
      assert.equal(new Set(rows.map(row => row.id)).size, rows.length);
      return rows;
    });
  }

  /** A browser context whose pages complain to the test about every error. */
  async context(options = {}) {
    const context = await this.browser.newContext(options);
    context.complaints = [];
    context.on("weberror", error => context.complaints.push(String(error.error())));
    return context;
  }

  async close() {
    await this.browser?.close();
    await this.footfall?.stop();
    for (const { server } of this.gates) {
      server.closeAllConnections();
      server.close();
    }
    this.pageServer?.closeAllConnections();
    this.pageServer?.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The types of rows, in order. */
export const types = rows => rows.map(row => row.name || row.type);
