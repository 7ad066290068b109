/** Numbers and faults in words. */

import type { Assessment } from "../src/index.ts";

/** Faults from this severity on are named as a reason. */
const NOTABLE = 0.25;

const WORDS: Record<string, string> = {
  defocus: "out of focus",
  motion_blur: "blurred by motion",
  noise: "noisy",
  compression: "damaged by compression",
  underexposure: "too dark",
  overexposure: "too bright",
  low_contrast: "low in contrast",
  banding: "banded",
};

/** Returns a score with two digits. */
export function score(value: number): string {
  return value.toFixed(2);
}

/** Returns a fault's name in words. */
export function faultWord(name: string): string {
  return WORDS[name] ?? name.replaceAll("_", " ");
}

/** Returns the faults that matter, worst first. */
export function notableFaults(assessment: Assessment): [name: string, severity: number][] {
  return Object.entries(assessment.faults)
    .filter(([, severity]) => severity >= NOTABLE)
    .sort(([, first], [, second]) => second - first);
}

/** Returns why a photo has its score, in a few words: its faults, or how far the opinions agree. */
export function reason(assessment: Assessment): string {
  const faults = notableFaults(assessment).map(([name]) => faultWord(name));
  if (assessment.photograph !== null && assessment.photograph < 0.5) return "Perhaps not a photograph";
  if (faults.length > 0) return capitalised(faults.slice(0, 2).join(" and "));
  if (Object.keys(assessment.faults).length > 0) return "No fault stands out";
  if (assessment.spread === null) return "";
  return assessment.spread < 0.05 ? "The opinions agree" : "The opinions differ: look for yourself";
}

/** Returns bytes as megabytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Returns seconds as milliseconds or seconds. */
export function duration(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

/** Returns a text with a capital letter first. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
