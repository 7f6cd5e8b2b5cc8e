/** What the scanner expects next. */
type State = 'value' | 'valueOrEnd' | 'keyOrEnd' | 'key' | 'colon' | 'afterField' | 'afterItem' | 'done';

/**
 * Says what is wrong with a text that is no JSON, in the words of Go's decoder (`invalid character 'x' looking for beginning of
 * value`, `unexpected end of JSON input`). Slow; only for texts that JSON.parse refused.
 */
export function jsonSyntaxError(text: string): string {
  return new Scanner(text).run();
}

class Malformed extends Error {}

const ended = 'unexpected end of JSON input';

class Scanner {
  readonly #text: string;
  readonly #open: ('{' | '[')[] = [];
  #at = 0;
  #state: State = 'value';

  constructor(text: string) {
    this.#text = text;
  }

  run(): string {
    try {
      for (;;) {
        while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
        if (this.#at >= this.#text.length) return ended;
        this.#step(this.#text[this.#at]!);
      }
    } catch (error) {
      if (error instanceof Malformed) return error.message;
      throw error;
    }
  }

  #fail(context: string): never {
    const c = this.#text[this.#at];
    throw new Malformed(
      c === undefined ? ended : `invalid character ${quoteCharacter(this.#text, this.#at)} ${context}`,
    );
  }

  #step(c: string): void {
    switch (this.#state) {
      case 'value':
        this.#value(c);
        break;
      case 'valueOrEnd':
        if (c === ']') this.#close();
        else this.#value(c);
        break;
      case 'key':
        this.#key(c);
        break;
      case 'keyOrEnd':
        if (c === '}') this.#close();
        else this.#key(c);
        break;
      case 'colon':
        if (c !== ':') this.#fail('after object key');
        this.#at++;
        this.#state = 'value';
        break;
      case 'afterField':
        this.#next(c, '}', 'key', 'after object key:value pair');
        break;
      case 'afterItem':
        this.#next(c, ']', 'value', 'after array element');
        break;
      case 'done':
        this.#fail('after top-level value');
    }
  }

  /** After a member: the end of the collection, or a comma and then `state`. */
  #next(c: string, end: string, state: State, context: string): void {
    if (c === end) {
      this.#close();
      return;
    }
    if (c !== ',') this.#fail(context);
    this.#at++;
    this.#state = state;
  }

  #key(c: string): void {
    if (c !== '"') this.#fail('looking for beginning of object key string');
    this.#string();
    this.#state = 'colon';
  }

  #value(c: string): void {
    switch (c) {
      case '{':
      case '[':
        this.#at++;
        this.#open.push(c);
        this.#state = c === '{' ? 'keyOrEnd' : 'valueOrEnd';
        return;
      case '"':
        this.#string();
        break;
      case 't':
        this.#literal('true');
        break;
      case 'f':
        this.#literal('false');
        break;
      case 'n':
        this.#literal('null');
        break;
      default:
        if (!/[-0-9]/.test(c)) this.#fail('looking for beginning of value');
        this.#number();
    }
    this.#afterValue();
  }

  #close(): void {
    this.#at++;
    this.#open.pop();
    this.#afterValue();
  }

  #afterValue(): void {
    const within = this.#open.at(-1);
    this.#state = within === undefined ? 'done' : within === '{' ? 'afterField' : 'afterItem';
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const c = this.#text[this.#at];
      if (c === undefined || c < ' ') this.#fail('in string literal');
      this.#at++;
      if (c === '"') return;
      if (c !== '\\') continue;
      if (this.#text[this.#at] === 'u') {
        this.#at++;
        for (let i = 0; i < 4; i++) this.#expect(/[0-9a-fA-F]/, 'in \\u hexadecimal character escape');
      } else {
        this.#expect(/["\\/bfnrt]/, 'in string escape code');
      }
    }
  }

  #literal(word: string): void {
    this.#at++;
    for (const c of word.slice(1)) {
      if (this.#text[this.#at] !== c) this.#fail(`in literal ${word} (expecting '${c}')`);
      this.#at++;
    }
  }

  #number(): void {
    if (this.#text[this.#at] === '-') this.#at++;
    if (this.#text[this.#at] === '0') this.#at++;
    else this.#digits('in numeric literal');
    if (this.#text[this.#at] === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#text[this.#at] ?? '')) {
      this.#at++;
      if (/[-+]/.test(this.#text[this.#at] ?? '')) this.#at++;
      this.#digits('in exponent of numeric literal');
    }
  }

  #digits(context: string): void {
    this.#expect(/[0-9]/, context);
    while (/[0-9]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #expect(pattern: RegExp, context: string): void {
    if (!pattern.test(this.#text[this.#at] ?? '')) this.#fail(context);
    this.#at++;
  }
}

/** A character as Go shows it; of one beyond ASCII only the first byte is seen. */
function quoteCharacter(text: string, at: number): string {
  const c = text[at]!;
  if (c === "'") return "'\\''";
  if (c === '"') return `'"'`;
  if (c === '\\') return "'\\\\'";
  const point = text.codePointAt(at)!;
  if (point > 0x7f) return `'${String.fromCharCode(Buffer.from(String.fromCodePoint(point))[0]!)}'`;
  const named: Readonly<Record<string, string>> = {
    '\x07': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
  };
  const shown = named[c] ?? (c < ' ' || c === '\x7f' ? `\\x${point.toString(16).padStart(2, '0')}` : c);
  return `'${shown}'`;
}
