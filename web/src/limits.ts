/** Which sizes of photos are scored: the limits of the Python package. */

import { PhotoTooLarge, PhotoTooSmall } from "./errors.ts";

/** Pixels. Anything smaller would be enlarged many times: the score would judge the interpolation. */
const MIN_SIDE = 32;
/** Most pixels that are decoded. */
export const MAX_PIXELS = 178_956_970;
/** Largest width times height of a JPEG, even if few of its pixels are decoded. */
const MAX_STORED = 2 ** 30;
/** Longest file that is read, in bytes. */
export const MAX_BYTES = 8 * MAX_PIXELS;

/**
 * Checks the size of a photo.
 *
 * @param factor by which a JPEG's sides are divided when it is decoded.
 * @throws PhotoTooSmall, PhotoTooLarge
 */
export function checkSize(name: string, width: number, height: number, factor = 1): void {
  if (Math.min(width, height) < MIN_SIDE) {
    throw new PhotoTooSmall(name, `is ${width}x${height} pixels; both sides must be at least ${MIN_SIDE}`);
  }
  const decoded = Math.ceil(width / factor) * Math.ceil(height / factor);
  if (decoded > MAX_PIXELS || width * height > MAX_STORED) {
    const most = MAX_PIXELS.toLocaleString("en");
    throw new PhotoTooLarge(name, `is ${width}x${height} pixels; at most ${most} are decoded; pass a smaller copy`);
  }
}
