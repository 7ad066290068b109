/**
 * Reads photos in Node by sharp, which is loaded only when there is a file to decode.
 *
 * Every pixel is decoded, whatever the model's rule: sharp cannot decode a JPEG smaller through its cosines.
 */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Sharp, SharpOptions } from "sharp";
import { PhotoNotFound, PhotoTooLarge, PhotoUnreadable, PhotoUnsupported, RuntimeUnavailable } from "./errors.ts";
import { readHeader } from "./header.ts";
import { MAX_BYTES, MAX_PIXELS, checkSize } from "./limits.ts";
import { type OpenedPhoto, isPixelData, openPixels } from "./photo.ts";
import { rowsOf } from "./pixels.ts";
import type { PixelData } from "./scorer.ts";
import { firstLine } from "./text.ts";

/** What can be scored in Node: a path or a file: URL, a picture's file, or pixels. */
export type Photo = string | Blob | ArrayBuffer | Uint8Array | PixelData;

type Decoder = (input: Uint8Array, options: SharpOptions) => Sharp;

/**
 * Opens a photo: upright, sRGB, over white.
 *
 * @throws PhotoError
 * @throws RuntimeUnavailable: sharp is not installed.
 */
export async function openPhoto(photo: Photo, name: string): Promise<OpenedPhoto> {
  if (typeof photo === "object" && photo !== null && isPixelData(photo)) return openPixels(photo, name);
  const file = await readFileOf(photo, name);
  if (file.length === 0) throw new PhotoUnreadable(name, "is empty");
  if (file.length > MAX_BYTES) throw new PhotoTooLarge(name, `is longer than ${MAX_BYTES} bytes`);
  return decode(await loadSharp(), file, name);
}

async function readFileOf(photo: Exclude<Photo, PixelData>, name: string): Promise<Uint8Array> {
  if (typeof photo === "string") return readPath(photo, name);
  if (photo instanceof Blob) return new Uint8Array(await photo.arrayBuffer());
  if (photo instanceof Uint8Array) return photo;
  if (photo instanceof ArrayBuffer) return new Uint8Array(photo);
  throw new PhotoUnsupported(name, "is not a photo; pass a path, bytes, a Blob, or { width, height, data } of RGBA");
}

async function readPath(path: string, name: string): Promise<Uint8Array> {
  if (/^https?:/i.test(path)) {
    throw new PhotoNotFound(name, "is a URL, and scoring opens no connection; fetch the photo and pass its bytes");
  }
  try {
    return await readFile(path.startsWith("file:") ? fileURLToPath(path) : path);
  } catch (error) {
    throw new PhotoNotFound(name, `cannot be read (${firstLine(error)})`);
  }
}

async function loadSharp(): Promise<Decoder> {
  try {
    return (await import("sharp")).default;
  } catch (error) {
    throw new RuntimeUnavailable(`decoding photos in Node takes sharp: npm install sharp (${firstLine(error)})`);
  }
}

async function decode(sharp: Decoder, file: Uint8Array, name: string): Promise<OpenedPhoto> {
  const header = readHeader(file);
  if (header !== null) checkSize(name, header.width, header.height);
  try {
    const image = sharp(file, { failOn: "truncated", limitInputPixels: MAX_PIXELS, sequentialRead: true });
    const rows = await pixelsOf(image.autoOrient());
    checkSize(name, rows.width, rows.height);
    return { rows, close: () => {} };
  } catch (error) {
    if (error instanceof Error && error.constructor === Error) {
      throw new PhotoUnreadable(name, `cannot be decoded (${firstLine(error)})`);
    }
    throw error;
  }
}

async function pixelsOf(image: Sharp): Promise<ReturnType<typeof rowsOf>> {
  const opaque = image.flatten({ background: "white" }).toColourspace("srgb").removeAlpha();
  const { data, info } = await opaque.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  return rowsOf({ height: info.height, width: info.width, pixels: data }, 3);
}
