import type { Value } from '../values.ts';
import type { Expr } from './ast.ts';
import type { Issue } from './issue.ts';

/** The accumulator of a comprehension. The `@` keeps it apart from any name an expression can write. */
export const accumulator = '@result';

type Report = (issue: Issue) => void;
type Expansion = (target: Expr, args: readonly Expr[], at: number, report: Report) => Expr | undefined;

/**
 * The macros on a range, by name and number of arguments: those of the language, of optional types and of comprehensions with two
 * variables (https://github.com/google/cel-spec/blob/master/doc/langdef.md#macros).
 */
const macros: Readonly<Record<string, Expansion>> = {
  'all/2': quantifier('all', 1, true, (predicate, at) => call('_&&_', at, accu(at), predicate)),
  'all/3': quantifier('all', 2, true, (predicate, at) => call('_&&_', at, accu(at), predicate)),
  'exists/2': quantifier('exists', 1, false, (predicate, at) => call('_||_', at, accu(at), predicate)),
  'exists/3': quantifier('exists', 2, false, (predicate, at) => call('_||_', at, accu(at), predicate)),
  'exists_one/2': existsOne(1),
  'existsOne/2': existsOne(1),
  'existsOne/3': existsOne(2),
  'map/2': (target, args, at, report) => mapped(target, [args[0]!], undefined, args[1]!, at, report),
  'map/3': (target, args, at, report) => mapped(target, [args[0]!], args[1], args[2]!, at, report),
  'filter/2': (target, [variable, predicate], at, report) =>
    loop(target, [variable!], at, report, {
      initial: list([], at),
      condition: constant(true, at),
      step: call('_?_:_', at, predicate!, call('_+_', at, accu(at), list([variable!], at)), accu(at)),
      result: accu(at),
    }),
  'sortBy/2': (target, [variable, key], at, report) => {
    const input: Expr = { is: 'ident', name: '@__sortBy_input__', at };
    const keys = mapped(input, [variable!], undefined, key!, at, report);
    return bound(
      input,
      target,
      { is: 'call', name: '@sortByAssociatedKeys', target: input, args: [keys], at },
      at,
      report,
    );
  },
  'transformList/3': (target, args, at, report) => mapped(target, args.slice(0, 2), undefined, args[2]!, at, report),
  'transformList/4': (target, args, at, report) => mapped(target, args.slice(0, 2), args[2], args[3]!, at, report),
  'transformMap/3': transformMap('cel.@mapInsert', (args, at) => [accu(at), args[0]!, args.at(-1)!]),
  'transformMap/4': transformMap('cel.@mapInsert', (args, at) => [accu(at), args[0]!, args.at(-1)!]),
  'transformMapEntry/3': transformMap('cel.@mapInsert', (args, at) => [accu(at), args.at(-1)!]),
  'transformMapEntry/4': transformMap('cel.@mapInsert', (args, at) => [accu(at), args.at(-1)!]),
  'optMap/2': (target, [variable, body], at, report) =>
    optional(target, variable!, call('optional.of', at, body!), at, report),
  'optFlatMap/2': (target, [variable, body], at, report) => optional(target, variable!, body!, at, report),
};

/** The expansion of a call that is a macro (`cel.bind` where there are `bindings`); undefined for any other call. Faults of its arguments are reported. */
export function expandMacro(
  name: string,
  target: Expr | undefined,
  args: readonly Expr[],
  at: number,
  report: Report,
  bindings = false,
): Expr | undefined {
  if (bindings && name === 'bind' && args.length === 3 && target?.is === 'ident' && target.name === 'cel') {
    return bound(args[0]!, args[1]!, args[2]!, at, report);
  }
  if (!target) {
    if (name !== 'has' || args.length !== 1) return undefined;
    const [field] = args;
    if (field?.is === 'select' && !field.test) return { ...field, test: true, at };
    report({ at: field!.at, message: 'invalid argument to has() macro' });
    return constant(false, at);
  }
  const expansion = Object.hasOwn(macros, `${name}/${args.length}`) ? macros[`${name}/${args.length}`] : undefined;
  return expansion?.(target, args, at, report);
}

interface Body {
  initial: Expr;
  condition: Expr;
  step: Expr;
  result: Expr;
}

function loop(range: Expr, variables: readonly Expr[], at: number, report: Report, body: Body): Expr {
  const names = variables.map((variable) => nameOf(variable, report));
  if (names.length === 2 && names[0] === names[1]) {
    report({ at: variables[1]!.at, message: `duplicate variable name: ${names[1]}` });
  }
  return { is: 'comprehension', range, variable: names[0]!, variable2: names[1], accumulator, ...body, at };
}

function nameOf(variable: Expr, report: Report): string {
  if (variable.is === 'ident') return variable.name;
  report({ at: variable.at, message: 'argument must be a simple name' });
  return '';
}

function quantifier(
  name: 'all' | 'exists',
  variables: number,
  initial: boolean,
  step: (predicate: Expr, at: number) => Expr,
): Expansion {
  return (target, args, at, report) =>
    loop(target, args.slice(0, variables), at, report, {
      initial: constant(initial, at),
      condition: call('@not_strictly_false', at, name === 'all' ? accu(at) : call('!_', at, accu(at))),
      step: step(args[variables]!, at),
      result: accu(at),
    });
}

function existsOne(variables: number): Expansion {
  return (target, args, at, report) =>
    loop(target, args.slice(0, variables), at, report, {
      initial: constant(0n, at),
      condition: constant(true, at),
      step: call('_?_:_', at, args[variables]!, call('_+_', at, accu(at), constant(1n, at)), accu(at)),
      result: call('_==_', at, accu(at), constant(1n, at)),
    });
}

function mapped(
  target: Expr,
  variables: readonly Expr[],
  filter: Expr | undefined,
  transform: Expr,
  at: number,
  report: Report,
): Expr {
  const step = call('_+_', at, accu(at), list([transform], at));
  return loop(target, variables, at, report, {
    initial: list([], at),
    condition: constant(true, at),
    step: filter ? call('_?_:_', at, filter, step, accu(at)) : step,
    result: accu(at),
  });
}

function transformMap(insert: string, argsOf: (args: readonly Expr[], at: number) => readonly Expr[]): Expansion {
  return (target, args, at, report) => {
    const step = call(insert, at, ...argsOf(args, at));
    return loop(target, args.slice(0, 2), at, report, {
      initial: { is: 'map', entries: [], at },
      condition: constant(true, at),
      step: args.length === 4 ? call('_?_:_', at, args[2]!, step, accu(at)) : step,
      result: accu(at),
    });
  };
}

/** `cel.bind(v, value, body)`: the body, in which the variable is the value. It is a loop over nothing whose accumulator is the variable. */
function bound(variable: Expr, value: Expr, body: Expr, at: number, report: Report): Expr {
  return {
    is: 'comprehension',
    variable: '#unused',
    range: list([], at),
    accumulator: nameOf(variable, report),
    initial: value,
    condition: constant(false, at),
    step: variable,
    result: body,
    at,
  };
}

/** `x.optMap(v, f)`: f of the value, if there is one. */
function optional(target: Expr, variable: Expr, body: Expr, at: number, report: Report): Expr {
  const value: Expr = { is: 'call', name: 'value', target, args: [], at };
  const present: Expr = { is: 'call', name: 'hasValue', target, args: [], at };
  return call('_?_:_', at, present, bound(variable, value, body, at, report), call('optional.none', at));
}

const accu = (at: number): Expr => ({ is: 'ident', name: accumulator, at });
const constant = (value: Value, at: number): Expr => ({ is: 'literal', value, at });
const list = (items: readonly Expr[], at: number): Expr => ({ is: 'list', items, optional: new Set(), at });
const call = (name: string, at: number, ...args: readonly Expr[]): Expr => ({ is: 'call', name, args, at });
