import type { LabelSelector } from '../generated/meta/v1.ts';
import { type Lexeme, lex, type Token } from './selector-lexer.ts';
import { makeRequirement, type Operator, Requirement, validateKey } from './selector-requirement.ts';

export type { Operator } from './selector-requirement.ts';
export { Requirement } from './selector-requirement.ts';

/** A question to an object's labels: all requirements must hold. */
export interface Selector {
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
  /** Without requirements, so that everything matches (`nothing` is not empty). */
  readonly empty: boolean;
  /** In the order of their keys. */
  readonly requirements: readonly Requirement[];
  /** The text that parses to the same selector. */
  toString(): string;
}

class RequirementSelector implements Selector {
  readonly requirements: readonly Requirement[];

  constructor(requirements: readonly Requirement[]) {
    this.requirements = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  matches(labels: Readonly<Record<string, string>> | undefined): boolean {
    for (const requirement of this.requirements) if (!requirement.matches(labels)) return false;
    return true;
  }

  toString(): string {
    return this.requirements.join(',');
  }
}

/** Selects every object. */
export const everything: Selector = new RequirementSelector([]);

/** Selects no object. */
export const nothing: Selector = {
  matches: () => false,
  empty: false,
  requirements: [],
  toString: () => '',
};

/** A selector of given requirements; all must hold. */
export function selectorOf(requirements: readonly Requirement[]): Selector {
  return requirements.length === 0 ? everything : new RequirementSelector(requirements);
}

/** Selects objects that carry all these labels; undefined and `{}` select everything. */
export function selectorFromSet(labels: Readonly<Record<string, string>> | undefined): Selector {
  if (!labels) return everything;
  return selectorOf(Object.entries(labels).map(([key, value]) => new Requirement(key, '=', [value])));
}

const operators: Readonly<Record<string, Operator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

/** The operator that API objects call `In`, `NotIn`, `Exists` or `DoesNotExist`; undefined: it is none of these. */
export const labelOperator = (name: string): Operator | undefined =>
  Object.hasOwn(operators, name) ? operators[name] : undefined;

/**
 * The selector that a `metav1.LabelSelector` stands for: undefined selects nothing, `{}` everything. Throws on keys, operators and
 * values upstream would not take.
 */
export function selectorFrom(selector: LabelSelector | null | undefined): Selector {
  if (!selector) return nothing;
  const requirements: Requirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push(makeRequirement(key, '=', [value]));
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = labelOperator(operator);
    if (!known) throw new Error(`${JSON.stringify(operator)} is not a valid label selector operator`);
    requirements.push(makeRequirement(key, known, values ?? []));
  }
  return selectorOf(requirements);
}

/** How kubectl prints a `metav1.LabelSelector`: `<none>` for an absent one, the selector's text otherwise. */
export function formatLabelSelector(selector: LabelSelector | null | undefined): string {
  const text = selectorFrom(selector).toString();
  return text === '' ? '<none>' : text;
}

/** Parses the text form (`app=web,tier in (a, b),!old,n>3`); throws with upstream's text. An empty text selects everything. */
export function parseSelector(text: string): Selector {
  return selectorOf(new Parser(text).parse());
}

const binaryOperators = 'in, notin, =, ==, !=, gt, lt';

class Parser {
  readonly #lexemes: Lexeme[];
  #at = 0;

  constructor(text: string) {
    this.#lexemes = lex(text);
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const { token, text } = this.#peek();
      if (token === 'end') return requirements;
      if (token !== 'identifier' && token !== '!')
        throw new Error(`found '${text}', expected: !, identifier, or 'end of string'`);
      try {
        requirements.push(this.#requirement());
      } catch (error) {
        throw new Error(`unable to parse requirement: ${(error as Error).message}`);
      }
      const after = this.#take();
      if (after.token === 'end') return requirements;
      if (after.token !== ',') throw new Error(`found '${after.text}', expected: ',' or 'end of string'`);
      const next = this.#peek();
      if (next.token !== 'identifier' && next.token !== '!') {
        throw new Error(`found '${next.text}', expected: identifier after ','`);
      }
    }
  }

  /** The next word; `in` and `notin` are ordinary words except where an operator must stand. */
  #peek(operator = false): Lexeme {
    const lexeme = this.#lexemes[this.#at] ?? { token: 'end' as const, text: '' };
    const plain: Token = !operator && (lexeme.token === 'in' || lexeme.token === 'notin') ? 'identifier' : lexeme.token;
    return plain === lexeme.token ? lexeme : { token: plain, text: lexeme.text };
  }

  #take(operator = false): Lexeme {
    const lexeme = this.#peek(operator);
    this.#at++;
    return lexeme;
  }

  #requirement(): Requirement {
    let word = this.#take();
    const negated = word.token === '!';
    if (negated) word = this.#take();
    if (word.token !== 'identifier') throw new Error(`found '${word.text}', expected: identifier`);
    validateKey(word.text, '<nil>');
    const next = this.#peek().token;
    if (negated) return makeRequirement(word.text, '!', []);
    if (next === 'end' || next === ',') return makeRequirement(word.text, 'exists', []);
    const operator = this.#operator();
    const values = operator === 'in' || operator === 'notin' ? this.#list() : [this.#single()];
    return makeRequirement(word.text, operator, [...new Set(values)].sort());
  }

  #operator(): Operator {
    const { token, text } = this.#take(true);
    switch (token) {
      case 'in':
      case 'notin':
      case '=':
      case '==':
      case '!=':
        return token;
      case '>':
        return 'gt';
      case '<':
        return 'lt';
      default:
        throw new Error(`found '${text}', expected: ${binaryOperators}`);
    }
  }

  #single(): string {
    const next = this.#peek().token;
    if (next === 'end' || next === ',') return '';
    const { token, text } = this.#take();
    if (token !== 'identifier') throw new Error(`found '${text}', expected: identifier`);
    return text;
  }

  #list(): string[] {
    const open = this.#take();
    if (open.token !== '(') throw new Error(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.token === ')') {
      this.#take();
      return [''];
    }
    if (first.token !== 'identifier' && first.token !== ',') {
      throw new Error(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#identifiers();
    if (this.#take().token !== ')') throw new Error(`found '${first.text}', expected: ')'`);
    return values;
  }

  /** Values between commas up to the closing parenthesis; nothing between two commas is the empty value. */
  #identifiers(): string[] {
    const values: string[] = [];
    for (;;) {
      const { token, text } = this.#take();
      if (token === 'identifier') {
        values.push(text);
        const next = this.#peek();
        if (next.token === ')') return values;
        if (next.token !== ',') throw new Error(`found '${next.text}', expected: ',' or ')'`);
      } else if (token === ',') {
        if (values.length === 0) values.push('');
        const next = this.#peek().token;
        if (next === ')') return [...values, ''];
        if (next === ',') {
          this.#take();
          values.push('');
        }
      } else {
        throw new Error(`found '${text}', expected: ',', or identifier`);
      }
    }
  }
}
