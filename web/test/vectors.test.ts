/** Holds this port to tests/vectors, as every port of the SDK is held. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { faultNames, readContract } from "../src/contract.ts";
import { MobileIQAError } from "../src/errors.ts";
import { fitted } from "../src/fit.ts";
import { digest, goldenImage } from "../src/golden.ts";
import { explained } from "../src/reason.ts";
import { reduction } from "../src/reduction.ts";
import { resize } from "../src/resample.ts";
import type { Contract } from "../src/spec.ts";
import { detail } from "../src/where/detail.ts";
import { type Box, cut, scaled } from "../src/where/windows.ts";
import { rgbRows } from "./pictures.ts";

function cases<Case>(name: string): Case[] {
  return JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}.json`, import.meta.url), "ascii")) as Case[];
}

describe("vectors", () => {
  it("fit", () => {
    type Case = { height: number; width: number; max_pixels: number; multiple: number; sizes: [number, number][] };
    const vectors = cases<Case & { expected: [number, number] }>("fit");
    expect(vectors.length).toBeGreaterThanOrEqual(60);
    for (const { height, width, max_pixels, multiple, sizes, expected } of vectors) {
      const setting = { name: "any", maxPixels: max_pixels, sizes };
      expect(fitted(height, width, setting, multiple), `${height} x ${width}`).toEqual(expected);
    }
  });

  it("reasons", () => {
    type Case = { faults: [string, number][]; score: number; photograph: number | null; worst_first: string[]; named: string[] };
    type Expected = { reason: string | null; advice: string | null; is_photograph: boolean | null };
    const vectors = cases<Case & Expected>("reasons");
    expect(vectors.length).toBeGreaterThanOrEqual(30);
    for (const { faults, score, photograph, worst_first, named, reason, advice, is_photograph } of vectors) {
      const explanation = explained(faults, score, photograph);
      expect(Object.keys(explanation.faults)).toEqual(worst_first);
      expect(explanation).toMatchObject({ namedFaults: named, reason, advice, isPhotograph: is_photograph });
    }
  });

  it("reduction", () => {
    type Case = { height: number; width: number; input_height: number; input_width: number; expected: number };
    const vectors = cases<Case>("reduction");
    expect(new Set(vectors.map((vector) => vector.expected))).toEqual(new Set([1, 2, 4, 8]));
    for (const vector of vectors) {
      const factor = reduction(vector.height, vector.width, [vector.input_height, vector.input_width]);
      expect(factor, JSON.stringify(vector)).toBe(vector.expected);
    }
  });

  it("windows", () => {
    type Case = { height: number; width: number; side: number; photo_height: number; photo_width: number };
    type Expected = { rows: number; columns: number; windows: Box[]; in_photo: Box[] };
    const vectors = cases<Case & Expected>("windows");
    expect(vectors.length).toBeGreaterThanOrEqual(8);
    for (const { height, width, side, photo_height, photo_width, rows, columns, windows, in_photo } of vectors) {
      const size = [height, width] as const;
      expect(cut(size, side)).toEqual({ rows, columns, boxes: windows });
      expect(windows.map((box) => scaled(box, size, [photo_height, photo_width]))).toEqual(in_photo);
    }
  });

  it("detail", () => {
    type Case = { height: number; width: number; pixels: string; expected: number };
    const vectors = cases<Case>("detail");
    expect(vectors.length).toBeGreaterThanOrEqual(10);
    for (const { height, width, pixels, expected } of vectors) {
      expect(detail(Buffer.from(pixels, "hex"), [height, width])).toBeCloseTo(expected, 5);
    }
  });

  it("resample", async () => {
    type Case = { height: number; width: number; pixels: string; new_height: number; new_width: number; expected: string };
    const vectors = cases<Case>("resample");
    expect(vectors.length).toBeGreaterThan(10);
    for (const { height, width, pixels, new_height, new_width, expected } of vectors) {
      for (const channels of [3, 4] as const) {
        const rows = rgbRows(Buffer.from(pixels, "hex"), height, width, channels);
        const resized = await resize(rows, [new_height, new_width]);
        expect(Buffer.from(resized).toString("hex"), `${height} x ${width}`).toBe(expected);
      }
    }
  });

  it("golden", () => {
    for (const { height, width, sha256 } of cases<{ height: number; width: number; sha256: string }>("golden")) {
      expect(digest(goldenImage(height, width))).toBe(sha256);
    }
  });

  type ContractCase = { name: string; text: string; error?: string; means?: Record<string, unknown> };
  it.each(cases<ContractCase>("contracts"))("contract: $name", ({ text, error, means }) => {
    if (error !== undefined) {
      let raised: unknown;
      try {
        readContract(text, "vector");
      } catch (caught) {
        raised = caught;
      }
      expect(raised).toBeInstanceOf(MobileIQAError);
      expect((raised as MobileIQAError).name, (raised as MobileIQAError).message).toBe(error);
    } else {
      expect(meaning(readContract(text, "vector"))).toMatchObject(means ?? {});
    }
  });
});

function meaning(contract: Contract): Record<string, unknown> {
  const { model, input, outputs, precision, verification, golden } = contract;
  return {
    license: model.license,
    fit: input.fit,
    height: input.height,
    width: input.width,
    decode: input.decode,
    multiple: input.multiple,
    settings: input.settings.map((setting) => setting.name),
    outputs: Object.fromEntries(outputs.map((output) => [output.meaning, output.size])),
    labels: faultNames(contract),
    weights: precision.weights,
    activations: precision.activations,
    passed: verification.passed,
    scores: golden.cases.map((golden) => golden.score),
    tolerance: golden.tolerance,
  };
}
