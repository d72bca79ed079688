// What a scenario plays on: the one-command Footfall with its engine, a gate before it that counts and can fail, a server
// of pages, a real Chromium. Scenarios are in the files beside this one, run.mjs runs them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const PATIENCE = 30_000;
const ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1, MAP localhost 127.0.0.1"];

/** Waits until `probe` does not throw. */
export async function eventually(what, probe) {
  const until = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() > until) throw new Error(`waited in vain for ${what}: ${error.message}`, { cause: error });
      await new Promise(resolve => setTimeout(resolve, 30));
    }
  }
}

const listen = async server => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
};

/** A Footfall in a folder of its own. */
export class Footfall {
  constructor(folder, settings = []) {
    this.data = folder;
    this.settings = settings;
    mkdirSync(folder, { recursive: true });
  }

  sites(text) {
    writeFileSync(join(this.data, "sites.toml"), text);
  }

  async start(listenOn = "127.0.0.1:0") {
    const sets = this.settings.flatMap(setting => ["--set", setting]);
    this.process = spawn(process.env.TEST_BIN, ["up", "--data", this.data, "--listen", listenOn, "--clickhouse-listen", "127.0.0.1:0", ...sets], {
      env: { ...process.env, FOOTFALL_INGEST_ADMIN_LISTEN: "127.0.0.1:0" },
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.run = await eventually("Footfall", () => {
      const run = JSON.parse(readFileSync(join(this.data, "run.json"), "utf8"));
      assert.ok(run.clickhouse && run.pid === this.process.pid);
      return run;
    });
    this.port = Number(new URL(this.run.public).port);
  }

  async query(sql) {
    const answer = await fetch(`${this.run.clickhouse}/?default_format=JSONEachRow&database=footfall&output_format_json_quote_64bit_integers=0`, { method: "POST", body: sql });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return text.trim().split("\n").filter(Boolean).map(line => JSON.parse(line));
  }

  async stop(signal = "SIGTERM") {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "exit");
    this.process.kill(signal);
    await ended;
  }
}

/** A reverse proxy: remembers which event ids went through, and fails when told. */
class Gate {
  /** `pass`; `busy`: 503 as the edge answers it, with what a page may read; `cut`: hangs up. */
  mode = "pass";
  /** Every body of events, with the mode it met and whether it had a cookie header. */
  bodies = [];
  retryAfter = "1";

  constructor(port) {
    this.target = port;
    this.server = createServer((asked, answer) => this.#handle(asked, answer));
    this.server.keepAliveTimeout = 500;
  }

  #handle(asked, answer) {
    const pieces = [];
    asked.on("data", piece => pieces.push(piece));
    asked.on("end", () => {
      const body = Buffer.concat(pieces);
      const { mode } = this;
      if (asked.method === "POST") this.bodies.push({ ...JSON.parse(body), mode, headers: asked.headers });
      if (mode === "cut") return void asked.socket.destroy();
      if (mode === "busy" && asked.method === "POST") {
        const { origin } = asked.headers;
        answer.writeHead(503, {
          "access-control-allow-origin": origin, "access-control-allow-credentials": "true", "access-control-expose-headers": "retry-after",
          "retry-after": this.retryAfter, "content-type": "application/json",
        });
        return void answer.end('{"error":"busy","detail":"a test"}');
      }
      const { method, url: path, headers } = asked;
      const forward = request({ host: "127.0.0.1", port: this.target, method, path, headers }, from => {
        answer.writeHead(from.statusCode, from.headers);
        from.pipe(answer);
      });
      forward.on("error", () => asked.socket.destroy());
      forward.end(body);
    });
  }

  /** Times that each event id of pages under `path` was let through. */
  passed(path) {
    const times = new Map();
    for (const { mode, events } of this.bodies) {
      for (const { id, url } of events) {
        if (mode === "pass" && new URL(url).pathname.startsWith(path)) times.set(id, (times.get(id) ?? 0) + 1);
      }
    }
    return times;
  }
}

/** Everything together. */
export class Stage {
  pages = new Map();

  async open() {
    this.folder = mkdtempSync(join(tmpdir(), "footfall-beacon-"));
    this.pageServer = createServer((asked, answer) => this.#page(asked, answer));
    this.port = await listen(this.pageServer);
    this.footfall = new Footfall(join(this.folder, "data"));
    const origins = ["localhost", "127.0.0.1", "shop.test", "other.test"].map(host => `"http://${host}:${this.port}"`).join(", ");
    this.siteFile = `[[site]]\nkey = "shop"\norigins = [${origins}]\n[[site]]\nkey = "slow"\norigins = [${origins}]\nrate_limit = { per_second = 1, burst = 1 }\n`;
    this.footfall.sites(this.siteFile);
    await this.footfall.start();
    this.gate = new Gate(this.footfall.port);
    this.gatePort = await listen(this.gate.server);
    this.browser = await this.launch();
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
    const sql = `SELECT type, name, path, query, hash, title, referrer, toString(page_id) AS page, toString(event_id) AS id, toString(visitor_id) AS visitor, seq, attempt, user_id, engagement_ms, scroll, consent,
      toFloat64(time) AS at, toFloat64(client_time) AS ts, toFloat64(received_at) AS received, site, props, hint_full, hint_platform, gpc, timezone, language, viewport_w FROM events WHERE startsWith(path, '${path}') ORDER BY page_id, seq`;
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
    this.gate?.server.closeAllConnections();
    this.gate?.server.close();
    this.pageServer?.closeAllConnections();
    this.pageServer?.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The types of rows, in order. */
export const types = rows => rows.map(row => row.name || row.type);
