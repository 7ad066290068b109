/** Starts the worker of a page. */

import type { Channel } from "./channel.ts";
import type { Answer } from "./protocol.ts";

export function connect(onAnswer: (answer: Answer) => void, onStop: (reason: string) => void): Channel {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "mobileiqa" });
  worker.addEventListener("message", (event: MessageEvent<Answer>) => onAnswer(event.data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    onStop(event.message || "its file cannot be loaded");
  });
  worker.addEventListener("messageerror", () => onStop("a message could not be read"));
  return {
    send: (request) => worker.postMessage(request),
    close: () => worker.terminate(),
  };
}

/** Returns the absolute address of a model: the worker's own address is another than the page's. */
export function addressOf(model: string | URL): string {
  return new URL(model, typeof document === "undefined" ? location.href : document.baseURI).href;
}

/** Returns a photo's name for results and errors. */
export function nameOf(photo: unknown): string {
  if (typeof File !== "undefined" && photo instanceof File && photo.name) return photo.name;
  return `<${photo?.constructor?.name ?? typeof photo}>`;
}
