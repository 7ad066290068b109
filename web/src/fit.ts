/**
 * The size a photo is resized to: docs/contract.md, "The size of the input". Whole numbers only.
 *
 * Photos have at most 2^30 pixels and sides of at least 32, and budgets at most 2^27 pixels, so that every
 * product of the first rule is below 2^53. Fractions are compared in bigint.
 */

import type { InputSpec, Setting, Size } from "./spec.ts";

/** Returns the size of the model's input for an upright photo of height x width. */
export function inputSize(height: number, width: number, input: InputSpec, setting: Setting | null): Size {
  if (setting !== null) return fitted(height, width, setting, input.multiple);
  return [input.height as number, input.width as number]; // a contract without settings has both
}

/** Returns the size that an upright photo of height x width is resized to, its aspect ratio kept. */
export function fitted(height: number, width: number, setting: Setting, multiple: number): Size {
  if (setting.sizes.length > 0) return closest(height, width, setting.sizes);
  const budget = setting.maxPixels;
  if (height * width <= budget) return multiples(height, width, budget, multiple);
  return multiples(
    integerRoot(Math.floor((budget * height) / width)),
    integerRoot(Math.floor((budget * width) / height)),
    budget,
    multiple,
  );
}

function multiples(height: number, width: number, budget: number, multiple: number): Size {
  if (height < multiple) return [multiple, down(Math.min(width, Math.floor(budget / multiple)), multiple)];
  if (width < multiple) return [down(Math.min(height, Math.floor(budget / multiple)), multiple), multiple];
  return [down(height, multiple), down(width, multiple)];
}

function down(side: number, multiple: number): number {
  return Math.max(Math.floor(side / multiple), 1) * multiple;
}

function integerRoot(square: number): number {
  let root = Math.floor(Math.sqrt(square));
  while (root * root > square) root--;
  while ((root + 1) * (root + 1) <= square) root++;
  return root;
}

function closest(height: number, width: number, sizes: readonly Size[]): Size {
  const within = sizes.filter(([h, w]) => h <= height && w <= width);
  const candidates = within.length > 0 ? within : sizes;
  return candidates.reduce((best, size) => (isCloser(size, best, height, width) ? size : best));
}

/** Returns whether `size` is more like the photo than `best`, or as much so with more pixels. */
function isCloser(size: Size, best: Size, height: number, width: number): boolean {
  const [low, high] = likeness(size, height, width);
  const [bestLow, bestHigh] = likeness(best, height, width);
  const difference = low * bestHigh - bestLow * high;
  return difference > 0n || (difference === 0n && size[0] * size[1] > best[0] * best[1]);
}

/** Returns the numerator and denominator of min(w H, W h) / max(w H, W h). */
function likeness([h, w]: Size, height: number, width: number): [bigint, bigint] {
  const first = BigInt(w) * BigInt(height);
  const second = BigInt(width) * BigInt(h);
  return first < second ? [first, second] : [second, first];
}
