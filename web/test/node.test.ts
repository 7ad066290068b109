/** The built package in Node, as an application uses it. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as Package from "../src/index.ts";
import { type ModelOptions, model } from "./models.ts";
import { formula } from "./pictures.ts";

const BUILT = new URL("../dist/index.node.js", import.meta.url).href;
const { Scorer, ...errors } = (await import(BUILT)) as typeof Package;
const BUNDLED = fileURLToPath(new URL("../../mobileiqa_sdk/models/mobileiqa-small/model.onnx", import.meta.url));
const OTTERS = fileURLToPath(new URL("../../docs/otters.jpg", import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mobileiqa-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function grey(level: number, width = 100, height = 50): { width: number; height: number; data: Uint8Array } {
  const data = new Uint8Array(width * height * 4).fill(level);
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return { width, height, data };
}

async function load(options: ModelOptions, more: Package.LoadOptions = {}): Promise<Package.Scorer> {
  return Scorer.load(await model(options), { threads: 1, ...more });
}

describe("the bundled model", () => {
  let scorer: Package.Scorer;
  beforeAll(async () => {
    scorer = await Scorer.load(BUNDLED, { threads: 1 });
  });
  afterAll(() => scorer.close());

  it("scores its golden image as promised", async () => {
    const replay = await scorer.verify();
    expect(replay.passed).toBe(true);
    expect(replay.cases.map((replayed) => replayed.resizeExact)).toEqual(scorer.contract.golden.cases.map(() => true));
    expect(replay.cases[0]?.expected["score"]).toBe(scorer.contract.golden.cases[0]?.score);
    expect(replay.difference).toBeLessThanOrEqual(scorer.contract.golden.tolerance);
  });

  it("scores a path, a file: URL, bytes and a Blob alike", async () => {
    const bytes = readFileSync(OTTERS);
    const photos = [OTTERS, pathToFileURL(OTTERS), bytes, new Blob([bytes])];
    const assessments = await Promise.all(photos.map((photo) => scorer.assess(photo)));
    expect(new Set(assessments.map((assessment) => assessment.score)).size).toBe(1);
    expect(assessments.map((assessment) => assessment.photo)).toEqual(["otters.jpg", "otters.jpg", "<Buffer>", "<Blob>"]);
    expect(assessments[0]).toMatchObject({ photoSize: [720, 1280], reduction: 1, model: scorer.contract.model.name });
    expect(assessments[0]?.band).toBe(errors.band(assessments[0]?.score as number));
  });
});

describe("maps", () => {
  it("falls in the quarter that was blurred", async () => {
    using scorer = await Scorer.load(BUNDLED, { threads: 1 });
    const photo = sharp(OTTERS);
    const blurred = await photo.clone().blur(5).extract({ left: 640, top: 360, width: 640, height: 360 }).toBuffer();
    const file = await photo.clone().composite([{ input: blurred, left: 640, top: 360 }]).png().toBuffer();
    const map = await scorer.map(file, { name: "otters" });
    expect(map).toMatchObject({ photo: "otters", model: scorer.contract.model.name, photoSize: [720, 1280], inputSize: [720, 1280], rows: 5, columns: 9 });
    expect(map.windows).toHaveLength(45);
    expect(map.windows[44]?.box).toEqual([464, 1024, 720, 1280]);
    const clean = await scorer.map(await photo.clone().png().toBuffer());
    const falls = map.windows.map(({ score }, index) => (clean.windows[index]?.score as number) - (score as number));
    const [top, left] = map.windows[falls.indexOf(Math.max(...falls))]?.box as [number, number, number, number];
    expect(top).toBeGreaterThanOrEqual(232);
    expect(left).toBeGreaterThanOrEqual(512);
    expect(map.windows[44]?.faults["defocus"]).toBeGreaterThan(0.5);
    expect(clean.windows[44]?.faults["defocus"]).toBeLessThan(0.5);
    expect(map.windows[0]).toEqual(clean.windows[0]);
    expect(map.worst?.score).toBe(Math.min(...map.windows.map((window) => window.score ?? 1)));
  });

  it("leaves out what is flat, and follows the largest budget", async () => {
    using scorer = await load({ size: null, faults: { noise: 0.5 } });
    const photo = grey(100, 400, 200);
    photo.data.set(photo.data.map((level, at) => ((at >> 4) % 2 ? level : 255)).subarray(0, 400 * 100 * 4));
    const map = await scorer.map(photo);
    expect(map).toMatchObject({ photo: "<Object>", photoSize: [200, 400], inputSize: [176, 360], rows: 1, columns: 2 });
    expect(map.windows.map((window) => window.score !== null)).toEqual([true, true]);
    const flat = await scorer.map(grey(100, 400, 200));
    expect(flat.windows.map((window) => [window.score, window.faults])).toEqual([[null, {}], [null, {}]]);
    expect(flat.worst).toBeNull();
  });

  it("is refused by a model of one size", async () => {
    using scorer = await load({});
    await expect(scorer.map(grey(100))).rejects.toMatchObject({ name: "ContractUnsupported" });
  });
});

describe("models of other kinds", () => {
  it("faults, photo, opinions, spread and names", async () => {
    using scorer = await load({ opinions: [1, 0.5], faults: { noise: 0.25, defocus: 0.75 }, photo: 0.5 });
    const assessment = await scorer.assess(grey(204), { name: "grey" });
    expect(assessment.photo).toBe("grey");
    expect(assessment.score).toBeCloseTo(0.6, 5);
    expect(assessment.opinions.map((opinion) => opinion.toFixed(4))).toEqual(["0.8000", "0.4000"]);
    expect(assessment.spread).toBeCloseTo(0.2, 5);
    expect(Object.keys(assessment.faults)).toEqual(["defocus", "noise"]);
    expect(assessment.faults["noise"]).toBeCloseTo(0.2, 5);
    expect(assessment.faults["defocus"]).toBeCloseTo(0.6, 5);
    expect(assessment.photograph).toBeCloseTo(0.4, 5);
    expect(assessment).toMatchObject({ isPhotograph: false, reason: null, advice: null });
    expect(await scorer.assess(grey(255))).toMatchObject({ isPhotograph: true, reason: "out of focus", advice: "tap_to_focus" });
    const replay = await scorer.verify();
    expect(replay.passed).toBe(true);
    expect(Object.keys(replay.cases[0]?.expected ?? {})).toEqual(["score", "faults.noise", "faults.defocus", "photo"]);
  });

  it("one opinion has no spread", async () => {
    using scorer = await load({ opinions: [1], graphNames: ["whatever"] });
    expect(await scorer.assess(grey(255))).toMatchObject({ score: 1, band: "excellent", spread: null, photograph: null, faults: {} });
  });

  it("keeps the aspect ratio by the chosen setting", async () => {
    const file = await model({ size: null });
    for (const [resolution, inputSize] of [[undefined, [40, 88]], ["fast", [40, 88]], ["high", [176, 360]]] as const) {
      using scorer = await Scorer.load(file, { threads: 1, ...(resolution && { resolution }) });
      expect(scorer.resolution).toBe(resolution ?? "fast");
      expect(await scorer.assess(grey(100, 400, 200))).toMatchObject({ inputSize, photoSize: [200, 400] });
      const replay = await scorer.verify();
      expect(replay.cases.map((replayed) => replayed.setting)).toEqual(["fast", "high"]);
      expect(replay.passed).toBe(true);
    }
    await expect(Scorer.load(file, { resolution: "slow" })).rejects.toThrow(/fast, high/);
  });

  it("a golden score that is missed fails the self-test", async () => {
    using scorer = await load({ changes: { "golden.cases.0.score": 0.9 } });
    const replay = await scorer.verify();
    expect(replay.passed).toBe(false);
    expect(replay.cases[0]?.resizeExact).toBe(true);
    using other = await load({ changes: { "golden.cases.0.input_sha256": "0".repeat(64) } });
    expect(await other.verify()).toMatchObject({ passed: false, cases: [{ resizeExact: false }] });
  });
});

describe("models that do not keep their contract", () => {
  const broken: [string, ModelOptions, keyof typeof errors][] = [
    ["another height", { changes: { "input.height": 65 } }, "ContractMismatch"],
    ["a fixed size instead of any", { changes: { "input.fit": "keep-aspect", "input.height": null, "input.width": null, "input.settings": [{ name: "fast", max_pixels: 4096, sizes: [] }], "golden.cases.0.setting": "fast" } }, "ContractMismatch"],
    ["other names of outputs", { photo: 1, graphNames: ["opinions", "picture"] }, "ContractMismatch"],
    ["a newer schema", { changes: { schema: 4 } }, "ContractUnsupported"],
    ["a damaged contract", { changes: { "outputs.0.size": 0 } }, "ArtifactInvalid"],
  ];
  it.each(broken)("%s", async (_, options, name) => {
    await expect(load(options)).rejects.toMatchObject({ name });
  });

  it.each([["above 1", [1.5]], ["below 0", [-1]], ["NaN", [Number.NaN]], ["infinite", [Number.POSITIVE_INFINITY]]])(
    "answers %s",
    async (_, opinions) => {
      using scorer = await load({ opinions, changes: { "golden.cases.0.score": 0.5 } });
      const refused = await scorer.assess(grey(255)).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(errors.OpinionsInvalid);
    },
  );

  it("another number of values", async () => {
    using scorer = await load({ opinions: [1, 1], changes: { "outputs.0.size": 3 } });
    await expect(scorer.assess(grey(255))).rejects.toBeInstanceOf(errors.ContractMismatch);
  });
});

describe("errors", () => {
  it("models that are not there, or are something else", async () => {
    const notes = join(folder, "notes.onnx");
    writeFileSync(notes, "not a model");
    const server = createServer((_, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.onnx`;
    await expect(Scorer.load(join(folder, "none.onnx"))).rejects.toBeInstanceOf(errors.ModelNotFound);
    await expect(Scorer.load(address)).rejects.toBeInstanceOf(errors.ModelNotFound);
    server.close();
    await expect(Scorer.load(address)).rejects.toBeInstanceOf(errors.ModelNotFound);
    await expect(Scorer.load(notes)).rejects.toBeInstanceOf(errors.ArtifactInvalid);
    const cut = readFileSync(BUNDLED);
    await expect(Scorer.load(cut.subarray(0, cut.length >> 1))).rejects.toBeInstanceOf(errors.ArtifactInvalid);
    await expect(Scorer.load(notes, { threads: 0 })).rejects.toBeInstanceOf(RangeError);
  });

  it("photos", async () => {
    using scorer = await load({});
    const png = await sharp(formula(64, 64), { raw: { width: 64, height: 64, channels: 3 } }).png().toBuffer();
    const refused: [Package.Photo | unknown, keyof typeof errors][] = [
      [join(folder, "none.jpg"), "PhotoNotFound"],
      ["https://example.org/a.jpg", "PhotoNotFound"],
      [new Uint8Array(), "PhotoUnreadable"],
      [new TextEncoder().encode("text ".repeat(100)), "PhotoUnreadable"],
      [readFileSync(OTTERS).subarray(0, 90_000), "PhotoUnreadable"],
      [png.subarray(0, png.length >> 1), "PhotoUnreadable"],
      [grey(0, 31, 400), "PhotoTooSmall"],
      [await sharp(Buffer.alloc(30 * 90 * 3), { raw: { width: 90, height: 30, channels: 3 } }).png().toBuffer(), "PhotoTooSmall"],
      [{ width: 50, height: 50, data: new Uint8Array(3) }, "PhotoUnsupported"],
      [5, "PhotoUnsupported"],
      [() => 0, "PhotoUnsupported"],
    ];
    for (const [photo, name] of refused) {
      const error = await scorer.assess(photo as Package.Photo).catch((caught: unknown) => caught);
      expect(error, name).toMatchObject({ name });
      expect(error).toBeInstanceOf(errors.PhotoError);
    }
    expect((await scorer.assess(grey(255))).score).toBeCloseTo(0.75, 5); // and goes on
  });

  it("aborts before, while waiting and while loading", async () => {
    using scorer = await load({});
    const reason = new Error("changed my mind");
    await expect(scorer.assess(OTTERS, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const [first, second] = [scorer.assess(OTTERS), scorer.assess(OTTERS, { signal: controller.signal })];
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    expect((await first).photo).toBe("otters.jpg");
    await expect(Scorer.load(BUNDLED, { signal: AbortSignal.timeout(1) })).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("closing rejects what waits", async () => {
    const scorer = await load({});
    const waiting = scorer.assess(OTTERS);
    scorer.close();
    await expect(waiting).rejects.toBeInstanceOf(errors.RuntimeUnavailable);
    await expect(scorer.assess(OTTERS)).rejects.toBeInstanceOf(errors.RuntimeUnavailable);
  });
});

describe("decoding", () => {
  it("turns by EXIF, shows transparent pixels on white, reads 50 megapixels", async () => {
    using scorer = await load({ decode: "jpeg-reduced" });
    const raw = { width: 300, height: 120, channels: 3 } as const;
    const jpeg = await sharp(formula(120, 300), { raw }).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    expect(await scorer.assess(jpeg)).toMatchObject({ photoSize: [300, 120], reduction: 1 });
    const clear = await sharp(Buffer.alloc(100 * 100 * 4), { raw: { width: 100, height: 100, channels: 4 } }).png().toBuffer();
    expect((await scorer.assess(clear)).score).toBeCloseTo(0.75, 5);
    const large = await sharp({ create: { width: 8688, height: 5792, channels: 3, background: "#808080" } }).jpeg().toBuffer();
    const assessment = await scorer.assess(large);
    expect(assessment).toMatchObject({ photoSize: [5792, 8688], inputSize: [64, 64], reduction: 1 });
    expect(assessment.score).toBeCloseTo((0.75 * 128) / 255, 3);
  });
});

it("a scorer that is not closed does not keep the process alive", () => {
  const program = `import { Scorer } from ${JSON.stringify(BUILT)};
    const scorer = await Scorer.load(${JSON.stringify(BUNDLED)}, { threads: 1 });
    console.log((await scorer.assess(${JSON.stringify(OTTERS)})).band);`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", timeout: 110_000 });
  expect(errors.BANDS).toContain(output.trim());
});
