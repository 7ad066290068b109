/** Results as comma-separated values. */

import type { Entry } from "./entries.ts";

/** Returns a table with one row for each photo that is finished, in their order, as UTF-8 text of RFC 4180. */
export function csv(entries: readonly Entry[]): string {
  const faults = [...new Set(entries.flatMap((entry) => Object.keys(entry.assessment?.faults ?? {})))];
  const ifFaults = (text: string) => (faults.length > 0 ? [text] : []);
  const answersPhotograph = entries.some((entry) => (entry.assessment?.isPhotograph ?? null) !== null);
  const ifPhotograph = (...texts: string[]) => (answersPhotograph ? texts : []);
  const header = [
    "photo",
    "score",
    "band",
    ...ifFaults("reason"),
    "spread",
    ...ifPhotograph("photograph", "is_photograph"),
    ...faults,
    "width",
    "height",
    "model",
    "error",
  ];
  const rows = entries
    .filter((entry) => entry.state !== "waiting")
    .map((entry) => {
      const assessment = entry.assessment;
      if (assessment === null) return [entry.name, ...header.slice(2).map(() => ""), entry.problem ?? ""];
      const { score, band, reason, spread, photograph, isPhotograph, photoSize, model } = assessment;
      const severities = faults.map((name) => digits(assessment.faults[name] ?? null));
      return [
        entry.name,
        digits(score),
        band,
        ...ifFaults(reason ?? ""),
        digits(spread),
        ...ifPhotograph(digits(photograph), String(isPhotograph ?? "")),
        ...severities,
        String(photoSize[1]),
        String(photoSize[0]),
        model,
        "",
      ];
    });
  return [header, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function digits(value: number | null): string {
  return value === null ? "" : value.toFixed(6);
}

function quoted(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value; // a spreadsheet would compute it
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
