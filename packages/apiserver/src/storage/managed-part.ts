import { textOf } from '@coracle/api/codec/json-text';

const managedFields = Buffer.from('"managedFields":[');

/** The JSON of bytes that `encodeStored` made, in which the fields of the metadata begin at `head`, but for the managed fields. */
export function withoutManagedFields(stored: Buffer, head: number): Buffer | string {
  const from = stored.indexOf(managedFields, head);
  if (from < 0 || !isField(stored, head, from)) return stored;
  const to = endOfArray(stored, from + managedFields.length);
  const isFirst = stored[from - 1] !== 0x2c;
  const isFollowed = stored[to] === 0x2c;
  return (
    textOf(stored.subarray(0, isFirst ? from : from - 1)) + textOf(stored.subarray(isFirst && isFollowed ? to + 1 : to))
  );
}

/** Whether a position is the start of a field of the very object whose fields begin at `start`. */
function isField(json: Buffer, start: number, position: number): boolean {
  const { at, depth } = walk(json, start, position);
  return at === position && depth === 0;
}

/** The position behind the array whose elements begin at `start`. */
const endOfArray = (json: Buffer, start: number): number => walk(json, start, json.length).at;

/** Goes from within an object or array to its end, or to `limit`: how far that is, and how deep in what stands in it; -1 is behind its end. */
function walk(json: Buffer, start: number, limit: number): { at: number; depth: number } {
  let depth = 0;
  let at = start;
  for (; at < limit && depth >= 0; at++) {
    const c = json[at]!;
    if (c === quote) at = endOfString(json, at);
    else depth += nesting(c);
  }
  return { at, depth };
}

const quote = 0x22;

/** The position of the quote that closes the string opened at `start`. */
function endOfString(json: Buffer, start: number): number {
  let at = start + 1;
  for (let c = json[at]; c !== quote && c !== undefined; c = json[++at]) if (c === 0x5c) at++;
  return at;
}

function nesting(character: number): number {
  if (character === 0x7b || character === 0x5b) return 1;
  return character === 0x7d || character === 0x5d ? -1 : 0;
}
