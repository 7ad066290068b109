/** The photos of the page, and their order. */

import type { Assessment } from "../src/index.ts";

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

/** Returns the photos in an order: scored ones, then waiting ones, then those that could not be scored. */
export function ordered(entries: readonly Entry[], order: Order): Entry[] {
  const place = { scored: 0, waiting: 1, failed: 2 };
  return [...entries].sort((first, second) => {
    if (order === "name") return first.name.localeCompare(second.name, undefined, { numeric: true });
    const difference = (second.assessment?.score ?? 0) - (first.assessment?.score ?? 0);
    return place[first.state] - place[second.state] || (order === "best" ? difference : -difference);
  });
}
