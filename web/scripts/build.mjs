/**
 * Builds the package into dist/ and the page into site/.
 *
 * node scripts/build.mjs [--model FOLDER_OR_FILE]: the model of the page; demo/model.onnx by default.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const repository = join(root, "..");
const onnxruntime = dirname(createRequire(import.meta.url).resolve("onnxruntime-web"));
const runtimes = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"];

const { values } = parseArgs({ options: { model: { type: "string" } } });
const chosen = values.model ?? join(root, "demo/model.onnx");
const model = statSync(chosen).isDirectory() ? join(chosen, "model.onnx") : chosen;

const common = { bundle: true, format: "esm", minify: true, keepNames: true, legalComments: "none", logLevel: "warning", target: "es2022" };
const browser = {
  ...common,
  platform: "browser",
  splitting: true,
  conditions: ["onnxruntime-web-use-extern-wasm"], // the runtime's files lie beside the worker, not inside it
};
const node = { ...common, minify: false, platform: "node", external: ["sharp"], target: "node20" };

async function buildPackage() {
  const outdir = join(root, "dist");
  rmSync(outdir, { recursive: true, force: true });
  await build({ ...browser, entryPoints: { index: "src/index.ts", worker: "src/worker.browser.ts" }, outdir, absWorkingDir: root });
  await build({
    ...node,
    entryPoints: { "index.node": "src/index.ts", "worker.node": "src/worker.node.ts" },
    outdir,
    absWorkingDir: root,
  });
  copyRuntimes(outdir, runtimes);
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.types.json"], { cwd: root, stdio: "inherit" });
  copyFileSync(join(repository, "LICENSE"), join(outdir, "LICENSE"));
}

async function buildPage() {
  const outdir = join(root, "site");
  rmSync(outdir, { recursive: true, force: true });
  await build({
    ...browser,
    entryPoints: { main: "demo/main.ts", worker: "src/worker.browser.ts", style: "demo/style.css" },
    outdir,
    absWorkingDir: root,
    chunkNames: "chunk-[hash]",
  });
  copyRuntimes(outdir, runtimes.slice(0, 1));
  copyFileSync(model, join(outdir, "model.onnx"));
  copyFileSync(join(repository, "docs/otters.jpg"), join(outdir, "example.jpg"));
  for (const name of ["index.html", "icon.svg", "manifest.webmanifest"]) copyFileSync(join(root, "demo", name), join(outdir, name));
  writeServiceWorker(outdir);
}

/** The service worker lists every file with the digest of all, so that a new build replaces an old one whole. */
function writeServiceWorker(outdir) {
  const files = readdirSync(outdir).sort();
  const digest = createHash("sha256");
  for (const file of files) digest.update(file).update(readFileSync(join(outdir, file)));
  const source = readFileSync(join(root, "demo/service-worker.js"), "utf8");
  const version = digest.update(source).digest("hex").slice(0, 16);
  const constants = `const VERSION = "${version}";\nconst FILES = ${JSON.stringify(["./", ...files])};\n`;
  writeFileSync(join(outdir, "service-worker.js"), constants + source);
}

function copyRuntimes(outdir, names) {
  mkdirSync(outdir, { recursive: true });
  for (const name of names) {
    for (const suffix of [".mjs", ".wasm"]) copyFileSync(join(onnxruntime, name + suffix), join(outdir, name + suffix));
  }
}

if (!existsSync(model)) {
  console.error(`${model}: no such model; pass --model FOLDER_OR_FILE`);
  process.exit(2);
}
await buildPackage();
await buildPage();
