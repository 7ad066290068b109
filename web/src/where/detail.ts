/**
 * Whether there is anything in a window to judge: `mobileiqa_sdk/where/detail.py`, which says why it works.
 *
 * The window's brightness is compared with a smooth surface through it. What is left is averaged over blocks of
 * 2, 4 and 8 pixels a side; of noise, deviation times side stays what it is, and of what a photo shows it grows.
 */

import type { Size } from "../spec.ts";

/** Detail below which a window is flat: averages of 8 x 8 pixels deviate by less than 2 % of brightness. */
const FLAT_BELOW = 0.02;
const BLOCKS = [2, 4, 8] as const;
const LARGEST = 8;
/** Levels of 255 that are added to the brightness, so that the rounding of black is no detail. */
const DARK = 16;
const LUMA = [0.299, 0.587, 0.114] as const;

interface Levels {
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** Returns whether a window, RGB bytes of a size, shows nothing that could be judged. */
export function isFlat(pixels: Uint8Array, size: Size): boolean {
  return detail(pixels, size) < FLAT_BELOW;
}

/** Returns how much a window shows beyond noise, relative to its brightness; at least 0. */
export function detail(pixels: Uint8Array, size: Size): number {
  const levels = lumaOf(pixels, size);
  const brightness = mean(levels.values);
  removeSmoothSurface(levels);
  const noise = fineNoise(levels);
  const energies = BLOCKS.map((block) => block * block * meanSquareOfAverages(levels, block));
  return Math.sqrt(Math.max(...energies, noise) - noise) / LARGEST / (brightness + DARK);
}

/** Returns the brightness of the pixels, without what exceeds whole blocks on the right and below. */
function lumaOf(pixels: Uint8Array, [fullHeight, fullWidth]: Size): Levels {
  const height = fullHeight - (fullHeight % LARGEST);
  const width = fullWidth - (fullWidth % LARGEST);
  const values = new Float64Array(height * width);
  for (let y = 0, at = 0; y < height; y++) {
    for (let from = y * fullWidth * 3, x = 0; x < width; x++, from += 3) {
      const [red, green, blue] = [pixels[from], pixels[from + 1], pixels[from + 2]] as [number, number, number];
      values[at++] = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue;
    }
  }
  return { height, width, values };
}

/** Subtracts the surface of second degree that fits best. */
function removeSmoothSurface({ height, width, values }: Levels): void {
  const down = polynomials(height);
  const across = polynomials(width);
  const degrees = [0, 1, 2] as const;
  const weights = degrees.map(() => [0, 0, 0]);
  for (let y = 0; y < height; y++) {
    const row = values.subarray(y * width, (y + 1) * width);
    for (const j of degrees) {
      const along = product(row, across[j] as Float64Array);
      for (const i of degrees) if (i + j <= 2) (weights[i] as number[])[j]! += (down[i] as Float64Array)[y]! * along;
    }
  }
  for (let y = 0, at = 0; y < height; y++) {
    const [first, second, third] = degrees.map((j) =>
      degrees.reduce((sum: number, i) => sum + (down[i] as Float64Array)[y]! * (weights[i] as number[])[j]!, 0),
    ) as [number, number, number];
    const [constant, linear, square] = across as [Float64Array, Float64Array, Float64Array];
    for (let x = 0; x < width; x++) values[at++]! -= first * constant[x]! + second * linear[x]! + third * square[x]!;
  }
}

/** Returns orthonormal polynomials of degree 0, 1 and 2 on equal steps, by Gram and Schmidt. */
function polynomials(length: number): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const degree of [0, 1, 2]) {
    const values = Float64Array.from({ length }, (_, index) => ((2 * index) / (length - 1) - 1) ** degree);
    for (const earlier of basis) {
      const share = product(values, earlier);
      for (let index = 0; index < length; index++) values[index]! -= share * earlier[index]!;
    }
    const norm = Math.sqrt(product(values, values));
    basis.push(values.map((value) => value / norm));
  }
  return basis;
}

/** Returns the variance of white noise by the diagonal differences of neighbours, where edges are few. */
function fineNoise({ height, width, values }: Levels): number {
  let sum = 0;
  for (let y = 0; y < height; y += 2) {
    for (let at = y * width; at < (y + 1) * width; at += 2) {
      sum += (values[at]! - values[at + width]! - values[at + 1]! + values[at + width + 1]!) ** 2;
    }
  }
  return sum / (values.length / 4) / 4;
}

function meanSquareOfAverages({ height, width, values }: Levels, block: number): number {
  let squares = 0;
  for (let top = 0; top < height; top += block) {
    for (let left = 0; left < width; left += block) {
      let sum = 0;
      for (let y = top; y < top + block; y++) {
        for (let at = y * width + left; at < y * width + left + block; at++) sum += values[at]!;
      }
      squares += (sum / block / block) ** 2;
    }
  }
  return (squares * block * block) / values.length;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function product(first: Float64Array, second: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < first.length; index++) sum += first[index]! * second[index]!;
  return sum;
}
