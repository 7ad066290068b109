/** What reading a photo gives, whatever decodes it. */

import type { Size } from "./fit.ts";
import type { Rows } from "./resample.ts";

/** Returns the model's input for the height and width of an upright photo. */
export type Fit = (height: number, width: number) => Size;

export interface OpenedPhoto {
  readonly rows: Rows;
  /** [height, width] of the upright photo, if it was decoded smaller. */
  readonly fullSize?: Size;
  /** Frees the decoded picture. */
  close(): void;
}

/** Returns the [width, height] of a JPEG decoded at 1/factor of its sides, which libjpeg rounds up. */
export function shorterSides(stored: { width: number; height: number }, factor: number): [number, number] {
  return [Math.ceil(stored.width / factor), Math.ceil(stored.height / factor)];
}
