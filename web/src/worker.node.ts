/** The worker in Node. */

import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import * as ort from "onnxruntime-web";
import { download } from "./download.ts";
import { ModelNotFound } from "./errors.ts";
import { openPhoto } from "./photo.node.ts";
import type { Answer, Request } from "./protocol.ts";
import { type Platform, serve } from "./server.ts";
import { firstLine } from "./text.ts";

const MOST_THREADS = 4;

const platform: Platform = {
  open: openPhoto,
  async read(address, signal, onProgress) {
    if (!address.startsWith("file:")) return download(address, signal, onProgress);
    try {
      return await readFile(fileURLToPath(address), { signal });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new ModelNotFound(`${address}: cannot be read (${firstLine(error)})`);
    }
  },
  async runtime(_backend, threads) {
    const count = Math.min(threads ?? MOST_THREADS, availableParallelism());
    ort.env.wasm.numThreads = count;
    ort.env.wasm.wasmPaths = {
      mjs: new URL("./ort-wasm-simd-threaded.mjs", import.meta.url).href,
      wasm: new URL("./ort-wasm-simd-threaded.wasm", import.meta.url).href,
    };
    ort.env.logLevel = "fatal";
    return { ort, threads: count };
  },
};

const port = parentPort;
if (port === null) throw new Error("this file is the worker of mobileiqa; import mobileiqa instead");
const handle = serve(platform, (answer: Answer) => port.postMessage(answer));
port.on("message", (request: Request) => handle(request));
