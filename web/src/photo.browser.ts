/**
 * Reads photos by the browser's own decoders.
 *
 * A large JPEG of a model whose rule is "jpeg-reduced" is decoded smaller where the browser has ImageDecoder
 * (Chromium and Firefox), through the same cosines as by Pillow. Everything else is decoded in full, and its
 * rows are read back in bands, so that no second copy of a large photo exists.
 */

import { PhotoTooLarge, PhotoUnreadable, PhotoUnsupported } from "./errors.ts";
import { HEAD, type Header, readHeader } from "./header.ts";
import { MAX_BYTES, checkSize } from "./limits.ts";
import { type Fit, type OpenedPhoto, isPixelData, openPixels } from "./photo.ts";
import { rowsOf, turned } from "./pixels.ts";
import { reduction } from "./reduction.ts";
import type { Rows } from "./resample.ts";
import type { PixelData } from "./scorer.ts";

/** What can be scored in a browser. Bytes are those of a picture's file. */
export type Photo = Blob | ArrayBuffer | Uint8Array | ImageBitmap | ImageData | PixelData;

/**
 * Opens a photo: upright, sRGB, over white.
 *
 * @param fit returns the model's input for the upright photo's height and width; null decodes every pixel.
 * @throws PhotoError
 */
export async function openPhoto(photo: Photo, name: string, fit: Fit | null): Promise<OpenedPhoto> {
  if (photo instanceof ImageBitmap) {
    checkSize(name, photo.width, photo.height);
    return bitmapRows(photo, name);
  }
  if (photo instanceof ArrayBuffer || photo instanceof Uint8Array) {
    return openFile(new Blob([photo as BlobPart]), name, fit);
  }
  if (photo instanceof Blob) return openFile(photo, name, fit);
  if (photo instanceof ImageData && photo.colorSpace !== "srgb") return openWideGamut(photo, name);
  if (typeof photo === "object" && photo !== null && isPixelData(photo)) return openPixels(photo, name);
  throw new PhotoUnsupported(name, "is not a photo; pass a File, a Blob, bytes, an ImageBitmap or an ImageData");
}

async function openWideGamut(data: ImageData, name: string): Promise<OpenedPhoto> {
  checkSize(name, data.width, data.height);
  return bitmapRows(await createImageBitmap(data), name);
}

async function openFile(file: Blob, name: string, fit: Fit | null): Promise<OpenedPhoto> {
  if (file.size === 0) throw new PhotoUnreadable(name, "is empty");
  if (file.size > MAX_BYTES) throw new PhotoTooLarge(name, `is longer than ${MAX_BYTES} bytes`);
  const header = await headerOf(file, name);
  if (header !== null) {
    const [width, height] = header.orientation >= 5 ? [header.height, header.width] : [header.width, header.height];
    const canReduce = fit !== null && header.format === "jpeg" && typeof ImageDecoder !== "undefined";
    const factor = canReduce ? reduction(height, width, fit(height, width)) : 1;
    checkSize(name, width, height, factor);
    const reduced = factor > 1 ? await decodeReduced(file, name, header, factor) : null;
    if (reduced !== null) return { ...reduced, fullSize: [height, width] };
    checkSize(name, width, height);
  }
  const bitmap = await decodeInFull(file, name, header);
  checkSize(name, bitmap.width, bitmap.height);
  return bitmapRows(bitmap, name);
}

async function headerOf(file: Blob, name: string): Promise<Header | null> {
  const head = await readBytes(file.slice(0, HEAD), name);
  const header = readHeader(head);
  const isJpeg = head[0] === 0xff && head[1] === 0xd8;
  if (header !== null || !isJpeg || file.size <= HEAD) return header;
  return readHeader(await readBytes(file, name)); // previews and profiles come before its picture
}

async function readBytes(file: Blob, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if (error instanceof DOMException) throw new PhotoUnreadable(name, "cannot be read; was the file changed or moved?");
    throw error;
  }
}

/** Returns a JPEG decoded at 1/factor of its sides; null where the browser decodes it at another size. */
async function decodeReduced(file: Blob, name: string, header: Header, factor: number): Promise<OpenedPhoto | null> {
  const [width, height] = [Math.ceil(header.width / factor), Math.ceil(header.height / factor)]; // as libjpeg rounds
  const decoder = new ImageDecoder({
    data: await readBytes(file, name),
    type: "image/jpeg",
    desiredWidth: width,
    desiredHeight: height,
    colorSpaceConversion: conversionOf(header),
    preferAnimation: false,
  });
  let frame: VideoFrame | null = null;
  try {
    frame = (await decoder.decode({ completeFramesOnly: true })).image;
    const isExact = frame.codedWidth === width && frame.codedHeight === height;
    if (!isExact || !/^(RGB|BGR)[AX]$/.test(frame.format ?? "")) return null;
    const pixels = new Uint8Array(width * height * 4);
    await frame.copyTo(pixels, { format: "RGBA", rect: { x: 0, y: 0, width, height } });
    return { rows: rowsOf(turned({ height, width, pixels }, header.orientation)), close: () => {} };
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return null; // the full decoder has the last word
    throw error;
  } finally {
    frame?.close();
    decoder.close();
  }
}

async function decodeInFull(file: Blob, name: string, header: Header | null): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, {
      imageOrientation: "from-image",
      premultiplyAlpha: "default",
      colorSpaceConversion: conversionOf(header),
    });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    const reason =
      header === null
        ? "is not a picture that this browser can decode; save it as JPEG or PNG"
        : "is damaged or cut off, or takes more memory than the browser gives";
    throw new PhotoUnreadable(name, reason);
  }
}

/** Colours without a description are sRGB and stay as they are; others are converted to sRGB. */
function conversionOf(header: Header | null): "none" | "default" {
  return header === null || header.describesColours ? "default" : "none";
}

/** Reads a bitmap back through a canvas of a few rows. Closing closes the bitmap. */
function bitmapRows(bitmap: ImageBitmap, name: string): OpenedPhoto {
  const { height, width } = bitmap;
  const context = new OffscreenCanvas(1, 1).getContext("2d", {
    alpha: false,
    colorSpace: "srgb",
    willReadFrequently: true,
  });
  if (context === null) throw new PhotoTooLarge(name, "needs a canvas, and the browser has no memory for one");
  const read = (first: number, count: number) => {
    if (context.canvas.width !== width) context.canvas.width = width;
    if (context.canvas.height !== count) context.canvas.height = count;
    context.globalCompositeOperation = "source-over";
    context.imageSmoothingEnabled = false;
    context.fillStyle = "white";
    context.fillRect(0, 0, width, count);
    context.drawImage(bitmap, 0, first, width, count, 0, 0, width, count);
    return context.getImageData(0, 0, width, count).data;
  };
  const rows: Rows = { height, width, channels: 4, read };
  return { rows, close: () => bitmap.close() };
}
