// The sites that scenarios send to, as an operator writes them; each has what some scenario needs.
import { createHash } from "node:crypto";

/** The server key of the site `shop`, for `footfall unlink`. */
export const KEY = "a key of the tests";

const digest = createHash("sha256").update(KEY).digest("hex");

/** What differs from the defaults, by site. */
const SITES = {
  shop: `server_keys = ["${digest}"]`,
  slow: "rate_limit = { per_second = 1, burst = 1 }",
  blog: "",
  brisk: 'session = { idle = "4s" }',
  lapse: 'session = { idle = "20s" }',
  door: "session = { login = true }",
  asks: 'cookie = { mode = "consent" }',
  never: 'cookie = { mode = "never" }',
  loads: 'cookie = { mode = "never", without = "page" }',
  plain: 'cookie = { secure = "never" }',
  wide: 'cookie = { secure = "never", domain = "shop.test" }',
  third: 'cookie = { same_site = "none" }',
};

/** The file, with pages of these origins. */
export const sites = origins =>
  Object.entries(SITES)
    .map(([key, rest]) => `[[site]]\nkey = "${key}"\norigins = [${origins.map(origin => `"${origin}"`).join(", ")}]\n${rest}\n`)
    .join("");
