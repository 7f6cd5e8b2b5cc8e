/**
 * Patterns of schemas have RE2's syntax and run in linear time (re2js, a port of RE2); how long that is follows from the sizes of both, so what would
 * hold the server is not tried. The engine is large and loaded before the first schema is looked at, not at start.
 */
export interface Pattern {
  /** Whether the pattern is found anywhere in a text; undefined: it would take too long to find out. */
  test(text: string): boolean | undefined;
}

type Engine = typeof import('re2js');

let engine: Engine | undefined;
const compiled = new Map<string, Pattern>();
const mostKept = 1_000;

/** Of a text's length times the size of the compiled pattern: what is below is not measured, what is above not tried. A step takes some 10 ns at worst. */
const leastMeasured = 20_000;
const mostAtOnce = 60_000_000;
/** Processor time, in microseconds, that patterns get for an object, or else until other work has had its turn. */
const mostInTurn = 500_000;
let spent = 0;

/** Gives patterns their whole time again: the next object begins. */
export function renewPatternTime(): void {
  spent = 0;
}

/** Counts the processor time `find` takes. */
function measured(find: () => boolean): boolean {
  const before = process.threadCpuUsage();
  const found = find();
  const { user, system } = process.threadCpuUsage(before);
  if (spent === 0) setImmediate(renewPatternTime);
  spent += user + system;
  return found;
}

/** Loads the engine; to be awaited before `compilePattern` is called. */
export async function loadPatterns(): Promise<void> {
  engine ??= await import('re2js');
}

/** Runs what reads a pattern; throws an Error with RE2's text where it is none. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // Of this error alone the port leaves out what follows it: the part in question, which is none.
    const { message } = error as Error;
    throw new Error(message.endsWith('trailing backslash at end of expression') ? `${message}: \`\`` : message);
  }
}

function loaded(): Engine {
  if (!engine) throw new Error('bug: patterns are used before loadPatterns()');
  return engine;
}

/** Reads a pattern without compiling it, which takes a fifth of the time; throws an Error with RE2's text where it is none. */
export function checkPattern(text: string): void {
  const { RE2Set } = loaded();
  reading(() => new RE2Set().add(text));
}

/** Compiles a pattern; throws an Error with RE2's text where it is none. */
export function compilePattern(text: string): Pattern {
  const { RE2JS } = loaded();
  const known = compiled.get(text);
  if (known) return known;
  const re = reading(() => RE2JS.compile(text));
  const size = re.programSize();
  const pattern: Pattern = {
    test(value) {
      const find = () => re.matcher(value).find();
      const steps = size * value.length;
      if (steps < leastMeasured) return find();
      return steps > mostAtOnce || spent > mostInTurn ? undefined : measured(find);
    },
  };
  if (compiled.size >= mostKept) compiled.clear();
  compiled.set(text, pattern);
  return pattern;
}

const repetition = /\{(\d{1,4})(?:,(\d{0,4}))?\}/g;
const classOfCharacters = /\\[pP]|\[:/g;
/** A class of Unicode consists of hundreds of ranges. */
const workOfClass = 16;

/** About how much there is to read and compile in a pattern: its characters, those that repetitions add, and the ranges of classes. */
export function patternWork(text: string): number {
  let work = text.length;
  for (const [, least, most] of text.matchAll(repetition)) work += Math.max(Number(least), Number(most ?? 0));
  for (const _ of text.matchAll(classOfCharacters)) work += workOfClass;
  return work;
}
