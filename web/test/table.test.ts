/** The page's table and order, without a browser. */

import { describe, expect, it } from "vitest";
import { csv } from "../demo/csv.ts";
import { type Entry, NOT_A_PHOTO, choices, isShown, ordered } from "../demo/entries.ts";
import { reason } from "../demo/format.ts";
import type { Assessment } from "../src/index.ts";

function entry(name: string, score: number | null, more: Partial<Assessment> = {}): Entry {
  const assessment = score === null ? null : { ...ASSESSMENT, score, ...more };
  const state = score === null ? "failed" : "scored";
  return { file: new File([], name), name, state, assessment, problem: score === null ? "is empty" : null, preview: null };
}

const ASSESSMENT: Assessment = {
  photo: "",
  score: 0,
  band: "fair",
  spread: null,
  opinions: [0],
  faults: {},
  photograph: null,
  namedFaults: [],
  reason: null,
  advice: null,
  isPhotograph: null,
  model: "m",
  photoSize: [480, 640],
  inputSize: [512, 512],
  reduction: 1,
  seconds: { decode: 0, resize: 0, inference: 0 },
};

describe("the table", () => {
  it("has a column for each fault, quotes, and does not run in a spreadsheet", () => {
    const entries = [
      entry('say "a", b.jpg', 0.5, { faults: { noise: 0.5 }, reason: "noisy", photograph: 1, isPhotograph: true, spread: 0.125 }),
      entry("=1+1.jpg", 0.25),
      entry("-.png", null),
      { ...entry("later.jpg", null), state: "waiting" as const },
    ];
    expect(csv(entries).split("\r\n")).toEqual([
      "photo,score,band,reason,spread,photograph,is_photograph,noise,width,height,model,error",
      '"say ""a"", b.jpg",0.500000,fair,noisy,0.125000,1.000000,true,0.500000,640,480,m,',
      "'=1+1.jpg,0.250000,fair,,,,,,640,480,m,",
      "'-.png,,,,,,,,,,,is empty",
      "",
    ]);
  });

  it("has no empty columns for a model that names no faults", () => {
    expect(csv([entry("a.jpg", 0.5)]).split("\r\n")[0]).toBe("photo,score,band,spread,width,height,model,error");
  });
});

it("scored photos come first, then those that wait, then those that failed", () => {
  const entries = [entry("f", null), { ...entry("w", null), state: "waiting" as const }, entry("b10", 0.25), entry("b9", 0.75)];
  const names = (order: "best" | "worst" | "name") => ordered(entries, order).map(({ name }) => name);
  expect(names("best")).toEqual(["b9", "b10", "w", "f"]);
  expect(names("worst")).toEqual(["b10", "b9", "w", "f"]);
  expect(names("name")).toEqual(["b9", "b10", "f", "w"]);
});

it("photos are filtered by the faults that their reasons name", () => {
  const entries = [
    entry("noisy", 0.5, { namedFaults: ["noise", "lens_flare"] }),
    entry("dark", 0.4, { namedFaults: ["underexposure"] }),
    entry("screenshot", 0.3, { isPhotograph: false }),
    entry("good", 0.9, { isPhotograph: true }),
    entry("failed", null),
  ];
  expect([...choices(entries)]).toEqual([
    ["noise", "noisy"],
    ["lens_flare", "lens flare"],
    ["underexposure", "too dark"],
    [NOT_A_PHOTO, NOT_A_PHOTO],
  ]);
  const shown = (choice: string) => entries.filter((each) => isShown(each, choice)).map(({ name }) => name);
  expect(shown("")).toHaveLength(5);
  expect(shown("lens_flare")).toEqual(["noisy"]);
  expect(shown(NOT_A_PHOTO)).toEqual(["screenshot"]);
});

it("the reason is the worst faults, else how far the opinions agree", () => {
  const because = (more: Partial<Assessment>) => reason({ ...ASSESSMENT, ...more });
  expect(because({ faults: { noise: 0.9 }, reason: "too dark and noisy" })).toBe("Too dark and noisy");
  expect(because({ faults: { noise: 0.1 } })).toBe("No fault stands out");
  expect(because({ faults: { noise: 0.9 }, photograph: 0.1, isPhotograph: false })).toBe("Not a photo");
  expect(because({ spread: 0.01 })).toBe("The opinions agree");
  expect(because({ spread: 0.2 })).toMatch(/differ/);
  expect(because({})).toBe("");
});
