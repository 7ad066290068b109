/** The decode rule "jpeg-reduced": docs/contract.md, "Large JPEGs". */

import type { Size } from "./spec.ts";

const FACTORS = [8, 4, 2];

/**
 * Returns by how much both sides of a JPEG are divided when it is decoded: the largest of 8, 4, 2 that leaves
 * 1.4 times the input in each direction, else 1.
 *
 * @param height of the upright photo, in pixels.
 * @param width of the upright photo, in pixels.
 * @param input the model's input.
 */
export function reduction(height: number, width: number, input: Size): number {
  for (const factor of FACTORS) {
    const isHigh = 5 * Math.floor(height / factor) >= 7 * input[0];
    const isWide = 5 * Math.floor(width / factor) >= 7 * input[1];
    if (isHigh && isWide) return factor;
  }
  return 1;
}
