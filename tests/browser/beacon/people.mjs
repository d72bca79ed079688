// Users: logins on a device that several people share, sessions that go on from elsewhere, links that are taken back.
import assert from "node:assert/strict";
import { cookieOf, distinct } from "./cookies.mjs";
import { eventually } from "./product.mjs";
import { KEY } from "./sites.mjs";

/** Calls the beacon and waits for the rows, as a person waits between two presses. */
const act = async (stage, page, path, count, verb, ...more) => {
  await page.evaluate(([verb, ...more]) => footfall[verb](...more), [verb, ...more]);
  return stage.rows(path, count);
};

const byTime = (a, b) => a.at - b.at || a.seq - b.seq;

export default {
  "two people on one device: login and logout cut the session where the site says so": async (stage, context) => {
    stage.serve("/device/", { head: stage.tag({ site: "door" }) });
    const page = await context.newPage();
    await page.goto(stage.url("/device/"));
    await stage.rows("/device/", 1);
    await act(stage, page, "/device/", 2, "loginFailed", "ada", { reason: "wrong_password" });
    await act(stage, page, "/device/", 3, "login", "ada");
    await act(stage, page, "/device/", 4, "identify", "ada", { plan: "pro" });
    await act(stage, page, "/device/", 5, "track", "of ada");
    await act(stage, page, "/device/", 6, "logout");
    await act(stage, page, "/device/", 7, "track", "of nobody");
    await act(stage, page, "/device/", 8, "login", "grace");
    const rows = (await act(stage, page, "/device/", 9, "track", "of grace")).sort(byTime);
    assert.deepEqual(rows.map(row => row.reason), ["new", "new", "login", "login", "login", "login", "login", "login", "login"]);
    const sessions = rows.map(row => distinct(rows, "session").indexOf(row.session));
    assert.deepEqual(sessions, [0, 0, 1, 1, 1, 2, 2, 3, 3]);
    assert.equal(distinct(rows, "visitor").length, 1, "the device stays the same");
    await cookieOf(context, "door", { session: rows[8].session });
    const resolved = await stage.footfall.query("SELECT name, type, resolved_user FROM user_events WHERE startsWith(path, '/device/') ORDER BY seq");
    assert.deepEqual(resolved.map(row => row.resolved_user), ["ada", "ada", "ada", "ada", "ada", "ada", "", "grace", "grace"]);
    const users = await stage.footfall.query("SELECT user_id, visitors, logins, traits FROM users WHERE site = 'door' ORDER BY user_id");
    assert.deepEqual(users, [{ user_id: "ada", visitors: 1, logins: 1, traits: { plan: "pro" } }, { user_id: "grace", visitors: 1, logins: 1, traits: {} }]);
    const timeline = await stage.footfall.query("SELECT what, user, failed_before FROM auth_timeline WHERE site = 'door' ORDER BY time");
    assert.deepEqual(timeline.map(row => [row.what, row.user, Number(row.failed_before)]), [["login_failed", "ada", 0], ["login", "ada", 1], ["logout", "ada", 1], ["login", "grace", 0]]);
  },

  "a session that goes on from elsewhere is told as a takeover": async (stage, context) => {
    stage.serve("/taken/");
    const page = await context.newPage();
    stage.gate.from = "203.0.113.9";
    await page.goto(stage.url("/taken/"));
    await act(stage, page, "/taken/", 2, "login", "mallory's victim");
    try {
      stage.gate.from = "203.0.113.77";
      await act(stage, page, "/taken/", 3, "track", "same network");
      stage.gate.from = "198.51.100.4";
      // Beside the event ingest's own, which has no number of a page.
      await page.evaluate(() => footfall.track("another network"));
      await told(stage, "network");
      stage.gate.agent = "curl/8.14.1";
      await page.evaluate(() => footfall.track("another agent"));
      await told(stage, "network", "agent");
    } finally {
      stage.gate.from = stage.gate.agent = undefined;
    }
    const rows = await stage.footfall.query(`SELECT name, toString(visitor_id) AS visitor, toString(session_id) AS session, toString(ip) AS ip, user_agent
      FROM events WHERE startsWith(path, '/taken/') ORDER BY received_at, log_seq`);
    assert.deepEqual(rows.map(row => row.name), ["", "", "same network", "another network", "$takeover", "another agent", "$takeover"]);
    assert.deepEqual([distinct(rows, "visitor").length, distinct(rows, "session").length], [1, 1]);
    assert.deepEqual([rows[4].ip, rows[6].user_agent], ["::ffff:198.51.100.0", "curl/8.14.1"]);
    const timeline = await stage.footfall.query(`SELECT what, user FROM auth_timeline WHERE visitor_id = '${rows[0].visitor}' ORDER BY time, what`);
    assert.deepEqual(timeline.map(row => row.what), ["login", "takeover", "takeover"]);
    assert.deepEqual(distinct(timeline, "user"), ["mallory's victim"]);
  },

  "a link that was wrong is taken back, and what is said afterwards counts": async (stage, context) => {
    stage.serve("/wrongly/");
    const page = await context.newPage();
    await page.goto(stage.url("/wrongly/"));
    await act(stage, page, "/wrongly/", 2, "identify", "eve", { plan: "free" });
    const [{ visitor }] = await act(stage, page, "/wrongly/", 3, "track", "bought");
    const resolved = () => stage.footfall.query(`SELECT resolved_user FROM user_events WHERE visitor_id = '${visitor}' AND type != 'custom' OR visitor_id = '${visitor}' AND name NOT LIKE '$%' ORDER BY seq`);
    assert.deepEqual((await resolved()).map(row => row.resolved_user), ["eve", "eve", "eve"]);
    await stage.footfall.command("unlink", "--site", "shop", "--visitor", visitor, "--user", "eve", "--key", KEY);
    await eventually("the link's end", async () => assert.deepEqual((await resolved()).map(row => row.resolved_user), ["", "", ""]));
    assert.deepEqual(await stage.footfall.query("SELECT user_id FROM users WHERE user_id = 'eve'"), []);
    await act(stage, page, "/wrongly/", 4, "login", "frank");
    assert.deepEqual((await resolved()).map(row => row.resolved_user), ["", "", "", "frank"]);
  },
};

/** Waits until these takeovers, and no others, are rows. */
const told = (stage, ...changed) =>
  eventually("a takeover", async () => {
    const rows = await stage.footfall.query("SELECT props['changed'] AS changed FROM events WHERE name = '$takeover' AND startsWith(path, '/taken/') ORDER BY time");
    assert.deepEqual(rows.map(row => row.changed), changed);
  });
