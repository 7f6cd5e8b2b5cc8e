import type { Value } from '../values.ts';

/**
 * An expression after macros are expanded: what the checker, the evaluator and the cost estimate walk. Nodes are compared by identity;
 * `at` is the offset of the node in the source, in UTF-16 units, for messages.
 */
export type Expr = Literal | Ident | Select | Call | ListLiteral | MapLiteral | StructLiteral | Comprehension;

interface Node {
  readonly at: number;
}

/** A constant, already a value of the language. */
export interface Literal extends Node {
  readonly is: 'literal';
  readonly value: Value;
}

export interface Ident extends Node {
  readonly is: 'ident';
  readonly name: string;
}

/** `operand.field`; with `test`, the outcome of `has(operand.field)`. */
export interface Select extends Node {
  readonly is: 'select';
  readonly operand: Expr;
  readonly field: string;
  readonly test: boolean;
}

/** A function, method or operator. Operators have the names of the language definition: `_+_`, `!_`, `_[_]`, `_?_:_`, `@in`. */
export interface Call extends Node {
  readonly is: 'call';
  readonly name: string;
  readonly target?: Expr;
  readonly args: readonly Expr[];
}

/** `[a, ?b]`: an optional element is left out when it has no value. */
export interface ListLiteral extends Node {
  readonly is: 'list';
  readonly items: readonly Expr[];
  readonly optional: ReadonlySet<number>;
}

export interface Entry<K> extends Node {
  readonly key: K;
  readonly value: Expr;
  readonly optional: boolean;
}

export interface MapLiteral extends Node {
  readonly is: 'map';
  readonly entries: readonly Entry<Expr>[];
}

/** `Type{field: value}`. */
export interface StructLiteral extends Node {
  readonly is: 'struct';
  readonly type: string;
  readonly fields: readonly Entry<string>[];
}

/**
 * A loop over a list's items or a map's keys (with two variables: indices and items, keys and values). `result` sees the accumulator
 * after the last step, or after the first for which `condition` is false.
 */
export interface Comprehension extends Node {
  readonly is: 'comprehension';
  readonly variable: string;
  readonly variable2?: string;
  readonly range: Expr;
  readonly accumulator: string;
  readonly initial: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

/** All direct parts of an expression, in the order in which they stand. */
export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.is) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : expr.args;
    case 'list':
      return expr.items;
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return expr.fields.map(({ value }) => value);
    case 'comprehension':
      return [expr.range, expr.initial, expr.condition, expr.step, expr.result];
  }
}
