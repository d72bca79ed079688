// Turns Matomo's lists (YAML) into this folder's format. What is kept elsewhere, or is no search engine, is left out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [yaml, from] = process.argv.slice(2);
const { load } = createRequire(import.meta.url)(yaml);
const read = (name) => load(readFileSync(`${from}/${name}.yml`, "utf8"));
const text = (value) => JSON.stringify(String(value));
const list = (values) => `[${values.map(text).join(", ")}]`;

// Pages that hold a search of somebody else's, networks' own search, translations; and what is listed as an assistant.
const LEFT_OUT = new Set(["Facebook", "MySpace", "Digg", "FriendFeed", "Technorati", "Google Translations", "Google Shopping", "ChatGPT", "Perplexity", "You"]);
const FOREIGN = new Set(["www.cnn.com", "wow.com", "{}.wow.com", "cgi2.nintendo.co.jp", "android-app//com.google.android.googlequicksearchbox/https/www.google.com"]);

/** `google.{}` is in every country's domain, `{}.a.example` any name below; engines are where they say and nowhere else. */
const place = (url, alone) => {
  const host = url.replace(/^www\./, "").toLowerCase();
  if (host.startsWith("{}.")) return host.slice(3);
  return (alone ? "=" : "") + host.replace(/\.\{\}(?=$|\/)/, ".*");
};

// A country in the middle of a name (`images.{}.ask.com`) is below a name that stands there too.
const places = (urls, alone) => [...new Set(urls.filter((url) => !FOREIGN.has(url)).map((url) => place(url, alone)))].filter((at) => !at.includes("{}"));

const lines = [];
const add = (name, kind, urls, terms, alone) => {
  const at = places(urls, alone);
  const plain = (terms ?? []).map(String).filter((term) => !term.startsWith("/"));
  const searched = plain.length ? `, terms = ${list(plain)}` : "";
  if (at.length) lines.push(`  { name = ${text(decodeURIComponent(name))}, kind = ${text(kind)}, at = ${list(at)}${searched} },`);
};

for (const [name, urls] of Object.entries(read("AIAssistants"))) add(name, "ai", urls, [], false);
for (const [name, urls] of Object.entries(read("Socials"))) add(name, "social", urls, [], false);
for (const [name, engines] of Object.entries(read("SearchEngines"))) {
  if (LEFT_OUT.has(name)) continue;
  for (const { urls, params } of engines) add(name, "search", urls, params, true);
}
console.log(`# Made by processor/data/refresh from Matomo's searchengine-and-social-list (CC0-1.0). Do not edit: see own.toml.
source = [
${lines.join("\n")}
]`);
