import type { ParamKind, Variable } from '@coracle/api/types/admissionregistration/v1';
import type { Environment } from '@coracle/cel';
import { listOf, type Type } from '@coracle/cel/check/type';
import { jsonPatch } from '@coracle/cel/libraries/json-patch';
import { GrowingObject, plainType } from '@coracle/cel/schema/declared-type';
import { type Compiled, compileIn } from '../../expressions/compiled.ts';
import { environmentOf, type Names } from './environment.ts';
import { configurationType, patchType } from './mutation-types.ts';

/** What the expressions of a policy have in common: its variables, and what they may name. */
export class PolicyScope {
  readonly variables = new Map<string, Compiled>();
  readonly #names: Names;
  /** A variable sees those before it: the type grows as they are compiled. */
  readonly #types = new GrowingObject('kubernetes.variables');

  constructor(
    spec: { paramKind?: ParamKind; variables?: Variable[] },
    types: Pick<Names, 'object' | 'paramsType'> = {},
  ) {
    this.#names = { params: spec.paramKind !== undefined, authorizer: true, namespace: true, ...types };
    // One without an expression is for the kind's own validation.
    const nothing = this.compile('');
    for (const { name, expression = '' } of spec.variables ?? []) {
      const compiled = expression === '' ? nothing : this.compile(expression);
      this.variables.set(name, compiled);
      // A variable that does not compile is there all the same: what names it fails when it runs, with the variable's own error.
      this.#types.add(name, compiled.expression ? plainType(compiled.expression.result) : plainType({ is: 'dyn' }));
    }
  }

  compile(source: string, wanted?: readonly Type[], change: Partial<Names> = {}): Compiled {
    return compileIn(this.#environment(change), source, wanted);
  }

  /** The faults of an expression, shown line by line; undefined where there is none. */
  issuesOf(source: string): string | undefined {
    const { failure } = this.compile(source);
    return failure?.replace(/^compilation failed: /, '');
  }

  /** An expression that makes a part of the object, to be applied to it: `Object{spec: Object.spec{replicas: 1}}`. */
  compileConfiguration(source: string): Compiled {
    return compileIn({ ...this.#environment(), functions: jsonPatch, types: configurationType }, source, [
      configurationType('Object')!,
    ]);
  }

  /** An expression that makes a list of `JSONPatch{op: …}`. */
  compilePatch(source: string): Compiled {
    return compileIn({ ...this.#environment(), functions: jsonPatch, types: patchType }, source, [
      listOf(patchType('JSONPatch')!),
    ]);
  }

  #environment(change: Partial<Names> = {}): Environment {
    return environmentOf({ ...this.#names, variables: this.#types.declared, ...change });
  }
}
