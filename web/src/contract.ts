/** What an artifact expects and promises; docs/contract.md specifies it. Schema 2 is read as schema 3. */

import { upgrade } from "./contract-v2.ts";
import { contradiction } from "./contradictions.ts";
import { ArtifactInvalid, ContractUnsupported } from "./errors.ts";
import { type Json, type JsonObject, parseJson } from "./json.ts";
import { Reader } from "./reader.ts";
import type { Contract, Golden, GoldenCase, InputSpec, ModelInfo, OutputSpec, Precision, Setting, Verification } from "./spec.ts";
import { firstLine } from "./text.ts";

/** The key under which an ONNX file carries its contract. */
export const METADATA_KEY = "mobileiqa.contract";

const SCHEMA = 3n;
const MAX_SIDE = 8192;
const MIN_GOLDEN_SIDE = 32;

/** Returns the names of the faults that the model answers a severity for, in its order; empty if none. */
export function faultNames(contract: Contract): readonly string[] {
  return contract.outputs.find((output) => output.meaning === "faults")?.labels ?? [];
}

/**
 * Reads a contract of schema 3 or 2.
 *
 * @param source names the artifact in errors.
 * @throws ArtifactInvalid: the text is not a contract, or a value makes no sense.
 * @throws ContractUnsupported: another schema version, or a rule that this package does not know.
 */
export function readContract(text: string, source: string): Contract {
  let values = jsonObject(text, source);
  const schema = values.get("schema");
  if (schema !== SCHEMA && schema !== 2n) {
    const named = schema === undefined ? "missing" : String(schema);
    throw new ContractUnsupported(
      `${source}: contract schema ${named}; this package reads schemas 2 and 3. ` +
        "Upgrade mobileiqa or export the model again",
    );
  }
  values.delete("schema");
  const invalid = (reason: string) => new ArtifactInvalid(`${source}: its contract is not valid: ${reason}`);
  let contract: Contract;
  try {
    if (schema === 2n) values = upgrade(values);
    checkRules(values, source);
    contract = typed(new Reader(values, ""));
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw invalid(error.message);
    throw error;
  }
  const problem = contradiction(contract);
  if (problem !== null) throw invalid(problem);
  return contract;
}

function jsonObject(text: string, source: string): JsonObject {
  let values: Json;
  try {
    values = parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error; // nested too deep
    throw new ArtifactInvalid(`${source}: its contract is not JSON (${firstLine(error)})`);
  }
  if (!(values instanceof Map)) throw new ArtifactInvalid(`${source}: its contract is not a JSON object`);
  return values;
}

/** What this version understands; another value of the same type may belong to a later one. */
const RULES: readonly (readonly [path: string, known: readonly (string | number)[]])[] = [
  ["input.layout", ["NHWC"]],
  ["input.channels", ["RGB"]],
  ["input.dtype", ["uint8"]],
  ["input.resample", ["pillow-bicubic"]],
  ["input.decode", ["full", "jpeg-reduced"]],
  ["input.fit", ["stretch", "keep-aspect"]],
  ["input.detail.rule", []],
  ["outputs.*.meaning", ["opinions", "faults", "photo"]],
  ["outputs.*.minimum", [0]],
  ["outputs.*.maximum", [1]],
  ["precision.weights", ["fp32", "fp16", "int8", "int4"]],
  ["precision.activations", ["float", "dynamic-int8", "static-int8"]],
  ["golden.formula", ["triangles-1"]],
];

/** Throws ContractUnsupported for a rule of another version; leaves values of a wrong type alone. */
function checkRules(values: JsonObject, source: string): void {
  for (const [path, known] of RULES) {
    for (const value of at(values, path.split("."))) {
      const plain = typeof value === "bigint" ? Number(value) : value;
      const isLike = typeof plain === (typeof known[0] === "number" ? "number" : "string");
      if (isLike && !known.includes(plain as string | number)) {
        throw new ContractUnsupported(
          `${source}: ${path} is ${JSON.stringify(plain)}; this package knows ` +
            `${known.join(", ") || "none"}. Upgrade mobileiqa`,
        );
      }
    }
  }
  for (const output of at(values, ["outputs", "*"])) {
    const meaning = output instanceof Map ? output.get("meaning") : null;
    if (output instanceof Map && meaning && output.get("higher_is_better") === (meaning === "faults")) {
      throw new ContractUnsupported(
        `${source}: outputs.*.higher_is_better is ${meaning === "faults"} for ${String(meaning)}; ` +
          "this package knows the opposite. Upgrade mobileiqa",
      );
    }
  }
}

/** Yields what lies at a path of keys, where `*` stands for every item of a list. */
function* at(value: Json | undefined, path: readonly string[]): Generator<Json> {
  const [key, ...rest] = path;
  if (value === undefined) return;
  if (key === undefined) yield value;
  else if (key === "*" && Array.isArray(value)) for (const item of value) yield* at(item, rest);
  else if (value instanceof Map) yield* at(value.get(key), rest);
}

function typed(values: Reader): Contract {
  const contract = {
    model: values.object("model", modelInfo),
    input: values.object("input", inputSpec),
    outputs: values.objects("outputs", outputSpec),
    precision: values.object("precision", precision),
    golden: values.object("golden", golden),
    verification: values.object("verification", verification),
  };
  values.end();
  return contract;
}

function modelInfo(values: Reader): ModelInfo {
  return {
    name: values.text("name"),
    version: values.text("version"),
    family: values.text("family"),
    license: values.text("license"),
    checkpointSha256: values.text("checkpoint_sha256"),
  };
}

function inputSpec(values: Reader): InputSpec {
  values.choice("layout", ["NHWC"]);
  values.choice("channels", ["RGB"]);
  values.choice("dtype", ["uint8"]);
  values.choice("resample", ["pillow-bicubic"]);
  values.nothing("detail");
  return {
    decode: values.choice("decode", ["full", "jpeg-reduced"]),
    fit: values.choice("fit", ["stretch", "keep-aspect"]),
    height: values.integerOrNull("height", 1, MAX_SIDE),
    width: values.integerOrNull("width", 1, MAX_SIDE),
    multiple: values.integer("multiple", 1, MIN_GOLDEN_SIDE),
    settings: values.objects("settings", setting),
  };
}

function setting(values: Reader): Setting {
  return {
    name: values.text("name"),
    maxPixels: values.integer("max_pixels", 1024, 2 ** 27),
    sizes: values.pairs("sizes", 1, MAX_SIDE),
  };
}

function outputSpec(values: Reader): OutputSpec {
  return {
    name: values.text("name"),
    meaning: values.choice("meaning", ["opinions", "faults", "photo"]),
    size: values.integer("size", 1, 1024),
    minimum: values.number("minimum", 0, 0),
    maximum: values.number("maximum", 1, 1),
    higherIsBetter: values.flag("higher_is_better"),
    labels: values.texts("labels"),
  };
}

function precision(values: Reader): Precision {
  return {
    weights: values.choice("weights", ["fp32", "fp16", "int8", "int4"]),
    activations: values.choice("activations", ["float", "dynamic-int8", "static-int8"]),
    note: values.text("note"),
  };
}

function golden(values: Reader): Golden {
  values.choice("formula", ["triangles-1"]);
  const tolerance = values.number("tolerance", 0, 1);
  if (tolerance === 0 || tolerance === 1) throw new RangeError("golden.tolerance is not between 0 and 1");
  const cases = values.objects("cases", goldenCase);
  if (cases.length === 0) throw new RangeError("golden.cases is empty");
  return {
    height: values.integer("height", MIN_GOLDEN_SIDE, MAX_SIDE),
    width: values.integer("width", MIN_GOLDEN_SIDE, MAX_SIDE),
    tolerance,
    cases,
  };
}

function goldenCase(values: Reader): GoldenCase {
  const inputSha256 = values.text("input_sha256");
  if (!/^[0-9a-f]{64}$/.test(inputSha256)) throw new RangeError("golden.cases.*.input_sha256 is not a digest");
  return {
    setting: values.text("setting"),
    inputSha256,
    score: values.number("score", 0, 1),
    faults: values.numbers("faults", 0, 1),
    photo: values.numberOrNull("photo", 0, 1),
  };
}

function verification(values: Reader): Verification {
  return { passed: values.flag("passed"), failures: values.texts("failures") };
}
