/**
 * The overlapping windows that a fitted photo is cut into: `mobileiqa_sdk/where/windows.py`.
 *
 * On each side they are spread evenly from one edge to the other; neighbours overlap by at least half. A side
 * that is shorter than a window has one, as long as itself.
 */

import type { Size } from "../spec.ts";

/** Top, left, bottom, right in pixels; the last two are exclusive. */
export type Box = readonly [top: number, left: number, bottom: number, right: number];

/** Pixels of a window's side, of the photo as the model sees it; the next multiple below if it needs one. */
const SIDE = 256;

/** Returns the side of a window for a model that takes sides that are multiples of a number. */
export function windowSide(multiple: number): number {
  return Math.floor(SIDE / multiple) * multiple;
}

/** Returns the windows of a picture of this size, row by row. */
export function cut([height, width]: Size, side: number): { rows: number; columns: number; boxes: Box[] } {
  const tops = starts(height, side);
  const lefts = starts(width, side);
  const boxes = tops.flatMap((top) =>
    lefts.map((left): Box => [top, left, Math.min(top + side, height), Math.min(left + side, width)]),
  );
  return { rows: tops.length, columns: lefts.length, boxes };
}

/** Returns a window of a picture in the pixels of the same picture at another size, edges rounded to them. */
export function scaled(box: Box, [height, width]: Size, [newHeight, newWidth]: Size): Box {
  const move = (edge: number, before: number, after: number) => Math.floor((2 * edge * after + before) / (2 * before));
  const [top, left, bottom, right] = box;
  return [
    move(top, height, newHeight),
    move(left, width, newWidth),
    move(bottom, height, newHeight),
    move(right, width, newWidth),
  ];
}

function starts(length: number, side: number): number[] {
  const room = length - side;
  if (room <= 0) return [0];
  const gaps = Math.ceil(room / Math.floor(side / 2));
  return Array.from({ length: gaps + 1 }, (_, index) => Math.floor((index * room) / gaps));
}
