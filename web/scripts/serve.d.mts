import type { Server } from "node:http";

export function serve(
  root: string,
  port: number,
  options?: { isolated?: boolean; folders?: Record<string, string>; pages?: Record<string, string> },
): Promise<Server>;
