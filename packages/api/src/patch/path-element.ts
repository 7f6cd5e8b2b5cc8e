import { goQuoted, goText } from '../codec/go-text.ts';
import { decodeJson, encodeJson, JsonError } from '../codec/json.ts';
import { isObject } from '../meta/object.ts';

/** The element of a struct's field or a map's key. */
export const fieldElement = (name: string): string => `f:${name}`;

/** The element of an item of a set. */
export const valueElement = (value: unknown): string => `v:${encodeJson(value)}`;

/** The element of an item of a list that is indexed. */
export const indexElement = (index: number): string => `i:${index}`;

/** The element of an item of a keyed list: its keys and their values, in the order of the keys. */
export function keyElement(keys: Readonly<Record<string, unknown>>): string {
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(keys).sort()) sorted[key] = keys[key];
  return `k:${encodeJson(sorted)}`;
}

/** Whether a text is an element of one of the four forms. */
export function isElement(text: string): boolean {
  const rest = text.slice(2);
  switch (text.slice(0, 2)) {
    case 'f:':
      return true;
    case 'k:':
      return isObject(parsed(rest));
    case 'v:':
      return parsed(rest) !== undefined;
    case 'i:':
      return /^-?[0-9]+$/.test(rest);
    default:
      return false;
  }
}

/** A JSON value; undefined where the text is none. */
function parsed(text: string): unknown {
  try {
    return decodeJson(text).value;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** A path as conflicts show it: `.spec.template.spec.containers[name="web"].image`. */
export function formatPath(elements: readonly string[]): string {
  return elements.map(formatElement).join('');
}

/** One element of a path: `.name`, `[name="web"]`, `[="x"]`, `[0]`. */
export function formatElement(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const keys = Object.entries(decodeJson(rest).value as Record<string, unknown>);
      return `[${keys.map(([key, value]) => `${key}=${shown(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${shown(decodeJson(rest).value)}]`;
    default:
      return `[${rest}]`;
  }
}

/** A value in a path. */
function shown(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return goQuoted(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(',')}]`;
  if (!isObject(value)) return goText(value);
  return Object.entries(value)
    .map(([key, each]) => `${key}=${shown(each)}`)
    .join('');
}
