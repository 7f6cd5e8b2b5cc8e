import { isUtf8 } from 'node:buffer';

/**
 * What a value in DER is to be, as Go's types say it to encoding/asn1: its errors tell their names. `optional` values may be missing; `context` stands for a tag
 * of the context instead of the type's own.
 */
export type Shape = { readonly optional?: true } & (
  | { readonly is: Simple }
  | { readonly is: 'struct'; readonly name: string; readonly fields: readonly Shape[] }
  | { readonly is: 'list' | 'set'; readonly name?: string; readonly of: Shape; readonly context?: number }
  | { readonly is: 'any' | 'raw' }
);

type Simple = 'bits' | 'boolean' | 'integer' | 'octets' | 'oid';

/** A value that was read: what it holds, how it stands there with its header, and its parts in order. One that is missing is all empty. */
export interface Value {
  readonly content: Buffer;
  readonly whole: Buffer;
  readonly parts: readonly Value[];
}

/** What stands before a value in DER. */
interface Header {
  readonly class: number;
  readonly tag: number;
  readonly length: number;
  readonly isCompound: boolean;
  /** Where the content begins. */
  readonly content: number;
}

export const syntaxError = (problem: string): Error => new Error(`asn1: syntax error: ${problem}`);
const structureError = (problem: string): Error => new Error(`asn1: structure error: ${problem}`);

const missing: Value = { content: Buffer.alloc(0), whole: Buffer.alloc(0), parts: [] };

/** Reads the value that stands at the beginning of the data, and says what follows it. Throws in the words of Go's encoding/asn1. */
export function readDer(shape: Shape, data: Buffer): { value: Value; rest: Buffer } {
  const { value, end } = read(shape, data, 0);
  return { value, rest: data.subarray(end) };
}

function read(shape: Shape, data: Buffer, start: number): { value: Value; end: number } {
  if (start === data.length) {
    if (shape.optional) return { value: missing, end: start };
    throw syntaxError('sequence truncated');
  }
  const header = headerAt(data, start);
  const wish = wishes(shape);
  if (wish && !fits(header, wish)) {
    if (shape.optional) return { value: missing, end: start };
    throw structureError(mismatch(shape, wish, header));
  }
  const end = header.content + header.length;
  if (end > data.length) throw syntaxError('data truncated');
  const content = data.subarray(header.content, end);
  return { value: { content, whole: data.subarray(start, end), parts: partsOf(shape, content, header) }, end };
}

function partsOf(shape: Shape, content: Buffer, header: Header): Value[] {
  switch (shape.is) {
    case 'raw':
      return [];
    case 'any':
      checkAny(header, content);
      return [];
    case 'struct': {
      let at = 0;
      return shape.fields.map((field) => {
        const { value, end } = read(field, content, at);
        at = end;
        return value;
      });
    }
    case 'list':
    case 'set':
      return itemsOf(shape.of, content);
    default:
      simple[shape.is].check(content);
      return [];
  }
}

/** The items are looked at twice: whether they are of one type and whole, then what is in them. */
function itemsOf(shape: Shape, content: Buffer): Value[] {
  const wish = wishes(shape);
  const starts: number[] = [];
  for (let at = 0; at < content.length; ) {
    starts.push(at);
    const header = headerAt(content, at);
    if (wish && !fits(header, wish)) throw structureError('sequence tag mismatch');
    at = header.content + header.length;
    if (at > content.length) throw syntaxError('truncated sequence');
  }
  return starts.map((start) => read(shape, content, start).value);
}

/** The header a shape must have; undefined: any. */
type Wish = Pick<Header, 'class' | 'tag' | 'isCompound'>;

function wishes(shape: Shape): Wish | undefined {
  switch (shape.is) {
    case 'raw':
    case 'any':
      return undefined;
    case 'struct':
      return { class: 0, tag: 16, isCompound: true };
    case 'list':
    case 'set':
      return shape.context === undefined
        ? { class: 0, tag: shape.is === 'set' ? 17 : 16, isCompound: true }
        : { class: 2, tag: shape.context, isCompound: true };
    default:
      return { class: 0, tag: simple[shape.is].tag, isCompound: false };
  }
}

const fits = (header: Header, wish: Wish): boolean =>
  header.class === wish.class && header.tag === wish.tag && header.isCompound === wish.isCompound;

function mismatch(shape: Shape, wish: Wish, { class: kind, tag, length, isCompound, content }: Header): string {
  const found = `{class:${kind} tag:${tag} length:${length} isCompound:${isCompound}}`;
  const context = 'context' in shape && shape.context !== undefined ? shape.context : '<nil>';
  const isSet = shape.is === 'set' && shape.name === undefined;
  const parameters =
    `{optional:false explicit:false application:false private:false defaultValue:<nil> tag:${context} ` +
    `stringType:0 timeType:0 set:${isSet} omitEmpty:false}`;
  const name = 'name' in shape ? shape.name : shape.is in simple ? simple[shape.is as Simple].name : undefined;
  return `tags don't match (${wish.tag} vs ${found}) ${parameters} ${name ?? ''} @${content}`;
}

/** Types without parts: their tags, what Go calls them, and what throws where the content is none. */
const simple: Readonly<Record<Simple, { tag: number; name: string; check(content: Buffer): void }>> = {
  boolean: {
    tag: 1,
    name: 'bool',
    check(content) {
      if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw syntaxError('invalid boolean');
    },
  },
  integer: {
    tag: 2,
    name: 'int',
    check(content) {
      if (content.length === 0) throw structureError('empty integer');
      if (!isMinimal(content)) throw structureError('integer not minimally-encoded');
      if (content.length > 8) throw structureError('integer too large');
    },
  },
  bits: {
    tag: 3,
    name: 'BitString',
    check(content) {
      const [unused] = content;
      if (unused === undefined) throw syntaxError('zero length BIT STRING');
      const isWrong =
        unused > 7 || (content.length === 1 && unused > 0) || (content.at(-1)! & ((1 << unused) - 1)) !== 0;
      if (isWrong) throw syntaxError('invalid padding bits in BIT STRING');
    },
  },
  octets: { tag: 4, name: '', check: () => undefined },
  oid: { tag: 6, name: 'ObjectIdentifier', check: (content) => void numbersOf(content) },
};

/** Whether no shorter bytes stand for the same integer. */
export function isMinimal([first, second]: Uint8Array): boolean {
  if (first === undefined || second === undefined) return first !== undefined;
  return !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
}

/** An object identifier as it is written, `1.2.840`. */
export function identifierOf(content: Buffer): string {
  const [first, ...more] = numbersOf(content) as [number, ...number[]];
  const arc = Math.min(Math.floor(first / 40), 2);
  return [arc, first - 40 * arc, ...more].join('.');
}

function numbersOf(content: Buffer): number[] {
  if (content.length === 0) throw syntaxError('zero length OBJECT IDENTIFIER');
  const numbers: number[] = [];
  for (let at = 0; at < content.length; ) {
    const number = base128At(content, at);
    numbers.push(number.value);
    at = number.end;
  }
  return numbers;
}

function base128At(data: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start; at < data.length; at++) {
    if (at - start === 5) throw structureError('base 128 integer too large');
    const part = data[at]!;
    if (at === start && part === 0x80) throw syntaxError('integer is not minimally encoded');
    value = value * 128 + (part & 0x7f);
    if (part >= 0x80) continue;
    if (value > 0x7fffffff) throw structureError('base 128 integer too large');
    return { value, end: at + 1 };
  }
  throw syntaxError('truncated base 128 integer');
}

/** Of what may be of any type, texts and numbers are looked into. */
function checkAny({ class: kind, tag, isCompound }: Header, content: Buffer): void {
  if (kind !== 0 || isCompound) return;
  const text = content.toString('latin1');
  const problem = texts[tag];
  if (problem) problem(text, content);
  else if (tag === simple.integer.tag) simple.integer.check(content);
  else if (tag === simple.bits.tag) simple.bits.check(content);
  else if (tag === simple.oid.tag) simple.oid.check(content);
}

const holding =
  (name: string, pattern: RegExp) =>
  (text: string): void => {
    if (!pattern.test(text)) throw syntaxError(`${name} contains invalid character`);
  };

/** What throws where a text is not of its type, by tag. */
const texts: Readonly<Record<number, (text: string, content: Buffer) => void>> = {
  12: (_, content) => {
    if (!isUtf8(content)) throw new Error('asn1: invalid UTF-8 string');
  },
  18: holding('NumericString', /^[0-9 ]*$/),
  19: holding('PrintableString', /^[A-Za-z0-9'()+,\-./ :=?*&]*$/),
  22: holding('IA5String', /^[\0-\x7f]*$/),
};

function headerAt(data: Buffer, start: number): Header {
  const first = data[start]!;
  let tag = first & 0x1f;
  let at = start + 1;
  if (tag === 0x1f) {
    ({ value: tag, end: at } = base128At(data, at));
    if (tag < 0x1f) throw syntaxError('non-minimal tag');
  }
  const short = data[at++];
  if (short === undefined) throw syntaxError('truncated tag or length');
  const length = short < 0x80 ? { value: short, end: at } : longLength(data, at, short & 0x7f);
  return { class: first >> 6, tag, length: length.value, isCompound: (first & 0x20) !== 0, content: length.end };
}

/** A length that is said in so many bytes, from `start` on. */
function longLength(data: Buffer, start: number, count: number): { value: number; end: number } {
  if (count === 0) throw syntaxError('indefinite length found (not DER)');
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const part = data[at];
    if (part === undefined) throw syntaxError('truncated tag or length');
    if (value >= 1 << 23) throw structureError('length too large');
    value = value * 256 + part;
    if (value === 0) throw structureError('superfluous leading zeros in length');
  }
  if (value < 0x80) throw structureError('non-minimal length');
  return { value, end: start + count };
}
