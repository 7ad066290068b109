import type { Page } from "playwright-core";

interface Options {
  exactDecode?: boolean;
  model?: string;
}

export function pythonScores(files: string[], options?: Options): (number | null)[];
export function chromiumScores(page: Page, address: string, names: string[], options?: Options): Promise<(number | string)[]>;
export function nodeScores(files: string[], options?: Options): Promise<(number | string)[]>;
