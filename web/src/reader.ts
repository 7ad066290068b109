/** Takes typed values out of a JSON object, key by key; whatever is left at the end is unknown. */

import type { Json, JsonObject } from "./json.ts";
import type { Size } from "./spec.ts";
import { isPrintable } from "./text.ts";

/** Every method throws TypeError for a missing key or another type, RangeError for a value out of range. */
export class Reader {
  readonly #values: JsonObject;
  readonly #path: string;

  constructor(values: Json, path: string) {
    if (!(values instanceof Map)) throw new TypeError(`${path || "the contract"} is not an object`);
    this.#values = new Map(values);
    this.#path = path;
  }

  text(key: string): string {
    return text(this.#take(key), this.#at(key));
  }

  texts(key: string): readonly string[] {
    return this.#list(key, text);
  }

  choice<Choice extends string>(key: string, choices: readonly Choice[]): Choice {
    const value = this.text(key);
    const choice = choices.find((known) => known === value);
    if (choice === undefined) throw new RangeError(`${this.#at(key)} is ${JSON.stringify(value)}`);
    return choice;
  }

  flag(key: string): boolean {
    const value = this.#take(key);
    if (typeof value !== "boolean") throw new TypeError(`${this.#at(key)} is neither true nor false`);
    return value;
  }

  nothing(key: string): void {
    if (this.#take(key) !== null) throw new TypeError(`${this.#at(key)} is not null`);
  }

  integer(key: string, minimum: number, maximum: number): number {
    return integer(this.#take(key), this.#at(key), minimum, maximum);
  }

  integerOrNull(key: string, minimum: number, maximum: number): number | null {
    const value = this.#take(key);
    return value === null ? null : integer(value, this.#at(key), minimum, maximum);
  }

  number(key: string, minimum: number, maximum: number): number {
    return number(this.#take(key), this.#at(key), minimum, maximum);
  }

  numberOrNull(key: string, minimum: number, maximum: number): number | null {
    const value = this.#take(key);
    return value === null ? null : number(value, this.#at(key), minimum, maximum);
  }

  numbers(key: string, minimum: number, maximum: number): readonly number[] {
    return this.#list(key, (value, path) => number(value, path, minimum, maximum));
  }

  /** Reads a list of pairs of integers. */
  pairs(key: string, minimum: number, maximum: number): readonly Size[] {
    return this.#list(key, (value, path) => {
      if (!Array.isArray(value) || value.length !== 2) throw new TypeError(`${path} is not a pair`);
      const [first, second] = value as [Json, Json];
      return [integer(first, path, minimum, maximum), integer(second, path, minimum, maximum)];
    });
  }

  object<Part>(key: string, read: (values: Reader) => Part): Part {
    return part(this.#take(key), this.#at(key), read);
  }

  objects<Part>(key: string, read: (values: Reader) => Part): readonly Part[] {
    return this.#list(key, (value, path) => part(value, path, read));
  }

  /** Throws TypeError if a key was not read. */
  end(): void {
    for (const key of this.#values.keys()) throw new TypeError(`${this.#at(key)} is not a key of the contract`);
  }

  #list<Item>(key: string, read: (value: Json, path: string) => Item): readonly Item[] {
    const values = this.#take(key);
    if (!Array.isArray(values)) throw new TypeError(`${this.#at(key)} is not a list`);
    return values.map((value, index) => read(value, this.#at(`${key}.${index}`)));
  }

  #take(key: string): Json {
    const value = this.#values.get(key);
    if (value === undefined) throw new TypeError(`${this.#at(key)} is missing`);
    this.#values.delete(key);
    return value;
  }

  #at(key: string): string {
    return this.#path ? `${this.#path}.${key}` : key;
  }
}

function part<Part>(value: Json, path: string, read: (values: Reader) => Part): Part {
  const values = new Reader(value, path);
  const result = read(values);
  values.end();
  return result;
}

function text(value: Json, path: string): string {
  if (typeof value !== "string") throw new TypeError(`${path} is not a text`);
  if (!isPrintable(value)) throw new RangeError(`${path} holds unprintable text`); // it would reach logs
  return value;
}

function integer(value: Json, path: string, minimum: number, maximum: number): number {
  if (typeof value !== "bigint") throw new TypeError(`${path} is not an integer`);
  return number(value, path, minimum, maximum);
}

function number(value: Json, path: string, minimum: number, maximum: number): number {
  if (typeof value !== "bigint" && typeof value !== "number") throw new TypeError(`${path} is not a number`);
  if (value < minimum || value > maximum) throw new RangeError(`${path} is not within ${minimum} to ${maximum}`);
  return Number(value);
}
