import type { Issue } from './issue.ts';
import { readBytes, readText } from './string-literal.ts';

export type TokenKind = 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'ident' | 'quoted' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
  readonly value?: string | Uint8Array;
}

const blank = /(?:[\t\n\f\r ]+|\/\/[^\n]*)/y;
const number = /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|\d+[uU]?/y;
const escapes = String.raw`\\(?:[abfnrtv"'\\?\x60]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})`;
const text = new RegExp(
  String.raw`[bB]?(?:"""(?:[^\\]|${escapes})*?"""|'''(?:[^\\]|${escapes})*?'''|"(?:[^"\\\n\r]|${escapes})*"|'(?:[^'\\\n\r]|${escapes})*')`,
  'y',
);
const rawText = /(?:[bB][rR]|[rR][bB]?)(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n\r]*"|'[^'\n\r]*')/y;
const ident = /[A-Za-z_][A-Za-z0-9_]*/y;
/** The name of a field that is no identifier. */
const quoted = /`[A-Za-z0-9_.\-/ ]+`/y;
const symbol = /==|!=|<=|>=|&&|\|\||[-+*/%!<>?:.,()[\]{}]/y;

/** Splits an expression into tokens, the last of which is `end`. What is no token is an issue, and is left out. */
export function tokenize(source: string): { tokens: Token[]; issues: Issue[] } {
  const tokens: Token[] = [];
  const issues: Issue[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const skipped = match(blank);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const token = next();
    if (token) {
      tokens.push(token);
      continue;
    }
    const text = broken(source, at);
    issues.push({ at, message: `Syntax error: token recognition error at: '${text}'` });
    at += text.length;
  }
  tokens.push({ kind: 'end', text: '<EOF>', at: source.length });
  return { tokens, issues };

  function next(): Token | undefined {
    const start = at;
    const string = match(rawText) ?? match(text);
    if (string !== undefined) {
      at += string.length;
      const isBytes = /^[rR]?[bB]/.test(string);
      try {
        const value = isBytes ? readBytes(string) : readText(string);
        return { kind: isBytes ? 'bytes' : 'string', text: string, at: start, value };
      } catch (error) {
        issues.push({ at: start, message: (error as Error).message });
        return { kind: isBytes ? 'bytes' : 'string', text: string, at: start, value: isBytes ? new Uint8Array() : '' };
      }
    }
    const digits = match(number);
    if (digits !== undefined) {
      at += digits.length;
      const hex = digits.startsWith('0x');
      const kind = /[uU]$/.test(digits) ? 'uint' : !hex && /[.eE]/.test(digits) ? 'double' : 'int';
      return { kind, text: digits, at: start };
    }
    for (const [kind, pattern] of [
      ['ident', ident],
      ['quoted', quoted],
      ['symbol', symbol],
    ] as const) {
      const found = match(pattern);
      if (found === undefined) continue;
      at += found.length;
      return { kind, text: found, at: start, ...(kind === 'quoted' ? { value: found.slice(1, -1) } : {}) };
    }
    return undefined;
  }
}

const begun = /\\(?:[xX][0-9a-fA-F]{0,2}|u[0-9a-fA-F]{0,4}|U[0-9a-fA-F]{0,8}|[0-3][0-7]{0,2})?/y;

/** What is no token: as much as could have been the beginning of one, and the character that shows that it is none. */
function broken(source: string, at: number): string {
  const first = source.charAt(at);
  let end = at + 1;
  if (first === '"' || first === "'") {
    const inside = new RegExp(`(?:[^${first}\\\\\\n\\r]|${escapes})*`, 'y');
    inside.lastIndex = end;
    end += inside.exec(source)![0].length;
    begun.lastIndex = end;
    end += begun.exec(source)?.[0].length ?? 0;
  } else if (!/[=&|]/.test(first)) {
    return String.fromCodePoint(source.codePointAt(at)!);
  }
  const wrong = source.codePointAt(end);
  return source.slice(at, end) + (wrong === undefined ? '' : String.fromCodePoint(wrong));
}
