/** What a file says of its picture before it is decoded: its size, how to turn it, and whether it has a profile. */

/** A picture as it is stored, before it is turned upright. */
export interface Header {
  readonly format: "jpeg" | "png" | "webp" | "gif" | "bmp";
  readonly width: number;
  readonly height: number;
  /** EXIF's orientation, 1 to 8; 1 is upright. Read from JPEG alone: of others, the browser turns the picture. */
  readonly orientation: number;
  /** Whether the file describes its colours; without that they are sRGB. */
  readonly describesColours: boolean;
}

/** Bytes from a file's start in which its header lies, but for a JPEG with much before its picture. */
export const HEAD = 1 << 20;

const PNG_COLOURS = ["iCCP", "sRGB", "gAMA", "cHRM", "cICP"];
const SOF = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
const SOS = 0xda;
const EOI = 0xd9;
const APP1 = 0xe1;
const APP2 = 0xe2;
const ORIENTATION = 0x0112;

/** Returns the header in a file's first bytes; null for another format, and where it is damaged or cut off. */
export function readHeader(bytes: Uint8Array): Header | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (view.getUint16(0) === 0xffd8) return jpeg(view);
    if (ascii(view, 1, 3) === "PNG") return png(view);
    if (ascii(view, 0, 4) === "RIFF" && ascii(view, 8, 4) === "WEBP") return webp(view);
    if (ascii(view, 0, 3) === "GIF") return upright("gif", view.getUint16(6, true), view.getUint16(8, true));
    if (ascii(view, 0, 2) === "BM") {
      return upright("bmp", view.getInt32(18, true), Math.abs(view.getInt32(22, true)));
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // read beyond the end
  }
  return null;
}

function upright(format: Header["format"], width: number, height: number, describesColours = false): Header {
  return { format, width, height, orientation: 1, describesColours };
}

function jpeg(view: DataView): Header | null {
  let orientation = 1;
  let describesColours = false;
  let size: { width: number; height: number } | null = null;
  for (let position = 2; ; ) {
    if (view.getUint8(position) !== 0xff) return null;
    const marker = view.getUint8(position + 1);
    if (marker === 0xff) {
      position++; // a byte of padding
      continue;
    }
    if (marker === EOI) return null;
    if (marker === SOS) return size && { format: "jpeg", ...size, orientation, describesColours };
    const content = position + 4;
    const length = view.getUint16(position + 2);
    if (SOF.includes(marker)) size = { height: view.getUint16(content + 1), width: view.getUint16(content + 3) };
    if (marker === APP2 && ascii(view, content, 11) === "ICC_PROFILE") describesColours = true;
    if (marker === APP1 && ascii(view, content, 6) === "Exif\0\0") {
      orientation = exifOrientation(view, content + 6, position + 2 + length);
    }
    position += 2 + length;
  }
}

/** Returns the orientation in a TIFF structure; 1 if there is none or it is damaged, as every viewer does. */
function exifOrientation(view: DataView, start: number, end: number): number {
  const exif = new DataView(view.buffer, view.byteOffset + start, Math.min(end, view.byteLength) - start);
  try {
    const isLittle = exif.getUint16(0) === 0x4949;
    const directory = exif.getUint32(4, isLittle);
    const entries = exif.getUint16(directory, isLittle);
    for (let index = 0; index < entries; index++) {
      const entry = directory + 2 + index * 12;
      if (exif.getUint16(entry, isLittle) !== ORIENTATION) continue;
      const orientation = exif.getUint16(entry + 8, isLittle);
      return orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

function png(view: DataView): Header | null {
  if (ascii(view, 12, 4) !== "IHDR") return null;
  let describesColours = false;
  for (let position = 8; ; ) {
    const kind = ascii(view, position + 4, 4);
    if (kind === "IDAT" || kind === "IEND") break;
    describesColours ||= PNG_COLOURS.includes(kind);
    position += 12 + view.getUint32(position);
  }
  return upright("png", view.getUint32(16), view.getUint32(20), describesColours);
}

function webp(view: DataView): Header | null {
  const kind = ascii(view, 12, 4);
  if (kind === "VP8X") {
    const [width, height] = [24, 27].map((at) => 1 + view.getUint16(at, true) + (view.getUint8(at + 2) << 16));
    return upright("webp", width as number, height as number, (view.getUint8(20) & 0x20) !== 0);
  }
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return upright("webp", 1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff));
  }
  if (kind !== "VP8 ") return null;
  return upright("webp", view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
}

function ascii(view: DataView, start: number, length: number): string {
  let text = "";
  for (let at = start; at < start + length; at++) text += String.fromCharCode(view.getUint8(at));
  return text;
}
