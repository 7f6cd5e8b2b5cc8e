/** Deeper than this nothing is looked at; no kind's defaults go so far. */
const deepest = 100;
let unlike = 0;

/**
 * A number over the keys, lengths and first letters of a JSON value: equal before and after where nothing was filled in, taken out or put in other
 * words meanwhile. For that alone, and much cheaper than writing the value down: two values that were made independently may well agree. A value that nests very deep
 * is never like itself.
 */
export function imprintOf(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return (value.length << 8) + firstLetter(value) + 3;
    case 'number':
      return (Math.imul(value | 0, 0x9e3779b1) + (value % 1 === 0 ? 5 : 7)) | 0;
    case 'boolean':
      return value ? 11 : 13;
    case 'object':
      break;
    default:
      return value === undefined ? 0 : 17; // an undefined field is not written down
  }
  if (value === null) return 19;
  if (depth > deepest) return ++unlike;
  let imprint = 23;
  if (Array.isArray(value)) {
    for (const each of value) imprint = (Math.imul(imprint, 31) + imprintOf(each, depth + 1)) | 0;
    return imprint;
  }
  for (const key in value) {
    const field = (value as Record<string, unknown>)[key];
    if (field === undefined) continue;
    imprint = (Math.imul(imprint, 31) + key.length + firstLetter(key)) | 0;
    imprint = (Math.imul(imprint, 31) + imprintOf(field, depth + 1)) | 0;
  }
  return imprint;
}

/** A text or a key may be empty. */
function firstLetter(text: string): number {
  return text.length > 0 ? text.charCodeAt(0) : 0;
}
