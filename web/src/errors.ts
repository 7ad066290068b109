/** Every error that the package raises on purpose: each says what is wrong with which file, and what to do. */

import { oneLine } from "./text.ts";

/** Base of all errors below. The message is one printable line. */
export class MobileIQAError extends Error {
  constructor(message: string) {
    super(oneLine(message));
    this.name = new.target.name;
  }
}

/** A photo cannot be scored. */
export class PhotoError extends MobileIQAError {
  /** The photo's name, for example that of its file, or `<ImageData>`. */
  readonly photo: string;
  /** The cause and the remedy, without the photo's name. */
  readonly reason: string;

  constructor(photo: string, reason: string) {
    super(`${photo}: ${reason}`);
    this.photo = photo;
    this.reason = reason;
  }
}

/** There is no file at this path, or it may not be read. */
export class PhotoNotFound extends PhotoError {}
/** The bytes are empty, truncated, damaged, or not a picture that can be decoded here. */
export class PhotoUnreadable extends PhotoError {}
/** A side is below the smallest size for which a score means anything. */
export class PhotoTooSmall extends PhotoError {}
/** More pixels than are decoded, or more than fits into memory. */
export class PhotoTooLarge extends PhotoError {}
/** The object is not a photo. */
export class PhotoUnsupported extends PhotoError {}

/** A model cannot be used. */
export class ModelError extends MobileIQAError {}
/** There is no model at this address. */
export class ModelNotFound extends ModelError {}
/** The file is not a model artifact, or it is damaged. */
export class ArtifactInvalid extends ModelError {}
/** The artifact's contract has another schema version, or asks for what this package cannot do. */
export class ContractUnsupported extends ModelError {}
/** The artifact does not keep its contract: another input, another output. */
export class ContractMismatch extends ModelError {}
/** The model answered NaN, infinity or a value outside the range that its contract promises. */
export class OpinionsInvalid extends ContractMismatch {}
/** The inference runtime cannot be loaded or has stopped. */
export class RuntimeUnavailable extends ModelError {}

const PHOTO_ERRORS = { PhotoError, PhotoNotFound, PhotoUnreadable, PhotoTooSmall, PhotoTooLarge, PhotoUnsupported };
const MODEL_ERRORS = {
  MobileIQAError,
  ModelError,
  ModelNotFound,
  ArtifactInvalid,
  ContractUnsupported,
  ContractMismatch,
  OpinionsInvalid,
  RuntimeUnavailable,
};

/** An error as it crosses from the worker: structured clones keep neither the class nor our own fields. */
export interface PackedError {
  name: string;
  message: string;
  photo?: string;
  reason?: string;
}

/** Returns what {@link unpackError} makes the same error from. */
export function packError(error: unknown): PackedError {
  if (error instanceof PhotoError) {
    return { name: error.name, message: error.message, photo: error.photo, reason: error.reason };
  }
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

/** Returns the error that was packed, of its own class. */
export function unpackError(packed: PackedError): Error {
  const { name, message, photo, reason } = packed;
  if (Object.hasOwn(PHOTO_ERRORS, name) && photo !== undefined && reason !== undefined) {
    return new PHOTO_ERRORS[name as keyof typeof PHOTO_ERRORS](photo, reason);
  }
  if (Object.hasOwn(MODEL_ERRORS, name)) return new MODEL_ERRORS[name as keyof typeof MODEL_ERRORS](message);
  if (name === "AbortError") return new DOMException(message, name);
  const error = name === "RangeError" ? new RangeError(message) : new Error(message);
  error.name = name;
  return error;
}
