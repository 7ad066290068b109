/** The worker's side: takes requests, works on one at a time, answers. */

import type * as Ort from "onnxruntime-web";
import { Engine, type Open } from "./engine.ts";
import { MobileIQAError, RuntimeUnavailable, packError } from "./errors.ts";
import type { Answer, LoadRequest, Loaded, ModelSource, Progress, Request, Work } from "./protocol.ts";
import { type Backend, Session } from "./session.ts";
import type { Setting } from "./spec.ts";
import { firstLine } from "./text.ts";

/** What differs between a browser and Node. */
export interface Platform {
  readonly open: Open;
  /** Returns onnxruntime, set up for a number of threads (null chooses), and that number. */
  runtime(backend: Backend, threads: number | null): Promise<{ ort: typeof Ort; threads: number }>;
  /** Reads a model from its address. */
  read(address: string, signal: AbortSignal, onProgress: (progress: Progress) => void): Promise<Uint8Array>;
}

/** Returns what handles a request; answers go to `send`. */
export function serve(platform: Platform, send: (answer: Answer) => void): (request: Request) => void {
  const aborts = new Map<number, AbortController>();
  let engine: Engine | null = null;
  let queue = Promise.resolve(); // one photo at a time: the memory for one is enough

  async function perform(id: number, work: Work, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    if (work.kind === "load") {
      const result = await load(platform, work, signal, (progress) => send({ id, progress }));
      engine = result.engine;
      return { id, value: result.loaded };
    }
    if (engine === null) throw new RuntimeUnavailable("no model is loaded");
    if (work.kind === "verify") return { id, value: await engine.verify() };
    const pause = async () => {
      await nextTask(); // lets an abort arrive
      signal.throwIfAborted();
    };
    return { id, value: await engine[work.kind](work.photo, work.name, pause) };
  }

  return (request) => {
    if ("abort" in request) {
      aborts.get(request.id)?.abort();
      return;
    }
    const { id, work } = request;
    const controller = new AbortController();
    aborts.set(id, controller);
    queue = queue
      .then(() => perform(id, work, controller.signal))
      .catch((error: unknown): Answer => ({ id, error: packError(error) }))
      .then((answer) => {
        aborts.delete(id);
        send(answer);
      });
  };
}

async function load(
  platform: Platform,
  request: LoadRequest,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<{ engine: Engine; loaded: Loaded }> {
  const { model, threads } = request;
  const source = typeof model === "string" ? model : "<model>";
  const bytes = await bytesOf(platform, model, signal, onProgress);
  signal.throwIfAborted();

  async function start(backend: Backend): Promise<{ engine: Engine; loaded: Loaded }> {
    const runtime = await started(platform, backend, threads);
    const session = await Session.open(runtime.ort, bytes, source, backend);
    const setting = settingNamed(request.setting, session.contract.input.settings);
    const engine = new Engine(session, platform.open, { setting, exactDecode: request.exactDecode });
    const { contract } = session;
    return {
      engine,
      loaded: { contract, backend, threads: runtime.threads, setting: setting?.name ?? null, webgpuProblem: null },
    };
  }

  if (!request.webgpu) return start("wasm");
  const problem = await webgpuProblem(start);
  if (typeof problem !== "string") return problem;
  const fallback = await start("wasm");
  return { ...fallback, loaded: { ...fallback.loaded, webgpuProblem: problem } };
}

type Start = (backend: Backend) => Promise<{ engine: Engine; loaded: Loaded }>;

/** Returns the model on WebGPU once it has scored the golden image as promised, else why it is not used. */
async function webgpuProblem(start: Start): Promise<{ engine: Engine; loaded: Loaded } | string> {
  if (!("gpu" in navigator)) return "there is no WebGPU here";
  try {
    const candidate = await start("webgpu");
    const replay = await candidate.engine.verify();
    if (replay.passed) return candidate;
    await candidate.engine.close();
    return `the golden image differs by ${replay.difference.toPrecision(2)}; ${replay.tolerance} is allowed`;
  } catch (error) {
    if (!(error instanceof MobileIQAError)) throw error;
    return error.message;
  }
}

async function started(platform: Platform, backend: Backend, threads: number | null): ReturnType<Platform["runtime"]> {
  try {
    return await platform.runtime(backend, threads);
  } catch (error) {
    throw new RuntimeUnavailable(`onnxruntime's files cannot be loaded (${firstLine(error)})`);
  }
}

async function bytesOf(
  platform: Platform,
  model: ModelSource,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Uint8Array> {
  if (typeof model === "string") return platform.read(model, signal, onProgress);
  if (model instanceof Uint8Array) return model;
  return new Uint8Array(model instanceof Blob ? await model.arrayBuffer() : model);
}

function settingNamed(name: string | null, settings: readonly Setting[]): Setting | null {
  if (name === null) return settings[0] ?? null;
  const setting = settings.find((candidate) => candidate.name === name);
  if (setting !== undefined) return setting;
  const names = settings.map((candidate) => candidate.name).join(", ");
  throw new RangeError(`unknown resolution ${JSON.stringify(name)}; ${names ? `choose from ${names}` : "this model has none"}`);
}

/** Resolves in a task of its own, after the messages that have already arrived. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
