import type { AnyKind } from '@coracle/api/kind';
import { isObject } from '@coracle/api/meta/object';
import { applyJsonPatch, JsonPatchError } from '@coracle/api/patch/json-patch';
import { keyedItems, memberRef, type TypedRef, topologyOf } from '@coracle/api/patch/typed';
import { typeProblem } from '@coracle/api/patch/typed-check';
import { mergeTyped } from '@coracle/api/patch/typed-merge';
import { type ObjectSchema, objectSchemaOf, schemaOfKind, typeNamed } from '@coracle/api/schema';
import type { MutatingAdmissionPolicy, Mutation } from '@coracle/api/types/admissionregistration/v1';
import { perRequestLimit } from '@coracle/cel/limits';
import { toJson } from '@coracle/cel/schema/json-value';
import { MapValue, type Value } from '@coracle/cel/values';
import { apiVersionOf } from '../../discovery/groups.ts';
import type { Compiled } from '../../expressions/compiled.ts';
import { compileConditions, type Verdict } from '../../expressions/conditions.ts';
import type { Forms } from '../webhook/forms.ts';
import { conditionEnvironment } from './environment.ts';
import { activationOf, Evaluation } from './evaluation.ts';
import type { Inputs } from './inputs.ts';
import { checkPlaces } from './mutation-types.ts';
import { PolicyScope } from './scope.ts';

/** One mutation: what it makes of the object in the form that was matched, or that object itself. Throws what is wrong with it. */
type Patch = (inputs: Inputs, params: object | null, kind: AnyKind) => object;

/** A policy's expressions, compiled. */
export interface Mutator {
  matches(inputs: Inputs, params: object | null): Verdict;
  readonly patches: readonly Patch[];
}

const mutators = new WeakMap<MutatingAdmissionPolicy, Mutator>();

/** The policy's expressions, compiled once for each revision of it. */
export function mutatorOf(policy: MutatingAdmissionPolicy): Mutator {
  const known = mutators.get(policy) ?? compilePolicy(policy);
  mutators.set(policy, known);
  return known;
}

function compilePolicy({ spec }: MutatingAdmissionPolicy): Mutator {
  const scope = new PolicyScope(spec);
  const conditions = compileConditions(spec.matchConditions ?? [], conditionEnvironment(spec));
  return {
    matches: (inputs, params) => conditions(activationOf(inputs, params)),
    patches: (spec.mutations ?? []).map((mutation) => patchOf(mutation, scope)),
  };
}

function patchOf({ applyConfiguration, jsonPatch }: Mutation, scope: PolicyScope): Patch {
  const evaluate = (compiled: Compiled, inputs: Inputs, params: object | null): Value => {
    const result = new Evaluation(inputs, params, scope.variables, perRequestLimit).run(compiled);
    if (result.error !== undefined) throw new Error(result.error);
    return result.value;
  };
  if (jsonPatch) {
    const compiled = scope.compilePatch(jsonPatch.expression ?? '');
    return (inputs, params) => patched(inputs.forms.object!, evaluate(compiled, inputs, params));
  }
  const compiled = scope.compileConfiguration(applyConfiguration?.expression ?? '');
  return (inputs, params, kind) => applied(inputs.forms, evaluate(compiled, inputs, params), kind);
}

/** RFC 6902; a `test` that fails leaves the object as it is. */
function patched(object: object, operations: Value): object {
  const decoded = toJson(operations) as { op: string }[];
  try {
    return applyJsonPatch(object, decoded);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    if (/^testing (path|value)/.test(error.message)) return object;
    throw new Error(`JSONPath: ${error.message}`);
  }
}

/** Lays a configuration over the object as server-side apply does, without owners. */
function applied(forms: Forms, configuration: Value, kind: AnyKind): object {
  if (!(configuration instanceof MapValue))
    throw new Error('unsupported return type from ApplyConfiguration expression');
  try {
    checkPlaces(configuration);
  } catch (error) {
    throw new Error(`type mismatch: ${(error as Error).message}`);
  }
  const schema = schemaOfForm(forms.kind, kind);
  const config = toJson(configuration);
  const misfit = typeProblem(config, schema);
  if (misfit !== undefined) {
    throw new Error(`error applying patch: failed to convert patch object to typed object: ${misfit}`);
  }
  const atomic = atomicParts(config, { schema }, '');
  if (atomic.length > 0) {
    throw new Error(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomic.join(', ')}`,
    );
  }
  return mergeTyped(forms.object!, config, schema) as object;
}

/** The type of what is changed: the kind's, unless it is a subresource's body of its own (a Scale, an Eviction). */
function schemaOfForm(form: Forms['kind'], kind: AnyKind): ObjectSchema {
  if (form.group === kind.group && form.kind === kind.kind) return schemaOfKind(kind);
  const type = typeNamed(apiVersionOf(form.group, form.version), form.kind);
  return type === undefined ? schemaOfKind(kind) : objectSchemaOf(type);
}

/** Paths of what has parts, and is replaced as a whole all the same: an expression that sets some of it would lose the rest. */
function atomicParts(value: unknown, ref: TypedRef, path: string): string[] {
  if (typeof value !== 'object' || value === null || ref.schema.is === 'scalar') return [];
  const topology = topologyOf(ref, value);
  switch (topology.is) {
    case 'leaf':
      return [path];
    case 'struct':
    case 'map':
      if (!isObject(value)) return [];
      return Object.entries(value).flatMap(([name, each]) => {
        const member = memberRef(topology, name);
        return member ? atomicParts(each, member, `${path}.${name}`) : [];
      });
    case 'keyed':
      if (!Array.isArray(value)) return [];
      return keyedItems(value, topology).flatMap(({ item }, i) =>
        atomicParts(item, { schema: topology.schema.items }, `${path}[${i}]`),
      );
    default:
      return [];
  }
}
