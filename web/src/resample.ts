/**
 * The resampling rule "pillow-bicubic", bit for bit: mobileiqa_sdk/resample.py specifies it.
 *
 * Doubles in the order written there; the weights and sums are 32-bit integers. The rows are read in bands, so
 * that of a large photo only a band and the narrowed picture are held.
 */

import type { Size } from "./spec.ts";

/** A picture whose rows are read from top to bottom, each once. Upright, opaque, sRGB. */
export interface Rows {
  readonly height: number;
  readonly width: number;
  /** Bytes a pixel in what `read` returns: 3 for RGB, 4 for RGB and a byte that is ignored. */
  readonly channels: 3 | 4;
  /** Returns `count` rows from row `first` on; the memory may be used again at the next call. */
  read(first: number, count: number): Uint8Array | Uint8ClampedArray;
}

const BAND_BYTES = 4 << 20;
const FRACTION_BITS = 22;
const HALF = 1 << (FRACTION_BITS - 1);

/** For each new position: the first old position, how many there are, and their integer weights. */
interface Kernel {
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  /** Weights of position i begin at i * stride. */
  readonly stride: number;
}

/**
 * Returns the picture resized to a size, RGB bytes row by row.
 *
 * @param pause is awaited after each band; what it throws ends the work.
 */
export async function resize(rows: Rows, [height, width]: Size, pause?: () => Promise<void>): Promise<Uint8Array> {
  const narrowed = new Uint8ClampedArray(rows.height * width * 3);
  const kernel = rows.width === width ? null : kernelFor(rows.width, width);
  const band = Math.max(1, Math.floor(BAND_BYTES / (rows.width * rows.channels)));
  for (let first = 0; first < rows.height; first += band) {
    const count = Math.min(band, rows.height - first);
    const pixels = rows.read(first, count);
    const target = narrowed.subarray(first * width * 3, (first + count) * width * 3);
    if (kernel === null) copyRgb(pixels, rows.channels, target);
    else filterRows(pixels, rows.width, rows.channels, kernel, target, width);
    await pause?.();
  }
  if (rows.height === height) return new Uint8Array(narrowed.buffer);
  return filterColumns(narrowed, width * 3, kernelFor(rows.height, height), height);
}

function copyRgb(pixels: Uint8Array | Uint8ClampedArray, channels: number, target: Uint8ClampedArray): void {
  for (let from = 0, to = 0; to < target.length; from += channels) {
    target[to++] = pixels[from] as number;
    target[to++] = pixels[from + 1] as number;
    target[to++] = pixels[from + 2] as number;
  }
}

function filterRows(
  pixels: Uint8Array | Uint8ClampedArray,
  oldWidth: number,
  channels: number,
  { firsts, counts, weights, stride }: Kernel,
  target: Uint8ClampedArray,
  width: number,
): void {
  const bytesInRow = oldWidth * channels;
  for (let row = 0, to = 0; to < target.length; row += bytesInRow) {
    for (let x = 0; x < width; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let from = row + (firsts[x] as number) * channels;
      const begin = x * stride;
      const end = begin + (counts[x] as number);
      for (let j = begin; j < end; j++, from += channels) {
        const weight = weights[j] as number;
        red = (red + Math.imul(weight, pixels[from] as number)) | 0;
        green = (green + Math.imul(weight, pixels[from + 1] as number)) | 0;
        blue = (blue + Math.imul(weight, pixels[from + 2] as number)) | 0;
      }
      target[to++] = red >> FRACTION_BITS; // the clamped array clips
      target[to++] = green >> FRACTION_BITS;
      target[to++] = blue >> FRACTION_BITS;
    }
  }
}

function filterColumns(pixels: Uint8ClampedArray, bytesInRow: number, kernel: Kernel, height: number): Uint8Array {
  const { firsts, counts, weights, stride } = kernel;
  const target = new Uint8ClampedArray(height * bytesInRow);
  const sums = new Int32Array(bytesInRow);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    let from = (firsts[y] as number) * bytesInRow;
    for (let j = y * stride; j < y * stride + (counts[y] as number); j++) {
      const weight = weights[j] as number;
      for (let x = 0; x < bytesInRow; x++, from++) {
        sums[x] = (sums[x] as number) + Math.imul(weight, pixels[from] as number);
      }
    }
    for (let x = 0, to = y * bytesInRow; x < bytesInRow; x++) target[to++] = (sums[x] as number) >> FRACTION_BITS;
  }
  return new Uint8Array(target.buffer);
}

function kernelFor(oldSide: number, newSide: number): Kernel {
  const scale = oldSide / newSide;
  const stretch = Math.max(scale, 1);
  const support = 2 * stretch;
  const inverse = 1 / stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const firsts = new Int32Array(newSide);
  const counts = new Int32Array(newSide);
  const weights = new Int32Array(newSide * stride);
  const raw = new Float64Array(stride);
  for (let i = 0; i < newSide; i++) {
    const center = (i + 0.5) * scale;
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), oldSide) - first;
    let total = 0;
    for (let j = 0; j < count; j++) {
      const weight = cubic((first + j - center + 0.5) * inverse);
      raw[j] = weight;
      total += weight;
    }
    firsts[i] = first;
    counts[i] = count;
    for (let j = 0; j < count; j++) {
      const weight = total === 0 ? (raw[j] as number) : (raw[j] as number) / total;
      weights[i * stride + j] = Math.trunc(weight * 2 ** FRACTION_BITS + (weight >= 0 ? 0.5 : -0.5));
    }
  }
  return { firsts, counts, weights, stride };
}

/** Keys' cubic convolution kernel with a = -0.5. */
function cubic(position: number): number {
  const x = Math.abs(position);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * -0.5;
  return 0;
}
