/** A worker as a page sees it. */

import type { Request } from "./protocol.ts";

export interface Channel {
  /** @throws DOMException: the photo cannot be copied to the worker. */
  send(request: Request): void;
  close(): void;
}
