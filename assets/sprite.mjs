// One SVG with a <symbol> per named icon: 100 icons are a few kilobytes, the icon font is 720.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export async function buildSprite(root, names) {
  const symbols = await Promise.all(names.map((name) => symbolOf(root, name)));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

async function symbolOf(root, name) {
  const source = await readFile(join(root, "node_modules/@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  const drawing = source
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/<path[^>]*d="M0 0h24v24H0z"[^>]*\/>/, "")
    .replace(/\s+/g, " ")
    .trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${drawing}</symbol>`;
}
