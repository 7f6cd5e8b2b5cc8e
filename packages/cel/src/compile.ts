import { type Checked, check } from './check/checker.ts';
import { constantFailure } from './check/constants.ts';
import { literalIssues } from './check/literals.ts';
import { formatType, type Type } from './check/type.ts';
import { estimateCost } from './cost/estimate.ts';
import type { Range } from './cost/range.ts';
import { type Activation, type Outcome, Program } from './evaluate/program.ts';
import { type Library, mergeLibraries } from './functions/overload.ts';
import { kubernetesFunctions } from './libraries/kubernetes.ts';
import { perCallLimit } from './limits.ts';
import { type DeclaredType, sizeLookup } from './schema/declared-type.ts';
import { CompileError } from './syntax/issue.ts';
import { parse } from './syntax/parser.ts';

/** What expressions of one place can name: variables, and functions and types beyond those of Kubernetes. */
export interface Environment {
  readonly variables: Readonly<Record<string, DeclaredType>>;
  readonly functions?: Library;
  readonly types?: (name: string) => Type | undefined;
  /** Whether `cel.bind` gives a name to a value. */
  readonly bindings?: boolean;
}

/** What a result is to be: a type, or a sort of types (`list`: any list). */
export type Wanted = Type | Type['is'];

/** A compiled expression. */
export interface Expression {
  readonly source: string;
  readonly result: Type;
  /** The variables of the environment it uses. */
  readonly variables: ReadonlySet<string>;
  /** Least and greatest cost, from the declared sizes of its variables. */
  cost(): Range;
  /** Evaluates it within `limit` (by default what one call may cost). Never throws for what the expression does. */
  evaluate(activation: Activation, limit?: number): Outcome;
}

/**
 * Compiles an expression of Kubernetes' dialect (https://kubernetes.io/docs/reference/using-api/cel/). Throws CompileError, whose
 * message shows line and column of each fault as upstream's does; with `wanted`, also when the result is of none of these.
 */
export function compile(source: string, environment: Environment, wanted?: readonly Wanted[]): Expression {
  const variables = new Map(Object.entries(environment.variables));
  const checked: Checked = check(source, parse(source, environment.bindings), {
    variables: new Map([...variables].map(([name, { type }]) => [name, type])),
    functions: functionsOf(environment),
    types: environment.types,
  });
  const issues = literalIssues(checked);
  if (issues.length > 0) throw new CompileError(source, issues);
  if (wanted && !wanted.some((type) => sameType(type, checked.result)))
    throw new ResultTypeError(wanted, checked.result);
  const failure = constantFailure(checked);
  if (failure !== undefined) throw new InstantiationError(failure);
  let program: Program | undefined;
  return {
    source,
    result: checked.result,
    variables: checked.variables,
    cost: () => estimateCost(checked, sizeLookup(variables)),
    evaluate(activation, limit = perCallLimit) {
      program ??= new Program(checked);
      return program.evaluate(activation, limit);
    },
  };
}

/** Thrown for an expression that fails whenever it comes to a part whose value is known before it runs. */
export class InstantiationError extends CompileError {
  constructor(message: string) {
    super('', []);
    this.message = message;
  }
}

const extended = new WeakMap<Library, Library>();

/** The functions of the dialect, and those an environment adds. */
function functionsOf({ functions }: Environment): Library {
  if (!functions) return kubernetesFunctions;
  let all = extended.get(functions);
  if (!all) {
    all = mergeLibraries(kubernetesFunctions, functions);
    extended.set(functions, all);
  }
  return all;
}

/** Thrown for an expression whose result is of a type that is not wanted where it stands; dyn is not wanted anywhere. */
export class ResultTypeError extends CompileError {
  constructor(wanted: readonly Wanted[], found: Type) {
    super('', []);
    const [only, ...more] = wanted.map((each) => (typeof each === 'string' ? each : formatType(each)));
    this.message =
      more.length === 0
        ? `must evaluate to ${only}`
        : `must evaluate to one of [${[only, ...more].join(' ')}] but found ${formatType(found)}`;
  }
}

/** Whether a result is of a type; a list without items is a list of anything. */
function sameType(wanted: Wanted, found: Type): boolean {
  if (typeof wanted === 'string') return found.is === wanted;
  if (wanted.is === 'list' && found.is === 'list') return found.item.is === 'dyn' || sameType(wanted.item, found.item);
  return formatType(wanted) === formatType(found);
}
