/** The photos of the page, and their order. */

import { type Assessment, wordsOf } from "../src/index.ts";

export type Order = "best" | "worst" | "name";

/** A photo that was dropped. */
export interface Entry {
  readonly file: File;
  readonly name: string;
  state: "waiting" | "scored" | "failed";
  assessment: Assessment | null;
  /** Why it could not be scored. */
  problem: string | null;
  /** Address of a small picture; null until there is one. */
  preview: string | null;
}

/** Stands for pictures that are not photographs, among the faults to show. */
export const NOT_A_PHOTO = "not a photo";

/** Returns what photos can be filtered by: the words of each fault that is named, by the fault. */
export function choices(entries: readonly Entry[]): Map<string, string> {
  const words = new Map<string, string>();
  for (const { assessment } of entries) {
    for (const fault of assessment?.namedFaults ?? []) words.set(fault, wordsOf(fault));
    if (assessment?.isPhotograph === false) words.set(NOT_A_PHOTO, NOT_A_PHOTO);
  }
  return words;
}

/** Returns whether a photo has the fault that is chosen; an empty choice is all photos. */
export function isShown({ assessment }: Entry, choice: string): boolean {
  if (choice === "") return true;
  if (choice === NOT_A_PHOTO) return assessment?.isPhotograph === false;
  return assessment?.namedFaults.includes(choice) ?? false;
}

/** Returns the photos in an order: scored ones, then waiting ones, then those that could not be scored. */
export function ordered(entries: readonly Entry[], order: Order): Entry[] {
  const place = { scored: 0, waiting: 1, failed: 2 };
  return [...entries].sort((first, second) => {
    if (order === "name") return first.name.localeCompare(second.name, undefined, { numeric: true });
    const difference = (second.assessment?.score ?? 0) - (first.assessment?.score ?? 0);
    return place[first.state] - place[second.state] || (order === "best" ? difference : -difference);
  });
}
