/** What a person reads of the faults of a photo: `mobileiqa_sdk/reason.py`, held to `tests/vectors/reasons.json`. */

/** Severity from which a fault is named. */
export const FAULT_FROM = 0.5;
/** Highest score of a photo whose faults are named: the reasons of better photos would mislead. */
const EXPLAINED_UP_TO = 0.8;
/** The value of a model's output `photo` from which the picture counts as a photograph. */
const PHOTOGRAPH_FROM = 0.5;
/** Faults that are named at most, the worst ones. */
const MOST_NAMED = 2;

/** What a person can do for a better photo; an app has the text in the person's language. */
export type Advice = "tap_to_focus" | "hold_still" | "more_light" | "less_light" | "wipe_lens" | "use_original";

const WORDS: ReadonlyMap<string, { readonly words: string; readonly advice: Advice }> = new Map([
  ["defocus", { words: "out of focus", advice: "tap_to_focus" }],
  ["motion_blur", { words: "blurred by motion", advice: "hold_still" }],
  ["noise", { words: "noisy", advice: "more_light" }],
  ["compression", { words: "heavily compressed", advice: "use_original" }],
  ["underexposure", { words: "too dark", advice: "more_light" }],
  ["overexposure", { words: "too bright", advice: "less_light" }],
  ["low_contrast", { words: "low in contrast", advice: "wipe_lens" }],
  ["banding", { words: "showing colour bands", advice: "use_original" }],
]);

/** What follows from the faults of a photo. */
export interface Explanation {
  /** Severity in [0, 1] by the name of the fault, the worst first. */
  readonly faults: Readonly<Record<string, number>>;
  /** The faults that explain the score, the worst first: at most two, and none for what is not a photograph. */
  readonly namedFaults: readonly string[];
  /** The named faults in words, such as `too dark and noisy`; null without any. */
  readonly reason: string | null;
  /** What helps against the worst named fault; null if that is not known. */
  readonly advice: Advice | null;
  /** Whether this is a photograph, not a screenshot or a drawing; null for a model that does not say. */
  readonly isPhotograph: boolean | null;
}

/** Returns a fault in words; one that is not in the table is called by its name, without underscores. */
export function wordsOf(fault: string): string {
  return WORDS.get(fault)?.words ?? fault.replaceAll("_", " ");
}

/** Returns severities in falling order; equal ones keep the model's order. */
export function worstFirst(severities: readonly (readonly [string, number])[]): (readonly [string, number])[] {
  return [...severities].sort(([, first], [, second]) => second - first); // stable
}

/** Returns what follows from severities in the model's order, a score, and how much this is a photograph. */
export function explained(
  severities: readonly (readonly [fault: string, severity: number])[],
  score: number,
  photograph: number | null,
): Explanation {
  const ordered = worstFirst(severities);
  const isPhotograph = photograph === null ? null : photograph >= PHOTOGRAPH_FROM;
  const severe = ordered.filter(([, severity]) => severity >= FAULT_FROM).map(([fault]) => fault);
  const namedFaults = score > EXPLAINED_UP_TO || isPhotograph === false ? [] : severe.slice(0, MOST_NAMED);
  return {
    faults: Object.fromEntries(ordered),
    namedFaults,
    reason: namedFaults.map(wordsOf).join(" and ") || null,
    advice: namedFaults.map((fault) => WORDS.get(fault)?.advice).find((advice) => advice !== undefined) ?? null,
    isPhotograph,
  };
}
