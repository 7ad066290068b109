/** Small pictures of photos, so that a page of large ones takes little memory. */

const SIDE = 720;

/**
 * Returns the address of a small copy of a photo; null if it cannot be decoded.
 *
 * @param isWide whether the photo is wider than high, so that the longer side is set.
 */
export async function previewOf(file: Blob, isWide: boolean): Promise<string | null> {
  try {
    const size = isWide ? { resizeWidth: SIDE } : { resizeHeight: SIDE };
    const bitmap = await createImageBitmap(file, { ...size, resizeQuality: "medium" });
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    return URL.createObjectURL(await canvas.convertToBlob({ type: "image/webp", quality: 0.85 }));
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
