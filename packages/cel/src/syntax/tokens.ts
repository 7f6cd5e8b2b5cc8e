import type { Issue } from './issue.ts';
import { readBytes, readText } from './string-literal.ts';

export type TokenKind = 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'ident' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
  readonly value?: string | Uint8Array;
}

const blank = /(?:[\t\n\f\r ]+|\/\/[^\n]*)/y;
const number = /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|\d+[uU]?/y;
const text =
  /(?:[bB][rR]?|[rR][bB]?)?(?:"""(?:[^\\]|\\[\s\S])*?"""|'''(?:[^\\]|\\[\s\S])*?'''|"(?:[^"\\\n\r]|\\[\s\S])*"|'(?:[^'\\\n\r]|\\[\s\S])*')/y;
const rawText = /(?:[bB][rR]|[rR][bB]?)(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n\r]*"|'[^'\n\r]*')/y;
const ident = /[A-Za-z_][A-Za-z0-9_]*/y;
const symbol = /==|!=|<=|>=|&&|\|\||[-+*/%!<>?:.,()[\]{}]/y;

/** Splits an expression into tokens, the last of which is `end`. Characters that start no token are issues, and are left out. */
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
    const [character = ''] = source.slice(at);
    issues.push({ at, message: `Syntax error: token recognition error at: '${character}'` });
    at += character.length;
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
      ['symbol', symbol],
    ] as const) {
      const found = match(pattern);
      if (found === undefined) continue;
      at += found.length;
      return { kind, text: found, at: start };
    }
    return undefined;
  }
}
