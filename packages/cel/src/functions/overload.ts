import { readType, splitTypes, type Type } from '../check/type.ts';
import type { CallEstimate, SizedNode } from '../cost/estimate.ts';
import type { Value } from '../values.ts';

/** One signature of a function, what it does, and what it costs. Arguments of methods begin with the target. */
export interface Overload {
  readonly id: string;
  readonly member: boolean;
  readonly params: readonly Type[];
  readonly result: Type;
  /** Throws EvaluationError. */
  run(...args: Value[]): Value;
  /** Cost at run time, in upstream's units; 1 where absent. */
  readonly cost?: (args: readonly Value[], result: Value) => number;
  /** Cost and size of the result before it runs, without the arguments' own cost; the default is a cost of 1. */
  readonly estimate?: (args: readonly SizedNode[]) => CallEstimate | undefined;
}

/** Functions by name; operators under the names of `Call`. */
export type Library = Readonly<Record<string, readonly Overload[]>>;

// biome-ignore lint/suspicious/noExplicitAny: run is written with the types its signature promises; the checker and `accepts` see to them.
type Run = (...args: any[]) => Value;

/**
 * Declares an overload: `overload('size_list', 'list(T).() int', run)`. What stands before the dot is the target of a method.
 */
export function overload(
  id: string,
  signature: string,
  run: Run,
  costs: Pick<Overload, 'cost' | 'estimate'> = {},
): Overload {
  const [, target, params = '', result = 'dyn'] = /^(?:(\S.*?)\.)?\((.*)\) ([^ ].*)$/.exec(signature) ?? [];
  const all = [...(target === undefined ? [] : [target]), ...splitTypes(params)].map(readType);
  return { id, member: target !== undefined, params: all, result: readType(result), run, ...costs };
}

/** Lays libraries over one another; a name that two of them have gets the overloads of both. */
export function mergeLibraries(...libraries: readonly Library[]): Library {
  const merged: Record<string, Overload[]> = {};
  for (const library of libraries) {
    for (const [name, overloads] of Object.entries(library)) {
      merged[name] = [...(Object.hasOwn(merged, name) ? merged[name]! : []), ...overloads];
    }
  }
  return merged;
}
