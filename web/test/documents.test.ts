/** The blocks of JavaScript in README.md, browser.md and the package's README, run in Node on a photo. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const PATHS: Record<string, string> = {
  '"mobileiqa"': new URL("web/dist/index.node.js", ROOT).href,
  '"/model.onnx"': fileURLToPath(new URL("mobileiqa_sdk/models/mobileiqa-small/model.onnx", ROOT)),
};
const PHOTO = fileURLToPath(new URL("docs/otters.jpg", ROOT));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mobileiqa-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A module that is a block with paths instead of names, a photo, and an end that prints the score. */
function module(block: string): string {
  let code = block;
  for (const [name, path] of Object.entries(PATHS)) {
    expect(code).toContain(name);
    code = code.replace(name, JSON.stringify(path));
  }
  const score = code.includes("assessment") ? "assessment.score" : "score";
  return `const file = ${JSON.stringify(PHOTO)};
const { signal } = new AbortController();
${code}
console.log(${score});
process.exit(0);
`;
}

describe.each(["README.md", "docs/browser.md", "web/README.md"])("%s", (name) => {
  const text = readFileSync(new URL(name, ROOT), "utf-8");
  const blocks = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1] ?? "");

  it("has blocks of JavaScript", () => expect(blocks).not.toEqual([]));

  it.each(blocks)("runs block %#", (block) => {
    const file = join(folder, "block.mjs");
    writeFileSync(file, module(block));
    const score = Number(execFileSync(process.execPath, [file], { encoding: "utf-8" }));
    expect(score).toBeGreaterThan(0.5);
    expect(score).toBeLessThan(1);
  });
});
