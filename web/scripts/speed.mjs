/**
 * Times the model on one photo in Chromium, in Node and in Python, in turn, and prints the ratios. Beside them
 * stands how long a visitor waits for the first score, after the model was loaded and the self-test has passed.
 *
 * node scripts/speed.mjs PHOTO [--rounds 5] [--runs 8]
 *
 * Takes a built package (npm run build) and Python's package (PYTHON, if `python` is called otherwise).
 */

import { execFileSync } from "node:child_process";
import { basename, dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { launch, packagePage } from "./chromium.mjs";

const BUNDLED = fileURLToPath(new URL("../../mobileiqa_sdk/models/mobileiqa-small/model.onnx", import.meta.url));
const WARM_UP = 6; // the browser compiles twice: fast code at first, then faster code
const PROGRAM = `
import json, sys
from mobileiqa_sdk import Scorer
photo, threads, warm_up, runs = sys.argv[1], *map(int, sys.argv[2:])
scorer = Scorer(threads=threads)
print(json.dumps([scorer.assess(photo).seconds for _ in range(warm_up + runs)][warm_up:]))
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "5" }, runs: { type: "string", default: "8" } },
});
const photo = resolve(positionals[0] ?? fileURLToPath(new URL("../../docs/otters.jpg", import.meta.url)));
const runs = Number(values.runs);

function python(threads) {
  const command = process.env["PYTHON"] ?? "python";
  return JSON.parse(execFileSync(command, ["-c", PROGRAM, photo, threads, WARM_UP, runs].map(String), { encoding: "utf8" }));
}

async function chromium(served, threads) {
  const name = encodeURIComponent(basename(photo));
  return served.page.evaluate(
    async ({ name, threads, warmUp, runs }) => {
      const scorer = await mobileiqa.Scorer.load("/repository/mobileiqa_sdk/models/mobileiqa-small/model.onnx", { threads });
      const blob = await (await fetch(`/photos/${name}`)).blob();
      await scorer.verify();
      const started = performance.now();
      const seconds = [(await scorer.assess(blob)).seconds];
      const first = (performance.now() - started) / 1000;
      for (let run = 1; run < warmUp + runs; run++) seconds.push((await scorer.assess(blob)).seconds);
      scorer.close();
      return { first, seconds: seconds.slice(warmUp).map(({ decode, resize, inference }) => [decode, resize, inference]) };
    },
    { name, threads, warmUp: WARM_UP, runs },
  );
}

async function node(threads) {
  const { Scorer } = await import("../dist/index.node.js");
  const scorer = await Scorer.load(BUNDLED, { threads });
  const seconds = [];
  for (let run = 0; run < WARM_UP + runs; run++) seconds.push((await scorer.assess(photo)).seconds);
  scorer.close();
  return seconds.slice(WARM_UP).map(({ decode, resize, inference }) => [decode, resize, inference]);
}

const least = (values) => Math.min(...values); // other work on the machine only ever adds
const middle = (values) => [...values].sort((first, second) => first - second)[values.length >> 1];

const browser = await launch();
const served = await packagePage(browser.context, { folders: { photos: dirname(photo) } });
console.log("| ratio to Python's onnxruntime | threads | inference | whole photo | first score |\n|---|--:|--:|--:|--:|");
for (const threads of [1, 2]) {
  const ratios = { Chromium: [], Node: [] };
  const firsts = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const { first, seconds } = await chromium(served, threads);
    firsts.push(first);
    const measured = { Python: python(threads), Chromium: seconds, Node: await node(threads) };
    const times = Object.fromEntries(
      Object.entries(measured).map(([name, seconds]) => [
        name,
        { inference: least(seconds.map((steps) => steps[2])), whole: least(seconds.map((steps) => steps[0] + steps[1] + steps[2])) },
      ]),
    );
    for (const name of ["Chromium", "Node"]) {
      ratios[name].push([times[name].inference / times.Python.inference, times[name].whole / times.Python.whole]);
    }
  }
  for (const [name, rounds] of Object.entries(ratios)) {
    const [inference, whole] = [0, 1].map((index) => {
      const column = rounds.map((ratio) => ratio[index]);
      return `${middle(column).toFixed(2)} (${Math.min(...column).toFixed(2)} to ${Math.max(...column).toFixed(2)})`;
    });
    const first = name === "Chromium" ? `${middle(firsts).toFixed(2)} s (${Math.min(...firsts).toFixed(2)} to ${Math.max(...firsts).toFixed(2)})` : "";
    console.log(`| ${name} | ${threads} | ${inference} | ${whole} | ${first} |`);
  }
}
await served.close();
await browser.close();
