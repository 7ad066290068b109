/** Draws the scores of a map over its photo: `mobileiqa_sdk/where/overlay.py`, without the legend. */

import type { PixelData } from "../scorer.ts";
import type { QualityMap } from "./quality-map.ts";
import { scaled } from "./windows.ts";

export type Colour = readonly [red: number, green: number, blue: number];

/** sRGB of equally spaced scores from 0 to 1, evenly spaced in OKLab: `mobileiqa_sdk/where/colours.py`. */
const STEPS: readonly Colour[] = [
  [0x3c, 0x14, 0x75],
  [0x71, 0x13, 0x79],
  [0xa4, 0x0f, 0x68],
  [0xcd, 0x32, 0x50],
  [0xe8, 0x5d, 0x28],
  [0xf1, 0x90, 0x00],
  [0xdf, 0xbf, 0x00],
  [0xad, 0xe8, 0x72],
  [0x80, 0xff, 0xd7],
];
/** Share of the colour where there is one; the rest is the photo. */
const SHARE = 0.55;
/** Levels of the photo's black and white: colours stay readable on it. */
const [DARKEST, LIGHTEST] = [100, 250];

/** Returns the colour of a score in [0, 1]: violet for the worst, light green for the best. */
export function colourOf(score: number): Colour {
  const at = score * (STEPS.length - 1);
  const index = Math.min(Math.floor(at), STEPS.length - 2);
  const [low, high] = [STEPS[index] as Colour, STEPS[index + 1] as Colour];
  const between = (channel: 0 | 1 | 2) => low[channel] + (at - index) * (high[channel] - low[channel]);
  return [between(0), between(1), between(2)];
}

/**
 * Returns a photo in grey under the colours of its map, as RGBA pixels that `ImageData` takes.
 *
 * Scores are interpolated between the middles of windows. Flat parts have no colour.
 *
 * @param photo the upright photo at any size, such as a small one for the screen.
 */
export function overlay(map: QualityMap, photo: PixelData): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } {
  const { width, height } = photo;
  const boxes = map.windows.map(({ box }) => scaled(box, map.photoSize, [height, width]));
  const column = (index: number) => boxes[index] as (typeof boxes)[number];
  const middles = (first: number, last: number) => (first + last - 1) / 2;
  const rows = Array.from({ length: map.rows }, (_, row) => middles(column(row * map.columns)[0], column(row * map.columns)[2]));
  const columns = Array.from({ length: map.columns }, (_, index) => middles(column(index)[1], column(index)[3]));
  const data = new Uint8ClampedArray(width * height * 4);
  const across = Array.from({ length: width }, (_, x) => between(columns, x));
  for (let y = 0, at = 0; y < height; y++) {
    const down = between(rows, y);
    for (let x = 0; x < width; x++, at += 4) paint(data, photo.data, at, blended(map, down, across[x] as Place));
  }
  return { width, height, data };
}

/** Two neighbours, by index, and how much the second counts. */
interface Place {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/** Returns the places on either side of a pixel; outside of the outermost ones, those count alone. */
function between(middles: readonly number[], at: number): Place {
  const second = middles.findIndex((middle) => middle >= at);
  if (second <= 0) {
    const only = second < 0 ? middles.length - 1 : 0;
    return { first: only, second: only, share: 0 };
  }
  const [low, high] = [middles[second - 1] as number, middles[second] as number];
  const linear = (at - low) / (high - low);
  return { first: second - 1, second, share: linear * linear * (3 - 2 * linear) }; // without creases at middles
}

/** Returns the mean score of four windows, and how much of it comes from windows that are not flat. */
function blended(map: QualityMap, down: Place, across: Place): { score: number; share: number } {
  let [sum, share] = [0, 0];
  for (const [row, high] of [[down.first, 1 - down.share], [down.second, down.share]] as const) {
    for (const [column, wide] of [[across.first, 1 - across.share], [across.second, across.share]] as const) {
      const score = map.windows[row * map.columns + column]?.score ?? null;
      if (score === null) continue;
      sum += high * wide * score;
      share += high * wide;
    }
  }
  return { score: share > 0 ? sum / share : 0, share };
}

function paint(
  data: Uint8ClampedArray,
  photo: Uint8Array | Uint8ClampedArray,
  at: number,
  { score, share }: { score: number; share: number },
): void {
  const luma = 0.299 * photo[at]! + 0.587 * photo[at + 1]! + 0.114 * photo[at + 2]!;
  const grey = DARKEST + (luma * (LIGHTEST - DARKEST)) / 255;
  colourOf(score).forEach((level, channel) => {
    data[at + channel] = grey + SHARE * share * (level - grey);
  });
  data[at + 3] = 255;
}
