/** What scoring gives. */

import { type Band, band } from "./bands.ts";
import { type Explanation, explained } from "./reason.ts";
import type { Prediction } from "./session.ts";
import type { Size } from "./spec.ts";

/** Wall-clock seconds of the three steps. */
export interface Seconds {
  readonly decode: number;
  readonly resize: number;
  readonly inference: number;
}

/** What a model thinks of a photo. */
export interface Assessment extends Prediction, Explanation {
  /** The photo's name: that of the file, or for example `<ImageData>`. */
  readonly photo: string;
  readonly band: Band;
  /** Standard deviation of the opinions: the larger, the less the score is to be trusted. Null with fewer than two. */
  readonly spread: number | null;
  /** Name of the model. */
  readonly model: string;
  /** [height, width] of the upright photo, in pixels. */
  readonly photoSize: Size;
  /** [height, width] that the photo was resized to, in pixels. */
  readonly inputSize: Size;
  /** By how much both sides were divided while decoding; 1 if every pixel was decoded. */
  readonly reduction: number;
  readonly seconds: Seconds;
}

/** The golden image with one setting, scored here. */
export interface ReplayedCase {
  /** Name of the setting; empty for a model of one size. */
  readonly setting: string;
  /** Whether resizing gave the promised bytes. */
  readonly resizeExact: boolean;
  /** The promised values by name: `score`, `photo` and `faults.NAME`, each in [0, 1]. */
  readonly expected: Readonly<Record<string, number>>;
  /** The values computed here, with the same names. */
  readonly actual: Readonly<Record<string, number>>;
}

/** The golden image, scored here with every setting. */
export interface Replay {
  readonly cases: readonly ReplayedCase[];
  /** The largest |actual - expected| of any value. */
  readonly difference: number;
  /** The largest that the contract allows. */
  readonly tolerance: number;
  /** Whether resizing is exact and every value within the tolerance. */
  readonly passed: boolean;
}

/** Returns an assessment with what follows from its answers. */
export function assessment(
  prediction: Prediction,
  facts: Omit<Assessment, keyof Prediction | keyof Explanation | "band" | "spread">,
): Assessment {
  const { score, opinions, faults, photograph } = prediction;
  const explanation = explained(Object.entries(faults), score, photograph);
  return { ...facts, ...prediction, ...explanation, band: band(score), spread: spread(opinions) };
}

function spread(opinions: readonly number[]): number | null {
  if (opinions.length < 2) return null;
  const mean = opinions.reduce((sum, value) => sum + value, 0) / opinions.length;
  return Math.sqrt(opinions.reduce((sum, value) => sum + (value - mean) ** 2, 0) / opinions.length);
}
