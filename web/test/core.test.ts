/** The parts between a file's bytes and the model's input. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { band } from "../src/bands.ts";
import { PhotoTooLarge, PhotoTooSmall, PhotoUnreadable, packError, unpackError } from "../src/errors.ts";
import { readHeader } from "../src/header.ts";
import { parseJson } from "../src/json.ts";
import { checkSize } from "../src/limits.ts";
import { readMetadata } from "../src/onnx-file.ts";
import { rowsOf, turned } from "../src/pixels.ts";
import { resize } from "../src/resample.ts";
import { isPrintable, oneLine } from "../src/text.ts";
import { model } from "./models.ts";
import { formula, rgbRows } from "./pictures.ts";
import { colourOf, overlay } from "../src/where/overlay.ts";
import type { QualityMap } from "../src/where/quality-map.ts";
import type { Box } from "../src/where/windows.ts";

describe("resizing", () => {
  it("does not depend on the bands in which rows are read", async () => {
    const [height, width] = [1500, 1100]; // 4.9 MB: two bands as RGB, four bytes a pixel another division
    const pixels = formula(height, width);
    const three = await resize(rgbRows(pixels, height, width, 3), [70, 90]);
    const four = await resize(rgbRows(pixels, height, width, 4), [70, 90]);
    expect(Buffer.compare(three, four)).toBe(0);
    const reads: number[] = [];
    const rows = rgbRows(pixels, height, width, 3);
    await resize({ ...rows, read: (first, count) => (reads.push(count), rows.read(first, count)) }, [70, 90]);
    expect(reads.length).toBeGreaterThan(1);
    expect(reads.reduce((sum, count) => sum + count)).toBe(height);
  });

  it("ends when the pause throws", async () => {
    const rows = rgbRows(formula(64, 64), 64, 64, 3);
    await expect(resize(rows, [8, 8], () => Promise.reject(new Error("enough")))).rejects.toThrow("enough");
  });
});

describe("turning", () => {
  // The stored picture is 2 rows of 3 pixels, a b c / d e f.
  const upright: Record<number, string[]> = {
    1: ["abc", "def"],
    2: ["cba", "fed"],
    3: ["fed", "cba"],
    4: ["def", "abc"],
    5: ["ad", "be", "cf"],
    6: ["da", "eb", "fc"],
    7: ["fc", "eb", "da"],
    8: ["cf", "be", "ad"],
  };
  it.each(Object.entries(upright))("orientation %s", (orientation, rows) => {
    const pixels = Uint8Array.from([..."abcdef"].flatMap((letter) => [letter.charCodeAt(0), 1, 2, 255]));
    const picture = turned({ height: 2, width: 3, pixels }, Number(orientation));
    expect([picture.height, picture.width]).toEqual([rows.length, rows[0]?.length]);
    const letters = [...picture.pixels].filter((_, index) => index % 4 === 0);
    expect(String.fromCharCode(...letters)).toBe(rows.join(""));
  });
});

it("transparent pixels show white, rounded as Pillow rounds", () => {
  const pixels = Uint8Array.from([10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 128, 7, 8, 9, 1]);
  const rows = rowsOf({ height: 1, width: 4, pixels }).read(0, 1);
  const colours = [0, 1, 2, 3].map((pixel) => [...rows.subarray(pixel * 4, pixel * 4 + 3)]);
  expect(colours).toEqual([[10, 20, 30], [255, 255, 255], [127, 177, 227], [254, 254, 254]]);
  expect(pixels[4]).toBe(10); // the caller's pixels stay
});

describe("headers", () => {
  function jpeg(...segments: number[][]): Uint8Array {
    return Uint8Array.from([0xff, 0xd8, ...segments.flat(), 0xff, 0xda, 0, 2]);
  }
  function segment(marker: number, content: number[]): number[] {
    return [0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255, ...content];
  }
  const sof = segment(0xc2, [8, 0x02, 0x01, 0x04, 0x03, 3]);
  const exif = (isLittle: boolean, orientation: number) => {
    const view = new DataView(new ArrayBuffer(26));
    view.setUint16(0, isLittle ? 0x4949 : 0x4d4d);
    view.setUint16(2, 42, isLittle);
    view.setUint32(4, 8, isLittle);
    view.setUint16(8, 1, isLittle);
    view.setUint16(10, 0x0112, isLittle);
    view.setUint16(12, 3, isLittle);
    view.setUint32(14, 1, isLittle);
    view.setUint16(18, orientation, isLittle);
    return segment(0xe1, [...Buffer.from("Exif\0\0"), ...new Uint8Array(view.buffer)]);
  };

  it("JPEG: size, orientation in both byte orders, profile", () => {
    const plain = { format: "jpeg", height: 0x201, width: 0x403, orientation: 1, describesColours: false };
    expect(readHeader(jpeg(sof))).toEqual(plain);
    expect(readHeader(jpeg(exif(true, 6), sof))).toEqual({ ...plain, orientation: 6 });
    expect(readHeader(jpeg(exif(false, 8), sof))).toEqual({ ...plain, orientation: 8 });
    expect(readHeader(jpeg(exif(false, 9), sof))).toEqual(plain);
    const profile = segment(0xe2, [...Buffer.from("ICC_PROFILE\0"), 1, 1]);
    expect(readHeader(jpeg([0xff], profile, sof))).toEqual({ ...plain, describesColours: true });
  });

  it("JPEG: malformed EXIF is upright, a cut-off file has no header", () => {
    const cut = segment(0xe1, [...Buffer.from("Exif\0\0MM\0"), 42, 0, 0, 0, 200]);
    expect(readHeader(jpeg(cut, sof))?.orientation).toBe(1);
    expect(readHeader(jpeg(sof).subarray(0, 12))).toBeNull();
    expect(readHeader(jpeg())).toBeNull();
  });

  function chunk(kind: string, content: number[]): number[] {
    return [0, 0, 0, content.length, ...Buffer.from(kind), ...content, 0, 0, 0, 0];
  }
  it.each(["iCCP", "sRGB", "gAMA", "cHRM", "cICP", null])("PNG with %s", (colours) => {
    const ihdr = chunk("IHDR", [0, 0, 1, 2, 0, 0, 3, 4, 8, 2, 0, 0, 0]);
    const signature = [0x89, ...Buffer.from("PNG\r\n\x1a\n")];
    const file = [...signature, ...ihdr, ...(colours ? chunk(colours, [1]) : chunk("tEXt", [1])), ...chunk("IDAT", [])];
    const size = { format: "png", width: 0x102, height: 0x304, orientation: 1 };
    expect(readHeader(Uint8Array.from(file))).toEqual({ ...size, describesColours: colours !== null });
  });

  it("WebP in its three kinds, GIF, BMP, and others", () => {
    const riff = (kind: string, content: number[]) =>
      Uint8Array.from([...Buffer.from("RIFF\0\0\0\0WEBP"), ...Buffer.from(kind), 0, 0, 0, 0, ...content, 0, 0, 0]);
    expect(readHeader(riff("VP8X", [0x20, 0, 0, 0, 9, 0, 1, 19, 0, 0]))).toMatchObject({ width: 65546, height: 20, describesColours: true });
    expect(readHeader(riff("VP8L", [0x2f, 0x63, 0x40, 0x06, 0x00]))).toMatchObject({ width: 100, height: 26 });
    expect(readHeader(riff("VP8 ", [0, 0, 0, 0x9d, 1, 0x2a, 0x2c, 0x41, 0x90, 0x00]))).toMatchObject({ width: 300, height: 144 });
    expect(readHeader(Uint8Array.from([...Buffer.from("GIF89a"), 1, 1, 2, 0]))).toMatchObject({ width: 257, height: 2 });
    const bmp = new DataView(new ArrayBuffer(26));
    bmp.setUint16(0, 0x424d);
    bmp.setInt32(18, 40, true);
    bmp.setInt32(22, -30, true); // from top to bottom
    expect(readHeader(new Uint8Array(bmp.buffer))).toMatchObject({ format: "bmp", width: 40, height: 30 });
    expect(readHeader(new TextEncoder().encode("%PDF-1.7 and so on"))).toBeNull();
    expect(readHeader(new Uint8Array())).toBeNull();
  });
});

describe("limits", () => {
  it("are those of Python", () => {
    expect(() => checkSize("p", 32, 32)).not.toThrow();
    expect(() => checkSize("p", 31, 400)).toThrow(PhotoTooSmall);
    expect(() => checkSize("p", 16384, 10922)).not.toThrow();
    expect(() => checkSize("p", 16384, 10923)).toThrow(PhotoTooLarge);
    expect(() => checkSize("p", 32768, 32768, 8)).not.toThrow();
    expect(() => checkSize("p", 32769, 32768, 8)).toThrow(PhotoTooLarge);
  });

  it("bands", () => {
    expect([0, 0.2, 0.39, 0.4, 0.6, 0.799, 0.8, 1].map(band)).toEqual(
      ["bad", "poor", "poor", "fair", "good", "good", "excellent", "excellent"],
    );
    for (const outside of [-0.01, 1.01, Number.NaN]) expect(() => band(outside)).toThrow(RangeError);
  });
});

describe("texts", () => {
  it("JSON keeps integers apart and refuses repeated keys", () => {
    expect(parseJson('{"a": [1, 1.0, -2e1, "\\u00e9\\"", {}], "b": null}')).toEqual(
      new Map<string, unknown>([["a", [1n, 1, -20, 'é"', new Map()]], ["b", null]]),
    );
    for (const text of ['{"a": 1, "\\u0061": 1}', "{} {}", "[1,]", "NaN", "1e999", "", "01"]) {
      expect(() => parseJson(text), text).toThrow(SyntaxError);
    }
  });

  it("what cannot be seen is neither printable nor printed", () => {
    for (const character of ["\n", "\u001b", "\u00a0", "\u200b", "\u2028", "\ud800", "\u202e"]) {
      expect(isPrintable(`a${character}b`), escape(character)).toBe(false);
      expect(oneLine(`a${character}b`)).toBe("a b");
    }
    expect(isPrintable("Ångström, 照片 😀")).toBe(true);
  });

  it("errors keep their class through the worker", () => {
    const error = unpackError(structuredClone(packError(new PhotoUnreadable("a.jpg", "is empty"))));
    expect(error).toBeInstanceOf(PhotoUnreadable);
    expect(error).toMatchObject({ name: "PhotoUnreadable", photo: "a.jpg", reason: "is empty", message: "a.jpg: is empty" });
    expect(unpackError({ name: "constructor", message: "m" })).toMatchObject({ name: "constructor", message: "m" });
    expect(unpackError(packError(new RangeError("r")))).toBeInstanceOf(RangeError);
    expect(unpackError(packError(new DOMException("stopped", "AbortError")))).toMatchObject({ name: "AbortError" });
  });
});

it("the metadata of an ONNX file is read without the model, and damage has none", async () => {
  const file = await model();
  expect(JSON.parse(readMetadata(file, "mobileiqa.contract") ?? "")).toMatchObject({ schema: 3 });
  expect(readMetadata(file, "another")).toBeNull();
  expect(readMetadata(file.subarray(0, file.length - 40), "mobileiqa.contract")).toBeNull();
  expect(readMetadata(new TextEncoder().encode("<!doctype html><title>404</title>"), "mobileiqa.contract")).toBeNull();
  expect(readMetadata(new Uint8Array(), "mobileiqa.contract")).toBeNull();
});

it("has the version of the Python package", () => {
  const python = readFileSync(new URL("../../mobileiqa_sdk/_version.py", import.meta.url), "utf8");
  const version = /"(.*)"/.exec(python)?.[1]?.replace(".dev", "-dev.");
  expect(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))).toMatchObject({ version });
});

describe("overlay", () => {
  const window = (box: Box, score: number | null) => ({ box, score, faults: {} });
  function map(scores: (number | null)[]): QualityMap {
    const windows = scores.map((score, index) => window([0, 20 * index, 40, 20 * index + 40], score));
    const size = [40, 20 * scores.length + 20] as const;
    return { photo: "", model: "", photoSize: size, inputSize: size, rows: 1, columns: scores.length, windows, worst: null };
  }
  const black = (height: number, width: number) => ({ height, width, data: new Uint8Array(height * width * 4) });
  const pixel = ({ data, width }: { data: Uint8ClampedArray; width: number }, y: number, x: number) =>
    [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];

  it("has the colours of the scores", () => {
    expect(colourOf(0)).toEqual([0x3c, 0x14, 0x75]);
    expect(colourOf(1)).toEqual([0x80, 0xff, 0xd7]);
    expect(colourOf(0.5)).toEqual([0xe8, 0x5d, 0x28]);
    expect(colourOf(0.5625)).toEqual([236.5, 118.5, 20]);
  });

  it("mixes them with the photo in grey, smoothly, and leaves flat parts grey", () => {
    const picture = overlay(map([0, 1, null]), black(40, 80));
    const mixed = (score: number, share: number) => colourOf(score).map((level) => Math.round(100 + 0.55 * share * (level - 100)));
    expect(pixel(picture, 0, 0)).toEqual([...mixed(0, 1), 255]);
    expect(pixel(picture, 39, 19)).toEqual([...mixed(0, 1), 255]);
    const [early, late] = [0.475, 0.525].map((linear) => linear * linear * (3 - 2 * linear)) as [number, number];
    for (const [x, score] of [[29, early], [30, late]] as const) {
      mixed(score, 1).forEach((level, channel) => expect(Math.abs(level - (pixel(picture, 20, x)[channel] as number))).toBeLessThanOrEqual(1));
    }
    expect(pixel(picture, 20, 79)).toEqual([100, 100, 100, 255]);
    mixed(1, 1 - late).forEach((level, channel) => expect(Math.abs(level - (pixel(picture, 20, 50)[channel] as number))).toBeLessThanOrEqual(1));
  });

  it("takes the photo at another size", () => {
    const photo = { ...black(20, 40), data: new Uint8Array(20 * 40 * 4).fill(255) };
    const picture = overlay(map([1, 1, 1]), photo);
    expect(picture).toMatchObject({ width: 40, height: 20 });
    expect(pixel(picture, 19, 39)).toEqual([...colourOf(1).map((level) => Math.round(250 + 0.55 * (level - 250))), 255]);
  });
});
