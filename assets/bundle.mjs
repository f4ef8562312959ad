// esbuild and PurgeCSS, each with the few options that this project needs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import esbuild from "esbuild";
import { PurgeCSS } from "purgecss";

// CSS `light-dark()`, nesting and `popover` set the floor; older browsers still get readable, working pages.
const TARGETS = ["chrome123", "firefox125", "safari17.5"];

/** Classes that htmx puts on elements at run time, so no template names them. */
const SAFELIST = [/^htmx-/];

export async function buildScript(entry) {
  const built = await esbuild.build({
    entryPoints: [entry], bundle: true, minify: true, write: false, format: "iife", target: TARGETS, legalComments: "none",
  });
  return built.outputFiles[0].text;
}

export async function buildStyles(entry) {
  const built = await esbuild.build({ entryPoints: [entry], bundle: true, minify: true, write: false, target: TARGETS });
  return built.outputFiles[0].text;
}

/** Tabler cut down to what our templates name, followed by our own rules (which are kept whole). */
export async function buildConsoleStyles(root, entry) {
  const tabler = await readFile(join(root, "node_modules/@tabler/core/dist/css/tabler.css"), "utf8");
  const own = await buildStyles(entry);
  const purged = await new PurgeCSS().purge({
    content: ["src/opulse/**/*.html", "src/opulse/**/components/*.py", "assets/js/*.js"].map((glob) => join(root, glob)),
    css: [{ raw: `${tabler}\n/*! purgecss start ignore */\n${own}\n/*! purgecss end ignore */` }],
    safelist: SAFELIST, dynamicAttributes: ["data-bs-theme", "aria-current", "open"], variables: true, keyframes: true, fontFace: true,
  });
  const minified = await esbuild.transform(purged[0].css, { loader: "css", minify: true, target: TARGETS, legalComments: "none" });
  return minified.code;
}
