/** JSON read more strictly than by JSON.parse: 1 and 1.0 stay different, and a repeated key is an error. */

/** Integers are bigint, other numbers are number. */
export type Json = null | boolean | bigint | number | string | Json[] | JsonObject;
export type JsonObject = Map<string, Json>;

const TOKEN = /[{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+/g;

/**
 * Returns the value of a JSON text; objects are maps.
 *
 * @throws SyntaxError: not JSON, a repeated key, or a number out of range.
 */
export function parseJson(text: string): Json {
  JSON.parse(text); // checks the grammar, so that the rest need not
  const tokens = text.match(TOKEN) ?? [];
  let position = 0;

  function next(): string {
    return tokens[position++] as string;
  }

  function value(token: string): Json {
    if (token === "{") return object();
    if (token === "[") return list();
    if (token.startsWith('"')) return JSON.parse(token) as string;
    if (token === "true" || token === "false") return token === "true";
    return token === "null" ? null : number(token);
  }

  function object(): JsonObject {
    const members: JsonObject = new Map();
    for (let token = next(); token !== "}"; token = next()) {
      if (token === ",") continue;
      const key = JSON.parse(token) as string;
      if (members.has(key)) throw new SyntaxError(`the key ${JSON.stringify(key)} is repeated`);
      next(); // the colon
      members.set(key, value(next()));
    }
    return members;
  }

  function list(): Json[] {
    const items: Json[] = [];
    for (let token = next(); token !== "]"; token = next()) {
      if (token !== ",") items.push(value(token));
    }
    return items;
  }

  return value(next());
}

function number(digits: string): bigint | number {
  if (/^-?\d+$/.test(digits)) return BigInt(digits);
  const float = Number(digits);
  if (!Number.isFinite(float)) throw new SyntaxError(`${digits} is out of range`);
  return float;
}
