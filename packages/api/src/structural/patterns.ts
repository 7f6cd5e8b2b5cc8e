/**
 * Patterns of schemas have RE2's syntax and run in linear time (re2js, a port of RE2): no pattern a definition brings can hold the server.
 * The engine is large and loaded before the first schema is looked at, not at start.
 */
export interface Pattern {
  /** Whether the pattern is found anywhere in a text. */
  test(text: string): boolean;
}

type Engine = typeof import('re2js');

let engine: Engine | undefined;
const compiled = new Map<string, Pattern>();
const mostKept = 1_000;

/** Loads the engine; to be awaited before `compilePattern` is called. */
export async function loadPatterns(): Promise<void> {
  engine ??= await import('re2js');
}

function compileWith({ RE2JS }: Engine, text: string): ReturnType<Engine['RE2JS']['compile']> {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    // Of this error alone the port leaves out what follows it: the part in question, which is none.
    const { message } = error as Error;
    throw new Error(message.endsWith('trailing backslash at end of expression') ? `${message}: \`\`` : message);
  }
}

/** Compiles a pattern; throws an Error with RE2's text where it is none. */
export function compilePattern(text: string): Pattern {
  if (!engine) throw new Error('bug: patterns are used before loadPatterns()');
  const known = compiled.get(text);
  if (known) return known;
  const re = compileWith(engine, text);
  const pattern: Pattern = { test: (value) => re.matcher(value).find() };
  if (compiled.size >= mostKept) compiled.clear();
  compiled.set(text, pattern);
  return pattern;
}
