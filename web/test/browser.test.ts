/** The built package in Chromium. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as Package from "../src/index.ts";
import { CHROMIUM, launch, packagePage } from "../scripts/chromium.mjs";
import { chromiumScores, nodeScores, pythonScores } from "../scripts/parity.mjs";
import { model } from "./models.ts";
import { formula } from "./pictures.ts";

declare global {
  var mobileiqa: typeof Package;
}

const BUNDLED = "/repository/mobileiqa_sdk/models/mobileiqa-small/model.onnx";
const raw = (height: number, width: number) => ({ raw: { width, height, channels: 3 } }) as const;

describe.skipIf(CHROMIUM === null)("in Chromium", () => {
  let folder: string;
  let browser: Awaited<ReturnType<typeof launch>>;
  let served: Awaited<ReturnType<typeof packagePage>>;
  let page: Page;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "mobileiqa-"));
    writeFileSync(join(folder, "brightness.onnx"), await model({ opinions: [1, 0.5], decode: "jpeg-reduced" }));
    writeFileSync(join(folder, "faults.onnx"), await model({ opinions: [0.5], faults: { noise: 0.25 }, photo: 0.75, size: null }));
    writeFileSync(join(folder, "wrong.onnx"), await model({ changes: { "golden.cases.0.score": 0.9 } }));
    browser = await launch();
    served = await packagePage(browser.context, { folders: { photos: folder } });
    page = served.page;
  });
  afterAll(async () => {
    await served?.close();
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  it("scores the golden image as promised, on as many threads as the page may have", async () => {
    const result = await page.evaluate(async (address) => {
      const scorer = await mobileiqa.Scorer.load(address, { threads: 2 });
      const replay = await scorer.verify();
      const { threads, backend } = scorer;
      scorer.close();
      return { replay, threads, backend, isolated: crossOriginIsolated };
    }, BUNDLED);
    expect(result).toMatchObject({ isolated: true, threads: Math.min(2, await page.evaluate(() => navigator.hardwareConcurrency)) });
    expect(result.backend).toBe("wasm");
    expect(result.replay.passed).toBe(true);
  });

  it("uses one thread where the page is not isolated", async () => {
    const plain = await packagePage(browser.context, { isolated: false });
    const threads = await plain.page.evaluate(async (address) => {
      const scorer = await mobileiqa.Scorer.load(address, { threads: 4 });
      return [crossOriginIsolated, scorer.threads, (await scorer.verify()).passed];
    }, BUNDLED);
    await plain.close();
    expect(threads).toEqual([false, 1, true]);
  });

  it("answers like Python", async (context) => {
    const names = await pictures(folder);
    const files = names.map((name) => join(folder, name));
    let python: (number | null)[];
    let pythonInFull: (number | null)[]; // Node always decodes so
    try {
      python = pythonScores(files);
      pythonInFull = pythonScores(files, { exactDecode: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      context.skip("the command mobileiqa is not installed");
      return;
    }
    const chromium = await chromiumScores(page, served.address, names);
    const node = await nodeScores(files);
    names.forEach((name, index) => {
      expect(Math.abs((chromium[index] as number) - (python[index] as number)), `${name} in Chromium`).toBeLessThan(1e-4);
      expect(Math.abs((node[index] as number) - (pythonInFull[index] as number)), `${name} in Node`).toBeLessThan(1e-4);
    });
  }, 120_000);

  it("takes files, bytes, bitmaps and pixels alike, and leaves them as they were", async () => {
    writeFileSync(join(folder, "plain.png"), await sharp(formula(90, 140), raw(90, 140)).png().toBuffer());
    const result = await page.evaluate(async () => {
      const scorer = await mobileiqa.Scorer.load("/photos/brightness.onnx");
      const blob = await (await fetch("/photos/plain.png")).blob();
      const bitmap = await createImageBitmap(blob);
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
      const { width, height, data } = pixels;
      const photos = [blob, new File([blob], "my photo.png"), await blob.arrayBuffer(), bitmap, pixels, { width, height, data }];
      const assessments = await Promise.all(photos.map((photo) => scorer.assess(photo)));
      return { assessments, width: bitmap.width, size: data.length };
    });
    const scores = new Set(result.assessments.map((assessment) => assessment.score));
    expect(scores.size).toBe(1);
    expect(result.assessments.map((assessment) => assessment.photo)).toEqual(
      ["<Blob>", "my photo.png", "<ArrayBuffer>", "<ImageBitmap>", "<ImageData>", "<Object>"],
    );
    expect(result.assessments[0]).toMatchObject({ photoSize: [90, 140], inputSize: [64, 64] });
    expect([result.width, result.size]).toEqual([140, 140 * 90 * 4]);
  });

  it("turns by EXIF whether decoded in full or smaller", async () => {
    for (const orientation of [2, 3, 4, 5, 6, 7, 8]) {
      const stored = sharp(formula(400, 600), raw(400, 600));
      writeFileSync(join(folder, `turned${orientation}.jpg`), await stored.jpeg({ quality: 95 }).withMetadata({ orientation }).toBuffer());
    }
    const names = [2, 3, 4, 5, 6, 7, 8].map((orientation) => `turned${orientation}.jpg`);
    for (const exactDecode of [false, true]) {
      const options = { model: "/photos/brightness.onnx", exactDecode };
      const inChromium = await page.evaluate(
        async ({ names, model, exactDecode }) => {
          const scorer = await mobileiqa.Scorer.load(model, { exactDecode });
          const assessments = [];
          for (const name of names) assessments.push(await scorer.assess(await (await fetch(`/photos/${name}`)).blob()));
          return assessments.map(({ photoSize, reduction }) => ({ photoSize, reduction }));
        },
        { names, ...options },
      );
      const reduction = exactDecode ? 1 : 4;
      expect(inChromium).toEqual([2, 3, 4, 5, 6, 7, 8].map((turn) => ({ photoSize: turn >= 5 ? [600, 400] : [400, 600], reduction })));
    }
  });

  it("says what is wrong with a photo or a model, and goes on", async () => {
    const errors = await page.evaluate(async () => {
      const scorer = await mobileiqa.Scorer.load("/photos/brightness.onnx");
      const jpeg = await (await fetch("/repository/docs/otters.jpg")).blob();
      const closed = await createImageBitmap(jpeg);
      closed.close();
      const photos: unknown[] = [
        new Blob([]),
        new Blob(["text ".repeat(100)]),
        jpeg.slice(0, 90_000),
        new ImageData(31, 400),
        { width: 50, height: 50, data: new Uint8Array(3) },
        closed,
        "photo.jpg",
        document.body,
        undefined,
      ];
      const named: [string, boolean][] = [];
      for (const photo of photos) {
        const error = await scorer.assess(photo as Blob).catch((caught: unknown) => caught as Error);
        named.push([(error as Error).name, error instanceof mobileiqa.PhotoError]);
      }
      for (const address of ["/none.onnx", "/index.js", "http://127.0.0.1:1/model.onnx"]) {
        const error = await mobileiqa.Scorer.load(address).catch((caught: unknown) => caught as Error);
        named.push([(error as Error).name, error instanceof mobileiqa.ModelError]);
      }
      return { named, score: (await scorer.assess(jpeg)).score };
    });
    expect(errors.named).toEqual([
      ["PhotoUnreadable", true],
      ["PhotoUnreadable", true],
      ["PhotoUnreadable", true],
      ["PhotoTooSmall", true],
      ["PhotoUnsupported", true],
      ["PhotoUnsupported", true],
      ["PhotoUnsupported", true],
      ["PhotoUnsupported", true],
      ["PhotoUnsupported", true],
      ["ModelNotFound", true],
      ["ArtifactInvalid", true],
      ["ModelNotFound", true],
    ]);
    expect(errors.score).toBeGreaterThan(0);
  });

  it("aborts a photo that is being scored and one that waits, and scores the next", async () => {
    const jpeg = await sharp({ create: { width: 6000, height: 4000, channels: 3, background: "#808080" } }).jpeg().toBuffer();
    writeFileSync(join(folder, "24mp.jpg"), jpeg);
    const result = await page.evaluate(async () => {
      const scorer = await mobileiqa.Scorer.load("/photos/brightness.onnx", { exactDecode: true });
      const large = await (await fetch("/photos/24mp.jpg")).blob();
      const small = new ImageData(64, 64);
      const controller = new AbortController();
      const { signal } = controller;
      const both = Promise.allSettled([scorer.assess(large, { signal }), scorer.assess(small, { signal })]);
      await new Promise((resolve) => setTimeout(resolve, 30));
      controller.abort();
      const names = (await both).map((settled) => settled.status === "rejected" && settled.reason.name);
      return { names, score: (await scorer.assess(small)).score };
    });
    expect(result).toEqual({ names: ["AbortError", "AbortError"], score: 0.75 }); // clear pixels are white
  });

  it("decodes 50 megapixels smaller where the model's rule says so", async () => {
    const create = { width: 8688, height: 5792, channels: 3, background: "#808080" } as const;
    writeFileSync(join(folder, "50mp.jpg"), await sharp({ create }).jpeg().toBuffer());
    writeFileSync(join(folder, "50mp.png"), await sharp({ create }).png().toBuffer());
    const result = await page.evaluate(async () => {
      const scorer = await mobileiqa.Scorer.load("/photos/brightness.onnx");
      const assessments = [];
      for (const name of ["50mp.jpg", "50mp.png"]) assessments.push(await scorer.assess(await (await fetch(`/photos/${name}`)).blob()));
      return assessments;
    });
    expect(result.map(({ photoSize, reduction }) => ({ photoSize, reduction }))).toEqual([
      { photoSize: [5792, 8688], reduction: 8 },
      { photoSize: [5792, 8688], reduction: 1 },
    ]);
    for (const { score } of result) expect(score).toBeCloseTo((0.75 * 128) / 255, 3);
  });

  it("reads faults, the photograph's certainty and the settings of a model of any size", async () => {
    const result = await page.evaluate(async () => {
      const scorer = await mobileiqa.Scorer.load("/photos/faults.onnx", { resolution: "high" });
      return { assessment: await scorer.assess(new ImageData(400, 200)), replay: await scorer.verify(), resolution: scorer.resolution };
    });
    expect(result.resolution).toBe("high");
    expect(result.replay.passed).toBe(true);
    expect(result.assessment).toMatchObject({ inputSize: [176, 360], spread: null });
    expect(result.assessment.score).toBeCloseTo(0.5, 1);
    expect(result.assessment.faults["noise"]).toBeCloseTo(result.assessment.score / 2, 5);
    expect(result.assessment.photograph).toBeCloseTo(result.assessment.score * 1.5, 5);
  });

  it("uses WebGPU only where the golden image gets its score", async () => {
    const result = await page.evaluate(async (bundled) => {
      const scorer = await mobileiqa.Scorer.load(bundled, { webgpu: true });
      const wrong = await mobileiqa.Scorer.load("/photos/wrong.onnx", { webgpu: true });
      const passed = (await scorer.verify()).passed;
      return [scorer, wrong].map(({ backend, webgpuProblem }) => ({ backend, webgpuProblem, passed }));
    }, BUNDLED);
    const [good, wrong] = result as [(typeof result)[0], (typeof result)[0]];
    expect(good.passed).toBe(true);
    expect(good.backend === "webgpu").toBe(good.webgpuProblem === null);
    expect(wrong.backend).toBe("wasm");
    expect(wrong.webgpuProblem).not.toBeNull();
  });
});

/** Writes pictures by formula and the repository's photo into a folder; returns their names. */
async function pictures(folder: string): Promise<string[]> {
  const sizes: [number, number][] = [[60, 80], [512, 512], [700, 300], [300, 1100], [1000, 1500], [33, 900]];
  const names: string[] = [];
  for (const [index, [height, width]] of sizes.entries()) {
    const picture = sharp(formula(height, width, index), raw(height, width));
    writeFileSync(join(folder, `formula${index}.png`), await picture.png().toBuffer());
    names.push(`formula${index}.png`);
  }
  const large = await sharp("../docs/otters.jpg").resize(2600, 1463).toBuffer();
  writeFileSync(join(folder, "large.jpg"), await sharp(large).jpeg({ quality: 90, chromaSubsampling: "4:2:0" }).toBuffer());
  writeFileSync(join(folder, "otters.jpg"), await sharp("../docs/otters.jpg").jpeg({ quality: 92 }).toBuffer());
  writeFileSync(join(folder, "otters.png"), await sharp("../docs/otters.jpg").png().toBuffer());
  return [...names, "large.jpg", "otters.jpg", "otters.png"];
}
