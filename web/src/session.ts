/** A loaded model: resized pixels in, checked answers out. */

import type * as Ort from "onnxruntime-web";
import { METADATA_KEY, faultNames, readContract } from "./contract.ts";
import { ArtifactInvalid, ContractMismatch, OpinionsInvalid } from "./errors.ts";
import { readMetadata } from "./onnx-file.ts";
import type { Contract, OutputSpec, Size } from "./spec.ts";
import { firstLine } from "./text.ts";

export type Backend = "wasm" | "webgpu";

/** Everything a model answers for one photo. */
export interface Prediction {
  /** Mean of the opinions, in [0, 1]. */
  readonly score: number;
  readonly opinions: readonly number[];
  /** Severity in [0, 1] by the name of the fault. */
  readonly faults: Readonly<Record<string, number>>;
  /** How much this is a photograph at all, in [0, 1]; null for a model that does not say. */
  readonly photograph: number | null;
}

export class Session {
  readonly contract: Contract;
  readonly #ort: typeof Ort;
  readonly #session: Ort.InferenceSession;
  readonly #source: string;

  private constructor(ort: typeof Ort, session: Ort.InferenceSession, contract: Contract, source: string) {
    this.#ort = ort;
    this.#session = session;
    this.contract = contract;
    this.#source = source;
  }

  /**
   * Loads an ONNX artifact.
   *
   * @param source names the artifact in errors.
   * @throws ArtifactInvalid, ContractUnsupported, ContractMismatch
   */
  static async open(ort: typeof Ort, model: Uint8Array, source: string, backend: Backend): Promise<Session> {
    const text = readMetadata(model, METADATA_KEY);
    if (text === null) {
      throw new ArtifactInvalid(
        `${source}: not an ONNX model with an intact MobileIQA contract; make it with \`mobileiqa export\``,
      );
    }
    const contract = readContract(text, source);
    let session: Ort.InferenceSession;
    try {
      session = await ort.InferenceSession.create(model, {
        executionProviders: [backend],
        enableMemPattern: false,
        logSeverityLevel: 4, // what goes wrong arrives as an error
      });
    } catch (error) {
      throw new ArtifactInvalid(`${source}: onnxruntime cannot load it (${firstLine(error)})`);
    }
    try {
      checkInterface(session, contract, source);
    } catch (error) {
      await session.release();
      throw error;
    }
    return new Session(ort, session, contract, source);
  }

  /**
   * Returns what the model answers for a resized photo, RGB bytes of a size.
   *
   * @throws ContractMismatch, OpinionsInvalid
   */
  async predict(pixels: Uint8Array, [height, width]: Size): Promise<Prediction> {
    const input = new this.#ort.Tensor("uint8", pixels, [1, height, width, 3]);
    let answers: Ort.InferenceSession.OnnxValueMapType;
    try {
      answers = await this.#session.run({ [this.#session.inputNames[0] as string]: input });
    } catch (error) {
      throw new ContractMismatch(`${this.#source}: onnxruntime cannot run it (${firstLine(error)})`);
    }
    return this.#checked(answers);
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #checked(answers: Ort.InferenceSession.OnnxValueMapType): Prediction {
    const { outputs } = this.contract;
    const values = new Map(
      outputs.map((output) => {
        const name = outputs.length === 1 ? (this.#session.outputNames[0] as string) : output.name;
        return [output.meaning, checkedValues(answers[name] as Ort.Tensor, output, this.#source)];
      }),
    );
    const opinions = values.get("opinions") as number[];
    const severities = values.get("faults") ?? [];
    const faults = Object.fromEntries(faultNames(this.contract).map((name, index) => [name, severities[index] as number]));
    const sum = opinions.reduce((total, opinion) => total + opinion, 0);
    return { score: sum / opinions.length, opinions, faults, photograph: values.get("photo")?.[0] ?? null };
  }
}

function checkedValues(output: Ort.Tensor, spec: OutputSpec, source: string): number[] {
  if (output.size !== spec.size) {
    throw new ContractMismatch(
      `${source}: its contract promises ${spec.size} values of ${spec.meaning}, the model answered ${output.size}`,
    );
  }
  const values = Array.from(output.data as Float32Array);
  for (const value of values) {
    if (!(value >= spec.minimum && value <= spec.maximum)) {
      throw new OpinionsInvalid(
        `${source}: the model answered ${value} for ${spec.meaning}, its contract promises ` +
          `${spec.minimum} to ${spec.maximum}`,
      );
    }
  }
  return values;
}

function checkInterface(session: Ort.InferenceSession, contract: Contract, source: string): void {
  const { inputMetadata, outputMetadata } = session;
  const mismatch = (promised: string, actual: string) =>
    new ContractMismatch(`${source}: its contract promises ${promised}, the model has ${actual}`);

  const { height, width } = contract.input;
  const promised = [1, height, width, 3].map((side) => side ?? "any").join(" x ");
  const inputs = inputMetadata.map((input) => {
    if (!input.isTensor) return "another kind of input";
    const sides = input.shape.map((side) => (typeof side === "number" && side > 0 ? side : "any"));
    return `${sides.join(" x ")} of ${input.type}`;
  });
  if (inputs.length !== 1 || inputs[0] !== `${promised} of uint8`) {
    throw mismatch(`one input of ${promised} of uint8`, inputs.join(", ") || "none");
  }

  const names = outputMetadata.map((output) => output.name).sort();
  const promisedNames = contract.outputs.map((output) => output.name).sort();
  const isSingle = names.length === 1 && promisedNames.length === 1; // converters choose names of their own
  if (!isSingle && names.join("\n") !== promisedNames.join("\n")) {
    throw mismatch(`the outputs ${promisedNames.join(", ")}`, names.join(", ") || "none");
  }
  for (const output of outputMetadata) {
    const type = output.isTensor ? output.type : "another kind of output";
    if (type !== "float32") throw mismatch(`float32 for ${output.name}`, type);
  }
}
