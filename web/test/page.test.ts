/** The page in Chromium, used as a person uses it. Screenshots go to screens/, to be looked at. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHROMIUM, launch } from "../scripts/chromium.mjs";
import { serve } from "../scripts/serve.mjs";

const WEB = fileURLToPath(new URL("..", import.meta.url));
const OTTERS = join(WEB, "../docs/otters.jpg");
const SCREENS = join(WEB, "screens");

describe.skipIf(CHROMIUM === null)("the page", () => {
  let folder: string;
  let server: Server;
  let address: string;
  let browser: Awaited<ReturnType<typeof launch>>;
  let context: BrowserContext;
  let page: Page;
  const foreign: string[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    mkdirSync(SCREENS, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "mobileiqa-"));
    const photo = sharp(OTTERS);
    writeFileSync(join(folder, "sharp.jpg"), await photo.toBuffer());
    writeFileSync(join(folder, "blurred.jpg"), await photo.clone().blur(9).toBuffer());
    writeFileSync(join(folder, "dark.jpg"), await photo.clone().linear(0.12, 0).jpeg().toBuffer());
    writeFileSync(join(folder, "blocks, many.jpg"), await photo.clone().jpeg({ quality: 4 }).toBuffer());
    writeFileSync(join(folder, "broken.jpg"), readFileSync(OTTERS).subarray(0, 60_000));
    const create = { width: 8688, height: 5792, channels: 3, background: "#7a8b99" } as const;
    writeFileSync(join(folder, "50mp.jpg"), await sharp({ create }).jpeg().toBuffer());

    server = await serve(join(WEB, "site"), 0);
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await launch();
    context = browser.context;
    context.on("request", (request) => {
      if (!request.url().startsWith(address) && !request.url().startsWith("blob:")) foreign.push(request.url());
    });
    page = await opened();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true });
  });

  async function opened(): Promise<Page> {
    const fresh = await context.newPage();
    fresh.on("pageerror", (error) => problems.push(error.message));
    fresh.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    await fresh.setViewportSize({ width: 1280, height: 900 });
    await fresh.goto(address);
    await fresh.getByText("Ready", { exact: false }).waitFor();
    return fresh;
  }

  const photo = (name: string) => join(folder, name);
  const names = async () => page.locator(".card .name").allTextContents();
  const finished = (count: number) =>
    page.waitForFunction(
      (count) => document.querySelectorAll(".card.scored, .card.failed").length === count && document.getElementById("stop")?.hidden,
      count,
    );

  it("scores one photo, and passes its self-test", async () => {
    expect(await page.locator("#facts").textContent()).toMatch(/self-test passed/);
    await page.screenshot({ path: join(SCREENS, "empty.png") });
    await page.setInputFiles("#files", photo("sharp.jpg"));
    await finished(1);
    expect(await page.locator(".card .score strong").textContent()).toMatch(/^0\.\d{3}$/);
    expect(["bad", "poor", "fair", "good", "excellent"]).toContain(await page.locator(".card .band").textContent());
    expect(await page.locator("#summary").textContent()).toBe("1 of 1 kept");
  });

  it("ranks what is dropped, and says what is broken", async () => {
    const files = ["blurred.jpg", "broken.jpg", "dark.jpg", "blocks, many.jpg"];
    await drop(page, files.map(photo));
    await finished(5);
    const scores = (await page.locator(".card .score strong").allTextContents()).map(Number);
    expect(scores).toHaveLength(4);
    expect(scores).toEqual([...scores].sort((first, second) => second - first));
    expect((await names())[0]).toBe("sharp.jpg");
    expect((await names())[4]).toBe("broken.jpg");
    expect(await page.locator(".card.failed .reason").textContent()).toMatch(/damaged or cut off/);
    expect(await page.locator("#announce").textContent()).toMatch(/1 not scored.*Best is sharp\.jpg: 0\.\d\d/);
    await page.locator("#order").selectOption("worst");
    expect((await names())[3]).toBe("sharp.jpg");
    await page.locator("#order").selectOption("name");
    expect(await names()).toEqual(["blocks, many.jpg", "blurred.jpg", "broken.jpg", "dark.jpg", "sharp.jpg"]);
    await page.locator("#order").selectOption("best");
  });

  it("keeps what reaches the threshold", async () => {
    const scores = (await page.locator(".card .score strong").allTextContents()).map(Number);
    const middle = ((scores[0] as number) + (scores[1] as number)) / 2;
    await page.locator("#threshold").fill(middle.toFixed(2));
    expect(await page.locator(".card.below").count()).toBe(3);
    expect(await page.locator("#summary").textContent()).toBe("1 of 4 kept · 1 not scored");
    await page.locator("#threshold").fill("0.6");
  });

  it("saves a table", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#export").click()]);
    const lines = readFileSync(await download.path(), "utf8").split("\r\n");
    expect(download.suggestedFilename()).toBe("mobileiqa.csv");
    // Between the band and the width stand the columns of the model's faults, if it names any.
    expect(lines[0]).toMatch(/^photo,score,band,(reason,)?spread,[\w,]*width,height,model,error$/);
    expect(lines).toHaveLength(7);
    expect(lines[1]).toMatch(/^sharp\.jpg,0\.\d{6},(good|excellent),.*,1280,720,[\w-]+,$/);
    expect(lines.find((line) => line.startsWith('"blocks, many.jpg",'))).toBeDefined();
    expect(lines[5]).toMatch(/^broken\.jpg,,+"Is damaged/);
  });

  it("tells everything about a photo, by keyboard alone", async () => {
    await page.locator(".card .open").first().focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "sharp.jpg" });
    await dialog.waitFor();
    expect(await dialog.textContent()).toMatch(/1280 × 720/);
    await page.screenshot({ path: join(SCREENS, "detail.png") });
    await page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(false);
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("open");
  });

  it("shows where a photo is good, and where not", async () => {
    await page.locator(".card .open").first().click();
    const dialog = page.getByRole("dialog", { name: "sharp.jpg" });
    await dialog.getByRole("button", { name: "Show where" }).click();
    await dialog.getByText(/The frame has the lowest score: 0\.\d\d/).waitFor();
    await page.screenshot({ path: join(SCREENS, "where.png") });
    const canvas = dialog.locator("canvas");
    const size = await canvas.evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.height]);
    expect(size).toEqual([720, 405]);
    expect(await dialog.locator("img").isVisible()).toBe(false);
    await dialog.getByRole("button", { name: "Show the photo" }).click();
    expect(await canvas.isVisible()).toBe(false);
    expect(await dialog.locator("img").isVisible()).toBe(true);
    await page.keyboard.press("Escape");
  });

  it("reads 50 megapixels", async () => {
    await page.setInputFiles("#files", photo("50mp.jpg"));
    await finished(6);
    expect(await names()).toContain("50mp.jpg");
  });

  it("looks right on a desk and on a phone, by day and by night", async () => {
    for (const [device, width, height] of [["desktop", 1280, 900], ["phone", 390, 844]] as const) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(SCREENS, `${device}-${colorScheme}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `${device}: nothing sticks out`).toBeLessThanOrEqual(0);
      }
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it("has names for all controls, and small targets nowhere", async () => {
    const controls = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, select, input:not([hidden])")]
        .filter((control) => control.checkVisibility() && !control.classList.contains("open"))
        .map((control) => ({ name: (control.getAttribute("aria-label") ?? control.closest("label")?.textContent ?? control.textContent)?.trim(), height: control.offsetHeight })),
    );
    expect(controls.length).toBeGreaterThanOrEqual(5);
    for (const { name, height } of controls) {
      expect(name).toBeTruthy();
      expect(height, name).toBeGreaterThanOrEqual(44);
    }
  });

  it("clears", async () => {
    await page.getByRole("button", { name: "Clear" }).click();
    expect(await page.locator(".card").count()).toBe(0);
    expect(await page.locator("#results").isVisible()).toBe(false);
  });

  it("works offline, and nothing has left the machine", async () => {
    await page.evaluate(() => navigator.serviceWorker.ready);
    await context.setOffline(true);
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
    const offline = await opened();
    expect(await offline.evaluate(() => crossOriginIsolated)).toBe(true); // by the service worker's headers
    await offline.getByRole("button", { name: "Try an example" }).click();
    await offline.locator(".card.scored").waitFor();
    expect(foreign).toEqual([]);
    expect(problems).toEqual([]);
  });
});

/** Drops files on the page as a person would: one event with all of them. */
async function drop(page: Page, files: string[]): Promise<void> {
  const contents = files.map((file) => ({ name: file.slice(file.lastIndexOf("/") + 1), bytes: readFileSync(file).toString("base64") }));
  const transfer = await page.evaluateHandle((contents) => {
    const data = new DataTransfer();
    for (const { name, bytes } of contents) {
      const decoded = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
      data.items.add(new File([decoded], name, { type: "image/jpeg" }));
    }
    return data;
  }, contents);
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.locator("#over").waitFor();
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}
