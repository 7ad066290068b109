/** What is said between a page and its worker. One request is answered by one answer, in any order. */

import type { Assessment, Replay } from "./assessment.ts";
import type { PackedError } from "./errors.ts";
import type { Backend } from "./session.ts";
import type { Contract } from "./spec.ts";
import type { QualityMap } from "./where/quality-map.ts";

/** A model's address, or the bytes of its file. */
export type ModelSource = string | Blob | ArrayBuffer | Uint8Array;

export interface LoadRequest {
  readonly kind: "load";
  readonly model: ModelSource;
  readonly threads: number | null;
  readonly webgpu: boolean;
  readonly exactDecode: boolean;
  readonly setting: string | null;
}

export interface Loaded {
  readonly contract: Contract;
  readonly backend: Backend;
  readonly threads: number;
  readonly setting: string | null;
  /** Why WebGPU is not used although it was asked for; null otherwise. */
  readonly webgpuProblem: string | null;
}

export interface PhotoRequest {
  readonly kind: "assess" | "map";
  readonly photo: unknown;
  readonly name: string;
}

export type Work = LoadRequest | PhotoRequest | { readonly kind: "verify" };

export type Value = Loaded | Assessment | QualityMap | Replay;

export type Request = { readonly id: number; readonly work: Work } | { readonly id: number; readonly abort: true };

export type Answer =
  | { readonly id: number; readonly value: Value }
  | { readonly id: number; readonly error: PackedError }
  | { readonly id: number; readonly progress: Progress };

/** How much of a model has arrived. */
export interface Progress {
  readonly loaded: number;
  /** In bytes; null where the server does not say. */
  readonly total: number | null;
}
