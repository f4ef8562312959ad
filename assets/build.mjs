// Builds the page assets into src/opulse/web/static/dist. Run: npm ci --ignore-scripts && node assets/build.mjs
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildSprite } from "./sprite.mjs";
import { buildConsoleStyles, buildScript, buildStyles } from "./bundle.mjs";
import { collectLicences } from "./licences.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const dist = join(root, "src/opulse/web/static/dist");
const fresh = `${dist}.new`; // takes the place of dist when it is whole, so that a stopped build leaves the old one

// What a phone on a bad network pays is a promise, so a build that breaks it fails.
const GZIP_LIMITS = { "respondent.css": 2048, "respondent.js": 1024, "theme.js": 512, "console.css": 32768, "console.js": 24576 };

async function main() {
  const iconNames = JSON.parse(await readFile(join(here, "icons.json"), "utf8"));
  const files = {
    "console.css": await buildConsoleStyles(root, join(here, "css/console.css")),
    "respondent.css": await buildStyles(join(here, "css/respondent.css")),
    "console.js": await buildScript(join(here, "js/console.js")),
    "theme.js": await buildScript(join(here, "js/theme.js")),
    "respondent.js": await buildScript(join(here, "js/respondent.js")),
    "icons.svg": await buildSprite(root, iconNames),
    "logo.svg": await readFile(join(here, "logo.svg"), "utf8"),
  };
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const manifest = { files: {}, icons: iconNames };
  for (const [name, text] of Object.entries(files)) manifest.files[name] = await writeHashed(name, text);
  await writeFile(join(fresh, "LICENCES.txt"), await collectLicences(root));
  await writeFile(join(fresh, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist);
}

/** Writes `name.<hash>.ext`, so that the address changes with the bytes and may be cached for ever. */
async function writeHashed(name, text) {
  const gzipped = gzipSync(text, { level: 9 }).length;
  if (gzipped > (GZIP_LIMITS[name] ?? Infinity)) {
    throw new Error(`${name} is ${gzipped} bytes gzipped, the limit is ${GZIP_LIMITS[name]}`);
  }
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 10);
  const dot = name.lastIndexOf(".");
  const hashed = `${name.slice(0, dot)}.${hash}${name.slice(dot)}`;
  await writeFile(join(fresh, hashed), text);
  console.error(`${hashed.padEnd(28)} ${String(text.length).padStart(7)} bytes, ${gzipped} gzipped`);
  return hashed;
}

await main();
