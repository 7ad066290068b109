/** Starts the worker in Node. It keeps the process alive only while it works. */

import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { Channel } from "./channel.ts";
import type { Answer } from "./protocol.ts";

export function connect(onAnswer: (answer: Answer) => void, onStop: (reason: string) => void): Channel {
  const worker = new Worker(new URL("./worker.node.js", import.meta.url), { execArgv: [] });
  let waiting = 0;
  worker.unref();
  worker.on("message", (answer: Answer) => {
    if (!("progress" in answer) && --waiting === 0) worker.unref();
    onAnswer(answer);
  });
  worker.on("error", (error) => onStop(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => onStop(`it exited with ${code}`));
  return {
    send(request) {
      worker.postMessage(request);
      if ("work" in request && waiting++ === 0) worker.ref();
    },
    close: () => void worker.terminate(),
  };
}

/** Returns the URL of a model: of a path, that of the file. */
export function addressOf(model: string | URL): string {
  if (model instanceof URL || /^(https?|file|data):/i.test(model)) return String(model);
  return pathToFileURL(model).href;
}

/** Returns a photo's name for results and errors. */
export function nameOf(photo: unknown): string {
  if (typeof photo === "string") return basename(photo);
  if (photo instanceof URL) return basename(photo.pathname);
  return `<${photo?.constructor?.name ?? typeof photo}>`;
}
