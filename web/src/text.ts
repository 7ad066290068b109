/** Text made safe to print. */

const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/u;

/** Returns whether a text holds only characters that can be seen, and spaces. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

/** Returns a text as one printable line: whatever cannot be seen becomes a space. */
export function oneLine(text: string): string {
  return text.replace(new RegExp(UNPRINTABLE, "gu"), " ");
}

/** Returns the first line of what an error says. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return oneLine(message.split("\n", 1)[0] ?? "");
}
