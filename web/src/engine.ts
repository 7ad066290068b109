/** Photo in, numbers out: the one place that joins opening, resizing and inference. Runs in the worker. */

import { type Assessment, type Replay, type ReplayedCase, type Seconds, assessment } from "./assessment.ts";
import { faultNames } from "./contract.ts";
import { ContractUnsupported } from "./errors.ts";
import { inputSize } from "./fit.ts";
import { digest, goldenImage } from "./golden.ts";
import type { Fit, OpenedPhoto } from "./photo.ts";
import { rowsOf } from "./pixels.ts";
import { resize } from "./resample.ts";
import type { Prediction, Session } from "./session.ts";
import type { Contract, GoldenCase, Setting, Size } from "./spec.ts";
import { isFlat } from "./where/detail.ts";
import { type MapWindow, type QualityMap, mapWindow, worstOf } from "./where/quality-map.ts";
import { type Box, cut, scaled, windowSide } from "./where/windows.ts";

/** Opens whatever a platform takes for a photo. */
export type Open = (photo: never, name: string, fit: Fit | null) => Promise<OpenedPhoto>;

export interface EngineOptions {
  readonly setting: Setting | null;
  readonly exactDecode: boolean;
}

/** Awaited often: lets an abort arrive, and throws then. */
export type Pause = () => Promise<void>;

/** A photo as the model takes it. */
interface Fitted extends Pick<Assessment, "photoSize" | "inputSize" | "reduction"> {
  /** RGB bytes of the input size. */
  readonly pixels: Uint8Array;
  readonly seconds: Omit<Seconds, "inference">;
}

export class Engine {
  readonly #session: Session;
  readonly #open: Open;
  readonly #options: EngineOptions;

  constructor(session: Session, open: Open, options: EngineOptions) {
    this.#session = session;
    this.#open = open;
    this.#options = options;
  }

  /** Scores a photo. `pause` is awaited often; what it throws ends the work. */
  async assess(photo: unknown, name: string, pause: Pause): Promise<Assessment> {
    const { pixels, ...facts } = await this.#fitted(photo, name, this.#options.setting, pause);
    const started = performance.now();
    const prediction = await this.#session.predict(pixels, facts.inputSize);
    const inference = (performance.now() - started) / 1000;
    const { name: model } = this.#session.contract.model;
    return assessment(prediction, { ...facts, photo: name, model, seconds: { ...facts.seconds, inference } });
  }

  /**
   * Maps the quality over a photo, fitted to the largest of the contract's pixel budgets.
   *
   * @throws ContractUnsupported: the model takes photos at fixed sizes only.
   */
  async map(photo: unknown, name: string, pause: Pause): Promise<QualityMap> {
    const { contract } = this.#session;
    const { pixels, photoSize, inputSize } = await this.#fitted(photo, name, finestSetting(contract), pause);
    const { rows, columns, boxes } = cut(inputSize, windowSide(contract.input.multiple));
    const windows: MapWindow[] = [];
    for (const box of boxes) {
      await pause();
      const size = [box[2] - box[0], box[3] - box[1]] as const;
      const window = cropped(pixels, inputSize[1], box);
      const answer = isFlat(window, size) ? null : await this.#session.predict(window, size);
      windows.push(mapWindow(scaled(box, inputSize, photoSize), answer));
    }
    const worst = worstOf(windows);
    return { photo: name, model: contract.model.name, photoSize, inputSize, rows, columns, windows, worst };
  }

  /** Scores the contract's golden image with every setting and compares every output. */
  async verify(): Promise<Replay> {
    const { golden } = this.#session.contract;
    const { height, width } = golden;
    const image = goldenImage(height, width);
    const cases: ReplayedCase[] = [];
    for (const promised of golden.cases) cases.push(await this.#replay(promised, image, [height, width]));
    const differences = cases.flatMap(({ expected, actual }) =>
      Object.entries(expected).map(([name, value]) => Math.abs((actual[name] as number) - value)),
    );
    const difference = Math.max(...differences);
    const passed = cases.every((replayed) => replayed.resizeExact) && difference <= golden.tolerance;
    return { cases, difference, tolerance: golden.tolerance, passed };
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  /** Reads a photo and resizes it to what the model takes with a setting. */
  async #fitted(photo: unknown, name: string, setting: Setting | null, pause: Pause): Promise<Fitted> {
    const { input } = this.#session.contract;
    const fit: Fit = (height, width) => inputSize(height, width, input, setting);
    const reduces = input.decode === "jpeg-reduced" && !this.#options.exactDecode;

    const started = performance.now();
    const opened = await this.#open(photo as never, name, reduces ? fit : null);
    const decoded = performance.now();
    const { rows } = opened;
    const photoSize = opened.fullSize ?? ([rows.height, rows.width] as const);
    const size = fit(...photoSize);
    let pixels: Uint8Array;
    try {
      await pause();
      pixels = await resize(rows, size, pause);
    } finally {
      opened.close();
    }
    const seconds = { decode: (decoded - started) / 1000, resize: (performance.now() - decoded) / 1000 };
    return { pixels, photoSize, inputSize: size, reduction: Math.round(photoSize[0] / rows.height), seconds };
  }

  async #replay(golden: GoldenCase, image: Uint8Array, [height, width]: Size): Promise<ReplayedCase> {
    const { contract } = this.#session;
    const setting = contract.input.settings.find((candidate) => candidate.name === golden.setting) ?? null;
    const size = inputSize(height, width, contract.input, setting);
    const pixels = await resize(rowsOf({ height, width, pixels: image }, 3), size);
    const resizeExact = digest(pixels) === golden.inputSha256;
    const faults = Object.fromEntries(faultNames(contract).map((name, index) => [name, golden.faults[index] as number]));
    const promised = { score: golden.score, opinions: [], faults, photograph: golden.photo };
    const prediction = await this.#session.predict(pixels, size);
    return { setting: golden.setting, resizeExact, expected: values(promised), actual: values(prediction) };
  }
}

/** Returns the setting with the most pixels. */
function finestSetting({ input, model }: Contract): Setting {
  const [first, ...others] = input.settings;
  if (first === undefined || input.settings.some((setting) => setting.sizes.length > 0)) {
    throw new ContractUnsupported(`${model.name}: takes photos at fixed sizes only; a map needs a model that takes any`);
  }
  return others.reduce((finest, setting) => (setting.maxPixels > finest.maxPixels ? setting : finest), first);
}

/** Returns the RGB bytes of a window of a picture that is so wide. */
function cropped(pixels: Uint8Array, width: number, [top, left, bottom, right]: Box): Uint8Array {
  const row = (right - left) * 3;
  const window = new Uint8Array((bottom - top) * row);
  for (let y = top; y < bottom; y++) {
    const from = (y * width + left) * 3;
    window.set(pixels.subarray(from, from + row), (y - top) * row);
  }
  return window;
}

function values(prediction: Prediction): Record<string, number> {
  const named: Record<string, number> = { score: prediction.score };
  for (const [name, severity] of Object.entries(prediction.faults)) named[`faults.${name}`] = severity;
  if (prediction.photograph !== null) named["photo"] = prediction.photograph;
  return named;
}
