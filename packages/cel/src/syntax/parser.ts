import { UInt, type Value } from '../values.ts';
import { type Entry, type Expr, partsOf } from './ast.ts';
import { CompileError, type Issue } from './issue.ts';
import { expandMacro } from './macros.ts';
import { type Token, tokenize } from './tokens.ts';

/** Deeper than this, or longer, an expression is refused. */
const maxDepth = 250;
const maxLength = 100_000;
/** Chains (`a.b.c`, `a + b + c`) are deep as trees without being nested. */
const maxHeight = 500;
const maxNodes = 200_000;

const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while in'.split(' '),
);
const operand =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const operandOr = (symbol: string): string =>
  operand.replace(symbol === '?' ? "'true'" : "'.'", (found) => `'${symbol}', ${found}`);
const relations: Readonly<Record<string, string>> = {
  '<': '_<_',
  '<=': '_<=_',
  '>': '_>_',
  '>=': '_>=_',
  '==': '_==_',
  '!=': '_!=_',
  in: '@in',
};

/** Ends the parse at the first syntax error: what follows it would only repeat it. */
class Stop extends Error {}

/**
 * Parses an expression and expands its macros
 * (https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax). Throws CompileError, with positions. `bindings`: `cel.bind` is one of them.
 */
export function parse(source: string, bindings = false): Expr {
  if (source.length > maxLength) {
    throw new CompileError('', [
      { at: 0, message: `expression code point size exceeds limit: size: ${source.length}, limit ${maxLength}` },
    ]);
  }
  const { tokens, issues } = tokenize(source);
  const parser = new Parser(tokens, issues, bindings);
  let expr: Expr | undefined;
  try {
    expr = parser.whole();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  if (!expr || issues.length > 0) throw new CompileError(source, issues);
  refuseTooBig(source, expr);
  return expr;
}

/**
 * Refuses what is too deep to walk, and what is too big: `optMap` stands for two uses of what is before it, so that a chain of them doubles
 * with each.
 */
function refuseTooBig(source: string, expr: Expr): void {
  const waiting: [Expr, number][] = [[expr, 1]];
  for (let count = 1; ; count++) {
    const next = waiting.pop();
    if (!next) return;
    const [{ at }, depth] = next;
    if (depth > maxHeight)
      throw new CompileError(source, [{ at, message: `expression recursion limit exceeded: ${maxHeight}` }]);
    if (count > maxNodes)
      throw new CompileError(source, [{ at, message: `expression node limit exceeded: ${maxNodes}` }]);
    for (const part of partsOf(next[0])) waiting.push([part, depth + 1]);
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #issues: Issue[];
  readonly #bindings: boolean;
  #position = 0;
  #depth = 0;
  /** Where more than an operand may stand, and what. */
  #start: { readonly position: number; readonly expected: string } | undefined;

  constructor(tokens: readonly Token[], issues: Issue[], bindings: boolean) {
    this.#tokens = tokens;
    this.#issues = issues;
    this.#bindings = bindings;
  }

  whole(): Expr {
    const expr = this.#expression();
    const { kind, text, at } = this.#now;
    if (kind !== 'end') {
      const alone = this.#tokens[this.#position + 1]?.kind === 'end';
      this.#stop(at, `Syntax error: ${alone ? 'extraneous' : 'mismatched'} input '${text}' expecting <EOF>`);
    }
    return expr;
  }

  get #now(): Token {
    return this.#tokens[this.#position]!;
  }

  #is(text: string): boolean {
    return this.#now.text === text && (this.#now.kind === 'symbol' || (text === 'in' && this.#now.kind === 'ident'));
  }

  #take(text: string): Token | undefined {
    if (!this.#is(text)) return undefined;
    return this.#tokens[this.#position++];
  }

  /** `ends`: what else may stand where a symbol is wanted, as messages name it. */
  #expect(text: string, ends: Readonly<Record<string, string>> = {}): Token {
    const { text: found, at } = this.#now;
    const token = this.#take(text);
    if (token) return token;
    const expected = ends[text] ?? `'${text}'`;
    const next = this.#tokens[this.#position + 1];
    if (next?.kind === 'symbol' && next.text === text) {
      this.#issues.push({ at, message: `Syntax error: extraneous input '${found}' expecting ${expected}` });
      this.#position += 2;
      return next;
    }
    // A bracket that is not closed at the end is all that is wrong.
    if (this.#now.kind === 'end' && !ends[text] && /^[)\]}]$/.test(text)) {
      this.#issues.push({ at, message: `Syntax error: missing '${text}' at '${found}'` });
      return { kind: 'symbol', text, at };
    }
    return this.#stop(at, `Syntax error: mismatched input '${found}' expecting ${expected}`);
  }

  #stop(at: number, message: string): never {
    this.#issues.push({ at, message });
    throw new Stop();
  }

  #expression(): Expr {
    if (++this.#depth > maxDepth) this.#stop(this.#now.at, `expression recursion limit exceeded: ${maxDepth}`);
    const condition = this.#or();
    const mark = this.#take('?');
    if (!mark) {
      this.#depth--;
      return condition;
    }
    const yes = this.#or();
    this.#expect(':');
    const no = this.#expression();
    this.#depth--;
    return call('_?_:_', mark.at, [condition, yes, no]);
  }

  #or(): Expr {
    return this.#balanced('||', '_||_', () => this.#balanced('&&', '_&&_', () => this.#relation()));
  }

  /** Chains of `&&` and `||` become balanced trees, so that long ones are not deep. */
  #balanced(symbol: string, name: string, next: () => Expr): Expr {
    const terms = [next()];
    const places: number[] = [];
    for (let found = this.#take(symbol); found; found = this.#take(symbol)) {
      places.push(found.at);
      terms.push(next());
    }
    const build = (low: number, high: number): Expr => {
      if (low === high) return terms[low]!;
      const middle = Math.floor((low + high) / 2);
      return call(name, places[middle]!, [build(low, middle), build(middle + 1, high)]);
    };
    return build(0, terms.length - 1);
  }

  #relation(): Expr {
    let left = this.#sum();
    for (;;) {
      const { text, at, kind } = this.#now;
      const name = kind === 'symbol' || text === 'in' ? relations[text] : undefined;
      if (name === undefined || kind === 'string') return left;
      this.#position++;
      left = call(name, at, [left, this.#sum()]);
    }
  }

  #sum(): Expr {
    return this.#chain({ '+': '_+_', '-': '_-_' }, () =>
      this.#chain({ '*': '_*_', '/': '_/_', '%': '_%_' }, () => this.#unary()),
    );
  }

  #chain(operators: Readonly<Record<string, string>>, next: () => Expr): Expr {
    let left = next();
    for (;;) {
      const { text, at, kind } = this.#now;
      const name = kind === 'symbol' ? operators[text] : undefined;
      if (name === undefined) return left;
      this.#position++;
      left = call(name, at, [left, next()]);
    }
  }

  #unary(): Expr {
    const { at } = this.#now;
    for (const [symbol, name] of [
      ['!', '!_'],
      ['-', '-_'],
    ] as const) {
      let count = 0;
      while (this.#is(symbol)) {
        // A minus before digits is part of the number, so that the least integer can be written.
        const after = this.#tokens[this.#position + 1];
        if (symbol === '-' && (after?.kind === 'int' || after?.kind === 'double') && count % 2 === 0) {
          if (this.#tokens[this.#position + 2]?.text !== '.') break;
        }
        this.#position++;
        count++;
      }
      if (count === 0) continue;
      const inner = this.#member();
      return count % 2 === 1 ? call(name, at, [inner]) : inner;
    }
    return this.#member();
  }

  #member(): Expr {
    if (++this.#depth > maxDepth) this.#stop(this.#now.at, `expression recursion limit exceeded: ${maxDepth}`);
    let expr = this.#primary();
    for (;;) {
      const { at } = this.#now;
      if (this.#take('.')) {
        const optional = this.#take('?') !== undefined;
        const token = this.#now;
        const name = fieldName(token);
        if (name === undefined) {
          const shown = token.kind === 'end' ? '' : token.text;
          this.#stop(token.at, `Syntax error: no viable alternative at input '.${shown}'`);
        }
        this.#position++;
        if (optional) {
          expr = call('_?._', at, [expr, { is: 'literal', value: name, at: token.at }]);
        } else if (token.kind === 'ident' && this.#is('(')) {
          const open = this.#expect('(');
          expr = this.#called(token.text, open.at, this.#arguments(')'), expr);
        } else {
          expr = { is: 'select', operand: expr, field: name, test: false, at };
        }
      } else if (this.#take('[')) {
        const optional = this.#take('?') !== undefined;
        if (!optional) this.#start = { position: this.#position, expected: operandOr('?') };
        const index = this.#expression();
        this.#expect(']');
        expr = call(optional ? '_[?_]' : '_[_]', at, [expr, index]);
      } else if (this.#is('{') && typeName(expr) !== undefined) {
        expr = this.#struct(typeName(expr)!);
      } else {
        this.#depth--;
        return expr;
      }
    }
  }

  #primary(): Expr {
    const token = this.#now;
    const { at, text } = token;
    switch (token.kind) {
      case 'int':
      case 'uint':
      case 'double':
        this.#position++;
        return this.#number(token, false);
      case 'string':
      case 'bytes':
        this.#position++;
        return literal(token.value!, at);
      case 'ident':
        return this.#name(token);
      case 'symbol':
        if (text === '-') {
          this.#position++;
          const digits = this.#now;
          if (digits.kind === 'int' || digits.kind === 'double') {
            this.#position++;
            return { ...this.#number(digits, true), at };
          }
          return call('-_', at, [this.#member()]);
        }
        if (this.#take('(')) {
          const inner = this.#expression();
          this.#expect(')');
          return inner;
        }
        if (this.#take('[')) return this.#list(at);
        if (this.#take('{')) return this.#map(at);
        if (text === '.') {
          const name = this.#tokens[this.#position + 1];
          if (name?.kind === 'ident') {
            this.#position++;
            return this.#name(name);
          }
        }
    }
    const expected = this.#start?.position === this.#position ? this.#start.expected : operand;
    // One symbol too many, before what may begin an operand, is passed over.
    const next = this.#tokens[this.#position + 1];
    if (token.kind !== 'end' && next && beginsOperand(next)) {
      this.#issues.push({ at, message: `Syntax error: extraneous input '${text}' expecting ${expected}` });
      this.#position++;
      return this.#primary();
    }
    return this.#stop(at, `Syntax error: mismatched input '${text}' expecting ${expected}`);
  }

  #name({ text, at }: Token): Expr {
    if (text === 'in') this.#stop(at, `Syntax error: mismatched input 'in' expecting ${operand}`);
    this.#position++;
    if (text === 'true' || text === 'false') return literal(text === 'true', at);
    if (text === 'null') return literal(null, at);
    if (reserved.has(text)) this.#issues.push({ at, message: `reserved identifier: ${text}` });
    if (!this.#is('(')) return { is: 'ident', name: text, at };
    const open = this.#expect('(');
    return this.#called(text, open.at, this.#arguments(')'));
  }

  #called(name: string, at: number, args: Expr[], target?: Expr): Expr {
    const expanded = expandMacro(name, target, args, at, (issue) => this.#issues.push(issue), this.#bindings);
    return expanded ?? { is: 'call', name, target, args, at };
  }

  #arguments(close: string): Expr[] {
    const args: Expr[] = [];
    if (this.#take(close)) return args;
    this.#start = { position: this.#position, expected: operandOr(close) };
    do args.push(this.#expression());
    while (this.#take(','));
    this.#expect(close);
    return args;
  }

  #list(at: number): Expr {
    const items: Expr[] = [];
    const optional = new Set<number>();
    while (!this.#is(']')) {
      if (items.length > 0 && this.#is(',')) this.#expect(']');
      if (this.#take('?')) optional.add(items.length);
      items.push(this.#expression());
      if (!this.#take(',')) break;
    }
    this.#expect(']', { ']': "{']', ','}" });
    return { is: 'list', items, optional, at };
  }

  #map(at: number): Expr {
    const entries: Entry<Expr>[] = [];
    while (!this.#is('}')) {
      const optional = this.#take('?') !== undefined;
      const key = this.#expression();
      const colon = this.#expect(':');
      entries.push({ key, value: this.#expression(), optional, at: colon.at });
      if (!this.#take(',')) break;
    }
    this.#expect('}', { '}': "{'}', ','}" });
    return { is: 'map', entries, at };
  }

  #struct(type: string): Expr {
    const { at } = this.#expect('{');
    const fields: Entry<string>[] = [];
    while (!this.#is('}')) {
      const optional = this.#take('?') !== undefined;
      const token = this.#now;
      const name = token.kind === 'quoted' ? (token.value as string) : token.text;
      if (token.kind !== 'ident' && token.kind !== 'quoted') {
        this.#stop(token.at, `Syntax error: mismatched input '${token.text}' expecting IDENTIFIER`);
      }
      this.#position++;
      const colon = this.#expect(':');
      fields.push({ key: name, value: this.#expression(), optional, at: colon.at });
      if (!this.#take(',')) break;
    }
    this.#expect('}');
    return { is: 'struct', type, fields, at };
  }

  #number({ kind, text, at }: Token, negative: boolean): Expr {
    if (kind === 'double') {
      const value = Number(text);
      if (!Number.isFinite(value)) this.#issues.push({ at, message: 'invalid double literal' });
      return literal(negative ? -value : value, at);
    }
    if (kind === 'uint') {
      const value = BigInt(text.slice(0, -1));
      if (value >= 2n ** 64n) this.#issues.push({ at, message: 'invalid uint literal' });
      return literal(new UInt(BigInt.asUintN(64, value)), at);
    }
    const value = negative ? -BigInt(text) : BigInt(text);
    if (BigInt.asIntN(64, value) !== value) this.#issues.push({ at, message: 'invalid int literal' });
    return literal(BigInt.asIntN(64, value), at);
  }
}

const beginsOperand = ({ kind, text }: Token): boolean =>
  kind === 'symbol' ? '[{(.-!'.includes(text) : kind !== 'end' && text !== 'in';

const literal = (value: Value, at: number): Expr => ({ is: 'literal', value, at });
const call = (name: string, at: number, args: readonly Expr[]): Expr => ({ is: 'call', name, args, at });

/** The field a token names after a dot; undefined where it names none. */
function fieldName({ kind, text, value }: Token): string | undefined {
  if (kind === 'quoted') return value as string;
  return kind === 'ident' && text !== 'in' ? text : undefined;
}

/** The dotted name an expression is, if it is one: what may stand before `{`. */
function typeName(expr: Expr): string | undefined {
  if (expr.is === 'ident') return expr.name;
  if (expr.is !== 'select' || expr.test) return undefined;
  const operandName = typeName(expr.operand);
  return operandName === undefined ? undefined : `${operandName}.${expr.field}`;
}
