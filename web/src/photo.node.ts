/** Reads photos in Node by sharp, which is asked for only when there is a file to decode. */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Sharp, SharpOptions } from "sharp";
import { PhotoNotFound, PhotoTooLarge, PhotoUnreadable, PhotoUnsupported, RuntimeUnavailable } from "./errors.ts";
import { type Header, readHeader } from "./header.ts";
import { MAX_BYTES, MAX_PIXELS, checkSize } from "./limits.ts";
import { type Fit, type OpenedPhoto, isPixelData, openPixels, shorterSides } from "./photo.ts";
import { rowsOf } from "./pixels.ts";
import { reduction } from "./reduction.ts";
import type { PixelData } from "./scorer.ts";
import { firstLine } from "./text.ts";

/** What can be scored in Node: a path or a file: URL, a picture's file, or pixels. */
export type Photo = string | Blob | ArrayBuffer | Uint8Array | PixelData;

type Decoder = (input: Uint8Array, options: SharpOptions) => Sharp;

/**
 * Opens a photo: upright, sRGB, over white.
 *
 * @param fit returns the model's input for the upright photo's height and width; null decodes every pixel.
 * @throws PhotoError
 * @throws RuntimeUnavailable: sharp is not installed.
 */
export async function openPhoto(photo: Photo, name: string, fit: Fit | null): Promise<OpenedPhoto> {
  if (typeof photo === "object" && photo !== null && isPixelData(photo)) return openPixels(photo, name);
  const file = await readFileOf(photo, name);
  if (file.length === 0) throw new PhotoUnreadable(name, "is empty");
  if (file.length > MAX_BYTES) throw new PhotoTooLarge(name, `is longer than ${MAX_BYTES} bytes`);
  return decode(await loadSharp(), file, name, fit);
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

async function decode(sharp: Decoder, file: Uint8Array, name: string, fit: Fit | null): Promise<OpenedPhoto> {
  const options: SharpOptions = { failOn: "truncated", limitInputPixels: MAX_PIXELS, sequentialRead: true };
  const header = readHeader(file);
  const fullSize = header && uprightSize(header);
  const canReduce = header?.format === "jpeg" && fullSize !== null && fit !== null;
  const factor = canReduce ? reduction(...fullSize, fit(...fullSize)) : 1;
  if (fullSize !== null) checkSize(name, fullSize[1], fullSize[0]);
  try {
    if (header !== null && fullSize !== null && factor > 1) {
      const rows = await pixelsOf(reduced(sharp(file, options), header, factor));
      return { rows, fullSize, close: () => {} };
    }
    const rows = await pixelsOf(sharp(file, options).autoOrient());
    checkSize(name, rows.width, rows.height);
    return { rows, close: () => {} };
  } catch (error) {
    if (error instanceof Error && error.constructor === Error) {
      throw new PhotoUnreadable(name, `cannot be decoded (${firstLine(error)})`);
    }
    throw error;
  }
}

/** Returns [height, width] of the upright photo. */
function uprightSize({ width, height, orientation }: Header): readonly [number, number] {
  return orientation >= 5 ? [width, height] : [height, width];
}

/** Asks for a JPEG at exactly 1/factor of its sides: libvips then decodes it so, and has nothing left to resize. */
function reduced(image: Sharp, header: Header, factor: number): Sharp {
  const [width, height] = shorterSides(header, factor);
  return image.resize(width, height, { fit: "fill", kernel: "nearest", fastShrinkOnLoad: true }).autoOrient();
}

async function pixelsOf(image: Sharp): Promise<ReturnType<typeof rowsOf>> {
  const opaque = image.flatten({ background: "white" }).toColourspace("srgb").removeAlpha();
  const { data, info } = await opaque.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  return rowsOf({ height: info.height, width: info.width, pixels: data }, 3);
}
