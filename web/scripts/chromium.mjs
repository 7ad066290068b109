/** A headless Chromium for tests and measurements, and pages of ours in it. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";

const WEB = fileURLToPath(new URL("..", import.meta.url));

/** The browser's path: CHROMIUM, else Debian's; null where there is none. */
export const CHROMIUM = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync) ?? null;

const FLAGS = [
  "--no-sandbox", // as root, in containers
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const PAGE = `<!doctype html><title>mobileiqa</title>
<script type="module">import * as mobileiqa from "/index.js"; globalThis.mobileiqa = mobileiqa;</script>`;

/** Returns a browser with a fresh profile; its `close` ends it and removes the profile. */
export async function launch(flags = []) {
  if (CHROMIUM === null) throw new Error("no Chromium: install Debian's package chromium, or set CHROMIUM");
  const profile = mkdtempSync(join(tmpdir(), "mobileiqa-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: [...FLAGS, ...flags],
    acceptDownloads: true,
  });
  context.setDefaultTimeout(100_000); // machines are busy
  return {
    context,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Returns a page that has the package as `globalThis.mobileiqa` and the repository's files at /repository/. */
export async function packagePage(context, { isolated = true, folders = {} } = {}) {
  const server = await serve(join(WEB, "dist"), 0, {
    isolated,
    folders: { repository: dirname(WEB.replace(/\/$/, "")), ...folders },
    pages: { "/blank.html": PAGE },
  });
  const address = `http://127.0.0.1:${server.address().port}`;
  const page = await context.newPage();
  await page.goto(`${address}/blank.html`);
  await page.waitForFunction(() => "mobileiqa" in globalThis);
  return { page, address, close: async () => (await page.close(), server.close()) };
}
