import { goQuoted, goText } from '../codec/go-text.ts';
import { encodeJson } from '../codec/json.ts';

/** How long the texts of an object's errors may be together; only hostile objects have more. */
export const mostErrorText = 1 << 20;

/** Ends a validation that has found more than anybody is told. */
class EnoughFound extends Error {
  readonly errors: FieldError[];

  constructor(errors: FieldError[]) {
    super('More errors were found than are told.');
    this.errors = errors;
  }
}

/** The errors of one validation, in the order in which it comes upon them. */
class Findings {
  readonly #errors: FieldError[] = [];
  readonly #beforehand: readonly FieldError[];
  #size = 0;

  constructor(beforehand: readonly FieldError[]) {
    this.#beforehand = beforehand;
  }

  add(error: FieldError): void {
    this.#errors.push(error);
    this.#size += error.field.length + error.message.length;
    if (this.#size > mostErrorText) throw new EnoughFound(this.#errors);
  }

  /** The errors of a field that were found before, which now have their place. */
  place(field: string): FieldError[] {
    const errors = this.#beforehand.filter((error) => error.field === field);
    for (const error of errors) this.add(error);
    return errors;
  }
}

/**
 * A path to a field of an object, as error messages show it: `spec.containers[0].ports[1].name`, `data[key]`. Its text is made when somebody asks for
 * it: most of what is validated is right.
 */
export class Path {
  readonly #step: string | number;
  readonly #findings: Findings | undefined;
  readonly #before: Path | undefined;
  readonly #inBrackets: boolean;

  /** `step` follows the path `before`, or is the whole text. */
  constructor(step: string | number = '', findings?: Findings, before?: Path, inBrackets = false) {
    this.#step = step;
    this.#findings = findings;
    this.#before = before;
    this.#inBrackets = inBrackets;
  }

  /** The path of a (dotted) child field. */
  child(name: string): Path {
    return new Path(name, this.#findings, this);
  }

  /** The path of a list item. */
  index(i: number): Path {
    return new Path(i, this.#findings, this, true);
  }

  /** The path of a map's value. */
  key(key: string): Path {
    return new Path(key, this.#findings, this, true);
  }

  toString(): string {
    const way: Path[] = [];
    for (let at: Path | undefined = this; at; at = at.#before) way.push(at);
    let text = '';
    for (let at = way.pop(); at; at = way.pop()) {
      if (at.#inBrackets) text += `[${at.#step}]`;
      else text = text === '' ? String(at.#step) : `${text}.${at.#step}`;
    }
    return text;
  }

  /** Errors of this field that take more than the object to find, and were found before (`findErrors`). */
  beforehand(): FieldError[] {
    return this.#findings?.place(this.toString()) ?? [];
  }

  /** An error of this field. Ends the validation around it (`findErrors`) where that has found enough. */
  error(type: FieldErrorType, message: string): FieldError {
    const error = { type, field: this.toString(), message };
    this.#findings?.add(error);
    return error;
  }
}

/**
 * The errors of an object, which are those of `validate`; where their texts are longer than 1 MiB, those that it came upon until then. Those that were
 * found `beforehand` are told where it comes upon their fields.
 */
export function findErrors(
  validate: (root: Path) => FieldError[],
  beforehand: readonly FieldError[] = [],
): FieldError[] {
  try {
    return validate(new Path('', new Findings(beforehand)));
  } catch (error) {
    if (error instanceof EnoughFound) return error.errors;
    throw error;
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

export const required = (at: Path, detail = ''): FieldError =>
  at.error('FieldValueRequired', detail === '' ? 'Required value' : `Required value: ${detail}`);

/** In the place of a value that `invalid` and `duplicate` are not to show. */
export const omitted: unique symbol = Symbol('omitted');

export const invalid = (at: Path, value: unknown, detail: string): FieldError =>
  at.error('FieldValueInvalid', `Invalid value: ${value === omitted ? '' : `${shown(value)}: `}${detail}`);

export const typeInvalid = (at: Path, value: unknown, detail: string): FieldError =>
  at.error('FieldValueTypeInvalid', `Invalid value: ${shown(value)}: ${detail}`);

export const duplicate = (at: Path, value: unknown): FieldError =>
  at.error('FieldValueDuplicate', `Duplicate value${value === omitted ? '' : `: ${shown(value)}`}`);

export const notFound = (at: Path, value: unknown, detail = ''): FieldError =>
  at.error('FieldValueNotFound', `Not found: ${shown(value)}${detail === '' ? '' : `: ${detail}`}`);

export const forbidden = (at: Path, detail: string): FieldError =>
  at.error('FieldValueForbidden', `Forbidden: ${detail}`);

export const tooLong = (at: Path, max: number): FieldError => at.error('FieldValueTooLong', tooLongText(max));

/** What is said of a text that is longer than `max` bytes. */
export const tooLongText = (max: number): string => `Too long: may not be more than ${max} byte${max === 1 ? '' : 's'}`;

export const tooMany = (at: Path, actual: number, max: number): FieldError =>
  at.error('FieldValueTooMany', tooManyText(actual, max));

/** What is said of a list or map that has more than `max` items. */
export const tooManyText = (actual: number, max: number): string =>
  `Too many: ${actual}: must have at most ${max} item${max === 1 ? '' : 's'}`;

/** `supported` are shown in the order given. */
export const notSupported = (at: Path, value: unknown, supported: readonly string[]): FieldError =>
  at.error(
    'FieldValueNotSupported',
    `Unsupported value: ${shown(value)}: supported values: ${supported.map((each) => `"${each}"`).join(', ')}`,
  );

/** Errors of a text by one of the checks of names (`isDns1123Label`): one for each of its complaints. */
export const malformed = (at: Path, value: string, check: (value: string) => readonly string[]): FieldError[] =>
  check(value).map((message) => invalid(at, value, message));

/** A text that errors show as JSON, as upstream does where a field may be left out. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value as error messages show it: strings quoted, scalars plain, the rest as compact JSON. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'number') return goText(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return goQuoted(value);
  const json = encodeJson(value instanceof JsonText ? value.text : value);
  return json.replace(/[<>&\u2028\u2029]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
