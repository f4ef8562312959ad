// The licences of what is bundled travel with the bundle.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Each package and the file that holds its notice; Tabler's package has no LICENSE file, its stylesheet opens with one. */
const BUNDLED = { "htmx.org": "LICENSE", "@tabler/core": "dist/css/tabler.css", "@tabler/icons": "LICENSE" };

export async function collectLicences(root) {
  const parts = await Promise.all(Object.entries(BUNDLED).map(([name, file]) => noticeOf(root, name, file)));
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

async function noticeOf(root, name, file) {
  const folder = join(root, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const text = await readFile(join(folder, file), "utf8");
  const notice = file.endsWith(".css") ? text.match(/\/\*![\s\S]*?\*\//)[0] : text.trim();
  return `${name} ${version} (${license})\n\n${notice}\n`;
}
