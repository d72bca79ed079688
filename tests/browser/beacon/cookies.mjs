// The visitor's cookie as a test may look at it: a page cannot, it is HttpOnly.
import assert from "node:assert/strict";
import { eventually } from "./product.mjs";

/** All cookies of a site that the browser has. */
export const cookiesOf = async (context, site = "shop") => (await context.cookies()).filter(cookie => cookie.name.startsWith(`footfall_${site}.`));

const uuid = hex => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

/**
 * The one cookie of a site, with what it says of visitor and session, once it says what is expected: rows may be there
 * before the browser has read the answer that sets it.
 */
export const cookieOf = (context, site = "shop", expected = {}) =>
  eventually(`the cookie of ${site}`, async () => {
    const cookies = await cookiesOf(context, site);
    assert.equal(cookies.length, 1, `${cookies.length} cookies of ${site}`);
    const [version, , of, visitor, session] = cookies[0].value.split(".");
    const cookie = { ...cookies[0], visitor: uuid(visitor), session: uuid(session) };
    assert.deepEqual({ version, of, ...cookie, ...expected }, { version: "v1", of: site, ...cookie });
    return cookie;
  });

/** What the page has put on the device. */
export const stored = page => page.evaluate(() => ({ ...localStorage }));

/** Waits until so many events lie on the device. */
export const kept = (page, count) =>
  eventually("events on the device", async () => assert.equal(Object.keys(await stored(page)).length, count));

/** The distinct values of a column. */
export const distinct = (rows, column) => [...new Set(rows.map(row => row[column]))];

/** The browser has no cookie any more: rows may be there before it has read the answer that takes it away. */
export const gone = context => eventually("the cookie's end", async () => assert.deepEqual(await context.cookies(), []));
