/** The package's one class: a model, loaded in a worker. */

import { addressOf, connect, nameOf } from "#connect";
import type { Assessment, Replay } from "./assessment.ts";
import type { Channel } from "./channel.ts";
import { PhotoUnsupported, RuntimeUnavailable, unpackError } from "./errors.ts";
import type { Answer, LoadRequest, Loaded, PhotoRequest, Progress, Value, Work } from "./protocol.ts";
import type { Backend } from "./session.ts";
import type { Contract } from "./spec.ts";
import type { QualityMap } from "./where/quality-map.ts";

/** RGBA pixels, row by row, as a browser's ImageData has them. */
export interface PixelData {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** What can be scored. ImageBitmap only in a browser, paths and file: URLs only in Node. */
export type Photo = Blob | ArrayBuffer | Uint8Array | ImageBitmap | ImageData | PixelData | string | URL;

/** A model's address, or the bytes of its file. */
export type Model = string | URL | Blob | ArrayBuffer | Uint8Array;

export interface LoadOptions {
  /** CPU threads for one inference. Without `SharedArrayBuffer`, which takes a cross-origin isolated page, one. */
  threads?: number;
  /** Whether to run on WebGPU, if the golden image gets its promised score there. Else the CPU is used. */
  webgpu?: boolean;
  /** Whether to decode every pixel of a large JPEG, even if the model's rule is to decode it smaller. */
  exactDecode?: boolean;
  /** Name of one of the contract's settings, the pixel budgets of a model that takes any size. */
  resolution?: string;
  signal?: AbortSignal;
  /** Called while the model arrives. */
  onProgress?: (progress: Progress) => void;
}

export interface AssessOptions {
  signal?: AbortSignal;
  /** The photo's name in the result and in errors, if it has none of its own. */
  name?: string;
}

interface Waiting {
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** A loaded model. Photos are scored in a worker, one after the other, in the order of the calls. */
export class Scorer {
  readonly #link: Link;
  readonly #loaded: Loaded;

  private constructor(link: Link, loaded: Loaded) {
    this.#link = link;
    this.#loaded = loaded;
  }

  /**
   * Loads a model.
   *
   * @param model the address of its ONNX file, or the file's bytes.
   * @throws ModelNotFound, ArtifactInvalid, ContractUnsupported, ContractMismatch, RuntimeUnavailable
   * @throws RangeError: an unknown resolution, or a number of threads below 1.
   * @throws the signal's reason, when it aborts.
   */
  static async load(model: Model, options: LoadOptions = {}): Promise<Scorer> {
    const { threads, webgpu = false, exactDecode = false, resolution, signal, onProgress } = options;
    if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
      throw new RangeError(`threads is a whole number from 1 on; ${threads} is not`);
    }
    const request: LoadRequest = {
      kind: "load",
      model: typeof model === "string" || model instanceof URL ? addressOf(model) : model,
      threads: threads ?? null,
      webgpu,
      exactDecode,
      setting: resolution ?? null,
    };
    const link = new Link();
    try {
      const loaded = (await link.ask(request, signal, onProgress)) as Loaded;
      const { failures, passed } = loaded.contract.verification;
      if (!passed) console.warn(`mobileiqa: the model was kept although it failed verification: ${failures.join("; ")}`);
      return new Scorer(link, loaded);
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** What the artifact expects and promises. */
  get contract(): Contract {
    return this.#loaded.contract;
  }

  /** What computes: `webgpu` only where the golden image got its promised score. */
  get backend(): Backend {
    return this.#loaded.backend;
  }

  /** Why WebGPU is not used although it was asked for; null otherwise. */
  get webgpuProblem(): string | null {
    return this.#loaded.webgpuProblem;
  }

  /** CPU threads for one inference. */
  get threads(): number {
    return this.#loaded.threads;
  }

  /** Name of the pixel budget in use; null for a model of one size. */
  get resolution(): string | null {
    return this.#loaded.setting;
  }

  /**
   * Scores a photo and says how. The photo is copied or shared, never changed.
   *
   * @throws PhotoError: the photo cannot be scored.
   * @throws ContractMismatch: the model misbehaves.
   * @throws the signal's reason, when it aborts.
   */
  async assess(photo: Photo, options: AssessOptions = {}): Promise<Assessment> {
    return (await this.#ask("assess", photo, options)) as Assessment;
  }

  /**
   * Maps the quality over a photo: what the model answers for overlapping windows of it.
   *
   * The photo is fitted to the largest of the contract's pixel budgets, whatever `resolution` is. Windows have
   * 256 x 256 pixels of that and overlap by half; those in which there is nothing to judge are not judged. There
   * are about a hundred in a large photo, each of which takes an inference.
   *
   * @throws PhotoError: the photo cannot be scored.
   * @throws ContractUnsupported: the model takes photos at fixed sizes only.
   * @throws ContractMismatch: the model misbehaves.
   * @throws the signal's reason, when it aborts.
   */
  async map(photo: Photo, options: AssessOptions = {}): Promise<QualityMap> {
    return (await this.#ask("map", photo, options)) as QualityMap;
  }

  /** Scores the golden image that the artifact carries, and compares every answer with the promised one. */
  async verify(options: { signal?: AbortSignal } = {}): Promise<Replay> {
    return (await this.#link.ask({ kind: "verify" }, options.signal)) as Replay;
  }

  async #ask(kind: PhotoRequest["kind"], photo: Photo, options: AssessOptions): Promise<Value> {
    const name = options.name ?? nameOf(photo);
    try {
      const work = { kind, photo: photo instanceof URL ? photo.href : photo, name };
      return await this.#link.ask(work, options.signal);
    } catch (error) {
      const isCloneError = error instanceof DOMException && error.name === "DataCloneError";
      if (isCloneError) throw new PhotoUnsupported(name, "cannot be passed to the worker: it is not a photo, or was closed");
      throw error;
    }
  }

  /** Ends the worker. Whatever is waiting is rejected. */
  close(): void {
    this.#link.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Requests and their answers. */
class Link {
  readonly #waiting = new Map<number, Waiting>();
  readonly #channel: Channel;
  #lastId = 0;
  #stopped: string | null = null;

  constructor() {
    this.#channel = connect(
      (answer) => this.#receive(answer),
      (reason) => this.#stop(`the worker stopped: ${reason}`),
    );
  }

  async ask(
    work: Work,
    signal?: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): Promise<Value> {
    signal?.throwIfAborted();
    if (this.#stopped !== null) throw new RuntimeUnavailable(this.#stopped);
    const id = ++this.#lastId;
    const answer = new Promise<Value>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onProgress });
    });
    const abort = () => {
      if (this.#stopped === null) this.#channel.send({ id, abort: true });
      this.#waiting.get(id)?.reject(signal?.reason);
      this.#waiting.delete(id);
    };
    try {
      this.#channel.send({ id, work });
      signal?.addEventListener("abort", abort, { once: true });
      return await answer;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#stop("the scorer is closed");
  }

  #receive(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if ("progress" in answer) waiting?.onProgress?.(answer.progress);
    else if ("error" in answer) waiting?.reject(unpackError(answer.error));
    else waiting?.resolve(answer.value);
  }

  #stop(reason: string): void {
    if (this.#stopped !== null) return;
    this.#stopped = reason;
    this.#channel.close();
    for (const { reject } of this.#waiting.values()) reject(new RuntimeUnavailable(reason));
    this.#waiting.clear();
  }
}
