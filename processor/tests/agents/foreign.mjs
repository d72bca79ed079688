// Takes user agents, and what their projects expect of them, out of other projects' packages.
//   node foreign.mjs ua-parser-js|mileusna|mssola|crawlers <folder of the package>
// Prints a fact a line: field, value, user agent, with tabs between; `crawlers` the user agents alone.
import { readFileSync } from "node:fs";

const [what, folder] = process.argv.slice(2);
const read = (file) => readFileSync(`${folder}/${file}`, "utf8");
const said = (value) => value !== undefined && value !== "" && value !== "undefined";
const facts = new Set();

function fact(agent, field, value) {
  const text = agent.replace(/[\t\r\n]+/g, " ").trim();
  if (said(value) && text.length <= 512) facts.add(`${field}\t${String(value).trim()}\t${text}`);
}

const major = (version) => (/^\d+/.exec(version ?? "") ?? [])[0];

/** A system without its version and machine, as mssola writes it: `CPU iPhone OS 14_6 like Mac OS X`. */
function system(text) {
  if (/like Mac OS X$/.test(text ?? "")) return "iOS";
  return text?.replace(/^Intel /, "").replace(/ (x86_64|i686|x64 Edition)/, "").replace(/[ /](OS )?([\d._]+|XP|Vista)( x64 Edition)?$/, "");
}

const sources = {
  "ua-parser-js"() {
    const tests = (name) => JSON.parse(read(`test/${name}-test.json`));
    for (const { ua, expect } of tests("browser")) {
      fact(ua, "browser", expect.name);
      fact(ua, "browser_major", major(expect.major));
    }
    for (const { ua, expect } of tests("os")) {
      fact(ua, "os", expect.name);
      fact(ua, "os_version", expect.version);
    }
    for (const { ua, expect } of tests("device")) {
      fact(ua, "brand", expect.vendor);
      fact(ua, "type", expect.type);
    }
  },
  mileusna() {
    const names = Object.fromEntries([...read("ua.go").matchAll(/^\s+(\w+)\s+= "([^"]*)"/gm)].map((found) => found.slice(1)));
    const word = (text) => (text.startsWith("ua.") ? names[text.slice(3)] : JSON.parse(text));
    for (const line of read("ua_test.go").split("\n")) {
      if (!line.startsWith('\t{"')) continue;
      const words = [...line.matchAll(/"(?:[^"\\]|\\.)*"|ua\.\w+/g)].map((found) => word(found[0]));
      const [agent, name, version, type, os] = words;
      fact(agent, "browser", name);
      fact(agent, "browser_major", major(version));
      fact(agent, "type", type === names.Applebot ? "bot" : type);
      fact(agent, "os", os);
    }
  },
  mssola() {
    const cases = /ua:\s+("(?:[^"\\]|\\.)*"),\s+expected:\s+("(?:[^"\\]|\\.)*")/g;
    for (const [, agent, expected] of read("all_test.go").matchAll(cases)) {
      const text = JSON.parse(expected);
      const part = (name) => (new RegExp(`${name}:(.*?)(?= \\w+:|$)`).exec(text) ?? [])[1];
      const [, name, version] = /^(.*?)(?:-([\d.]+.*))?$/.exec(part("Browser") ?? "");
      fact(JSON.parse(agent), "browser", name);
      fact(JSON.parse(agent), "browser_major", major(version));
      fact(JSON.parse(agent), "os", system(part("OS")));
      fact(JSON.parse(agent), "bot", part("Bot"));
      if (part("Mobile") === "true") fact(JSON.parse(agent), "mobile", "true");
    }
  },
  crawlers() {
    for (const { instances } of JSON.parse(read("crawler-user-agents.json"))) for (const one of instances ?? []) facts.add(one);
  },
};

sources[what]();
console.log([...facts].join("\n"));
