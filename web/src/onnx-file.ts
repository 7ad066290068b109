/** What an ONNX file says of itself: the outermost fields of its protobuf, read without loading the model. */

const METADATA_PROPS = 14; // ModelProto's field
const KEY = 1; // StringStringEntryProto's fields
const VALUE = 2;
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const MAX_BYTES = 1 << 20;

/** Returns the text under a key of the model's metadata; null if the file is damaged or lacks the key. */
export function readMetadata(model: Uint8Array, key: string): string | null {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    for (const entry of fields(model, METADATA_PROPS)) {
      const keys = [...fields(entry, KEY)].map((bytes) => new TextDecoder().decode(bytes));
      if (keys.includes(key)) return [...fields(entry, VALUE)].map((bytes) => decoder.decode(bytes)).join("");
    }
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error; // TypeError: not UTF-8
  }
  return null;
}

/** Yields the contents of a message's fields that have this number and hold bytes; RangeError if damaged. */
function* fields(message: Uint8Array, field: number): Generator<Uint8Array> {
  let position = 0;

  function varint(): number {
    let value = 0;
    for (let power = 0; power < 10; power++) {
      if (position >= message.length) throw new RangeError("cut off");
      const byte = message[position++] as number;
      value += (byte & 0x7f) * 2 ** (7 * power);
      if (byte < 0x80) return value;
    }
    throw new RangeError("not a protobuf");
  }

  while (position < message.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === VARINT) varint();
    else if (kind === FIXED64) position += 8;
    else if (kind === FIXED32) position += 4;
    else if (kind !== BYTES) throw new RangeError("not a protobuf");
    else {
      const length = varint();
      if (Math.floor(tag / 8) === field) {
        if (length > MAX_BYTES || position + length > message.length) throw new RangeError("cut off");
        yield message.subarray(position, position + length);
      }
      position += length;
    }
  }
}
