/** The page of `mobileiqa score --html` in Chromium, used as a person uses it. Screenshots go to screens/. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHROMIUM, launch } from "../scripts/chromium.mjs";

const WEB = fileURLToPath(new URL("..", import.meta.url));
const SCREENS = join(WEB, "screens");

describe.skipIf(CHROMIUM === null)("the report", () => {
  let folder: string;
  let browser: Awaited<ReturnType<typeof launch>>;
  let page: Page;
  const problems: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    mkdirSync(SCREENS, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "mobileiqa-"));
    execFileSync("python3", [join(WEB, "../tests/sdk/report_page/made_pages.py"), folder], { cwd: join(WEB, ".."), env: { ...process.env, PYTHONPATH: join(WEB, "..") } });
    browser = await launch();
    browser.context.on("request", (request) => {
      if (!request.url().startsWith("data:") && !request.url().startsWith("blob:")) requests.push(request.url());
    });
    page = await opened("small.html");
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  async function opened(name: string): Promise<Page> {
    const fresh = await browser.context.newPage();
    fresh.on("pageerror", (error) => problems.push(error.message));
    fresh.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    await fresh.setViewportSize({ width: 1280, height: 900 });
    await fresh.goto(pathToFileURL(join(folder, name)).href);
    return fresh;
  }

  const names = () => page.locator(".card .name").allTextContents();
  const scores = async () => (await page.locator(".card strong").allTextContents()).filter((text) => text !== "error").map(Number);
  const reset = async () => {
    if (await page.locator("#clear").isVisible()) await page.locator("#clear").click();
  };

  it("shows every photo, best first, and errors last", async () => {
    expect(await page.locator(".card").count()).toBe(8);
    expect(await scores()).toEqual([0.9, 0.85, 0.7, 0.5, 0.3, 0.1]);
    expect(await page.locator(".card img").first().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(224);
    expect(await page.locator("#shown").textContent()).toBe("8 of 8 photos shown, 2 not scored");
    expect(await page.locator(".card .why").last().textContent()).toBe("ends early");
  });

  it("takes names and reasons as text", async () => {
    expect(await page.title()).toBe("Photos and their scores");
    expect(await page.locator(".card img:not([src^='data:image/webp'])").count()).toBe(0);
    await page.locator(".card", { hasText: "0.700" }).click();
    expect(await page.locator("#detail-name").textContent()).toContain("</script><script>");
    await page.keyboard.press("Escape");
  });

  it("says what a line would reject, and moves it by keyboard and by the histogram", async () => {
    expect(await page.locator("#rejects").textContent()).toBe("A line at 0.40 would reject 2 of 6 scored photos (33.3 %).");
    expect(await page.locator(".card.below").count()).toBe(2);
    await page.locator("#threshold").focus();
    for (let step = 0; step < 11; step++) await page.keyboard.press("ArrowRight");
    expect(await page.locator("#rejects").textContent()).toBe("A line at 0.51 would reject 3 of 6 scored photos (50.0 %).");
    const box = await page.locator("#histogram").boundingBox();
    await page.mouse.click((box?.x ?? 0) + 0.8 * (box?.width ?? 0), (box?.y ?? 0) + 20);
    expect(await page.locator("#rejects").textContent()).toMatch(/^A line at 0\.80 would reject 4 of 6/);
    await page.locator("#show").selectOption("rejected");
    expect(await scores()).toEqual([0.7, 0.5, 0.3, 0.1]);
    await page.locator("#show").selectOption("kept");
    expect(await scores()).toEqual([0.9, 0.85]);
    await reset();
    await page.locator("#threshold").fill("0.4");
  });

  it("filters by name, band, fault, burst and errors", async () => {
    await page.locator("#name").fill("PHOTO 3");
    expect(await names()).toEqual(["photo 3.jpg"]);
    await reset();
    await page.locator("#band").selectOption("excellent");
    expect(await scores()).toEqual([0.9, 0.85]);
    await reset();
    await page.locator("#reason").selectOption({ label: "out of focus" });
    expect(await scores()).toEqual([0.5, 0.3]);
    await page.locator("#reason").selectOption({ label: "not a photo" });
    expect(await scores()).toEqual([0.1]);
    expect(await page.locator(".card .why").textContent()).toBe("not a photo");
    await reset();
    await page.locator("#burst").selectOption("in");
    expect(await names()).toEqual(["photo 0.jpg", "photo 1.jpg"]);
    await page.locator("#burst").selectOption("others");
    expect(await names()).toEqual(["photo 1.jpg"]);
    await page.locator("#burst").selectOption("best");
    expect(await scores()).toEqual([0.9, 0.7, 0.5, 0.3, 0.1]);
    await reset();
    await page.locator("#show").selectOption("errors");
    expect(await names()).toEqual(["broken.jpg", "cut, off.jpg"]);
    await reset();
    expect(await page.locator(".card").count()).toBe(8);
  });

  it("orders", async () => {
    const ends = { worst: 0.1, name: 0.9, taken: 0.9, burst: 0.9, "fault:defocus": 0.1 };
    for (const [order, first] of Object.entries(ends)) {
      await page.locator("#order").selectOption(order);
      expect((await scores())[0], order).toBe(first);
    }
    await page.locator("#order").selectOption("best");
  });

  it("saves what is shown", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#save").click()]);
    const lines = readFileSync(await download.path(), "utf8").split("\r\n");
    expect(lines[0]).toBe(
      "path,score,band,reason,spread,fault_defocus,fault_noise,photograph,is_photograph,taken,burst,rank,reasons,error_kind,error",
    );
    expect(lines).toHaveLength(10);
    expect(lines[1]).toMatch(/photo 0\.jpg,0\.9,excellent,,0,0\.1,0\.1,0\.9,true,2026-05-01 12:00:00,1,1,,,$/);
    expect(lines[3]?.startsWith(`"'=1+1<`)).toBe(true); // a spreadsheet must not compute it
    expect(lines[8]).toBe('"cut, off.jpg",,,,,,,,,,,,,PhotoUnreadable,ends early');
  });

  it("shows where a photo is good, for photos that were mapped", async () => {
    const dialog = page.locator("#detail");
    await page.getByRole("button", { name: "photo 0.jpg" }).click();
    const picture = dialog.locator("#detail-picture");
    const photo = await picture.getAttribute("src");
    expect(await dialog.locator("#detail-lowest").isVisible()).toBe(false);
    await dialog.getByRole("button", { name: "Show where" }).click();
    expect(await dialog.locator("#detail-lowest").textContent()).toMatch(/^The frame has the lowest score: 0\.25, out of focus\./);
    expect(await picture.getAttribute("src")).not.toBe(photo);
    expect(await picture.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([224, 168]);
    await page.screenshot({ path: join(SCREENS, "report-where.png") });
    await dialog.getByRole("button", { name: "Show the photo" }).click();
    expect(await picture.getAttribute("src")).toBe(photo);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "photo 1.jpg" }).click();
    expect(await dialog.getByRole("button", { name: "Show where" }).isVisible()).toBe(false);
    await page.keyboard.press("Escape");
  });

  it("is used by keyboard alone", async () => {
    await page.locator(".card").first().focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => document.activeElement?.querySelector(".name")?.textContent)).toBe("photo 1.jpg");
    await page.keyboard.press("Enter");
    const dialog = page.locator("#detail");
    expect(await dialog.textContent()).toContain("not the best because");
    await page.screenshot({ path: join(SCREENS, "report-detail.png") });
    await page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(false);
    await page.keyboard.press("End");
    expect(await page.evaluate(() => document.activeElement?.querySelector(".name")?.textContent)).toBe("cut, off.jpg");
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Show its burst" }).click();
    expect(await names()).toEqual(["photo 0.jpg", "photo 1.jpg"]);
    await reset();
  });

  it("has names for all controls, and small targets nowhere", async () => {
    const controls = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, select, input[type=search]")]
        .filter((control) => control.checkVisibility())
        .map((control) => ({ name: (control.getAttribute("aria-label") ?? control.closest("label")?.textContent ?? control.textContent)?.trim(), height: control.offsetHeight })),
    );
    expect(controls.length).toBeGreaterThan(12);
    for (const { name, height } of controls) {
      expect(name).toBeTruthy();
      expect(height, name).toBeGreaterThanOrEqual(44);
    }
  });

  it("shows 10,000 photos at once, and makes only the cards that are seen", async () => {
    const size = statSync(join(folder, "large.html")).size / 1e6;
    const started = performance.now();
    const large = await opened("large.html");
    await large.locator(".card").first().waitFor();
    const loaded = performance.now() - started;
    const times = await large.evaluate(() => {
      const measure = (work: () => void) => {
        const before = performance.now();
        work();
        document.body.getBoundingClientRect(); // lays out
        return performance.now() - before;
      };
      const order = document.getElementById("order") as HTMLSelectElement;
      const sorted = measure(() => {
        order.value = "name";
        order.dispatchEvent(new Event("change"));
      });
      const scrolled = measure(() => scrollTo(0, document.documentElement.scrollHeight / 2));
      return { sorted, scrolled };
    });
    console.log(`report of 10,000 photos: ${size.toFixed(1)} MB, shown after ${loaded.toFixed(0)} ms, sorted in ${times.sorted.toFixed(0)} ms`);
    await large.waitForFunction(() => document.querySelector(".card .name")?.textContent !== "IMG_00000.jpg");
    expect(await large.locator(".card").count()).toBeLessThan(200);
    expect(await large.locator("#shown").textContent()).toBe("10,000 of 10,000 photos shown");
    await large.locator(".card").nth(30).focus();
    await large.keyboard.press("End");
    expect(await large.evaluate(() => document.activeElement?.querySelector(".name")?.textContent)).toBe("IMG_09999.jpg");
    expect(size).toBeLessThan(100);
    expect(loaded).toBeLessThan(60_000); // two busy cores
    expect(times.sorted).toBeLessThan(10_000);
    await large.evaluate(() => scrollTo(0, 0));
    for (const [device, width, height] of [["desktop", 1280, 900], ["phone", 390, 844]] as const) {
      for (const colorScheme of ["light", "dark"] as const) {
        await large.setViewportSize({ width, height });
        await large.emulateMedia({ colorScheme });
        await large.screenshot({ path: join(SCREENS, `report-${device}-${colorScheme}.png`) });
        const overflow = await large.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `${device}: nothing sticks out`).toBeLessThanOrEqual(0);
      }
    }
    await large.close();
  });

  it("asks for nothing but itself, and has no problems", () => {
    expect([...new Set(requests)].sort()).toEqual(["large.html", "small.html"].map((name) => pathToFileURL(join(folder, name)).href));
    expect(problems).toEqual([]);
  });
});
