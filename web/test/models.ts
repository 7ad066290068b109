/** Small ONNX models with contracts, written byte by byte: their opinions and faults follow a photo's brightness. */

import { digest, goldenImage } from "../src/golden.ts";
import { fitted } from "../src/fit.ts";
import type { Size } from "../src/spec.ts";
import { resize } from "../src/resample.ts";
import { rgbRows } from "./pictures.ts";

export interface ModelOptions {
  /** [height, width] of the input; null for a model of any size with the settings below. */
  size?: Size | null;
  /** Factors of the brightness, one for each opinion; values beyond [0, 1] break the contract. */
  opinions?: number[];
  /** Factors by the name of the fault. */
  faults?: Record<string, number>;
  /** Factor of the output `photo`. */
  photo?: number | null;
  decode?: string;
  /** What the contract says differently; keys by path. */
  changes?: Record<string, unknown>;
  /** Names of the outputs in the graph, if they are others than in the contract. */
  graphNames?: string[];
  tolerance?: number;
}

const SETTINGS = [
  { name: "fast", max_pixels: 4096, sizes: [] },
  { name: "high", max_pixels: 65536, sizes: [] },
];
const MULTIPLE = 8;
const GOLDEN: Size = [60, 80];

/** Returns an ONNX file whose score is the brightness of the resized photo, times the mean of the factors. */
export async function model(options: ModelOptions = {}): Promise<Uint8Array> {
  const { size = [64, 64], opinions = [1, 0.5], faults = {}, photo = null, decode = "full", changes = {} } = options;
  const outputs = [{ name: "opinions", meaning: "opinions", factors: opinions, labels: [] as string[] }];
  const names = Object.keys(faults);
  if (names.length > 0) outputs.push({ name: "faults", meaning: "faults", factors: Object.values(faults), labels: names });
  if (photo !== null) outputs.push({ name: "photo", meaning: "photo", factors: [photo], labels: [] });

  const settings = size === null ? SETTINGS : [];
  const image = goldenImage(...GOLDEN);
  const inputs = size === null ? settings.map((setting) => fitted(...GOLDEN, { ...setting, maxPixels: setting.max_pixels }, MULTIPLE)) : [size];
  const cases = await Promise.all(
    inputs.map(async (input, index) => {
      const pixels = await resize(rgbRows(image, ...GOLDEN, 3), input);
      const brightness = pixels.reduce((sum, value) => sum + value, 0) / pixels.length / 255;
      const answers = new Map(outputs.map((output) => [output.meaning, output.factors.map((factor) => clipped(factor * brightness))]));
      const values = answers.get("opinions") as number[];
      return {
        setting: settings[index]?.name ?? "",
        input_sha256: digest(pixels),
        score: values.reduce((sum, value) => sum + value, 0) / values.length,
        faults: answers.get("faults") ?? [],
        photo: answers.get("photo")?.[0] ?? null,
      };
    }),
  );
  const contract: Record<string, unknown> = {
    schema: 3,
    model: { name: "brightness", version: "1", family: "test", license: "Apache-2.0", checkpoint_sha256: "0".repeat(64) },
    input: {
      layout: "NHWC",
      channels: "RGB",
      dtype: "uint8",
      resample: "pillow-bicubic",
      decode,
      fit: size === null ? "keep-aspect" : "stretch",
      height: size?.[0] ?? null,
      width: size?.[1] ?? null,
      multiple: size === null ? MULTIPLE : 1,
      settings,
      detail: null,
    },
    outputs: outputs.map(({ name, meaning, factors, labels }) => ({
      name,
      meaning,
      size: factors.length,
      minimum: 0,
      maximum: 1,
      higher_is_better: meaning !== "faults",
      labels,
    })),
    precision: { weights: "fp32", activations: "float", note: "" },
    golden: { formula: "triangles-1", height: GOLDEN[0], width: GOLDEN[1], tolerance: options.tolerance ?? 1e-5, cases },
    verification: { passed: true, failures: [] },
  };
  for (const [path, value] of Object.entries(changes)) change(contract, path.split("."), value);
  const graph = graphOf(size, outputs.map((output, index) => ({ name: options.graphNames?.[index] ?? output.name, factors: output.factors })));
  return message(
    integer(1, 8), // ir_version
    bytes(7, graph),
    bytes(8, message(integer(2, 13))), // opset
    bytes(14, message(text(1, "mobileiqa.contract"), text(2, JSON.stringify(contract)))),
  );
}

function clipped(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}

function change(values: Record<string, unknown>, [key, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) values[key as string] = value;
  else change(values[key as string] as Record<string, unknown>, rest, value);
}

function graphOf(size: Size | null, outputs: { name: string; factors: number[] }[]): Uint8Array {
  const FLOAT = 1;
  const UINT8 = 2;
  const nodes = [
    node("Cast", ["pixels"], "floats", attribute("to", FLOAT)),
    node("ReduceMean", ["floats"], "mean", attribute("axes", [1, 2, 3]), attribute("keepdims", 0)), // [1]
    ...outputs.map(({ name }) => node("Mul", ["mean", `factors of ${name}`], name)),
  ];
  const factors = outputs.map(({ name, factors }) => {
    const data = new Float32Array(factors.map((factor) => factor / 255));
    return message(integer(1, factors.length), integer(2, FLOAT), text(8, `factors of ${name}`), bytes(9, new Uint8Array(data.buffer)));
  });
  return message(
    ...nodes.map((encoded) => bytes(1, encoded)),
    text(2, "brightness"),
    ...factors.map((encoded) => bytes(5, encoded)),
    bytes(11, valueInfo("pixels", UINT8, [1, size?.[0] ?? "height", size?.[1] ?? "width", 3])),
    ...outputs.map(({ name, factors }) => bytes(12, valueInfo(name, FLOAT, [factors.length]))),
  );
}

function node(operator: string, inputs: string[], output: string, ...attributes: Uint8Array[]): Uint8Array {
  return message(
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(4, operator),
    ...attributes.map((encoded) => bytes(5, encoded)),
  );
}

function attribute(name: string, value: number | number[]): Uint8Array {
  if (typeof value === "number") return message(text(1, name), integer(3, value), integer(20, 2));
  return message(text(1, name), ...value.map((item) => integer(8, item)), integer(20, 7));
}

function valueInfo(name: string, type: number, sides: (number | string)[]): Uint8Array {
  const shape = message(...sides.map((side) => bytes(1, typeof side === "number" ? integer(1, side) : text(2, side))));
  return message(text(1, name), bytes(2, bytes(1, message(integer(1, type), bytes(2, shape)))));
}

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field * 8), ...varint(value)]);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return message(Uint8Array.from([...varint(field * 8 + 2), ...varint(value.length)]), value);
}

function message(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
