import { goText } from '../codec/go-text.ts';
import { encodeJson } from '../codec/json.ts';
import { type FieldError, type FieldErrorType, mostErrorText } from '../meta/field-path.ts';

/** Errors in the order in which they are found: as many as are told. */
export class FoundErrors {
  readonly list: FieldError[] = [];
  readonly #said = new Set<string>();
  #size = 0;

  /** Whether no more are told, so that nobody needs to find them. */
  get isFull(): boolean {
    return this.#size > mostErrorText;
  }

  /** Adds an error; what was said once is not said again. */
  add(error: FieldError): void {
    if (this.isFull) return;
    const text = textOf(error);
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#size += text.length;
    this.list.push(error);
  }

  /** Adds errors that were found apart. */
  addAll(errors: Iterable<FieldError>): void {
    for (const error of errors) this.add(error);
  }
}

const textOf = ({ field, message }: FieldError): string => `${field}: ${message}`;

/**
 * Where a validation is and what it found. Steps are pushed and popped on the way down; paths are made only for errors, so that validating
 * what is right allocates nothing.
 */
export class Walk {
  /** Names, keys and indices from where the validation began. */
  readonly steps: (string | number)[] = [];
  errors = new FoundErrors();
  /** Whether parts that are as they were are let through. */
  readonly ratchet: boolean;
  /** The path of what is validated; empty at the root of an object. */
  readonly #base: string;

  constructor(base: string, ratchet: boolean) {
    this.#base = base;
    this.ratchet = ratchet;
  }

  /** The place as texts name it: relative to where the validation began. */
  get name(): string {
    let name = '';
    for (const step of this.steps) {
      if (typeof step === 'number') name += `[${step}]`;
      else name += name === '' ? step : `.${step}`;
    }
    return name;
  }

  /** The place as a field of the object. */
  get field(): string {
    const name = this.name.replace(/^\./, '');
    if (name === '') return this.#base === '' ? '<nil>' : this.#base;
    if (this.#base === '') return name;
    return `${this.#base}.${name}`;
  }

  add(type: FieldErrorType, message: string, field?: string): void {
    if (!this.errors.isFull) this.errors.add({ type, field: field ?? this.field, message });
  }

  /** `problem` follows the field's name: `in body should be …`. */
  invalid(value: unknown, problem: string): void {
    if (this.errors.isFull) return;
    this.add('FieldValueInvalid', `Invalid value: ${shown(value)}: ${this.name} in body ${problem}`);
  }

  /** An error of the value that says all by itself. */
  plain(message: string, value: unknown): void {
    if (this.errors.isFull) return;
    this.add('FieldValueInvalid', `Invalid value: ${shown(value)}: ${message}`);
  }

  typeInvalid(value: string, wanted: string): void {
    if (this.errors.isFull) return;
    const text = JSON.stringify(value);
    this.add(
      'FieldValueTypeInvalid',
      `Invalid value: ${text}: ${this.name} in body must be of type ${wanted}: ${text}`,
    );
  }

  /** An error of the whole, which upstream reports without a field. */
  whole(message: string): void {
    const field = this.#base === '' ? '<nil>' : this.#base;
    this.add('FieldValueInvalid', `Invalid value: "": ${message}`, field);
  }
}

function shown(value: unknown): string {
  if (typeof value === 'number') return goText(value);
  return value === undefined ? 'null' : encodeJson(value);
}
