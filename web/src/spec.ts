/** What a contract consists of, and the sizes in it. */

/** [height, width] in pixels. */
export type Size = readonly [height: number, width: number];

export type Decode = "full" | "jpeg-reduced";
export type Meaning = "opinions" | "faults" | "photo";

export interface ModelInfo {
  readonly name: string;
  readonly version: string;
  readonly family: string;
  /** An SPDX identifier, or `unknown`. */
  readonly license: string;
  readonly checkpointSha256: string;
}

/** A pixel budget of a model that takes any size. */
export interface Setting {
  readonly name: string;
  readonly maxPixels: number;
  /** Every size the model takes; empty where it takes any. */
  readonly sizes: readonly Size[];
}

export interface InputSpec {
  readonly decode: Decode;
  readonly fit: "stretch" | "keep-aspect";
  /** In pixels, with `stretch`; null with `keep-aspect`. */
  readonly height: number | null;
  readonly width: number | null;
  /** With `keep-aspect`, both sides are multiples of it. */
  readonly multiple: number;
  /** With `keep-aspect`; the first is the default. */
  readonly settings: readonly Setting[];
}

export interface OutputSpec {
  readonly name: string;
  readonly meaning: Meaning;
  readonly size: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly higherIsBetter: boolean;
  /** The names of the faults. */
  readonly labels: readonly string[];
}

export interface Precision {
  readonly weights: "fp32" | "fp16" | "int8" | "int4";
  readonly activations: "float" | "dynamic-int8" | "static-int8";
  readonly note: string;
}

export interface GoldenCase {
  readonly setting: string;
  readonly inputSha256: string;
  readonly score: number;
  readonly faults: readonly number[];
  readonly photo: number | null;
}

export interface Golden {
  readonly height: number;
  readonly width: number;
  readonly tolerance: number;
  readonly cases: readonly GoldenCase[];
}

export interface Verification {
  readonly passed: boolean;
  readonly failures: readonly string[];
}

export interface Contract {
  readonly model: ModelInfo;
  readonly input: InputSpec;
  readonly outputs: readonly OutputSpec[];
  readonly precision: Precision;
  readonly golden: Golden;
  readonly verification: Verification;
}
