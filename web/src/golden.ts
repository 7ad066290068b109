/** The test image "triangles-1": docs/contract.md, "Golden cases". */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Returns the image, RGB bytes of height x width, row by row. */
export function goldenImage(height: number, width: number): Uint8Array {
  const pixels = new Uint8Array(height * width * 3);
  let index = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 1; c <= 3; c++) {
        const shading = 4 * triangle(c * x + 100 * (c - 1));
        const edges = 3 * triangle(2 * c * y + x);
        const texture = triangle(37 * x + 61 * c * y);
        pixels[index++] = (shading + edges + texture) >> 3;
      }
    }
  }
  return pixels;
}

/** Returns the SHA-256 of bytes as 64 hex digits. crypto.subtle is missing on pages without https. */
export function digest(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

function triangle(n: number): number {
  return Math.abs((n % 510) - 255);
}
