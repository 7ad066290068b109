/**
 * Scores the photos of a folder by Python, in Chromium and in Node, and prints how far the scores differ.
 *
 * node scripts/parity.mjs FOLDER [--model FILE] [--json FILE]
 *
 * Takes a built package (npm run build) and the command `mobileiqa` (MOBILEIQA, if it is called otherwise).
 */

import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launch, packagePage } from "./chromium.mjs";

const BUNDLED = fileURLToPath(new URL("../../mobileiqa_sdk/models/mobileiqa-small/model.onnx", import.meta.url));

/** Returns Python's scores by file name; null for a photo that it refuses. */
export function pythonScores(files, { model = BUNDLED, exactDecode = false } = {}) {
  const command = process.env["MOBILEIQA"] ?? "mobileiqa";
  const options = ["--json", "--threads", "1", "--model", model, ...(exactDecode ? ["--exact-decode"] : [])];
  let output;
  try {
    output = execFileSync(command, ["score", ...options, ...files], { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    if (error.status !== 1) throw error; // 1: a photo was refused
    output = error.stdout;
  }
  return JSON.parse(output).results.map((result) => result.score);
}

/** Returns Chromium's scores of files in a folder that the page is served. */
export async function chromiumScores(page, address, names, { exactDecode = false, model = "/repository/mobileiqa_sdk/models/mobileiqa-small/model.onnx" } = {}) {
  return page.evaluate(
    async ({ names, exactDecode, model, address }) => {
      const scorer = await mobileiqa.Scorer.load(model, { threads: 1, exactDecode });
      const scores = [];
      for (const name of names) {
        const blob = await (await fetch(`${address}/photos/${encodeURIComponent(name)}`)).blob();
        scores.push(await scorer.assess(blob, { name }).then((assessment) => assessment.score, (error) => error.message));
      }
      scorer.close();
      return scores;
    },
    { names, exactDecode, model, address },
  );
}

/** Returns Node's scores of files. */
export async function nodeScores(files, { model = BUNDLED, exactDecode = false } = {}) {
  const { Scorer } = await import("../dist/index.node.js");
  const scorer = await Scorer.load(model, { threads: 1, exactDecode });
  const scores = [];
  for (const file of files) scores.push(await scorer.assess(file).then((assessment) => assessment.score, (error) => error.message));
  scorer.close();
  return scores;
}

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: "string" } } });
  const folder = resolve(positionals[0] ?? ".");
  const names = readdirSync(folder).filter((name) => /^\.(jpe?g|png|webp)$/i.test(extname(name))).sort();
  const files = names.map((name) => join(folder, name));
  const browser = await launch();
  const served = await packagePage(browser.context, { folders: { photos: folder } });
  const rows = [];
  for (const exactDecode of [false, true]) {
    const python = pythonScores(files, { exactDecode });
    const chromium = await chromiumScores(served.page, served.address, names, { exactDecode });
    const node = await nodeScores(files, { exactDecode });
    names.forEach((name, index) => rows.push({ name, exactDecode, python: python[index], chromium: chromium[index], node: node[index] }));
  }
  await served.close();
  await browser.close();
  report(rows);
  if (values.json) writeFileSync(values.json, JSON.stringify(rows, null, 1));
}

function report(rows) {
  console.log("| photos | decoding | runs in | photos | mean difference | largest |\n|---|---|---|--:|--:|--:|");
  for (const kind of [...new Set(rows.map((row) => extname(row.name).toLowerCase()))]) {
    for (const exactDecode of [false, true]) {
      const chosen = rows.filter((row) => extname(row.name).toLowerCase() === kind && row.exactDecode === exactDecode);
      for (const where of ["chromium", "node"]) {
        const differences = chosen
          .filter((row) => typeof row.python === "number" && typeof row[where] === "number")
          .map((row) => Math.abs(row[where] - row.python));
        const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
        const decoding = exactDecode ? "in full" : "the model's rule";
        console.log(`| ${kind} | ${decoding} | ${where} | ${differences.length} | ${mean.toExponential(1)} | ${Math.max(...differences).toExponential(1)} |`);
      }
    }
  }
  const worst = rows.filter((row) => !(Math.abs(row.chromium - row.python) <= 1e-4 && Math.abs(row.node - row.python) <= 1e-4));
  for (const row of worst) console.log(JSON.stringify(row));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
