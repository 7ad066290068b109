/** The page: photos in, ranked cards out. */

import { PhotoError, type Progress, Scorer } from "../src/index.ts";
import { card, detail, sentence } from "./card.ts";
import { csv } from "./csv.ts";
import { type Entry, type Order, choices, isShown, ordered } from "./entries.ts";
import { capitalised, duration, megabytes } from "./format.ts";
import { previewOf } from "./preview.ts";

const entries: Entry[] = [];
const page = {
  drop: byId("drop"),
  over: byId("over"),
  status: byId("status"),
  progress: byId<HTMLProgressElement>("progress"),
  files: byId<HTMLInputElement>("files"),
  results: byId("results"),
  summary: byId("summary"),
  photos: byId("photos"),
  threshold: byId<HTMLInputElement>("threshold"),
  thresholdValue: byId<HTMLOutputElement>("threshold-value"),
  order: byId<HTMLSelectElement>("order"),
  reason: byId<HTMLSelectElement>("reason"),
  stop: byId<HTMLButtonElement>("stop"),
  dialog: byId<HTMLDialogElement>("detail"),
  dialogBody: byId("detail-body"),
  announce: byId("announce"),
  facts: byId("facts"),
};

let stopper: AbortController | null = null;
const loading = load();

function byId<Element extends HTMLElement>(id: string): Element {
  return document.getElementById(id) as Element;
}

async function load(): Promise<Scorer> {
  const started = performance.now();
  let size = 0;
  const onProgress = ({ loaded, total }: Progress) => {
    size = loaded;
    if (total !== null) page.progress.value = loaded / total;
    else page.progress.removeAttribute("value");
    page.status.textContent = `Loading the model: ${megabytes(loaded)}`;
  };
  const webgpu = new URLSearchParams(location.search).has("webgpu");
  try {
    const scorer = await Scorer.load("model.onnx", { webgpu, onProgress });
    const threads = scorer.threads === 1 ? "one thread" : `${scorer.threads} threads`;
    const computing = scorer.backend === "webgpu" ? "WebGPU" : threads;
    const loadedIn = duration((performance.now() - started) / 1000);
    const replay = await scorer.verify(); // also compiles what the first photo needs
    const test = replay.passed ? "self-test passed" : `self-test failed: a score differs by ${replay.difference}`;
    const { name, version } = scorer.contract.model;
    page.facts.textContent = `${name} ${version}, ${megabytes(size)}, ${computing}, loaded in ${loadedIn}, ${test}.`;
    page.status.textContent = "Ready.";
    return scorer;
  } catch (error) {
    page.status.textContent = `The model cannot be loaded. ${error instanceof Error ? error.message : String(error)}`;
    document.body.classList.add("broken");
    throw error;
  } finally {
    page.progress.hidden = true;
  }
}

function add(files: Iterable<File>): void {
  const added = [...files].map((file): Entry => ({
    file,
    name: file.name || "pasted picture",
    state: "waiting",
    assessment: null,
    problem: null,
    preview: null,
  }));
  if (added.length === 0) return;
  entries.push(...added);
  render();
  if (stopper === null) void work();
}

/** Scores what waits, one photo after the other, until nothing waits or the user stops it. */
async function work(): Promise<void> {
  const controller = new AbortController();
  stopper = controller;
  page.stop.hidden = false;
  try {
    const scorer = await loading;
    for (let entry = nextWaiting(); entry && !controller.signal.aborted; entry = nextWaiting()) {
      await assess(scorer, entry, controller.signal);
      render();
    }
  } finally {
    stopper = null;
    page.stop.hidden = true;
    if (controller.signal.aborted) forget((entry) => entry.state === "waiting");
    render();
    announceResult();
  }
}

function nextWaiting(): Entry | undefined {
  return entries.find((entry) => entry.state === "waiting");
}

async function assess(scorer: Scorer, entry: Entry, signal: AbortSignal): Promise<void> {
  try {
    entry.assessment = await scorer.assess(entry.file, { signal });
    entry.state = "scored";
    const [height, width] = entry.assessment.photoSize;
    render();
    entry.preview = await previewOf(entry.file, width > height);
  } catch (error) {
    if (signal.aborted) return;
    entry.state = "failed";
    entry.problem = error instanceof PhotoError ? capitalised(error.reason) : String(error);
  }
}

function forget(isGone: (entry: Entry) => boolean): void {
  for (const entry of entries.filter(isGone)) {
    if (entry.preview !== null) URL.revokeObjectURL(entry.preview);
    entries.splice(entries.indexOf(entry), 1);
  }
}

/** Returns the photos that the chosen reason leaves, in the chosen order. */
function shown(): Entry[] {
  return ordered(entries, page.order.value as Order).filter((entry) => isShown(entry, page.reason.value));
}

/** Offers the reasons that photos have now; a chosen one that no photo has any more shows all photos. */
function offerReasons(): void {
  const offered = choices(entries);
  const [any] = page.reason.options;
  const options = [...offered].map(([value, words]) => new Option(capitalised(words), value, false, value === page.reason.value));
  page.reason.replaceChildren(any as Node, ...options);
  byId("reason-label").hidden = offered.size === 0;
}

function render(): void {
  const threshold = page.threshold.valueAsNumber;
  page.results.hidden = entries.length === 0;
  document.body.classList.toggle("has-photos", entries.length > 0);
  page.thresholdValue.value = threshold.toFixed(2);
  const focused = [...page.photos.children].findIndex((item) => item.contains(document.activeElement));
  offerReasons();
  page.photos.replaceChildren(...shown().map((entry) => card(entry, threshold, () => open(entry))));
  if (focused >= 0) page.photos.children[focused]?.querySelector("button")?.focus();
  page.summary.textContent = summary(threshold);
}

function summary(threshold: number): string {
  const scored = entries.filter((entry) => entry.assessment !== null);
  const waiting = entries.filter((entry) => entry.state === "waiting").length;
  const failed = entries.length - scored.length - waiting;
  const kept = scored.filter((entry) => (entry.assessment?.score ?? 0) >= threshold).length;
  const parts = [`${kept} of ${scored.length} kept`];
  if (waiting > 0) parts.push(`${waiting} waiting`);
  if (failed > 0) parts.push(`${failed} not scored`);
  return parts.join(" · ");
}

function announceResult(): void {
  const [best] = ordered(entries, "best");
  if (best !== undefined) page.announce.textContent = `${page.summary.textContent}. Best is ${sentence(best)}.`;
}

function open(entry: Entry): void {
  const controller = new AbortController();
  const mapped = async () => (await loading).map(entry.file, { signal: controller.signal });
  page.dialogBody.replaceChildren(detail(entry, mapped));
  page.dialog.addEventListener("close", () => controller.abort(), { once: true });
  page.dialog.showModal();
}

function save(): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv(shown())], { type: "text/csv" }));
  link.download = "mobileiqa.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function example(): Promise<void> {
  const picture = await (await fetch("example.jpg")).blob();
  add([new File([picture], "otters.jpg", { type: "image/jpeg" })]);
}

byId("choose").addEventListener("click", () => page.files.click());
byId("example").addEventListener("click", () => void example());
byId("export").addEventListener("click", save);
byId("clear").addEventListener("click", () => {
  stopper?.abort();
  forget(() => true);
  render();
  byId("choose").focus();
});
page.stop.addEventListener("click", () => stopper?.abort());
page.files.addEventListener("change", () => {
  add(page.files.files ?? []);
  page.files.value = "";
});
page.threshold.addEventListener("input", render);
page.order.addEventListener("change", render);
page.reason.addEventListener("change", render);
page.dialog.addEventListener("click", (event) => {
  if (event.target === page.dialog) page.dialog.close(); // outside of its content
});

addEventListener("paste", (event) => add(event.clipboardData?.files ?? []));
addEventListener("dragover", (event) => {
  event.preventDefault();
  page.over.hidden = false;
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) page.over.hidden = true;
});
addEventListener("drop", (event) => {
  event.preventDefault();
  page.over.hidden = true;
  add(event.dataTransfer?.files ?? []);
});

if ("serviceWorker" in navigator) void navigator.serviceWorker.register("service-worker.js");
