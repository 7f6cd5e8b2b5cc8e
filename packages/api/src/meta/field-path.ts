import { encodeJson } from '../codec/json.ts';

/** A path to a field of an object, as error messages show it: `spec.containers[0].ports[1].name`, `data[key]`. */
export class Path {
  readonly #text: string;

  constructor(text = '') {
    this.#text = text;
  }

  /** The path of a (dotted) child field. */
  child(name: string): Path {
    return new Path(this.#text === '' ? name : `${this.#text}.${name}`);
  }

  /** The path of a list item. */
  index(i: number): Path {
    return new Path(`${this.#text}[${i}]`);
  }

  /** The path of a map's value. */
  key(key: string): Path {
    return new Path(`${this.#text}[${key}]`);
  }

  toString(): string {
    return this.#text;
  }
}

export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueNotFound'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/** One error of one field. `message` is the whole text after the path, as upstream words it: `Invalid value: "x": must be …`. */
export interface FieldError {
  type: FieldErrorType;
  field: string;
  message: string;
}

const error = (type: FieldErrorType, at: Path, message: string): FieldError => ({
  type,
  field: at.toString(),
  message,
});

export const required = (at: Path, detail = ''): FieldError =>
  error('FieldValueRequired', at, detail === '' ? 'Required value' : `Required value: ${detail}`);

export const invalid = (at: Path, value: unknown, detail: string): FieldError =>
  error('FieldValueInvalid', at, `Invalid value: ${shown(value)}: ${detail}`);

export const typeInvalid = (at: Path, value: unknown, detail: string): FieldError =>
  error('FieldValueTypeInvalid', at, `Invalid value: ${shown(value)}: ${detail}`);

export const duplicate = (at: Path, value: unknown): FieldError =>
  error('FieldValueDuplicate', at, `Duplicate value: ${shown(value)}`);

export const notFound = (at: Path, value: unknown, detail = ''): FieldError =>
  error('FieldValueNotFound', at, `Not found: ${shown(value)}${detail === '' ? '' : `: ${detail}`}`);

export const forbidden = (at: Path, detail: string): FieldError =>
  error('FieldValueForbidden', at, `Forbidden: ${detail}`);

export const tooLong = (at: Path, max: number): FieldError =>
  error('FieldValueTooLong', at, `Too long: may not be more than ${max} bytes`);

export const tooMany = (at: Path, actual: number, max: number): FieldError =>
  error('FieldValueTooMany', at, `Too many: ${actual}: must have at most ${max} items`);

/** `supported` are shown in the order given. */
export const notSupported = (at: Path, value: unknown, supported: readonly string[]): FieldError =>
  error(
    'FieldValueNotSupported',
    at,
    `Unsupported value: ${shown(value)}: supported values: ${supported.map((each) => `"${each}"`).join(', ')}`,
  );

/** Errors of a text by one of the checks of names (`isDns1123Label`): one for each of its complaints. */
export const malformed = (at: Path, value: string, check: (value: string) => readonly string[]): FieldError[] =>
  check(value).map((message) => invalid(at, value, message));

/** A value as error messages show it: strings quoted, scalars plain, the rest as compact JSON. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return encodeJson(value);
}
