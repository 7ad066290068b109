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

/** Returns RGB bytes of a picture that no two rows, columns or channels have in common. */
export function formula(height: number, width: number, seed = 0): Uint8Array {
  const pixels = new Uint8Array(height * width * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const wave = Math.sin((x * (channel + 2)) / (17 + seed)) + Math.cos((y + seed * 31) / (9 + 2 * channel));
        pixels[at++] = Math.round(127 + 55 * wave + ((x * 7 + y * 13 + seed) % 11));
      }
    }
  }
  return pixels;
}
