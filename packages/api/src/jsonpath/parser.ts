/** One step of a kubectl JSONPath template, or text around the steps. */
export type Node =
  | { is: 'text'; text: string }
  | { is: 'list'; nodes: Node[] }
  | { is: 'field'; name: string }
  | { is: 'wildcard' }
  | { is: 'recursive' }
  | { is: 'array'; params: [Param, Param, Param] }
  | { is: 'filter'; left: Node[]; operator: string; right: Node[] }
  | { is: 'union'; parts: Node[][] }
  | { is: 'number'; value: number }
  | { is: 'bool'; value: boolean }
  | { is: 'identifier'; name: string };

/** One of the three numbers of `[from:to:step]`. `derived` marks the end that a lone index implies. */
export interface Param {
  value: number;
  known: boolean;
  derived: boolean;
}

/** Parses a template: text with `{…}` actions. Errors are upstream's. */
export function parseTemplate(text: string): Node[] {
  const nodes: Node[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{', at);
    if (open !== at) nodes.push({ is: 'text', text: text.slice(at, open < 0 ? undefined : open) });
    if (open < 0) break;
    const action = new ActionParser(text, open + 1, true);
    nodes.push({ is: 'list', nodes: action.parse() });
    at = action.position;
  }
  return nodes;
}

/** Parses the inside of an action. */
const parseAction = (text: string): Node[] => new ActionParser(text, 0, false).parse();

const isTerminator = (c: string | undefined): boolean => c === undefined || /[\s.,[\]$@{}]/.test(c);

class ActionParser {
  position: number;
  readonly #text: string;
  readonly #braced: boolean;
  readonly #nodes: Node[] = [];

  constructor(text: string, position: number, braced: boolean) {
    this.#text = text;
    this.position = position;
    this.#braced = braced;
  }

  /** Reads up to the closing brace (or the end of unbraced text); `position` is then behind it. */
  parse(): Node[] {
    for (;;) {
      const rest = this.#text.slice(this.position);
      const c = rest[0];
      if (c === undefined) {
        if (this.#braced) throw new Error('unclosed action');
        return this.#nodes;
      }
      if (c === '}' && this.#braced) {
        this.position++;
        return this.#nodes;
      }
      if (rest.startsWith('[?(')) this.#filter();
      else if (rest.startsWith('..')) this.#recursive();
      else if (c === ' ' || c === '@' || c === '$') this.position++;
      else if (c === '[') this.#array();
      else if (c === '"' || c === "'") this.#quote(c);
      else if (c === '.') {
        this.position++;
        this.#field();
      } else if (/[-+0-9]/.test(c)) this.#number();
      else if (/[\p{L}\p{N}_]/u.test(c)) this.#identifier();
      else
        throw new Error(
          `unrecognized character in action: U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')} '${c}'`,
        );
    }
  }

  #take(): string {
    const from = this.position;
    while (!isTerminator(this.#text[this.position])) this.position += this.#text[this.position] === '\\' ? 2 : 1;
    return this.#text.slice(from, this.position);
  }

  #field(): void {
    const name = this.#take();
    this.#nodes.push(name === '*' ? { is: 'wildcard' } : { is: 'field', name: name.replaceAll('\\', '') });
  }

  #recursive(): void {
    this.position += 2;
    this.#nodes.push({ is: 'recursive' });
    if (/[\p{L}\p{N}_]/u.test(this.#text[this.position] ?? '')) this.#field();
  }

  #number(): void {
    const match = /^[-+]?[0-9.]*/.exec(this.#text.slice(this.position))!;
    this.position += match[0].length;
    const value = Number(match[0]);
    if (match[0] === '' || Number.isNaN(value)) throw new Error(`cannot parse number ${match[0]}`);
    this.#nodes.push({ is: 'number', value });
  }

  #identifier(): void {
    const from = this.position;
    while (!isTerminator(this.#text[this.position])) this.position++;
    const name = this.#text.slice(from, this.position);
    this.#nodes.push(
      name === 'true' || name === 'false' ? { is: 'bool', value: name === 'true' } : { is: 'identifier', name },
    );
  }

  #quote(quote: string): void {
    const from = this.position + 1;
    let at = from;
    while (this.#text[at] !== quote) {
      if (this.#text[at] === undefined || this.#text[at] === '\n') throw new Error('unterminated quoted string');
      at += this.#text[at] === '\\' ? 2 : 1;
    }
    this.position = at + 1;
    this.#nodes.push({ is: 'text', text: unquoted(this.#text.slice(from, at)) });
  }

  #filter(): void {
    const from = this.position + 3;
    let at = from;
    let open: string | undefined;
    let closed = false;
    for (; ; at++) {
      const c = this.#text[at];
      if (c === undefined || c === '\n') throw new Error('unterminated filter');
      if (c === '"' || c === "'") {
        if (open === undefined) open = c;
        else if (this.#text[at - 1] !== '\\' && c === open) closed = true;
      } else if (c === ')' && (open === undefined || closed)) break;
    }
    if (this.#text[at + 1] !== ']') throw new Error('unclosed array expect ]');
    this.position = at + 2;
    const text = this.#text.slice(from, at);
    const match = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text);
    this.#nodes.push(
      match
        ? { is: 'filter', left: parseAction(match[1]!), operator: match[2]!, right: parseAction(match[3]!) }
        : { is: 'filter', left: parseAction(text), operator: 'exists', right: [] },
    );
  }

  #array(): void {
    const end = /[\]\n]/.exec(this.#text.slice(this.position));
    if (end?.[0] !== ']') throw new Error('unterminated array');
    let text = this.#text.slice(this.position + 1, this.position + end.index);
    this.position += end.index + 1;
    if (text === '*') text = ':';
    const parts = text.split(',');
    if (parts.length > 1) {
      this.#nodes.push({ is: 'union', parts: parts.map((part) => parseAction(`[${part.trim()}]`)) });
      return;
    }
    const key = /^'([^']*)'$/.exec(text);
    if (key) {
      this.#nodes.push(...parseAction(`.${key[1]}`));
      return;
    }
    const slice = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text);
    if (!slice) throw new Error(`invalid array index ${text}`);
    this.#nodes.push({ is: 'array', params: sliceParams(slice.slice(1)) });
  }
}

function sliceParams(parts: (string | undefined)[]): [Param, Param, Param] {
  const params: Param[] = [];
  for (let i = 0; i < 3; i++) {
    const given = parts[i] ?? '';
    const digits = i > 0 ? given.slice(1) : given;
    if (given !== '' && digits !== '') params.push({ value: Number(digits), known: true, derived: false });
    else if (given === '' && i === 1) params.push({ value: params[0]!.value + 1, known: true, derived: true });
    else params.push({ value: 0, known: false, derived: false });
  }
  return params as [Param, Param, Param];
}

const simpleEscapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** Go's escapes in a quoted string. */
export function unquoted(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs, (_, code: string) => {
    if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
    return simpleEscapes[code] ?? code;
  });
}
