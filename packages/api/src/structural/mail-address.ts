import { isIP } from 'node:net';

/** Characters of a word without quotes: printable, and none that separates. */
const atom = /[^\x00-\x20\x7f()[\]<>@,;:\\"]+/y;
const quoted = /"(?:[^\x00-\x08\x0a-\x1f\x7f"\\]|\\[^\x00-\x08\x0a-\x1f\x7f])*"/y;
const literal = /\[([^\][]*)\]/y;

/** Whether a text is one mail address, alone or after a name (`Ada <ada@example.com>`): RFC 5322, with UTF-8 (RFC 6532). */
export function isMailAddress(text: string): boolean {
  const reader = new Reader(text);
  reader.skip();
  const start = reader.at;
  if (reader.address() && reader.skip() && reader.isAtEnd) return true;
  reader.at = start;
  while (reader.take(atom) !== undefined || reader.take(quoted) !== undefined) reader.skip();
  return (
    reader.symbol('<') && reader.address() && reader.skip() && reader.symbol('>') && reader.skip() && reader.isAtEnd
  );
}

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.at === this.#text.length;
  }

  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    if (!found) return undefined;
    this.at += found[0].length;
    return found[1] ?? found[0];
  }

  symbol(symbol: string): boolean {
    if (this.#text[this.at] !== symbol) return false;
    this.at++;
    return true;
  }

  /** Passes over blanks and comments; false where a comment does not end. */
  skip(): boolean {
    for (let depth = 0; ; this.at++) {
      const next = this.#text[this.at];
      if (next === '(') depth++;
      else if (next === undefined) return depth === 0;
      else if (depth === 0) {
        if (next !== ' ' && next !== '\t') return true;
      } else if (next === ')') depth--;
      else if (next === '\\') this.at++;
    }
  }

  /** Reads `local@domain`. */
  address(): boolean {
    this.skip();
    const name = this.take(quoted);
    if (name === undefined ? !this.#dotted() : name === '""') return false;
    if (!this.symbol('@') || !this.skip()) return false;
    const address = this.take(literal);
    return address === undefined ? this.#dotted() : isIP(address.replace(/^IPv6:/i, '')) !== 0;
  }

  /** Words with single dots between them. */
  #dotted(): boolean {
    const word = this.take(atom);
    return word !== undefined && !word.startsWith('.') && !word.endsWith('.') && !word.includes('..');
  }
}
