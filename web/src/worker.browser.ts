/** The worker of a page. */

import type * as Ort from "onnxruntime-web";
import { download } from "./download.ts";
import { openPhoto } from "./photo.browser.ts";
import type { Answer, Request } from "./protocol.ts";
import { type Platform, serve } from "./server.ts";
import type { Backend } from "./session.ts";

const MOST_THREADS = 4; // more do not help at these sizes

const platform: Platform = {
  open: openPhoto,
  read: download,
  async runtime(backend, threads) {
    const ort = await onnxruntime(backend);
    const most = crossOriginIsolated ? navigator.hardwareConcurrency : 1; // threads share memory
    const count = Math.min(threads ?? MOST_THREADS, most);
    ort.env.wasm.numThreads = count;
    ort.env.logLevel = "fatal";
    return { ort, threads: count };
  },
};

async function onnxruntime(backend: Backend): Promise<typeof Ort> {
  if (backend === "webgpu") {
    const ort = await import("onnxruntime-web/webgpu");
    ort.env.wasm.wasmPaths = {
      mjs: new URL("./ort-wasm-simd-threaded.asyncify.mjs", import.meta.url).href,
      wasm: new URL("./ort-wasm-simd-threaded.asyncify.wasm", import.meta.url).href,
    };
    return ort;
  }
  const ort = await import("onnxruntime-web/wasm");
  ort.env.wasm.wasmPaths = {
    mjs: new URL("./ort-wasm-simd-threaded.mjs", import.meta.url).href,
    wasm: new URL("./ort-wasm-simd-threaded.wasm", import.meta.url).href,
  };
  return ort;
}

const handle = serve(platform, (answer: Answer) => postMessage(answer));
addEventListener("message", (event: MessageEvent<Request>) => handle(event.data));
