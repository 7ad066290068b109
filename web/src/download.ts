/** Fetches a model. */

import { ModelNotFound } from "./errors.ts";
import type { Progress } from "./protocol.ts";
import { firstLine } from "./text.ts";

/**
 * Returns the bytes at an address.
 *
 * @throws ModelNotFound: the server cannot be reached, or has no such file.
 */
export async function download(
  address: string,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(address, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ModelNotFound(`${address}: cannot be fetched (${firstLine(error)})`);
  }
  if (!response.ok) throw new ModelNotFound(`${address}: the server answered ${response.status}`);
  const isPacked = response.headers.has("content-encoding"); // then the length is that of the packed bytes
  const length = isPacked ? null : Number(response.headers.get("content-length")) || null;
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body?.getReader();
  for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
    chunks.push(chunk.value);
    loaded += chunk.value.length;
    onProgress({ loaded, total: length });
  }
  const bytes = new Uint8Array(loaded);
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.length;
  }
  return bytes;
}
