/** Image quality of photos without a reference, in the browser and in Node. */

export type { Assessment, Replay, ReplayedCase, Seconds } from "./assessment.ts";
export { BANDS, type Band, band } from "./bands.ts";
export {
  ArtifactInvalid,
  ContractMismatch,
  ContractUnsupported,
  MobileIQAError,
  ModelError,
  ModelNotFound,
  OpinionsInvalid,
  PhotoError,
  PhotoNotFound,
  PhotoTooLarge,
  PhotoTooSmall,
  PhotoUnreadable,
  PhotoUnsupported,
  RuntimeUnavailable,
} from "./errors.ts";
export type { Progress } from "./protocol.ts";
export { type Advice, FAULT_FROM, wordsOf } from "./reason.ts";
export { type AssessOptions, type LoadOptions, type Model, type Photo, type PixelData, Scorer } from "./scorer.ts";
export type { Backend, Prediction } from "./session.ts";
export type {
  Contract,
  Decode,
  Golden,
  GoldenCase,
  InputSpec,
  Meaning,
  ModelInfo,
  OutputSpec,
  Precision,
  Setting,
  Size,
  Verification,
} from "./spec.ts";
export { colourOf, overlay } from "./where/overlay.ts";
export type { MapWindow, QualityMap } from "./where/quality-map.ts";
export type { Box } from "./where/windows.ts";
