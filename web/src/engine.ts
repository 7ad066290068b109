/** Photo in, number out: the one place that joins opening, resizing and inference. Runs in the worker. */

import { type Assessment, type Replay, type ReplayedCase, assessment } from "./assessment.ts";
import type { GoldenCase, Setting } from "./contract.ts";
import { faultNames } from "./contract.ts";
import { type Size, inputSize } from "./fit.ts";
import { digest, goldenImage } from "./golden.ts";
import type { Fit, OpenedPhoto } from "./photo.ts";
import { rowsOf } from "./pixels.ts";
import { resize } from "./resample.ts";
import type { Prediction, Session } from "./session.ts";

/** Opens whatever a platform takes for a photo. */
export type Open = (photo: never, name: string, fit: Fit | null) => Promise<OpenedPhoto>;

export interface EngineOptions {
  readonly setting: Setting | null;
  readonly exactDecode: boolean;
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
  async assess(photo: unknown, name: string, pause: () => Promise<void>): Promise<Assessment> {
    const { contract } = this.#session;
    const fit: Fit = (height, width) => inputSize(height, width, contract.input, this.#options.setting);
    const reduces = contract.input.decode === "jpeg-reduced" && !this.#options.exactDecode;

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
    const resized = performance.now();
    const prediction = await this.#session.predict(pixels, size);
    return assessment(prediction, {
      photo: name,
      model: contract.model.name,
      photoSize,
      inputSize: size,
      reduction: Math.round(photoSize[0] / rows.height),
      seconds: {
        decode: (decoded - started) / 1000,
        resize: (resized - decoded) / 1000,
        inference: (performance.now() - resized) / 1000,
      },
    });
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

function values(prediction: Prediction): Record<string, number> {
  const named: Record<string, number> = { score: prediction.score };
  for (const [name, severity] of Object.entries(prediction.faults)) named[`faults.${name}`] = severity;
  if (prediction.photograph !== null) named["photo"] = prediction.photograph;
  return named;
}
