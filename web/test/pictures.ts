/** Pictures made by formula, and photos that packages ship. */

import type { Rows } from "../src/resample.ts";

/** Returns RGB bytes as a picture of 3 or 4 bytes a pixel. */
export function rgbRows(pixels: Uint8Array, height: number, width: number, channels: 3 | 4): Rows {
  const bytes = new Uint8Array(height * width * channels).fill(255);
  for (let pixel = 0; pixel < height * width; pixel++) {
    bytes.set(pixels.subarray(pixel * 3, pixel * 3 + 3), pixel * channels);
  }
  const read = (first: number, count: number) =>
    bytes.subarray(first * width * channels, (first + count) * width * channels);
  return { height, width, channels, read };
}
