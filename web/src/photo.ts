/** What reading a photo gives, whatever decodes it. */

import { PhotoUnsupported } from "./errors.ts";
import { checkSize } from "./limits.ts";
import { rowsOf } from "./pixels.ts";
import type { Rows } from "./resample.ts";
import type { PixelData } from "./scorer.ts";
import type { Size } from "./spec.ts";

/** Returns the model's input for the height and width of an upright photo. */
export type Fit = (height: number, width: number) => Size;

export interface OpenedPhoto {
  readonly rows: Rows;
  /** [height, width] of the upright photo, if it was decoded smaller. */
  readonly fullSize?: Size;
  /** Frees the decoded picture. */
  close(): void;
}

/**
 * Opens RGBA pixels.
 *
 * @throws PhotoTooSmall, PhotoTooLarge
 * @throws PhotoUnsupported: their number is not that of the picture's pixels.
 */
export function openPixels({ width, height, data }: PixelData, name: string): OpenedPhoto {
  const isBytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray;
  if (!isBytes || data.length !== width * height * 4) {
    throw new PhotoUnsupported(name, `is not ${width}x${height} pixels of RGBA bytes`);
  }
  checkSize(name, width, height);
  return { rows: rowsOf({ height, width, pixels: data }), close: () => {} };
}

/** Returns whether an object has the members of RGBA pixels. */
export function isPixelData(photo: object): photo is PixelData {
  return "data" in photo && "width" in photo && "height" in photo;
}
