import type { Checked } from '../check/checker.ts';
import type { Type } from '../check/type.ts';
import type { Overload } from '../functions/overload.ts';
import type { Call, Comprehension, Expr } from '../syntax/ast.ts';
import { lengthOf } from '../values.ts';
import { listCreation, mapCreation, structCreation } from './factors.ts';
import { add, exactly, multiply, type Range, union, unknown } from './range.ts';

/** The estimate of one call: its own cost, and the size of its result where that can be told. */
export interface CallEstimate {
  readonly cost: Range;
  readonly size?: Range;
}

/** An argument as estimates of functions see it. */
export interface SizedNode {
  readonly expr: Expr;
  readonly type: Type;
  /** 0 to 2^64-1 where nothing is known. */
  readonly size: Range;
  /** Of a list: the size of its items, as far as it is declared. */
  readonly item?: { readonly type: Type; readonly size: Range };
}

/**
 * The size of what stands at a path from a variable: field names, `@items`, `@keys`, `@values`. Of what is computed there is the last part of
 * the path alone. Undefined where nothing is known.
 */
export type SizeLookup = (path: readonly string[]) => Range | undefined;

interface Local {
  readonly path: readonly string[];
  readonly size?: Range;
  readonly entry?: EntrySize;
}

interface EntrySize {
  readonly key: Range;
  readonly value: Range;
}

/** The least and greatest cost of an expression, in upstream's units, from the sizes of its inputs. */
export function estimateCost(checked: Checked, sizes: SizeLookup): Range {
  return new Estimator(checked, sizes).cost(checked.expr);
}

class Estimator {
  readonly #checked: Checked;
  readonly #lookup: SizeLookup;
  readonly #paths = new Map<Expr, readonly string[]>();
  readonly #sizes = new Map<Expr, Range>();
  readonly #entries = new Map<Expr, EntrySize>();
  readonly #locals: [string, Local][] = [];

  constructor(checked: Checked, lookup: SizeLookup) {
    this.#checked = checked;
    this.#lookup = lookup;
  }

  cost(expr: Expr): Range {
    switch (expr.is) {
      case 'literal':
        return exactly(0);
      case 'ident':
        this.#paths.set(expr, this.#local(expr.name)?.path ?? [expr.name]);
        return exactly(1);
      case 'select': {
        if (this.#checked.qualified.has(expr)) return exactly(1);
        const operand = this.cost(expr.operand);
        if (expr.test) return operand;
        this.#paths.set(expr, [...this.#path(expr.operand), expr.field]);
        const { is } = this.#type(expr.operand);
        return is === 'map' || is === 'object' || is === 'param' ? add(operand, exactly(1)) : operand;
      }
      case 'call':
        return this.#call(expr);
      case 'list': {
        const cost = this.#sum(expr.items);
        const value = expr.items
          .map((item) => this.#size(item) ?? unknown)
          .reduce<Range | undefined>(joined, undefined);
        this.#entries.set(expr, { key: exactly(1), value: value ?? exactly(0) });
        return add(cost, exactly(listCreation));
      }
      case 'map': {
        const keys = expr.entries.map(({ key }) => key);
        const values = expr.entries.map(({ value }) => value);
        const cost = add(this.#sum(keys), this.#sum(values));
        const sizeOf = (all: readonly Expr[]) =>
          all.map((each) => this.#size(each) ?? unknown).reduce<Range | undefined>(joined, undefined) ?? exactly(0);
        this.#entries.set(expr, { key: sizeOf(keys), value: sizeOf(values) });
        return add(cost, exactly(mapCreation));
      }
      case 'struct':
        return add(this.#sum(expr.fields.map(({ value }) => value)), exactly(structCreation));
      case 'comprehension':
        return isBinding(expr) ? this.#binding(expr) : this.#comprehension(expr);
    }
  }

  #sum(exprs: readonly Expr[]): Range {
    return exprs.reduce((sum, each) => add(sum, this.cost(each)), exactly(0));
  }

  #call(expr: Call): Range {
    const args = expr.target && !this.#checked.functions.has(expr) ? [expr.target, ...expr.args] : expr.args;
    const costs = args.map((arg) => this.cost(arg));
    if (expr.name === 'dyn') {
      this.#copySizes(expr, args[0]!);
      return add(exactly(1), costs[0]!);
    }
    const overloads = this.#checked.overloads.get(expr) ?? [];
    if (overloads.length === 0) return exactly(0);
    const nodes = args.map((arg) => this.#node(arg));
    const estimates = overloads.map((each) => this.#overload(expr, each, args, nodes, costs));
    const cost = estimates.map((each) => each.cost).reduce(union);
    const size = estimates.map((each) => each.size).reduce((a, b) => (a && b ? union(a, b) : (a ?? b)));
    for (const { id } of overloads) {
      const part = id === 'index_list' ? '@items' : id === 'index_map' ? '@values' : undefined;
      if (part) this.#paths.set(expr, [...this.#path(args[0]!), part]);
    }
    const found = size ?? (this.#paths.has(expr) ? this.#entrySize(args[0]!)?.value : undefined) ?? this.#size(expr);
    if (found) this.#sizes.set(expr, found);
    return cost;
  }

  /** Cost of one overload, that of its arguments included. */
  #overload(
    expr: Call,
    { id, estimate }: Overload,
    args: readonly Expr[],
    nodes: readonly SizedNode[],
    costs: readonly Range[],
  ): CallEstimate {
    const [first = exactly(0), second = exactly(0), third = exactly(0)] = costs;
    switch (id) {
      case 'logical_and':
      case 'logical_or':
        return { cost: { min: first.min, max: add(first, second).max } };
      case 'conditional': {
        const yes = this.#entrySize(args[1]!);
        const no = this.#entrySize(args[2]!);
        if (yes && no) this.#entries.set(expr, joinedEntries(yes, no));
        return { cost: add(first, union(second, third)), size: union(nodes[1]!.size, nodes[2]!.size) };
      }
      case 'add_string':
      case 'add_bytes':
      case 'add_list': {
        const left = this.#entrySize(args[0]!);
        const right = this.#entrySize(args[1]!);
        if (left && right) this.#entries.set(expr, joinedEntries(left, right));
      }
    }
    const own = estimate?.(nodes) ?? { cost: exactly(1) };
    return { cost: costs.reduce(add, own.cost), size: own.size };
  }

  #comprehension(expr: Comprehension): Range {
    let cost = add(this.cost(expr.range), this.cost(expr.initial));
    const accumulated: Local = {
      path: this.#path(expr.initial),
      size: this.#size(expr.initial),
      entry: this.#entrySize(expr.initial),
    };
    this.#locals.push([expr.accumulator, accumulated]);
    const entry = this.#entrySize(expr.range);
    const list = this.#type(expr.range).is === 'list';
    const path = this.#path(expr.range);
    const keys: Local = { path: [...path, list ? '@indices' : '@keys'], size: entry?.key };
    const values: Local = { path: [...path, list ? '@items' : '@values'], size: entry?.value };
    const { variable2 } = expr;
    if (variable2 !== undefined) this.#locals.push([expr.variable, keys], [variable2, values]);
    else this.#locals.push([expr.variable, list ? values : keys]);
    const each = add(this.cost(expr.condition), this.cost(expr.step));
    this.#locals.length -= variable2 === undefined ? 1 : 2;
    cost = add(cost, this.cost(expr.result));
    this.#locals.pop();
    const count = this.#size(expr.range) ?? unknown;
    if (expr.initial.is === 'list' || expr.initial.is === 'map') {
      this.#sizes.set(expr, count);
      const stepEntry = this.#entrySize(expr.step);
      if (stepEntry) this.#entries.set(expr, stepEntry);
    } else if (expr.initial.is === 'literal') {
      this.#sizes.set(expr, exactly(1));
    }
    return add(cost, multiply(count, each));
  }

  #binding(expr: Comprehension): Range {
    const cost = add(this.cost(expr.range), this.cost(expr.initial));
    const local = {
      path: this.#path(expr.initial),
      size: this.#size(expr.initial),
      entry: this.#entrySize(expr.initial),
    };
    this.#locals.push([expr.accumulator, local]);
    const result = this.cost(expr.result);
    this.#locals.pop();
    this.#copySizes(expr, expr.result);
    return add(cost, result);
  }

  #copySizes(to: Expr, from: Expr): void {
    const size = this.#size(from);
    if (size) this.#sizes.set(to, size);
    const entry = this.#entrySize(from);
    if (entry) this.#entries.set(to, entry);
  }

  #node(expr: Expr): SizedNode {
    const type = this.#type(expr);
    const node: SizedNode = { expr, type, size: this.#size(expr) ?? unknown };
    if (type.is !== 'list') return node;
    const path = this.#path(expr);
    const size = path.length > 0 ? this.#looked([...path, '@items']) : undefined;
    return { ...node, item: { type: type.item, size: size ?? unknown } };
  }

  #size(expr: Expr): Range | undefined {
    return (
      this.#sizes.get(expr) ??
      ownSize(expr) ??
      this.#looked(this.#path(expr)) ??
      ofType(this.#type(expr)) ??
      (expr.is === 'ident' ? this.#local(expr.name)?.size : undefined)
    );
  }

  #looked(path: readonly string[]): Range | undefined {
    return path.length > 0 ? this.#lookup(path) : undefined;
  }

  #entrySize(expr: Expr): EntrySize | undefined {
    const known = this.#entries.get(expr);
    if (known) return known;
    return expr.is === 'ident' ? this.#local(expr.name)?.entry : undefined;
  }

  #path(expr: Expr): readonly string[] {
    return (expr.is === 'ident' ? this.#local(expr.name)?.path : undefined) ?? this.#paths.get(expr) ?? [];
  }

  #local(name: string): Local | undefined {
    return this.#locals.findLast(([each]) => each === name)?.[1];
  }

  #type(expr: Expr): Type {
    return this.#checked.types.get(expr) ?? { is: 'dyn' };
  }
}

const joined = (a: Range | undefined, b: Range): Range => (a ? union(a, b) : b);
const joinedEntries = (a: EntrySize, b: EntrySize): EntrySize => ({
  key: union(a.key, b.key),
  value: union(a.value, b.value),
});

/** The size an expression shows by itself. */
function ownSize(expr: Expr): Range | undefined {
  if (expr.is === 'list') return exactly(expr.items.length);
  if (expr.is === 'map') return exactly(expr.entries.length);
  if (expr.is !== 'literal') return undefined;
  if (typeof expr.value === 'string') return exactly(lengthOf(expr.value));
  if (expr.value instanceof Uint8Array) return exactly(expr.value.length);
  return exactly(1);
}

/** Values without parts have size 1. */
function ofType({ is }: Type): Range | undefined {
  const scalars = ['bool', 'int', 'uint', 'double', 'null', 'timestamp', 'duration', 'type'];
  return scalars.includes(is) ? exactly(1) : undefined;
}

/** `optMap` binds its variable in a loop over nothing. */
function isBinding({ range, condition }: Comprehension): boolean {
  return range.is === 'list' && range.items.length === 0 && condition.is === 'literal' && condition.value === false;
}
