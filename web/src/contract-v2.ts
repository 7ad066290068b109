/** Contracts of schema 2, rewritten as schema 3: docs/contract.md, "Reading schema 2". */

import type { Json, JsonObject } from "./json.ts";

const WEIGHTS: readonly Json[] = ["fp32", "fp16", "int8", "int4"];
const KEYS = {
  model: ["name", "version", "family", "licence", "checkpoint_sha256"],
  input: ["height", "width", "layout", "channels", "dtype", "resample", "decode"],
  output: ["minimum", "maximum", "higher_is_better", "opinions"],
  precision: ["weights", "compute"],
  golden: ["formula", "height", "width", "input_sha256", "score", "tolerance"],
};

/**
 * Returns the same contract in schema 3; `values` has no key `schema`. Only keys are checked here.
 *
 * @throws TypeError: a key is missing or unknown.
 */
export function upgrade(values: JsonObject): JsonObject {
  compareKeys(values, Object.keys(KEYS), "");
  const [model, input, output, precision, golden] = Object.entries(KEYS).map(([section, keys]) => {
    const part = values.get(section);
    if (!(part instanceof Map)) throw new TypeError(`${section} is not an object`);
    compareKeys(part, keys, `${section}.`);
    return new Map(part);
  }) as [JsonObject, JsonObject, JsonObject, JsonObject, JsonObject];

  const note = precision.get("compute") as Json;
  const opinions = take(output, "opinions");
  const firstCase = goldenCase(golden);
  model.set("license", take(model, "licence"));
  return new Map<string, Json>([
    ["model", model],
    ["input", extended(input, { fit: "stretch", multiple: 1n, settings: [], detail: null })],
    [
      "outputs",
      [extended(output, { name: opinions === 1n ? "score" : "opinions", meaning: "opinions", size: opinions, labels: [] })],
    ],
    ["precision", extended(new Map(), { weights: weights(precision), activations: activations(note), note })],
    ["golden", extended(golden, { cases: [firstCase] })],
    ["verification", verification(note)],
  ]);
}

/** Takes the values of the only golden case out of `golden`. */
function goldenCase(golden: JsonObject): JsonObject {
  const input_sha256 = take(golden, "input_sha256");
  const score = take(golden, "score");
  return extended(new Map(), { input_sha256, score, faults: [], photo: null, setting: "" });
}

function weights(precision: JsonObject): Json {
  const prose = precision.get("weights") as Json;
  return WEIGHTS.includes(prose) || typeof prose !== "string" ? prose : "fp32";
}

function activations(note: Json): string {
  if (typeof note !== "string" || !note.startsWith("int8")) return "float";
  return note.startsWith("int8, ranges at run time") ? "dynamic-int8" : "static-int8";
}

function verification(note: Json): JsonObject {
  const isKept = typeof note === "string" && note.endsWith("; drift allowed");
  const failures = isKept ? ["kept although it failed verification; its report says why"] : [];
  return extended(new Map(), { passed: !isKept, failures });
}

function take(values: JsonObject, key: string): Json {
  const value = values.get(key) as Json;
  values.delete(key);
  return value;
}

function extended(values: JsonObject, more: Record<string, Json>): JsonObject {
  return new Map([...values, ...Object.entries(more)]);
}

function compareKeys(values: JsonObject, expected: readonly string[], prefix: string): void {
  for (const key of expected) if (!values.has(key)) throw new TypeError(`${prefix}${key} is missing`);
  for (const key of values.keys()) {
    if (!expected.includes(key)) throw new TypeError(`${prefix}${key} is not a key of schema 2`);
  }
}
