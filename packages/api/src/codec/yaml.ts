import {
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml';
import { clone } from '../meta/object.ts';
import { manifestSchema } from './yaml-schema.ts';

export { formatYaml } from './yaml-print.ts';

/** The parser's errors, without the lines around their place: nobody is shown them, and a text of many lines would be gone through for them. */
YAMLException.throwAt = (source, position, reason) => {
  let [line, start] = [0, 0];
  for (let i = 0; i < position; i++) {
    const c = source.charCodeAt(i);
    if (c !== 0x0a && (c !== 0x0d || source.charCodeAt(i + 1) === 0x0a)) continue;
    line++;
    start = i + 1;
  }
  throw new YAMLException(reason, { name: '', buffer: '', position, line, column: position - start, snippet: '' });
};

/** One document of a YAML stream. */
export interface YamlDocument {
  value: unknown;
  /** The line its first node stands on, from 1. */
  line: number;
  /** Keys that occur more than once in one mapping: the key, its path and the line of the repetition. The last one counts. */
  duplicates: RepeatedKey[];
}

export interface RepeatedKey {
  key: string;
  path: string;
  line: number;
}

/** A text that is no YAML. Lines and columns count from 1. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  readonly line: number;
  readonly column: number;

  constructor(reason: string, line: number, column: number) {
    super(`yaml: line ${line}, column ${column}: ${reason}`);
    this.line = line;
    this.column = column;
  }
}

/**
 * Reads the documents of a YAML stream as upstream does: YAML 1.1 (`yes` is true, `0777` octal) without dates, merge keys, integers
 * beyond 2^53 as bigint. Throws YamlError with line and column. A document that expands to far more than it says, through aliases
 * of aliases, is refused.
 */
export function parseYamlDocuments(text: string): YamlDocument[] {
  return parse(withoutByteOrderMark(text), Number.POSITIVE_INFINITY);
}

/** As `parseYamlDocuments`, of text without byte order mark that has at most so many nodes. */
function parse(source: string, mostNodes: number): YamlDocument[] {
  return located(source, () => {
    const events = parseEvents(source, { maxDepth: depthLimit(mostNodes) });
    refuseMany(events, mostNodes);
    refuseHalves(events, source);
    const { values, mayRepeat } = construct(events, source);
    const lineAt = linesOf(source);
    const mayBeInfinite = infinite.test(source);
    let line = 1;
    return splitDocuments(events).map((part, i) => {
      line = Math.max(line, lineAt(firstPosition(part)));
      if (mayBeInfinite) refuseNonFinite(values[i], line);
      const value = part.some((event) => event.type === EVENT_ID.ALIAS)
        ? unshared(values[i], part.length, line)
        : values[i];
      return { value, line, duplicates: mayRepeat ? duplicateKeys(source, part, lineAt) : [] };
    });
  });
}

/** The values of all documents, and whether a key may occur more than once in a mapping: where none does, nobody needs to look for it. */
function construct(events: Event[], source: string): { values: unknown[]; mayRepeat: boolean } {
  let mayRepeat = false;
  const schema = manifestSchema(() => {
    mayRepeat = true;
  });
  const values = constructFromEvents(events, { source, schema, json: true });
  return { values, mayRepeat };
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

const deepest = 1000;

/**
 * How deep the parser may nest, which it looks up before each attempt to read a node, of which it makes two at most: after so many that there are too
 * many nodes it ends, and has not gone through all of a text first that is nothing but nodes.
 */
function depthLimit(mostNodes: number): number {
  if (mostNodes === Number.POSITIVE_INFINITY) return deepest;
  let attempts = 0;
  const counted = {
    [Symbol.toPrimitive]: () => {
      if (++attempts > 2 * mostNodes) throw tooMany(mostNodes);
      return deepest;
    },
  };
  return counted as unknown as number;
}

const tooMany = (most: number) => new YamlError(`document contains more than ${most} nodes`, 1, 1);

function refuseMany(events: readonly Event[], most: number): void {
  if (events.length <= most) return;
  let nodes = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) continue;
    if (++nodes > most) throw tooMany(most);
  }
}

const mayBeHalf = /\\(?:u[dD][89a-fA-F]|U)/;
/** What follows a backslash: a half of a character, a number that is none, or anything else. */
const escaped = /\\(?:u([dD][89a-fA-F][0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|.)/gs;

/** Escapes that stand for no character are refused, also two that would make one: YAML has no pairs. */
function refuseHalves(events: readonly Event[], source: string): void {
  if (!mayBeHalf.test(source)) return;
  for (const event of events) {
    if (event.type !== EVENT_ID.SCALAR || event.style !== SCALAR_STYLE.DOUBLE_QUOTED) continue;
    for (const { index, 1: half, 2: long } of source.slice(event.valueStart, event.valueEnd).matchAll(escaped)) {
      const code = Number.parseInt(long ?? half ?? '0', 16);
      if (code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)) continue;
      throw new YamlError('found invalid Unicode character escape code', linesOf(source)(event.valueStart + index), 1);
    }
  }
}

/**
 * The first document of a YAML stream, and nothing of what follows it; undefined where there is none. Throws as `parseYamlDocuments` does, of the
 * first document alone, and where that has more than `mostNodes` keys and values.
 */
export function parseFirstYamlDocument(text: string, mostNodes = Number.POSITIVE_INFINITY): YamlDocument | undefined {
  return parse(firstDocument(withoutByteOrderMark(text)), mostNodes)[0];
}

/** Markers stand at the beginning of a line, also within a quoted or block scalar, which they end. */
const marker = /^(?:---|\.\.\.)(?=\s|$)/gm;
const content = /^(?!%)[ \t]*[^\s#]/m;

function firstDocument(text: string): string {
  let begun = false;
  let from = 0;
  for (const { index, 0: mark } of text.matchAll(marker)) {
    if (begun || content.test(text.slice(from, index))) return text.slice(0, index);
    begun = mark === '---';
    from = index + mark.length;
  }
  return text;
}

const infinite = /\.(?:inf|nan)/i;

/** JSON has no infinity. Runs before aliases are known to end, so it looks at each value once. */
function refuseNonFinite(value: unknown, line: number, seen = new Set<object>()): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const shown = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
    throw new YamlError(`json: unsupported value: ${shown}`, line, 1);
  }
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  for (const item of Object.values(value)) refuseNonFinite(item, line, seen);
}

/** Gives every error that is about the text its line and column. */
function located<T>(source: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof YAMLException) {
      const mark = error.mark;
      throw new YamlError(error.reason, (mark?.line ?? 0) + 1, (mark?.column ?? 0) + 1);
    }
    // What nests too deep for the parser is not worth a better position.
    if (error instanceof RangeError) throw new YamlError('exceeded max depth', linesOf(source)(source.length), 1);
    throw error;
  }
}

function splitDocuments(events: readonly Event[]): (readonly Event[])[] {
  const starts: number[] = [];
  for (let i = 0; i < events.length; i++) if (events[i]!.type === EVENT_ID.DOCUMENT) starts.push(i);
  // A document of its own may be long, and is not copied.
  if (starts.length === 1 && starts[0] === 0) return [events];
  return starts.map((start, i) => events.slice(start, starts[i + 1]));
}

function startOf(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    default:
      return -1;
  }
}

function firstPosition(events: readonly Event[]): number {
  for (const event of events) if (startOf(event) >= 0) return startOf(event);
  return 0;
}

/** Tells on which line a position of a text is, from 1. Positions are mostly asked for in their order: it goes on from the last one. */
function linesOf(source: string): (position: number) => number {
  let [from, line] = [0, 1];
  return (position) => {
    if (position < from) [from, line] = [0, 1];
    for (let end = source.indexOf('\n', from); end >= 0 && end < position; end = source.indexOf('\n', from)) {
      from = end + 1;
      line++;
    }
    return line;
  };
}

interface Open {
  readonly keys: Map<string, true> | undefined;
  readonly path: string;
  step: string;
  index: number;
  /** In a mapping: the next node is a key. */
  key: boolean;
}

function duplicateKeys(source: string, events: readonly Event[], lineAt: (position: number) => number): RepeatedKey[] {
  const found: RepeatedKey[] = [];
  const open: Open[] = [];
  const path = (): string => {
    const top = open.at(-1);
    if (!top) return '';
    if (!top.keys) return `${top.path}[${top.index}]`;
    return top.path === '' ? top.step : `${top.path}.${top.step}`;
  };
  /** After a whole node: what comes next in the collection around it. */
  const advance = (): void => {
    const top = open.at(-1);
    if (!top) return;
    if (top.keys) top.key = !top.key;
    else top.index++;
  };
  for (const event of events) {
    const top = open.at(-1);
    switch (event.type) {
      case EVENT_ID.MAPPING:
        open.push({ keys: new Map(), path: path(), step: '', index: 0, key: true });
        break;
      case EVENT_ID.SEQUENCE:
        open.push({ keys: undefined, path: path(), step: '', index: 0, key: false });
        break;
      case EVENT_ID.POP:
        // Closes a mapping, a sequence, or at last the document.
        open.pop();
        advance();
        break;
      case EVENT_ID.ALIAS:
        advance();
        break;
      case EVENT_ID.SCALAR: {
        if (top?.keys && top.key) {
          top.step = getScalarValue(source, event);
          if (top.keys.has(top.step) && top.step !== '<<')
            found.push({ key: top.step, path: path(), line: lineAt(event.valueStart) });
          top.keys.set(top.step, true);
        }
        advance();
      }
    }
  }
  return found;
}

/** Below this many nodes, aliases may repeat as they like; above, an ever smaller share of the nodes may come from them. */
const freely = 400_000;
const atMost = 4_000_000;

/** A copy in which aliases are values of their own. */
function unshared(value: unknown, written: number, line: number): unknown {
  const expanded = expandedSize(value, new Map());
  if (!Number.isFinite(expanded)) throw new YamlError('anchor value contains itself', line, 1);
  const share = (expanded - written) / expanded;
  const allowed =
    expanded <= freely ? 0.99 : expanded >= atMost ? 0.1 : 0.99 - (0.89 * (expanded - freely)) / (atMost - freely);
  if (expanded > 1000 && share > allowed) throw new YamlError('document contains excessive aliasing', line, 1);
  return clone(value);
}

/** How many nodes a value has when each alias counts as what it stands for. */
function expandedSize(value: unknown, known: Map<object, number>): number {
  if (typeof value !== 'object' || value === null) return 1;
  const seen = known.get(value);
  if (seen !== undefined) return seen;
  // An anchor that contains an alias to itself has no end.
  known.set(value, Number.POSITIVE_INFINITY);
  let size = 1;
  for (const item of Object.values(value)) size += expandedSize(item, known);
  known.set(value, size);
  return size;
}
