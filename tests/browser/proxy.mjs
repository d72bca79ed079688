// The beacon in a real browser by HTTPS: the edge's own, and through the real nginx and the real Caddy with the files of
// deploy/proxy. On a page that asks every part of it for its consent (COEP) and under a strict policy (CSP). `tests/run browser`
// runs it; TEST_BIN is the binary, CHROMIUM the browser.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { cookieOf } from "./beacon/cookies.mjs";
import { eventually, Footfall, listen } from "./beacon/product.mjs";

const folder = mkdtempSync(join(tmpdir(), "footfall-proxy-"));
const NAME = "events.shop.test";
const [key, certificate] = ["key.pem", "certificate.pem"].map(name => join(folder, name));
execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=shop.test",
  "-addext", "subjectAltName=DNS:*.shop.test", "-keyout", key, "-out", certificate], { stdio: "ignore" });
const running = [];

/** A file of deploy/proxy with what differs here; each must stand in it. */
function proxyFile(name, pairs) {
  let text = readFileSync(fileURLToPath(new URL(`../../deploy/proxy/${name}`, import.meta.url)), "utf8");
  for (const [from, to] of pairs) {
    assert.ok(text.includes(from), `${from} in ${name}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

async function freePort() {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

async function start(command, words, port) {
  const child = spawn(command, words, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder } });
  running.push(child);
  await eventually(command, async () => {
    assert.equal(child.exitCode, null, `${command} has ended`);
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
  });
  return port;
}

async function nginx(upstream) {
  const port = await freePort();
  const site = proxyFile("nginx.conf", [["127.0.0.1:8000", upstream], ["listen 443", `listen 127.0.0.1:${port}`], ["events.shop.example;", `${NAME};`],
    ["/etc/letsencrypt/live/events.shop.example/fullchain.pem", certificate], ["/etc/letsencrypt/live/events.shop.example/privkey.pem", key]]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(of => `${of}_temp_path ${folder}/nginx-${of};`).join("\n");
  const file = join(folder, "nginx.conf");
  writeFileSync(file, `pid ${folder}/nginx.pid;\nevents {}\nhttp {\n${temporary}\n${site}\n}\n`);
  return start("nginx", ["-g", "daemon off; master_process off;", "-e", "stderr", "-c", file], port);
}

async function caddy(upstream) {
  const port = await freePort();
  const site = proxyFile("Caddyfile", [["127.0.0.1:8000", upstream], ["events.shop.example {", `https://${NAME}:${port} {\n\tbind 127.0.0.1\n\ttls ${certificate} ${key}`]]);
  const file = join(folder, "Caddyfile");
  writeFileSync(file, `{\n\tadmin off\n\tauto_https disable_redirects\n\tlog {\n\t\tlevel ERROR\n\t}\n}\n${site}`);
  return start("caddy", ["run", "--adapter", "caddyfile", "--config", file], port);
}

/** Two pages one after the other, and an event of their own on each. */
async function visit(way, port) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const complaints = [];
  context.on("weberror", error => complaints.push(String(error.error())));
  context.on("console", message => message.type() === "error" && complaints.push(message.text()));
  try {
    const page = await context.newPage();
    const protocols = new Map();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    session.on("Network.responseReceived", ({ response }) => protocols.set(new URL(response.url).pathname, response.protocol));
    for (const name of ["first", "second"]) {
      await page.goto(`https://www.shop.test:${pagePort}/${way}/${name}?edge=${port}`);
      await page.evaluate(name => window.footfall.track(name), name);
      // Whoever leaves without it is somebody else on the next page.
      await cookieOf(context);
    }
    const rows = await eventually(`the rows of ${way}`, async () => {
      const rows = await footfall.query(`SELECT type, name, path, toString(visitor_id) AS visitor, toString(session_id) AS session, decision, toString(ip) AS ip, ip_source FROM events
        WHERE site = 'shop' AND path LIKE '/${way}/%' AND type IN ('page_view', 'custom') ORDER BY path, type DESC`);
      assert.equal(rows.length, 4, JSON.stringify(rows));
      return rows;
    });
    assert.deepEqual(rows.map(row => row.name || row.type), ["page_view", "first", "page_view", "second"]);
    const cookie = await cookieOf(context);
    assert.deepEqual([cookie.secure, cookie.httpOnly, cookie.domain], [true, true, NAME]);
    assert.deepEqual([...new Set(rows.map(row => row.visitor))], [cookie.visitor]);
    assert.deepEqual([...new Set(rows.map(row => row.session))], [cookie.session]);
    assert.deepEqual([...new Set(rows.map(row => row.ip))], ["::ffff:127.0.0.1"]);
    assert.deepEqual([...new Set(rows.map(row => row.ip_source))], [way === "own" ? "peer" : "xff"]);
    assert.deepEqual([protocols.get("/beacon.js"), protocols.get("/v1/events")], ["h2", "h2"]);
    assert.deepEqual(complaints, []);
    console.log(`ok      ${way}: ${rows.length} rows, one visitor, h2`);
  } finally {
    await context.close();
  }
}

const pages = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (asked, answer) => {
  const { pathname, searchParams } = new URL(asked.url, "https://www.shop.test");
  const edge = `https://${NAME}:${searchParams.get("edge")}`;
  answer.writeHead(200, {
    "content-type": "text/html; charset=utf-8",
    "cross-origin-embedder-policy": "require-corp",
    "content-security-policy": `default-src 'none'; script-src ${edge}; connect-src ${edge}; img-src data: ${edge}`,
  });
  answer.end(`<!doctype html><meta charset="utf-8"><title>${pathname}</title><link rel="icon" href="data:,">
    <script src="${edge}/beacon.js" data-site="shop"></script><img src="${edge}/v1/pixel.gif?site=image" alt="">`);
});
const pagePort = await listen(pages);
// The proxies' own address is trusted, and so is everything on this machine: the browser is of the same one.
const footfall = new Footfall(join(folder, "data"), ["ingest.trusted_proxies=127.0.0.1", "ingest.tls_listen=127.0.0.1:0", `ingest.tls_certificate=${certificate}`, `ingest.tls_key=${key}`]);
const origins = `origins = ["https://www.shop.test:${pagePort}"]\nip = "full"\n`;
footfall.sites(`[[site]]\nkey = "shop"\n${origins}[[site]]\nkey = "image"\n${origins}`);
let browser;
try {
  await footfall.start();
  const upstream = new URL(footfall.run.public).host;
  const ways = { own: Number(new URL(footfall.run.https).port), nginx: await nginx(upstream), caddy: await caddy(upstream) };
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1"] });
  for (const [way, port] of Object.entries(ways)) await visit(way, port);
  await eventually("books without a gap", async () => {
    const [books] = await footfall.query("SELECT sum(missing) AS missing, sum(doubled) AS doubled FROM books");
    assert.deepEqual([Number(books.missing), Number(books.doubled)], [0, 0]);
  });
} finally {
  await browser?.close();
  await footfall.stop();
  for (const child of running) child.kill("SIGKILL");
  pages.closeAllConnections();
  pages.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
