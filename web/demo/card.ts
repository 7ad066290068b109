/** What a photo looks like on the page. */

import { BANDS, type Assessment, type QualityMap, wordsOf } from "../src/index.ts";
import { element } from "./element.ts";
import { type Entry, NOT_A_PHOTO } from "./entries.ts";
import { advice, duration, reason, score } from "./format.ts";
import { whereSection } from "./where.ts";

/** Returns the list item of a photo as it is now. */
export function card(entry: Entry, threshold: number, onOpen: () => void): HTMLLIElement {
  const item = element("li", `card ${entry.state}`);
  item.append(picture(entry));
  const text = element("div", "text");
  item.append(text);
  if (entry.assessment === null) {
    text.append(element("h2", "name", entry.name));
    text.append(element("p", "reason", entry.problem ?? "Waiting…"));
    return item;
  }
  const { assessment } = entry;
  const isKept = assessment.score >= threshold;
  item.classList.toggle("below", !isKept);
  item.dataset["band"] = assessment.band;
  const open = element("button", "open", entry.name);
  open.type = "button";
  open.addEventListener("click", onOpen);
  text.append(
    element("p", "score", element("strong", "", score(assessment.score)), element("span", "band", assessment.band)),
    element("h2", "name", open),
    scale(assessment),
    element("p", "reason", [reason(assessment), advice(assessment)].filter(Boolean).join(". ")),
  );
  if (!isKept) text.append(element("p", "unseen", "Below the threshold."));
  return item;
}

/**
 * Returns everything known about a photo, for the dialog.
 *
 * @param mapped gives the photo's map.
 */
export function detail(entry: Entry, mapped: () => Promise<QualityMap>): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const { assessment } = entry;
  if (assessment === null) return fragment;
  const heading = element("h2", "", entry.name);
  heading.id = "detail-name";
  const head = element("p", "score", element("strong", "", score(assessment.score)), element("span", "band", assessment.band));
  const body = element("div", "text", head, heading, scale(assessment), element("p", "reason", reason(assessment)));
  if (assessment.advice !== null) body.append(element("p", "advice", advice(assessment)));
  const frame = picture(entry);
  if (entry.preview !== null) body.append(whereSection(frame, mapped));
  const faults = Object.entries(assessment.faults);
  if (faults.length > 0) body.append(bars("Faults, 0 is none", faults));
  if (assessment.opinions.length > 1) {
    const opinions = assessment.opinions.map((value, index) => [`opinion ${index + 1}`, value] as [string, number]);
    body.append(bars("The opinions, whose mean is the score", opinions));
  }
  body.append(facts(assessment));
  const article = element("article", "detail", frame, body);
  article.dataset["band"] = assessment.band;
  fragment.append(article);
  return fragment;
}

function picture(entry: Entry): HTMLElement {
  const frame = element("div", "picture");
  if (entry.preview !== null) {
    const image = element("img", "");
    image.src = entry.preview;
    image.alt = "";
    image.decoding = "async";
    frame.append(image);
  }
  return frame;
}

/** Returns five segments for the bands, with a mark for the score and a thin one for each opinion. */
function scale(assessment: Assessment): SVGSVGElement {
  const svg = svgElement("svg", { class: "scale", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
  BANDS.forEach((band, index) => {
    svg.append(svgElement("rect", { class: `segment ${band}`, x: index * 20 + 0.4, y: 3, width: 19.2, height: 4, rx: 1 }));
  });
  for (const opinion of assessment.opinions) {
    svg.append(svgElement("rect", { class: "opinion", x: opinion * 100 - 0.25, y: 2, width: 0.5, height: 6 }));
  }
  svg.append(svgElement("rect", { class: "mark", x: assessment.score * 100 - 0.9, y: 0, width: 1.8, height: 10, rx: 0.9 }));
  return svg;
}

function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | number>,
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

function bars(title: string, values: readonly [string, number][]): HTMLElement {
  const list = element("dl", "bars");
  for (const [name, value] of values) {
    const meter = element("meter", "");
    meter.value = value;
    list.append(element("dt", "", wordsOf(name)), element("dd", "", meter, element("span", "", score(value))));
  }
  return element("section", "", element("h3", "", title), list);
}

function facts(assessment: Assessment): HTMLElement {
  const { photoSize, inputSize, reduction, seconds, model, spread } = assessment;
  const decoded = reduction > 1 ? `, decoded at 1/${reduction}` : "";
  const rows: [string, string][] = [
    ["Photo", `${photoSize[1]} × ${photoSize[0]}${decoded}`],
    ["Seen by the model at", `${inputSize[1]} × ${inputSize[0]}`],
    ["Time", `${duration(seconds.decode)} decoding, ${duration(seconds.resize)} resizing, ${duration(seconds.inference)} model`],
    ["Model", model],
  ];
  if (spread !== null) rows.splice(3, 0, ["Spread of the opinions", score(spread)]);
  const list = element("dl", "facts");
  for (const [name, value] of rows) list.append(element("dt", "", name), element("dd", "", value));
  return list;
}

/** Returns a sentence about a scored photo, for screen readers. */
export function sentence(entry: Entry): string {
  if (entry.assessment === null) return `${entry.name}: ${entry.problem ?? "not scored"}`;
  const { isPhotograph, reason, band } = entry.assessment;
  const remark = isPhotograph === false ? NOT_A_PHOTO : reason;
  return [`${entry.name}: ${score(entry.assessment.score)}, ${band}`, remark ?? ""].filter(Boolean).join(", ");
}
