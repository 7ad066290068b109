/** Quality over a photo: what a model thinks of each of its windows. */

import { worstFirst } from "../reason.ts";
import type { Prediction } from "../session.ts";
import type { Size } from "../spec.ts";
import type { Box } from "./windows.ts";

/** One window of a photo. */
export interface MapWindow {
  /** Top, left, bottom, right in pixels of the upright photo; the last two are exclusive. */
  readonly box: Box;
  /** In [0, 1], higher is better. Null where the window is flat, such as a clear sky: there is nothing to judge. */
  readonly score: number | null;
  /** Severity in [0, 1] by the name of the fault, the worst first; empty where the window is flat, or the model names none. */
  readonly faults: Readonly<Record<string, number>>;
}

/**
 * What a model thinks of the windows of a photo.
 *
 * A window's score is what the model answers for the window as if it were the photo. Compare the windows of a
 * photo with each other; the photo's own score comes from the whole of it.
 */
export interface QualityMap {
  /** The photo's name. */
  readonly photo: string;
  /** Name of the model. */
  readonly model: string;
  /** [height, width] of the upright photo, in pixels. */
  readonly photoSize: Size;
  /** [height, width] that the windows were cut from, in pixels. */
  readonly inputSize: Size;
  readonly rows: number;
  readonly columns: number;
  /** Row by row; `rows` times `columns` of them. */
  readonly windows: readonly MapWindow[];
  /** The window with the lowest score; null if all are flat. */
  readonly worst: MapWindow | null;
}

/** Returns a window with what the model answered; null for one that is flat. */
export function mapWindow(box: Box, answer: Prediction | null): MapWindow {
  const faults = Object.fromEntries(worstFirst(Object.entries(answer?.faults ?? {})));
  return { box, score: answer?.score ?? null, faults };
}

/** Returns the window with the lowest score, the first of equals; null if all are flat. */
export function worstOf(windows: readonly MapWindow[]): MapWindow | null {
  let worst: MapWindow | null = null;
  for (const window of windows) {
    if (window.score !== null && (worst === null || window.score < (worst.score as number))) worst = window;
  }
  return worst;
}
