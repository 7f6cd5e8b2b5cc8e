import { parseBool } from '@coracle/api/meta/parse-bool';
import { formatDuration, parseDuration } from '@coracle/api/meta/time';

/** What the user typed cannot be parsed; the message is pflag's. */
export class FlagError extends Error {
  override name = 'FlagError';
}

/** One flag: how its text becomes a value and how `--help` shows it. */
export interface Flag<T> {
  /** The word after the name in `--help`; empty for booleans. */
  readonly type: string;
  readonly default: T;
  readonly help: string;
  /** The section of `--help` it belongs to. */
  readonly group?: string;
  /** One letter: `o` for `-o`. */
  readonly shorthand?: string;
  readonly hidden?: boolean;
  /** Printed to stderr when the flag is used. */
  readonly deprecated?: string;
  /** The text taken when the flag stands without a value (`--watch`). A flag without it needs one. */
  readonly bare?: string;
  /** Turns text into a value; `before` is the value of earlier uses on the same command line. Throws with the reason. */
  parse(text: string, before: T | undefined): T;
  /** The default as `--help` shows it; empty shows none. */
  show(value: T): string;
}

export interface FlagOptions<T> {
  default?: T;
  help: string;
  group?: string;
  shorthand?: string;
  hidden?: boolean;
  deprecated?: string;
  bare?: string;
  /** Overrides the word after the name in `--help`. */
  type?: string;
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** The parsed values, by flag name. */
export type FlagValues<F> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

export interface ParsedFlags<F> {
  values: FlagValues<F>;
  /** The flags that stood on the command line. */
  changed: ReadonlySet<string>;
  /** What is no flag, in order. */
  args: string[];
  /** How many of `args` stood before `--`; undefined without `--`. */
  dashAt: number | undefined;
  /** What to print to stderr: use of deprecated flags. */
  warnings: string[];
}

/** A set of flags that parses a command line in pflag's syntax. */
export interface FlagSet<F> {
  readonly flags: F;
  /**
   * Parses `--a=b`, `--a b`, `-o wide`, `-owide`, `-o=wide`, `-it`, `--bool`, `--bool=false` and `--`. Underscores in names count as
   * dashes. With `interspersed: false` parsing ends at the first argument that is no flag. Throws FlagError.
   */
  parse(argv: readonly string[], options?: { interspersed?: boolean }): ParsedFlags<F>;
}

// biome-ignore lint/suspicious/noExplicitAny: flags of every value type live in one record; FlagValues recovers each type.
type AnyFlags = Readonly<Record<string, Flag<any>>>;

/** Declares the flags of a program or command, by name without the dashes. */
export function defineFlags<F extends AnyFlags>(flags: F): FlagSet<F> {
  return { flags, parse: (argv, options) => parseFlags(flags, argv, options?.interspersed ?? true) };
}

function parseFlags<F extends AnyFlags>(flags: F, argv: readonly string[], interspersed: boolean): ParsedFlags<F> {
  const shorthands = new Map<string, string>();
  for (const [name, flag] of Object.entries(flags)) if (flag.shorthand) shorthands.set(flag.shorthand, name);
  const set = new Map<string, unknown>();
  const args: string[] = [];
  const warnings: string[] = [];
  let dashAt: number | undefined;

  const assign = (name: string, text: string): void => {
    const flag = flags[name]!;
    try {
      set.set(name, flag.parse(text, set.get(name)));
    } catch (error) {
      const shown = flag.shorthand ? `-${flag.shorthand}, --${name}` : `--${name}`;
      throw new FlagError(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${(error as Error).message}`);
    }
    if (flag.deprecated) warnings.push(`Flag --${name} has been deprecated, ${flag.deprecated}`);
  };

  const rest = [...argv];
  while (rest.length > 0) {
    const arg = rest.shift()!;
    if (arg === '--') {
      dashAt = args.length;
      args.push(...rest);
      break;
    }
    if (arg.length < 2 || arg[0] !== '-') {
      args.push(arg);
      if (interspersed) continue;
      args.push(...rest);
      break;
    }
    if (arg[1] === '-') long(arg);
    else shorts(arg.slice(1));
  }

  function long(arg: string): void {
    const body = arg.slice(2);
    if (body === '' || body[0] === '-' || body[0] === '=') throw new FlagError(`bad flag syntax: ${arg}`);
    const equals = body.indexOf('=');
    const typed = equals < 0 ? body : body.slice(0, equals);
    const name = typed.replaceAll('_', '-');
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (!flag) throw new FlagError(`unknown flag: --${typed}`);
    if (equals >= 0) assign(name, body.slice(equals + 1));
    else if (flag.bare !== undefined) assign(name, flag.bare);
    else if (rest.length > 0) assign(name, rest.shift()!);
    else throw new FlagError(`flag needs an argument: ${arg}`);
  }

  function shorts(letters: string): void {
    for (let at = 0; at < letters.length; at++) {
      const letter = letters[at]!;
      const name = shorthands.get(letter);
      if (name === undefined) throw new FlagError(`unknown shorthand flag: ${goQuote(letter)} in -${letters}`);
      const flag = flags[name]!;
      const after = letters.slice(at + 1);
      if (!after.startsWith('=') && flag.bare !== undefined) {
        assign(name, flag.bare);
        continue;
      }
      if (after === '' && rest.length === 0)
        throw new FlagError(`flag needs an argument: ${goQuote(letter)} in -${letters}`);
      assign(name, after.startsWith('=') ? after.slice(1) : after === '' ? rest.shift()! : after);
      return;
    }
  }

  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) values[name] = set.has(name) ? set.get(name) : flag.default;
  return { values: values as FlagValues<F>, changed: new Set(set.keys()), args, dashAt, warnings };
}

const goQuote = (letter: string): string => `'${letter === "'" ? "\\'" : letter}'`;

function flag<T>(
  type: string,
  fallback: T,
  options: FlagOptions<T>,
  parse: Flag<T>['parse'],
  show: (value: T) => string,
): Flag<T> {
  const { default: given, ...rest } = options;
  return { type, ...rest, default: given ?? fallback, parse, show };
}

/** A string; the empty string by default. */
export const stringFlag = (options: FlagOptions<string>): Flag<string> =>
  flag(
    'string',
    '',
    options,
    (text) => text,
    (value) => (value === '' ? '' : JSON.stringify(value)),
  );

/** A string of a fixed list. */
export const choiceFlag = (options: FlagOptions<string> & { choices: readonly string[] }): Flag<string> => {
  const { choices, ...rest } = options;
  return flag(
    'string',
    '',
    rest,
    (text) => {
      if (!choices.includes(text)) throw new Error(`must be one of ${choices.map((each) => `"${each}"`).join(', ')}`);
      return text;
    },
    (value) => (value === '' ? '' : JSON.stringify(value)),
  );
};

/** An integer in decimal, or with 0x, 0o, 0b. */
export const intFlag = (options: FlagOptions<number>): Flag<number> =>
  flag('int', 0, options, parseInteger, (value) => (value === 0 ? '' : String(value)));

/** A number with a fraction. */
export const floatFlag = (options: FlagOptions<number>): Flag<number> =>
  flag('float', 0, options, parseFraction, (value) => (value === 0 ? '' : String(value)));

/** A boolean: `--x`, `--x=true`, `--x=false`; true, 1, t and their like as Go reads them. */
export const boolFlag = (options: FlagOptions<boolean>): Flag<boolean> =>
  flag('', false, { bare: 'true', ...options }, parseBool, (value) => (value ? 'true' : ''));

/** A Go duration (`1m30s`), in milliseconds. */
export const durationFlag = (options: FlagOptions<number>): Flag<number> =>
  flag(
    'duration',
    0,
    options,
    (text) => parseDuration(text),
    (value) => (value === 0 ? '' : formatDuration(value)),
  );

/** Comma-separated strings; further uses append. */
export const stringSliceFlag = (options: FlagOptions<readonly string[]>): Flag<readonly string[]> =>
  flag<readonly string[]>(
    'strings',
    [],
    options,
    (text, before) => [...(before ?? []), ...splitCsv(text)],
    (value) => (value.length === 0 ? '' : `[${value.join(',')}]`),
  );

/** Strings taken whole, commas and all; further uses append. */
export const stringArrayFlag = (options: FlagOptions<readonly string[]>): Flag<readonly string[]> =>
  flag<readonly string[]>(
    'stringArray',
    [],
    options,
    (text, before) => [...(before ?? []), text],
    (value) => (value.length === 0 ? '' : `[${value.join(',')}]`),
  );

/** `key=value` pairs, comma-separated; further uses add to them. */
export const mapFlag = (
  options: FlagOptions<Readonly<Record<string, string>>>,
): Flag<Readonly<Record<string, string>>> =>
  flag<Readonly<Record<string, string>>>(
    'mapStringString',
    {},
    options,
    (text, before) => {
      const pairs: Record<string, string> = { ...before };
      for (const pair of splitCsv(text)) {
        const equals = pair.indexOf('=');
        if (equals < 0) throw new Error(`malformed pair, expect string=string`);
        pairs[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
      }
      return pairs;
    },
    (value) =>
      Object.entries(value)
        .map(([key, each]) => `${key}=${each}`)
        .join(','),
  );

function parseInteger(text: string): number {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/.exec(
    text.replaceAll(/(?<=[0-9a-fA-F])_(?=[0-9a-fA-F])/g, ''),
  );
  if (!match) throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const digits = /^0[0-7]+$/.test(match[2]!) ? `0o${match[2]!.slice(1)}` : match[2]!;
  const value = BigInt(digits) * (match[1] === '-' ? -1n : 1n);
  if (value > 2n ** 63n - 1n || value < -(2n ** 63n)) {
    throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return Number(value);
}

function parseFraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value))
    throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}

/** One record of RFC 4180: fields may be quoted, a doubled quote is a quote. */
function splitCsv(text: string): string[] {
  if (text === '') return [];
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let field = '';
      at++;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote < 0)
          throw new Error(`parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`);
        field += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      if (at < text.length && text[at] !== ',') {
        throw new Error(`parse error on line 1, column ${at + 1}: extraneous or missing " in quoted-field`);
      }
      fields.push(field);
    } else {
      const comma = text.indexOf(',', at);
      const field = text.slice(at, comma < 0 ? undefined : comma);
      const quote = field.indexOf('"');
      if (quote >= 0) throw new Error(`parse error on line 1, column ${at + quote + 1}: bare " in non-quoted field`);
      fields.push(field);
      at += field.length;
    }
    if (at >= text.length) return fields;
    at++;
  }
}
