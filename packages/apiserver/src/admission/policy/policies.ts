import type { Kind, KubeObject } from '@coracle/api/kind';
import { selectorFrom } from '@coracle/api/meta/labels';
import type { Scheme } from '@coracle/api/scheme';
import type { MatchResources, ParamKind, ParamRef } from '@coracle/api/types/admissionregistration/v1';
import type { Authorizer } from '../../chain/authorization/authorizer.ts';
import type { ObjectAccess } from '../../registry/access.ts';
import type { Attributes } from '../plugin.ts';
import type { Criteria } from '../webhook/matching.ts';
import type { PolicyMetrics } from './metrics.ts';

/** What a plugin of policies needs of the server around it. */
export interface PolicySurroundings {
  readonly objects: ObjectAccess;
  /** The kinds there are now, custom ones included: parameters may be of any. */
  readonly kinds: () => Scheme;
  readonly authorizer: Authorizer;
  readonly metrics: PolicyMetrics;
}

export interface PolicyObject extends KubeObject {
  spec: { paramKind?: ParamKind; matchConstraints?: MatchResources };
}

export interface BindingObject extends KubeObject {
  spec: { policyName?: string; paramRef?: ParamRef; matchResources?: MatchResources };
}

/** A policy that bindings put in force, with what is made of it once. */
export interface Policy<P extends PolicyObject, B extends BindingObject> {
  readonly object: P;
  readonly name: string;
  readonly criteria: Criteria;
  readonly bindings: readonly Binding<B>[];
}

export interface Binding<B extends BindingObject> {
  readonly object: B;
  readonly name: string;
  /** Absent where the binding is about all that its policy is about. */
  readonly criteria?: Criteria;
}

/** Follows the policies of one kind and their bindings; gives those that have bindings, by name, bindings by theirs. */
export function followPolicies<P extends PolicyObject, B extends BindingObject>(
  objects: ObjectAccess,
  policyKind: Kind<P>,
  bindingKind: Kind<B>,
): () => readonly Policy<P, B>[] {
  const policies = new Map<string, P>();
  const bindings = new Map<string, B>();
  let inForce: readonly Policy<P, B>[] | undefined = [];
  objects.onChange(policyKind, ({ type, object }) => {
    inForce = undefined;
    if (type === 'deleted') policies.delete(object.metadata.name!);
    else policies.set(object.metadata.name!, object);
  });
  objects.onChange(bindingKind, ({ type, object }) => {
    inForce = undefined;
    if (type === 'deleted') bindings.delete(object.metadata.name!);
    else bindings.set(object.metadata.name!, object);
  });
  return () => {
    inForce ??= join(policies, bindings);
    return inForce;
  };
}

function join<P extends PolicyObject, B extends BindingObject>(
  policies: ReadonlyMap<string, P>,
  bindings: ReadonlyMap<string, B>,
): Policy<P, B>[] {
  const byPolicy = new Map<string, Binding<B>[]>();
  for (const name of [...bindings.keys()].sort()) {
    const object = bindings.get(name)!;
    const { policyName = '', matchResources } = object.spec;
    const criteria = matchResources && criteriaOf(matchResources);
    byPolicy.set(policyName, [...(byPolicy.get(policyName) ?? []), { object, name, criteria }]);
  }
  return [...policies.keys()].sort().flatMap((name) => {
    const bound = byPolicy.get(name);
    const object = policies.get(name)!;
    return bound ? [{ object, name, criteria: criteriaOf(object.spec.matchConstraints ?? {}), bindings: bound }] : [];
  });
}

/** Where no rule says which resources are meant, all are. */
function criteriaOf(it: MatchResources): Criteria {
  const all = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], scope: '*' };
  return {
    rules: it.resourceRules?.length ? it.resourceRules : [all],
    except: it.excludeResourceRules ?? [],
    matchPolicy: it.matchPolicy,
    namespaceSelector: selectorFrom(it.namespaceSelector ?? {}),
    objectSelector: selectorFrom(it.objectSelector ?? {}),
  };
}

const group = 'admissionregistration.k8s.io';
const own = new Set([
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
]);

/** Whether a request is for a policy or binding itself: none may keep them from being repaired. */
export const isPolicy = ({ group: of, resource }: Attributes): boolean => of === group && own.has(resource);
