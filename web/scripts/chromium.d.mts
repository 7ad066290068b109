import type { BrowserContext, Page } from "playwright-core";

export const CHROMIUM: string | null;
export function launch(flags?: string[]): Promise<{ context: BrowserContext; close(): Promise<void> }>;
export function packagePage(
  context: BrowserContext,
  options?: { isolated?: boolean; folders?: Record<string, string> },
): Promise<{ page: Page; address: string; close(): Promise<void> }>;
