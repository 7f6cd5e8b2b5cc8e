import { type Activation, CostLimitError, type Value } from '@coracle/cel';
import { EvaluationError } from '@coracle/cel/evaluate/failure';
import { perCallLimit } from '@coracle/cel/limits';
import { toValue } from '@coracle/cel/schema/json-value';
import { MapValue } from '@coracle/cel/values';
import type { Compiled } from '../../expressions/compiled.ts';
import type { Inputs } from './inputs.ts';

/** The budget of a request is used up: nothing more is evaluated. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

export type Result = { readonly value: Value; readonly error?: undefined } | { readonly error: string };

/** The variables of an expression that sees no variables of a policy. */
export const activationOf =
  (inputs: Inputs, params: object | null): Activation =>
  (name) =>
    name === 'params' ? toValue(params) : inputs.value(name);

/** Evaluates the expressions of one policy for one request and one parameter, within one budget. */
export class Evaluation {
  readonly #inputs: Inputs;
  readonly #params: object | null;
  readonly #variables: ReadonlyMap<string, Compiled>;
  readonly #known = new Map<string, Value>();
  #budget: number;

  constructor(inputs: Inputs, params: object | null, variables: ReadonlyMap<string, Compiled>, budget: number) {
    this.#inputs = inputs;
    this.#params = params;
    this.#variables = variables;
    this.#budget = budget;
  }

  /** What an expression comes to. Throws OutOfBudget. */
  run({ source, expression, failure }: Compiled): Result {
    if (!expression) return { error: `compilation error: ${failure}` };
    const outcome = expression.evaluate(this.#activation, perCallLimit);
    this.#spend(outcome.cost);
    if (!('error' in outcome)) return { value: outcome.value };
    return { error: `expression '${source}' resulted in error: ${outcome.error.message}` };
  }

  #spend(cost: number): void {
    if (cost > this.#budget) throw new OutOfBudget();
    this.#budget -= cost;
  }

  readonly #activation: Activation = (name) => {
    switch (name) {
      case 'params':
        return this.#once(name, () => (this.#params ? toValue(this.#params) : null));
      case 'variables':
        return this.#once(name, () => new Variables((variable) => this.#variable(variable)));
      default:
        return this.#inputs.value(name);
    }
  };

  #once(name: string, make: () => Value): Value {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const made = make();
    this.#known.set(name, made);
    return made;
  }

  /** A variable is evaluated when it is first asked for, and not again. */
  #variable(name: string): Value | undefined {
    const compiled = this.#variables.get(name);
    if (!compiled) return undefined;
    return this.#once(`variables.${name}`, () => {
      const failed = (why: string) =>
        new EvaluationError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${why}`);
      if (!compiled.expression) throw failed(compiled.failure);
      const outcome = compiled.expression.evaluate(this.#activation, perCallLimit);
      this.#spend(outcome.cost);
      if (!('error' in outcome)) return outcome.value;
      if (outcome.error instanceof CostLimitError) throw outcome.error;
      throw failed(outcome.error.message);
    });
  }
}

class Variables extends MapValue {
  readonly #get: (name: string) => Value | undefined;

  constructor(get: (name: string) => Value | undefined) {
    super();
    this.#get = get;
  }

  override get size(): number {
    return 0;
  }

  override get(key: Value): Value | undefined {
    return typeof key === 'string' ? this.#get(key) : undefined;
  }

  override *keys(): Iterable<Value> {}
}
