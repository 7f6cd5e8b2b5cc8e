import { parseBool } from '@coracle/api/meta/parse-bool';
import { parseDuration } from '@coracle/api/meta/time';
import { CommandFailure } from './failure.ts';
import { parseInteger } from './flag-values.ts';

export type FlagType = 'string' | 'bool' | 'int' | 'duration' | 'strings' | 'stringSlice' | 'csv' | 'map' | 'tristate';

/**
 * One flag in pflag's terms. `strings` takes each occurrence as it is (StringArray), `stringSlice` also splits at commas.
 * `implied` is the value of the bare flag (NoOptDefVal): such a flag takes no following argument.
 */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly type: FlagType;
  readonly default: FlagValue;
  readonly implied?: string;
  readonly help: string;
  readonly hidden?: boolean;
  /** cobra's MarkFlagRequired. */
  readonly required?: boolean;
  /** The bits of an int; decides when a number is out of range. */
  readonly bits?: 32 | 64;
}

export type FlagValue = string | boolean | number | readonly string[];

type Options = Partial<Pick<Flag, 'short' | 'implied' | 'hidden' | 'required' | 'bits'>>;

const make =
  <T extends FlagValue>(type: FlagType) =>
  (name: string, value: T, help: string, options: Options = {}): Flag => ({
    name,
    type,
    default: value,
    help,
    ...options,
  });

export const stringFlag = make<string>('string');
export const intFlag = make<number>('int');
/** Milliseconds. */
export const durationFlag = make<number>('duration');
export const stringsFlag = make<readonly string[]>('strings');
export const stringSliceFlag = make<readonly string[]>('stringSlice');

export function boolFlag(name: string, value: boolean, help: string, options: Options = {}): Flag {
  return { name, type: 'bool', default: value, help, implied: 'true', ...options };
}

/** The flags of one call: values by name, and which of them the user gave. */
export class Flags {
  readonly #definitions = new Map<string, Flag>();
  readonly #values = new Map<string, FlagValue>();
  readonly #changed = new Set<string>();

  constructor(definitions: Iterable<Flag>) {
    for (const flag of definitions) if (!this.#definitions.has(flag.name)) this.#definitions.set(flag.name, flag);
  }

  string(name: string): string {
    return this.#value(name, ['string']) as string;
  }

  /** A global flag's text; empty where the command has a flag of its own by that name (create rolebinding --user). */
  global(name: string): string {
    return this.#definitions.get(name)?.type === 'string' ? this.string(name) : '';
  }

  bool(name: string): boolean {
    return this.#value(name, ['bool']) as boolean;
  }

  int(name: string): number {
    return this.#value(name, ['int']) as number;
  }

  /** Milliseconds. */
  duration(name: string): number {
    return this.#value(name, ['duration']) as number;
  }

  strings(name: string): readonly string[] {
    return this.#value(name, ['strings', 'stringSlice']) as readonly string[];
  }

  /** Whether the command line names the flag, whatever the value. */
  changed(name: string): boolean {
    return this.#changed.has(name);
  }

  has(name: string): boolean {
    return this.#definitions.has(name);
  }

  set(name: string, value: FlagValue): void {
    this.#values.set(name, value);
    this.#changed.add(name);
  }

  named(name: string): Flag | undefined {
    return this.#definitions.get(name);
  }

  short(letter: string): Flag | undefined {
    for (const flag of this.#definitions.values()) if (flag.short === letter) return flag;
    return undefined;
  }

  /** Takes one occurrence of a flag; the error texts are pflag's. */
  accept(flag: Flag, text: string): void {
    const given = this.#changed.has(flag.name);
    try {
      const value = convert(flag, text);
      if (Array.isArray(value) && given) this.set(flag.name, [...this.strings(flag.name), ...value]);
      else this.set(flag.name, value);
    } catch (error) {
      const shown = flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`;
      throw new FlagError(`invalid argument ${quoteGo(text)} for "${shown}" flag: ${(error as Error).message}`);
    }
  }

  /** The names of required flags that were not given. */
  missing(): string[] {
    return [...this.#definitions.values()]
      .filter((flag) => flag.required && !this.changed(flag.name))
      .map((flag) => flag.name);
  }

  #value(name: string, types: FlagType[]): FlagValue {
    const flag = this.#definitions.get(name);
    if (!flag || !types.includes(flag.type)) throw new Error(`bug: no ${types[0]} flag --${name} is defined`);
    return this.#values.get(name) ?? flag.default;
  }
}

/** A command line that pflag refuses. */
export class FlagError extends CommandFailure {}

function convert(flag: Flag, text: string): FlagValue {
  switch (flag.type) {
    case 'bool':
      return parseBool(text);
    case 'int':
      return parseInteger(text, flag.bits ?? 64);
    case 'duration':
      return parseDuration(text);
    case 'strings':
      return [text];
    case 'stringSlice':
      return text === '' ? [] : splitCsv(text);
    default:
      return text;
  }
}

/** One CSV record, as encoding/csv reads it: quotes may enclose commas. */
function splitCsv(text: string): string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= text.length) {
    if (text[at] === '"') {
      let field = '';
      at++;
      for (; at < text.length; at++) {
        if (text[at] === '"' && text[at + 1] === '"') field += text[at++];
        else if (text[at] === '"') break;
        else field += text[at];
      }
      if (text[at] !== '"')
        throw new Error(`parse error on line 1, column ${at + 1}: extraneous or missing " in quoted-field`);
      fields.push(field);
      at += 2;
      if (at === text.length + 1) break;
      continue;
    }
    const comma = text.indexOf(',', at);
    const end = comma < 0 ? text.length : comma;
    const field = text.slice(at, end);
    const quote = field.indexOf('"');
    if (quote >= 0) throw new Error(`parse error on line 1, column ${at + quote + 1}: bare " in non-quoted-field`);
    fields.push(field);
    at = end + 1;
  }
  return fields;
}

/** A string as Go's %q shows it. */
export function quoteGo(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u00a0]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The words of a command line that are not flags, and how many of them came before `--` (-1 without `--`). */
export interface Parsed {
  readonly args: string[];
  readonly dash: number;
}

/** Reads a command line as pflag does with interspersed arguments; fills `flags`. Throws FlagError with pflag's text. */
export function parseFlags(words: readonly string[], flags: Flags): Parsed {
  const args: string[] = [];
  let dash = -1;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '--') {
      dash = args.length;
      args.push(...words.slice(i + 1));
      break;
    }
    if (word.length < 2 || word[0] !== '-') args.push(word);
    else if (word.startsWith('--')) i += long(word, words[i + 1], flags);
    else i += shorts(word, words[i + 1], flags);
  }
  return { args, dash };
}

function long(word: string, next: string | undefined, flags: Flags): number {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  if (name === '' || name[0] === '-') throw new FlagError(`bad flag syntax: ${word}`);
  const flag = flags.named(name);
  if (!flag) throw new FlagError(`unknown flag: --${name}`);
  if (equals >= 0) flags.accept(flag, word.slice(equals + 1));
  else if (flag.implied !== undefined) flags.accept(flag, flag.implied);
  else if (next === undefined) throw new FlagError(`flag needs an argument: --${name}`);
  else {
    flags.accept(flag, next);
    return 1;
  }
  return 0;
}

function shorts(word: string, next: string | undefined, flags: Flags): number {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at]!;
    const flag = flags.short(letter);
    if (!flag) throw new FlagError(`unknown shorthand flag: ${quoteRune(letter)} in -${word.slice(at)}`);
    const rest = word.slice(at + 1);
    if (rest.length > 1 && rest[0] === '=') {
      flags.accept(flag, rest.slice(1));
      return 0;
    }
    if (flag.implied !== undefined) {
      flags.accept(flag, flag.implied);
      continue;
    }
    if (rest !== '') {
      flags.accept(flag, rest);
      return 0;
    }
    if (next === undefined) throw new FlagError(`flag needs an argument: ${quoteRune(letter)} in -${word.slice(at)}`);
    flags.accept(flag, next);
    return 1;
  }
  return 0;
}

const quoteRune = (letter: string): string => (letter === "'" ? "'\\''" : `'${letter}'`);
