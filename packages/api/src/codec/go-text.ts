import { encodeJson } from './json.ts';

/** A value as Go's `%v` shows it. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, each]) => `${key}:${goText(each)}`).join(' ')}]`;
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return goFloat(value);
  return String(value);
}

/** A float64 as `%v` shows it: the shortest form, with an exponent of at least two digits where it is large or small. */
export function goFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const text = value.toExponential();
  const exponent = Number(text.slice(text.indexOf('e') + 1));
  if (exponent >= -4 && exponent < 21) return String(value);
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

const shortEscapes: Readonly<Record<string, string>> = { '07': '\\a', '0b': '\\v' };

/** What Go does not print: all but letters, marks, numbers, punctuation, symbols and the space. */
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

function escapeOf(character: string): string {
  const code = character.codePointAt(0)!;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** A text as `%q` shows it: as JSON does, but for what is not printed. */
export function goQuoted(text: string): string {
  return encodeJson(text)
    .replace(
      /(?<!\\)((?:\\\\)*)\\u00([0-9a-f]{2})/g,
      (_, before, code) => before + (shortEscapes[code] ?? `\\x${code}`),
    )
    .replace(unprintable, escapeOf);
}

/** How Go names the type of a value of JSON. */
export function goTypeOf(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return typeof value === 'number' && !Number.isInteger(value) ? 'float64' : 'int64';
}
