/** Where a photo is good and where it is not: the map that is laid over its picture on demand. */

import { FAULT_FROM, type MapWindow, type QualityMap, colourOf, overlay, wordsOf } from "../src/index.ts";
import { element } from "./element.ts";
import { score } from "./format.ts";

/**
 * Returns a button that shows the map over a picture and hides it again, with what the colours mean.
 *
 * @param picture holds the photo's img.
 * @param mapped gives the map; it is asked when the button is first pressed.
 */
export function whereSection(picture: HTMLElement, mapped: () => Promise<QualityMap>): HTMLElement {
  const button = element("button", "where", "Show where");
  button.type = "button";
  const remark = element("p", "reason");
  remark.setAttribute("role", "status");
  const legend = legendOf();
  legend.hidden = true;
  let canvas: HTMLCanvasElement | null = null;

  function show(isShown: boolean): void {
    button.setAttribute("aria-pressed", String(isShown));
    button.textContent = isShown ? "Show the photo" : "Show where";
    picture.classList.toggle("mapped", isShown);
    legend.hidden = remark.hidden = !isShown;
  }

  button.addEventListener("click", async () => {
    if (canvas !== null) return show(!picture.classList.contains("mapped"));
    button.disabled = true;
    remark.hidden = false;
    remark.textContent = "Looking at each part of the photo…";
    try {
      const map = await mapped();
      canvas = drawn(map, picture.querySelector("img") as HTMLImageElement);
      picture.append(canvas);
      remark.textContent = sentences(map);
      show(true);
    } catch (error) {
      if (!(error instanceof DOMException)) remark.textContent = String(error);
    } finally {
      button.disabled = false;
    }
  });
  return element("section", "where", button, legend, remark);
}

/** Returns the photo in grey under its colours, with a frame around the part with the lowest score. */
function drawn(map: QualityMap, photo: HTMLImageElement): HTMLCanvasElement {
  const canvas = element("canvas", "");
  canvas.width = photo.naturalWidth;
  canvas.height = photo.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  context.drawImage(photo, 0, 0);
  const coloured = overlay(map, context.getImageData(0, 0, canvas.width, canvas.height));
  context.putImageData(new ImageData(coloured.data, coloured.width), 0, 0);
  if (map.worst !== null) frame(context, map.worst, canvas.width / map.photoSize[1], canvas.height / map.photoSize[0]);
  return canvas;
}

function frame(context: CanvasRenderingContext2D, { box }: MapWindow, across: number, down: number): void {
  const [top, left, bottom, right] = box;
  for (const [colour, width] of [["#222", 6], ["#fff", 3]] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(left * across + 3, top * down + 3, (right - left) * across - 6, (bottom - top) * down - 6);
  }
}

function sentences({ worst, windows }: QualityMap): string {
  if (worst === null) return "There is nothing to judge in any part of this photo.";
  const [fault, severity] = Object.entries(worst.faults)[0] ?? ["", 0];
  const why = severity >= FAULT_FROM ? `, ${wordsOf(fault)}` : "";
  const flat = windows.some((window) => window.score === null) ? " No colour: nothing to judge." : "";
  return `The frame has the lowest score: ${score(worst.score as number)}${why}.${flat}`;
}

/** Returns the bar of colours from 0 to 1. */
function legendOf(): HTMLElement {
  const bar = element("div", "ramp");
  const colours = Array.from({ length: 9 }, (_, step) => `rgb(${colourOf(step / 8).map(Math.round).join(" ")})`);
  bar.style.backgroundImage = `linear-gradient(to right, ${colours.join(", ")})`;
  return element("div", "legend", element("span", "", "0"), bar, element("span", "", "1"));
}
