"use strict";
// Everything that comes from photos is shown as text: by textContent, never as markup.

const report = JSON.parse(document.getElementById("report").textContent);
const photos = report.photos.map((photo, number) => ({ ...photo, number }));
const pictureChunks = document.getElementsByClassName("pictures");
const BINS = 50;
const CARD = { width: 176, height: 222 };
const ROWS_AHEAD = 3;
const NOT_A_PHOTO = "not a photo"; // as the CLI says it

const byId = (id) => document.getElementById(id);
const page = Object.fromEntries(
  ["facts", "rejects", "histogram", "threshold", "name", "show", "band", "reason", "burst", "order", "save", "shown", "clear", "photos", "detail"].map(
    (id) => [id, byId(id)],
  ),
);
const scored = photos.filter((photo) => photo.score !== undefined);
const answersPhotograph = scored.some((photo) => photo.isPhotograph !== undefined);
const scores = scored.map((photo) => photo.score).sort((first, second) => first - second);

let shown = []; // the photos that pass the filters, in order
let active = 0; // which of them the keyboard is at
let oneBurst = null; // the number of the only burst to show
let columns = 1;
const cards = new Map(); // list items by the number of their photo

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const threshold = () => page.threshold.valueAsNumber;
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
const percent = (part, whole) => (whole === 0 ? "0 %" : `${((100 * part) / whole).toFixed(1)} %`);

// --- pictures: a chunk of the page is read when one of its pictures is seen -------------------------------

const chunks = new Map();

const PHOTO = 0;
const MAP = 1;

function pictureOf(number, kind = PHOTO) {
  const index = Math.floor(number / report.chunk);
  let lines = chunks.get(index);
  if (lines === undefined) {
    lines = pictureChunks[index].textContent.split("\n");
    chunks.set(index, lines);
    if (chunks.size > 40) chunks.delete(chunks.keys().next().value);
  }
  const data = lines[number % report.chunk].split(" ")[kind];
  if (!data) return null;
  return `data:image/${data.startsWith("UklGR") ? "webp" : "jpeg"};base64,${data}`; // RIFF
}

// --- the histogram ----------------------------------------------------------------------------------------

function drawHistogram() {
  const counts = new Array(BINS).fill(0);
  for (const score of scores) counts[Math.min(Math.floor(score * BINS), BINS - 1)] += 1;
  const most = Math.max(1, ...counts);
  const bars = counts.map((count, bin) => {
    const height = count === 0 ? 0 : Math.max(0.4, (19 * count) / most);
    return shape("rect", { x: bin + 0.06, width: 0.88, y: 20 - height, height });
  });
  const line = shape("line", { y1: 0, y2: 20 });
  page.histogram.replaceChildren(...bars, line);
}

function shape(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function drawThreshold() {
  const line = threshold();
  for (const [bin, bar] of [...page.histogram.querySelectorAll("rect")].entries()) {
    bar.classList.toggle("below", (bin + 1) / BINS <= line + 1e-9);
  }
  const mark = page.histogram.querySelector("line");
  mark.setAttribute("x1", line * BINS);
  mark.setAttribute("x2", line * BINS);
  const rejected = scores.filter((score) => score < line).length;
  const text = `A line at ${line.toFixed(2)} would reject ${rejected.toLocaleString("en")} of ${plural(scores.length, "scored photo")} (${percent(rejected, scores.length)}).`;
  page.rejects.textContent = text;
  page.threshold.setAttribute("aria-valuetext", text);
  page.histogram.setAttribute("aria-label", `Histogram of the scores. ${text}`);
}

// --- filters and order ------------------------------------------------------------------------------------

function passes(photo) {
  const { show, band, reason, burst } = page;
  const text = page.name.value.trim().toLowerCase();
  if (text && !photo.label.toLowerCase().includes(text)) return false;
  if (show.value === "errors" && photo.score !== undefined) return false;
  if (show.value === "kept" && !(photo.score >= threshold())) return false;
  if (show.value === "rejected" && !(photo.score < threshold())) return false;
  if (band.value && photo.band !== band.value) return false;
  if (reason.value === NOT_A_PHOTO && photo.isPhotograph !== false) return false;
  if (reason.value in report.faults && !photo.named?.includes(reason.value)) return false;
  if (oneBurst !== null && photo.burst !== oneBurst) return false;
  if (burst.value === "best") return photo.score !== undefined && (photo.rank ?? 1) === 1;
  if (burst.value === "others") return photo.rank > 1;
  if (burst.value === "in") return photo.rank !== undefined;
  return true;
}

const byName = (first, second) => first.label.localeCompare(second.label, "en", { numeric: true });
const LAST = Number.MAX_VALUE;
const ORDERS = {
  best: (first, second) => (second.score ?? -1) - (first.score ?? -1),
  worst: (first, second) => (first.score ?? 2) - (second.score ?? 2),
  name: byName,
  taken: (first, second) => (first.taken ?? "~").localeCompare(second.taken ?? "~"),
  burst: (first, second) => (first.burst ?? LAST) - (second.burst ?? LAST) || (first.rank ?? 0) - (second.rank ?? 0),
};

function ordered(list) {
  const order = page.order.value;
  if (order.startsWith("fault:")) {
    const name = order.slice(6);
    return list.sort((first, second) => (second.faults?.[name] ?? -1) - (first.faults?.[name] ?? -1));
  }
  return list.sort(ORDERS[order]); // stable: equal ones keep the order of the photos
}

function refresh() {
  shown = ordered(photos.filter(passes));
  active = 0;
  const errors = shown.filter((photo) => photo.score === undefined).length;
  const burst = oneBurst === null ? "" : ` of burst ${oneBurst}`;
  page.shown.textContent = `${shown.length.toLocaleString("en")} of ${plural(photos.length, "photo")}${burst} shown${errors ? `, ${errors.toLocaleString("en")} not scored` : ""}`;
  page.clear.hidden = shown.length === photos.length;
  for (const item of cards.values()) item.remove();
  cards.clear();
  layOut();
}

// --- the contact sheet: only the cards near the window exist ----------------------------------------------

function layOut() {
  columns = Math.max(1, Math.floor(page.photos.clientWidth / CARD.width));
  page.photos.style.height = `${Math.ceil(shown.length / columns) * CARD.height}px`;
  draw();
}

function draw() {
  const top = page.photos.getBoundingClientRect().top;
  const first = Math.max(0, Math.floor(-top / CARD.height) - ROWS_AHEAD) * columns;
  const last = Math.min(shown.length, (Math.ceil((innerHeight - top) / CARD.height) + ROWS_AHEAD) * columns);
  const places = [];
  for (let place = first; place < last; place++) places.push(place);
  const focused = cards.get(shown[active]?.number);
  if (focused?.contains(document.activeElement)) places.push(active); // so that the keyboard keeps its place
  places.sort((one, other) => one - other);
  const needed = new Map(places.map((place) => [shown[place].number, place]));
  for (const [number, item] of cards) {
    if (needed.has(number)) continue;
    item.remove();
    cards.delete(number);
  }
  let next = page.photos.firstElementChild;
  for (const [number, place] of needed) {
    let item = cards.get(number);
    if (item === undefined) {
      item = cardOf(shown[place], place);
      cards.set(number, item);
      page.photos.insertBefore(item, next);
    } else {
      next = item.nextElementSibling;
    }
    const width = page.photos.clientWidth / columns;
    item.style.width = `${width}px`;
    item.style.height = `${CARD.height}px`;
    item.style.transform = `translate(${(place % columns) * width}px, ${Math.floor(place / columns) * CARD.height}px)`;
  }
  const reachable = needed.has(shown[active]?.number) ? active : first;
  for (const [number, item] of cards) item.firstElementChild.tabIndex = number === shown[reachable]?.number ? 0 : -1;
}

function cardOf(photo, place) {
  const item = make("li");
  item.setAttribute("aria-setsize", shown.length);
  item.setAttribute("aria-posinset", place + 1);
  const card = make("button", "card");
  card.type = "button";
  card.dataset.number = photo.number;
  const picture = make("span", "picture");
  const address = pictureOf(photo.number);
  if (address !== null) {
    const image = make("img");
    image.alt = "";
    image.decoding = "async";
    image.src = address;
    picture.append(image);
  } else {
    picture.append(make("span", "error-mark", photo.score === undefined ? "not scored" : "no picture"));
  }
  if (photo.rank !== undefined) picture.append(make("span", "tag", photo.rank === 1 ? `best of burst ${photo.burst}` : `burst ${photo.burst}`));
  const text = make("span", "text");
  const heading = make("span", "top");
  if (photo.score !== undefined) {
    heading.append(make("strong", "", photo.score.toFixed(3)), make("span", photo.band, photo.band));
    if (photo.score < threshold()) card.classList.add("below");
  } else {
    heading.append(make("strong", "bad", "error"));
  }
  text.append(heading, make("span", "name", photo.label.split(/[\\/]/).pop()), make("span", "why", why(photo)));
  card.append(picture, text);
  card.title = photo.label;
  item.append(card);
  return item;
}

function why(photo) {
  if (photo.error !== undefined) return photo.error;
  if (photo.isPhotograph !== false && photo.reasons?.length) return photo.reasons.join(", ");
  return remark(photo);
}

function remark(photo) {
  return photo.isPhotograph === false ? NOT_A_PHOTO : (photo.reason ?? "");
}

function moveTo(place) {
  active = Math.min(Math.max(place, 0), shown.length - 1);
  const top = page.photos.getBoundingClientRect().top + Math.floor(active / columns) * CARD.height;
  const bar = document.querySelector(".bar");
  const covered = getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
  if (top < covered) scrollBy(0, top - covered);
  else if (top + CARD.height > innerHeight) scrollBy(0, top + CARD.height - innerHeight);
  draw();
  cards.get(shown[active]?.number)?.firstElementChild.focus({ preventScroll: true });
}

page.photos.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || shown.length === 0) return;
  const rows = Math.max(1, Math.floor(innerHeight / CARD.height) - 1);
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: rows * columns, PageUp: -rows * columns };
  if (event.key in steps) moveTo(active + steps[event.key]);
  else if (event.key === "Home") moveTo(0);
  else if (event.key === "End") moveTo(shown.length - 1);
  else return;
  event.preventDefault();
});

page.photos.addEventListener("focusin", (event) => {
  const card = event.target.closest(".card");
  if (card !== null) active = shown.findIndex((photo) => photo.number === Number(card.dataset.number));
});

page.photos.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (card !== null) open(photos[Number(card.dataset.number)]);
});

// --- one photo --------------------------------------------------------------------------------------------

let opened = null;

function open(photo) {
  opened = photo;
  byId("detail-name").textContent = photo.label;
  show(PHOTO);
  const score = byId("detail-score");
  if (photo.score === undefined) score.replaceChildren(make("span", "bad", photo.error));
  else {
    const words = [photo.band, remark(photo)].filter(Boolean).join(", ");
    score.replaceChildren(make("strong", photo.band, photo.score.toFixed(3)), ` ${words}`);
  }
  byId("detail-facts").replaceChildren(...facts(photo).flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
  byId("detail-open").href = photo.link;
  byId("detail-open").hidden = photo.link === "";
  byId("detail-burst").hidden = photo.burst === undefined;
  page.detail.showModal();
}

/** Shows the photo, or where it is good and where not. */
function show(kind) {
  const picture = byId("detail-picture");
  const address = pictureOf(opened.number, kind);
  picture.hidden = address === null;
  if (address !== null) picture.src = address;
  const isMap = kind === MAP;
  byId("detail-where").hidden = opened.lowest === undefined;
  byId("detail-where").textContent = isMap ? "Show the photo" : "Show where";
  byId("detail-where").setAttribute("aria-pressed", isMap);
  byId("detail-legend").hidden = !isMap;
  const why = opened.lowestReason ? `, ${opened.lowestReason}` : "";
  byId("detail-lowest").textContent =
    opened.lowest === null ? "There is nothing to judge in any part." : `The frame has the lowest score: ${opened.lowest?.toFixed(2)}${why}. What has no colour is not judged.`;
}

byId("detail-where").addEventListener("click", () => show(byId("detail-legend").hidden ? MAP : PHOTO));

function facts(photo) {
  const list = [];
  if (photo.kind !== undefined) list.push(["error", photo.kind]);
  if (photo.spread !== undefined) list.push(["spread of the opinions", photo.spread.toFixed(3)]);
  if (photo.photograph !== undefined) list.push(["a photograph at all", photo.photograph.toFixed(2)]);
  for (const [name, severity] of Object.entries(photo.faults ?? {})) list.push([report.faults[name], severity.toFixed(2)]);
  if (photo.taken !== undefined) list.push(["taken", photo.taken]);
  if (photo.burst !== undefined) list.push(["burst", `${photo.burst}, rank ${photo.rank}`]);
  if (photo.rank > 1) list.push(["not the best because", photo.reasons.join(", ") || "about as good"]);
  return list;
}

byId("detail-burst").addEventListener("click", () => {
  page.detail.close();
  clearFilters();
  oneBurst = opened.burst;
  page.order.value = "burst";
  refresh();
  page.photos.scrollIntoView({ block: "nearest" });
});
page.detail.addEventListener("click", (event) => {
  if (event.target === page.detail) page.detail.close(); // outside of its content
});

// --- the table --------------------------------------------------------------------------------------------

function csv(list) {
  const faults = Object.keys(report.faults);
  const ifFaults = (value) => (faults.length > 0 ? [value] : []);
  const ifPhotograph = (...values) => (answersPhotograph ? values : []);
  const header = [
    "path",
    "score",
    "band",
    ...ifFaults("reason"),
    "spread",
    ...faults.map((name) => `fault_${name}`),
    ...ifPhotograph("photograph", "is_photograph"),
    "taken",
    "burst",
    "rank",
    "reasons",
    "error_kind",
    "error",
  ];
  const rows = list.map((photo) => [
    photo.path,
    photo.score,
    photo.band,
    ...ifFaults(photo.reason),
    photo.spread,
    ...faults.map((name) => photo.faults?.[name]),
    ...ifPhotograph(photo.photograph, photo.isPhotograph),
    photo.taken,
    photo.burst,
    photo.rank,
    photo.reasons?.join("; "),
    photo.kind,
    photo.error,
  ]);
  return [header, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function quoted(value) {
  if (value === undefined) return "";
  const text = String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text; // a spreadsheet would compute it
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

page.save.addEventListener("click", () => {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([csv(shown)], { type: "text/csv" }));
  link.download = "photos.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

// --- start ------------------------------------------------------------------------------------------------

function clearFilters() {
  oneBurst = null;
  page.name.value = "";
  for (const select of [page.show, page.band, page.reason, page.burst]) select.selectedIndex = 0;
}

function start() {
  const errors = photos.length - scored.length;
  page.facts.textContent = `${plural(scored.length, "photo")} scored by ${report.model.name} ${report.model.version}${errors ? `, ${errors.toLocaleString("en")} not scored` : ""}. This page works offline.`;
  for (const [name, words] of Object.entries(report.faults)) {
    page.reason.append(new Option(words, name));
    page.order.append(new Option(`${words}: worst first`, `fault:${name}`));
  }
  if (answersPhotograph) page.reason.append(new Option(NOT_A_PHOTO, NOT_A_PHOTO));
  byId("reason-label").hidden = page.reason.length === 1;
  drawHistogram();
  drawThreshold();
  refresh();
}

page.threshold.addEventListener("input", () => {
  drawThreshold();
  refresh();
});
page.histogram.addEventListener("click", (event) => {
  const { left, width } = page.histogram.getBoundingClientRect();
  page.threshold.value = (event.clientX - left) / width;
  page.threshold.dispatchEvent(new Event("input"));
});
page.name.addEventListener("input", refresh);
for (const select of [page.show, page.band, page.reason, page.burst, page.order]) select.addEventListener("change", refresh);
document.querySelector(".bar").addEventListener("submit", (event) => event.preventDefault());
page.clear.addEventListener("click", () => {
  clearFilters();
  refresh();
  page.name.focus();
});
addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
addEventListener("resize", layOut);
start();
