// A proxy before ingest, as operators have one: it tells where a request comes from, and a test can make it fail.
import { createServer, request } from "node:http";

/** A reverse proxy that ingest trusts: remembers which event ids went through, and fails when told. */
export class Gate {
  /** `pass`; `busy`: 503 as the edge answers it, with what a page may read; `cut`: hangs up. */
  mode = "pass";
  /** Every body of events, with the mode it met, its headers, and the cookies that the answer set. */
  bodies = [];
  retryAfter = "1";
  /** Where a request comes from, if not from here: goes into `X-Forwarded-For`. */
  from;
  /** The user agent that requests have then. */
  agent;
  #held = [];
  #holding = 0;
  #late;

  constructor(port) {
    this.target = port;
    this.server = createServer((asked, answer) => this.#handle(asked, answer));
    this.server.keepAliveTimeout = 500;
  }

  /** Holds back the next `count` requests of events, and lets them through together. */
  hold(count) {
    this.#holding = count;
  }

  /** Holds back the answer to the next request of events: ends once ingest has given it, with what lets it go on. */
  holdAnswer() {
    return new Promise(given => { this.#late = given; });
  }

  #pass(go) {
    if (!this.#holding) return go();
    if (this.#held.push(go) < this.#holding) return;
    this.#holding = 0;
    for (const each of this.#held.splice(0)) each();
  }

  #handle(asked, answer) {
    const pieces = [];
    asked.on("data", piece => pieces.push(piece));
    asked.on("end", () => {
      const body = Buffer.concat(pieces);
      const posted = asked.method === "POST";
      const seen = { mode: this.mode, headers: asked.headers, set: [] };
      if (posted) this.bodies.push(Object.assign(seen, JSON.parse(body)));
      if (this.mode === "cut") return void asked.socket.destroy();
      if (this.mode === "busy" && posted) return this.#refuse(asked, answer);
      const go = () => this.#forward(asked, body, answer, seen);
      if (posted) this.#pass(go);
      else go();
    });
  }

  #refuse({ headers }, answer) {
    answer.writeHead(503, {
      "access-control-allow-origin": headers.origin, "access-control-allow-credentials": "true", "access-control-expose-headers": "retry-after",
      "retry-after": this.retryAfter, "content-type": "application/json",
    });
    answer.end('{"error":"busy","detail":"a test"}');
  }

  #forward(asked, body, answer, seen) {
    const { method, url: path } = asked;
    const headers = { ...asked.headers };
    if (this.from) headers["x-forwarded-for"] = this.from;
    if (this.agent) headers["user-agent"] = this.agent;
    const forward = request({ host: "127.0.0.1", port: this.target, method, path, headers }, from => {
      seen.set.push(...(from.headers["set-cookie"] ?? []));
      const goOn = () => {
        answer.writeHead(from.statusCode, from.headers);
        from.pipe(answer);
      };
      const given = method === "POST" && this.#late;
      if (!given) return goOn();
      this.#late = undefined;
      given(goOn);
    });
    forward.on("error", () => asked.socket.destroy());
    forward.end(body);
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
