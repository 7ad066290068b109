/** Pictures in memory, as rows from top to bottom. */

import type { Rows } from "./resample.ts";

/** RGBA bytes of a picture as it is stored, and how EXIF says to turn it. */
export interface Stored {
  readonly height: number;
  readonly width: number;
  readonly pixels: Uint8Array | Uint8ClampedArray;
}

/** Returns RGBA or RGB bytes as rows; transparent pixels show white. */
export function rowsOf(stored: Stored, channels: 3 | 4 = 4): Rows {
  const { height, width, pixels } = stored;
  const read = (first: number, count: number) => {
    const rows = pixels.subarray(first * width * channels, (first + count) * width * channels);
    return channels === 4 ? overWhite(rows) : rows;
  };
  return { height, width, channels, read };
}

/** Returns RGBA bytes with white behind what is transparent, rounded as Pillow does; the same if all is opaque. */
function overWhite(pixels: Uint8Array | Uint8ClampedArray): Uint8Array | Uint8ClampedArray {
  let opaque: Uint8Array | Uint8ClampedArray | null = null;
  for (let at = 3; at < pixels.length; at += 4) {
    const alpha = pixels[at] as number;
    if (alpha === 255) continue;
    opaque ??= pixels.slice();
    for (let channel = at - 3; channel < at; channel++) {
      const sum = (pixels[channel] as number) * alpha + 255 * (255 - alpha) + 128;
      opaque[channel] = ((sum >> 8) + sum) >> 8;
    }
  }
  return opaque ?? pixels;
}

/**
 * Returns a picture turned upright.
 *
 * @param orientation EXIF's, 1 to 8 (EXIF 2.32, 4.6.4 A).
 */
export function turned(stored: Stored, orientation: number): Stored {
  if (orientation === 1) return stored;
  const isSideways = orientation >= 5;
  const isMirrored = [2, 3, 7, 8].includes(orientation); // upright x runs against the stored axis
  const isFlipped = [3, 4, 6, 7].includes(orientation); // upright y, or the stored y for a sideways photo
  const width = isSideways ? stored.height : stored.width;
  const height = isSideways ? stored.width : stored.height;
  const from = new Uint32Array(stored.pixels.buffer, stored.pixels.byteOffset, height * width);
  const to = new Uint32Array(height * width);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let column = isSideways ? y : x;
      let row = isSideways ? x : y;
      if (isMirrored) column = stored.width - 1 - column;
      if (isFlipped) row = stored.height - 1 - row;
      to[at++] = from[row * stored.width + column] as number;
    }
  }
  return { height, width, pixels: new Uint8Array(to.buffer) };
}
