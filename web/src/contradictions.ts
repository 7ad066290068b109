/** What can be wrong between values of a contract that are each possible alone. */

import type { Contract, GoldenCase, InputSpec, OutputSpec } from "./spec.ts";

/** Returns a sentence about the first contradiction; null if there is none. */
export function contradiction(contract: Contract): string | null {
  const { outputs, input, verification } = contract;
  const settings = input.settings.map((setting) => setting.name);
  const cases = contract.golden.cases.map((golden) => golden.setting);
  if (verification.passed === verification.failures.length > 0) {
    return "verification.passed and verification.failures contradict each other";
  }
  if (!same(cases, settings.length > 0 ? settings : [""])) {
    return "golden.cases are not those of the settings";
  }
  return outputProblem(outputs) ?? inputProblem(input) ?? goldenProblem(contract.golden.cases, outputs);
}

function outputProblem(outputs: readonly OutputSpec[]): string | null {
  if (!differ(outputs.map((output) => output.meaning))) return "two outputs have the same meaning";
  if (!differ(outputs.map((output) => output.name))) return "two outputs have the same name";
  if (!outputs.some((output) => output.meaning === "opinions")) return "no output has the meaning 'opinions'";
  for (const output of outputs) {
    if (output.meaning === "photo" && output.size !== 1) return "the output of meaning 'photo' is not one value";
    if (output.labels.length !== (output.meaning === "faults" ? output.size : 0)) {
      return `the output ${output.name} has ${output.labels.length} labels for ${output.size} values`;
    }
    if (!differ(output.labels)) return `two labels of the output ${output.name} are the same`;
  }
  return null;
}

function inputProblem(input: InputSpec): string | null {
  const { height, width, settings, multiple } = input;
  if (input.fit === "stretch") {
    const isComplete = height !== null && width !== null && settings.length === 0 && multiple === 1;
    return isComplete ? null : "input.fit 'stretch' needs height, width, the multiple 1 and no settings";
  }
  if (height !== null || width !== null || settings.length === 0) {
    return "input.fit 'keep-aspect' needs settings, and neither height nor width";
  }
  const names = settings.map((setting) => setting.name);
  if (!differ(names) || names.includes("")) return "input.settings need different names, none empty";
  for (const setting of settings) {
    for (const [h, w] of setting.sizes) {
      if (h * w > setting.maxPixels || h % multiple > 0 || w % multiple > 0) {
        return `the size ${h} x ${w} of ${setting.name} does not keep its max_pixels and input.multiple`;
      }
    }
  }
  return null;
}

function goldenProblem(cases: readonly GoldenCase[], outputs: readonly OutputSpec[]): string | null {
  const faults = outputs.find((output) => output.meaning === "faults")?.size ?? 0;
  const hasPhoto = outputs.some((output) => output.meaning === "photo");
  for (const golden of cases) {
    if (golden.faults.length !== faults) return "golden.cases.*.faults and the labels differ in number";
    if ((golden.photo !== null) !== hasPhoto) {
      return "golden.cases.*.photo is null although there is such an output, or the reverse";
    }
  }
  return null;
}

function differ(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function same(values: readonly string[], others: readonly string[]): boolean {
  return values.length === others.length && values.every((value, index) => value === others[index]);
}
