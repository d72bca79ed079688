// Builds dist/ from src/: the script, its debug texts, the module and its types. `node build.mjs <folder>` builds into
// another folder, by which `check` proves that what is checked in is what the source makes.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? join(here, "dist");
mkdirSync(out, { recursive: true });

/** Names in the order of letters in English text, of which the script's properties and strings are made: 10 bytes less. */
const LETTERS = "etaoinsrhldcumfpgwybvkxjqzETAOINSRHLDCUMFPGWYBVKXJQZ_$";
const names = {
  get(index) {
    let name = LETTERS[index % 54];
    for (let rest = Math.floor(index / 54); rest > 0; rest = Math.floor(rest / 54)) name += LETTERS[--rest % 54];
    return name;
  },
};

/** One file of dist/. Terser after esbuild: it inlines what is called once, which is 5 % of the script. */
async function bundle(entry, name, format) {
  const bundled = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format,
    minifySyntax: true,
    // Browsers of the last four years and some more.
    target: "es2020",
    charset: "utf8",
    legalComments: "none",
  });
  const small = await minify(bundled.outputFiles[0].text, {
    module: true,
    compress: { ecma: 2020, passes: 4, unsafe_arrows: true, unsafe_math: true, unsafe_methods: true, hoist_props: true, keep_fargs: false },
    mangle: { nth_identifier: names },
    format: { ecma: 2020, quote_style: 1 },
  });
  writeFileSync(join(out, name), `${small.code}\n`);
}

await bundle("src/script.ts", "beacon.js", "iife");
await bundle("src/debug.ts", "beacon-debug.js", "iife");
await bundle("src/index.ts", "index.js", "esm");

const types = mkdtempSync(join(tmpdir(), "footfall-types-"));
execFileSync(join(here, "node_modules/.bin/tsc"), ["--project", here, "--emitDeclarationOnly", "--outDir", types], { stdio: "inherit" });
copyFileSync(join(types, "api.d.ts"), join(out, "api.d.ts"));
// With the extension, as Node resolves modules.
writeFileSync(join(out, "index.d.ts"), readFileSync(join(types, "index.d.ts"), "utf8").replace(/"\.\/api"/g, `"./api.js"`));
rmSync(types, { recursive: true });
