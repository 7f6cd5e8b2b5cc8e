import type { Checked } from '../check/checker.ts';
import { accepts, typeName, typeOf } from '../check/type.ts';
import { listCreation, mapCreation, structCreation } from '../cost/factors.ts';
import type { Overload } from '../functions/overload.ts';
import type { Call, Comprehension, Expr } from '../syntax/ast.ts';
import { ArrayList, EntryMap, ListValue, MapValue, Optional, TypeValue, UInt, type Value } from '../values.ts';
import { CostLimitError, EvaluationError } from './failure.ts';
import { Meter } from './meter.ts';
import { showValue } from './show.ts';

/** Finds the variables of an evaluation; undefined where one has no value. May throw EvaluationError. */
export type Activation = (name: string) => Value | undefined;

/** What came of an evaluation, and what it cost in upstream's units. */
export type Outcome =
  | { readonly value: Value; readonly cost: number }
  | { readonly error: EvaluationError | CostLimitError; readonly cost: number };

interface Frame {
  readonly activation: Activation;
  readonly locals: Value[];
  readonly meter: Meter;
}

type Step = (frame: Frame) => Value;

/** A compiled expression. */
export class Program {
  readonly #step: Step;

  constructor(checked: Checked) {
    this.#step = new Planner(checked).plan(checked.expr);
  }

  /** Evaluates within a cost of at most `limit`. Never throws for what the expression does. */
  evaluate(activation: Activation, limit: number): Outcome {
    const meter = new Meter(limit);
    try {
      return { value: this.#step({ activation, locals: [], meter }), cost: meter.used };
    } catch (error) {
      if (error instanceof EvaluationError || error instanceof CostLimitError) return { error, cost: meter.used };
      throw error;
    }
  }
}

/** Turns expressions into closures; local variables become slots. */
class Planner {
  readonly #checked: Checked;
  readonly #scope: string[] = [];

  constructor(checked: Checked) {
    this.#checked = checked;
  }

  plan(expr: Expr): Step {
    switch (expr.is) {
      case 'literal': {
        const { value } = expr;
        return () => value;
      }
      case 'ident':
        return this.#ident(expr, expr.name);
      case 'select':
        return this.#select(expr.operand, expr.field, expr.test, expr);
      case 'call':
        return this.#call(expr);
      case 'list': {
        const items = expr.items.map((item) => this.plan(item));
        const { optional } = expr;
        return (frame) => {
          const values = items.flatMap((step, i) => (optional.has(i) ? present(step(frame)) : [step(frame)]));
          frame.meter.add(listCreation);
          return new ArrayList(values);
        };
      }
      case 'map': {
        const entries = expr.entries.map(
          ({ key, value, optional }) => [this.plan(key), this.plan(value), optional] as const,
        );
        return (frame) => {
          const pairs = entries.flatMap(([key, value, optional]) => {
            const name = mapKey(key(frame));
            const found = value(frame);
            return (optional ? present(found) : [found]).map((each) => [name, each] as const);
          });
          frame.meter.add(mapCreation);
          return new EntryMap(pairs);
        };
      }
      case 'struct': {
        const type = this.#checked.types.get(expr);
        const fields = expr.fields.map(({ key, value, optional }) => [key, this.plan(value), optional] as const);
        return (frame) => {
          const pairs = fields.flatMap(([key, value, optional]) => {
            const found = value(frame);
            return (optional ? present(found) : [found]).map((each) => [key, each] as const);
          });
          frame.meter.add(structCreation);
          return new EntryMap(pairs, type);
        };
      }
      case 'comprehension':
        return this.#comprehension(expr);
    }
  }

  #ident(expr: Expr, name: string): Step {
    const slot = this.#scope.lastIndexOf(name);
    if (slot >= 0) {
      return ({ locals, meter }) => {
        meter.add(1);
        return locals[slot]!;
      };
    }
    const type = this.#checked.typeNames.get(expr);
    if (type) {
      const value = new TypeValue(type);
      return () => value;
    }
    return ({ activation, meter }) => {
      meter.add(1);
      const value = activation(name);
      if (value === undefined) throw new EvaluationError(`no such attribute(s): ${name}`);
      return value;
    };
  }

  #select(operand: Expr, field: string, test: boolean, expr: Expr): Step {
    const qualified = this.#checked.qualified.get(expr);
    if (qualified !== undefined) return this.#ident(expr, qualified);
    const type = this.#checked.typeNames.get(expr);
    if (type) {
      const value = new TypeValue(type);
      return () => value;
    }
    const from = this.plan(operand);
    if (test) return (frame) => fieldOf(from(frame), field) !== undefined;
    return (frame) => {
      const value = from(frame);
      frame.meter.add(1);
      if (value instanceof Optional) return optionalField(value, field);
      const found = fieldOf(value, field);
      if (found === undefined) throw new EvaluationError(`no such key: ${field}`);
      return found;
    };
  }

  #call(expr: Call): Step {
    const { name, args } = expr;
    switch (name) {
      case '_&&_':
        return this.#logical(this.plan(args[0]!), this.plan(args[1]!), false);
      case '_||_':
        return this.#logical(this.plan(args[0]!), this.plan(args[1]!), true);
      case '_?_:_': {
        const [condition, yes, no] = [this.plan(args[0]!), this.plan(args[1]!), this.plan(args[2]!)];
        return (frame) => {
          const value = condition(frame);
          if (typeof value !== 'boolean') throw new EvaluationError('no such overload');
          return value ? yes(frame) : no(frame);
        };
      }
      case '_?._': {
        const from = this.plan(args[0]!);
        const field = args[1]!.is === 'literal' ? String(args[1]!.value) : '';
        return (frame) => {
          const value = from(frame);
          frame.meter.add(1);
          return value instanceof Optional ? optionalField(value, field) : optionalField(new Optional(value), field);
        };
      }
      case '@not_strictly_false': {
        const inner = this.plan(args[0]!);
        return (frame) => {
          const value = settled(inner, frame);
          frame.meter.add(1);
          return value !== false;
        };
      }
      default:
        return this.#function(expr);
    }
  }

  /** `&&` and `||`: one operand that decides is enough, whatever the other comes to. */
  #logical(left: Step, right: Step, deciding: boolean): Step {
    return (frame) => {
      const first = settled(left, frame);
      if (first === deciding) return deciding;
      const second = settled(right, frame);
      if (second === deciding) return deciding;
      if (first instanceof EvaluationError) throw first;
      if (second instanceof EvaluationError) throw second;
      if (typeof first !== 'boolean' || typeof second !== 'boolean') throw new EvaluationError('no such overload');
      return !deciding;
    };
  }

  #function(expr: Call): Step {
    const namespaced = this.#checked.functions.get(expr);
    const name = namespaced ?? expr.name;
    const args = expr.target && !namespaced ? [expr.target, ...expr.args] : expr.args;
    const steps = args.map((arg) => this.plan(arg));
    const overloads = this.#checked.overloads.get(expr) ?? [];
    // A constant index is part of the name of what is read: it costs as little as a field.
    const field = (name === '_[_]' || name === '_[?_]') && args[1]?.is === 'literal';
    const only = overloads.length === 1 ? overloads[0] : undefined;
    return (frame) => {
      const values = steps.map((step) => step(frame));
      const chosen = only && fits(only, values) ? only : overloads.find((each) => fits(each, values));
      if (!chosen) throw unfit(name, values);
      const result = chosen.run(...values);
      frame.meter.add(field || !chosen.cost ? 1 : chosen.cost(values, result));
      return result;
    };
  }

  #comprehension(expr: Comprehension): Step {
    const range = this.plan(expr.range);
    const initial = this.plan(expr.initial);
    const slot = this.#scope.push(expr.accumulator) - 1;
    this.#scope.push(expr.variable);
    if (expr.variable2 !== undefined) this.#scope.push(expr.variable2);
    const condition = this.plan(expr.condition);
    const step = this.plan(expr.step);
    this.#scope.length = slot + 1;
    const result = this.plan(expr.result);
    this.#scope.length = slot;
    const two = expr.variable2 !== undefined;
    return (frame) => {
      const over = range(frame);
      const { locals } = frame;
      locals[slot] = initial(frame);
      // An error of one step is kept in the accumulator: later steps may still decide.
      let failed: EvaluationError | undefined;
      for (const [first, second] of pairsOf(over, two)) {
        locals[slot + 1] = first;
        if (two) locals[slot + 2] = second!;
        if (!failed && condition(frame) === false) break;
        const next = failed ? absorb(failed, step, frame, slot) : settled(step, frame);
        if (next instanceof EvaluationError) {
          failed = next;
        } else {
          failed = undefined;
          locals[slot] = next;
        }
      }
      if (failed) throw failed;
      return result(frame);
    };
  }
}

/**
 * A step after one that failed. The accumulators of `all` and `exists` are what `&&` and `||` start from, so the step is run with the
 * neutral value they still hold; only a step that decides gets over the failure.
 */
function absorb(failed: EvaluationError, step: Step, frame: Frame, slot: number): Value | EvaluationError {
  const held = frame.locals[slot];
  if (typeof held !== 'boolean') return failed;
  const next = settled(step, frame);
  return typeof next === 'boolean' && next !== held ? next : failed;
}

function settled(step: Step, frame: Frame): Value | EvaluationError {
  try {
    return step(frame);
  } catch (error) {
    if (error instanceof EvaluationError) return error;
    throw error;
  }
}

function* pairsOf(over: Value, two: boolean): Iterable<readonly [Value, Value?]> {
  if (over instanceof ListValue) {
    let index = 0n;
    for (const item of over) yield two ? [index++, item] : [item];
  } else if (over instanceof MapValue) {
    for (const key of over.keys()) yield two ? [key, over.get(key)!] : [key];
  } else {
    throw new EvaluationError(`got '${typeName(typeOf(over))}', expected iterable type`);
  }
}

function fits({ params }: Overload, values: readonly Value[]): boolean {
  return params.every((type, i) => accepts(type, values[i]!));
}

function unfit(name: string, [container, index]: readonly Value[]): EvaluationError {
  if (name !== '_[_]') return new EvaluationError('no such overload');
  if (!(container instanceof ListValue)) return new EvaluationError(`no such key: ${showValue(index!)}`);
  return new EvaluationError(`unsupported index type '${typeName(typeOf(index!))}' in list`);
}

function fieldOf(value: Value, field: string): Value | undefined {
  if (value instanceof MapValue) return value.get(field);
  if (value instanceof Optional) return value.value === undefined ? undefined : fieldOf(value.value, field);
  return undefined;
}

function optionalField(optional: Optional, field: string): Value {
  if (optional.value === undefined) return Optional.none;
  const found = fieldOf(optional.value, field);
  return found === undefined ? Optional.none : new Optional(found);
}

function present(value: Value): Value[] {
  if (!(value instanceof Optional)) throw new EvaluationError('no such overload');
  return value.value === undefined ? [] : [value.value];
}

function mapKey(key: Value): Value {
  if (['string', 'bigint', 'boolean'].includes(typeof key) || key instanceof UInt) return key;
  throw new EvaluationError(`unsupported key type: ${typeName(typeOf(key))}`);
}
