/** A fault of an expression, found before it runs. `at` is an offset into the source, in UTF-16 units. */
export interface Issue {
  readonly at: number;
  readonly message: string;
}

/** Thrown for an expression that does not parse or does not type-check; the message shows every fault as upstream's compiler does. */
export class CompileError extends Error {
  readonly issues: readonly Issue[];

  constructor(source: string, issues: readonly Issue[]) {
    super(describe(source, issues));
    this.name = 'CompileError';
    this.issues = issues;
  }
}

/** The text of issues: each with line and column, the line itself and a mark below the place; marks are wide where characters may be. */
function describe(source: string, issues: readonly Issue[]): string {
  return [...issues]
    .sort((a, b) => a.at - b.at)
    .map(({ at, message }) => {
      const before = source.slice(0, at).split('\n');
      const leading = [...(before.at(-1) ?? '')];
      const line = (source.split('\n')[before.length - 1] ?? '').replaceAll('\t', ' ');
      const dots = leading.map((each) => (isAscii(each) ? '.' : '．')).join('');
      const mark = isAscii(source.charAt(at)) ? '^' : '＾';
      return `ERROR: <input>:${before.length}:${leading.length + 1}: ${message}\n | ${line}\n | ${dots}${mark}`;
    })
    .join('\n');
}

const isAscii = (character: string): boolean => character < '\x80';
