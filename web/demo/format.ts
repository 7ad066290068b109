/** Numbers and faults in words. */

import type { Advice, Assessment } from "../src/index.ts";
import { NOT_A_PHOTO } from "./entries.ts";

/** What helps, as sentences. */
const ADVICE: Record<Advice, string> = {
  tap_to_focus: "Tap on the subject to focus.",
  hold_still: "Hold still, or rest the camera on something.",
  more_light: "More light helps.",
  less_light: "Turn away from the light, or expose less.",
  wipe_lens: "Wipe the lens.",
  use_original: "Use the original file, not a copy of a copy.",
};

/** Returns a score with three digits, as the command line does: with two, 0.597 would seem to reach 0.60. */
export function score(value: number): string {
  return value.toFixed(3);
}

/** Returns why a photo has its score, in a few words: its faults, or how far the opinions agree. */
export function reason(assessment: Assessment): string {
  if (assessment.isPhotograph === false) return capitalised(NOT_A_PHOTO);
  if (assessment.reason !== null) return capitalised(assessment.reason);
  if (Object.keys(assessment.faults).length > 0) return "No fault stands out";
  if (assessment.spread === null) return "";
  return assessment.spread < 0.05 ? "The opinions agree" : "The opinions differ: look for yourself";
}

/** Returns what would make a better photo; empty if that is not known. */
export function advice(assessment: Assessment): string {
  return assessment.advice === null ? "" : ADVICE[assessment.advice];
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
