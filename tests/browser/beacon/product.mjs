// The one-command Footfall as a process: started in a folder, asked in SQL, told by its own commands, stopped.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const PATIENCE = 120_000;

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

/** Opens a server at a free port, and gives it. */
export const listen = async server => {
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
      env: { ...process.env, FOOTFALL_INGEST_ADMIN_LISTEN: "127.0.0.1:0", FOOTFALL_DASHBOARD_LISTEN: "127.0.0.1:0" },
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

  /** Runs a statement as who may write. */
  async write(sql) {
    const password = readFileSync(join(this.data, "credentials.toml"), "utf8").match(/^writer_password = "(.*)"$/m)[1];
    const headers = { "x-clickhouse-user": "default", "x-clickhouse-key": password };
    const answer = await fetch(`${this.run.clickhouse}/?database=footfall`, { method: "POST", body: sql, headers });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** Runs one of its commands beside it, and gives what it prints. */
  async command(...words) {
    const { stdout } = await promisify(execFile)(process.env.TEST_BIN, [...words, "--data", this.data]);
    return stdout;
  }

  async stop(signal = "SIGTERM") {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "exit");
    this.process.kill(signal);
    await ended;
  }
}
