import { formatJson } from '../codec/go-json.ts';
import { goText } from '../codec/go-text.ts';
import { type Node, type Param, parseTemplate } from './parser.ts';

/** A compiled template in kubectl's JSONPath dialect. */
export class JsonPath {
  readonly #nodes: Node[];
  readonly #allowMissing: boolean;

  /** Throws on a syntax error, with upstream's text. */
  constructor(template: string, options: { allowMissing?: boolean } = {}) {
    this.#nodes = parseTemplate(template);
    this.#allowMissing = options.allowMissing ?? false;
  }

  /** The results of each action and text of the template, in order; ranges are unrolled. */
  find(data: unknown): unknown[][] {
    const out: unknown[][] = [];
    const end = this.#block(0, data, out, false);
    if (end < this.#nodes.length) throw new Error('not in range, nothing to end');
    return out;
  }

  /** The text the template makes of an object. With `json` each result is an indented JSON list (jsonpath-as-json). */
  execute(data: unknown, json = false): string {
    const results = this.find(data);
    if (json) return results.map((each) => `${formatJson(each, { indent: '    ' })}\n`).join('');
    return results.map((each) => each.map(resultText).join(' ')).join('');
  }

  /** Runs the nodes from `from` to the end of the block; returns the index of its `end` (or of the end of the template). */
  #block(from: number, data: unknown, out: unknown[][] | undefined, inRange: boolean): number {
    for (let i = from; i < this.#nodes.length; i++) {
      const node = this.#nodes[i]!;
      const keyword = node.is === 'list' ? node.nodes[0] : undefined;
      if (keyword?.is === 'identifier' && keyword.name === 'end') {
        if (inRange) return i;
        throw new Error('not in range, nothing to end');
      }
      if (keyword?.is === 'identifier' && keyword.name === 'range') {
        const values = out ? this.#walk([data], (node as { nodes: Node[] }).nodes.slice(1)) : [];
        let end = i;
        for (const value of values) end = this.#block(i + 1, value, out, true);
        if (values.length === 0) end = this.#block(i + 1, undefined, undefined, true);
        i = end;
        continue;
      }
      if (out) out.push(node.is === 'text' ? [node.text] : this.#walk([data], (node as { nodes: Node[] }).nodes));
    }
    return this.#nodes.length;
  }

  #walk(values: unknown[], nodes: readonly Node[]): unknown[] {
    let current = values;
    for (const node of nodes) current = this.#step(current, node);
    return current;
  }

  #step(values: unknown[], node: Node): unknown[] {
    switch (node.is) {
      case 'text':
        return [node.text];
      case 'number':
      case 'bool':
        return [node.value];
      case 'list':
        return this.#walk(values, node.nodes);
      case 'field':
        return this.#field(values, node.name);
      case 'wildcard':
        return values.flatMap(childrenOf);
      case 'recursive':
        return values.flatMap(descend);
      case 'union':
        return node.parts.flatMap((part) => this.#walk(values, part));
      case 'array':
        return values.flatMap((value) => slice(value, node.params));
      case 'filter':
        return values.flatMap((value) => this.#filter(value, node));
      default:
        throw new Error(`unrecognized identifier ${node.name}`);
    }
  }

  #field(values: unknown[], name: string): unknown[] {
    if (name === '') return values;
    const found = values.flatMap((value) => (isMap(value) && Object.hasOwn(value, name) ? [value[name]] : []));
    if (found.length === 0 && !this.#allowMissing && values.length > 0) throw new Error(`${name} is not found`);
    return found;
  }

  #filter(value: unknown, node: Extract<Node, { is: 'filter' }>): unknown[] {
    if (value === null || value === undefined) return [];
    if (!Array.isArray(value)) throw new Error(`${goText(value)} is not array or slice and cannot be filtered`);
    return value.filter((item) => {
      let left: unknown[];
      try {
        left = this.#walk([item], node.left);
      } catch (error) {
        if (node.operator === 'exists') return false;
        throw error;
      }
      if (node.operator === 'exists') return left.length > 0;
      const right = this.#walk([item], node.right);
      if (left.length > 1 || right.length > 1) throw new Error('can only compare one element at a time');
      return left.length === 1 && right.length === 1 && compare(left[0], node.operator, right[0]);
    });
  }
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (!isMap(value)) return [];
  return Object.keys(value)
    .sort()
    .map((key) => value[key]);
}

/** The containers at and below a value: what `..` looks into. */
function descend(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...childrenOf(value).flatMap(descend)];
}

function slice(value: unknown, params: readonly [Param, Param, Param]): unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${goType(value)} is not array or slice`);
  const length = value.length;
  let from = params[0].known ? params[0].value : 0;
  if (from < 0) from += length;
  let to = params[1].known ? params[1].value : length;
  if (to < 0 || (to === 0 && params[1].derived)) to += length;
  if (from === to) return [];
  if (from >= length || from < 0) throw new Error(`array index out of bounds: index ${from}, length ${length}`);
  if (to > length || to < 0) throw new Error(`array index out of bounds: index ${to - 1}, length ${length}`);
  if (from > to) throw new Error(`starting index ${from} is greater than ending index ${to}`);
  const step = params[2].known ? params[2].value : 1;
  if (step <= 0) throw new Error('step must be > 0');
  return value.slice(from, to).filter((_, i) => i % step === 0);
}

function goType(value: unknown): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return 'map[string]interface {}';
}

function compare(left: unknown, operator: string, right: unknown): boolean {
  const kinds = [left, right].map((each) => (typeof each === 'bigint' ? 'number' : typeof each));
  if (kinds[0] !== kinds[1]) throw new Error('incompatible types for comparison');
  const a = left as string;
  const b = right as string;
  switch (operator) {
    case '==':
      return a === b || (typeof left === 'bigint' && Number(left) === right);
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
  throw new Error(`unrecognized filter operator ${operator}`);
}

/** A result as templates show it: text and numbers plain, the rest as JSON. */
export function resultText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'object') return formatJson(value);
  return goText(value);
}

/**
 * The short forms that --sort-by and custom columns take: `metadata.name`, `.metadata.name`, `{metadata.name}` all mean
 * `{.metadata.name}`.
 */
export function relaxed(expression: string): string {
  if (expression === '') return expression;
  const match = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(expression);
  if (!match) {
    throw new Error(
      `unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`,
    );
  }
  return `{.${match[1] ?? match[2]}}`;
}
