import type { Environment } from '@coracle/cel';
import { types } from '@coracle/cel/check/type';
import { authorizerType, resourceCheckType } from '@coracle/cel/libraries/authorizer';
import {
  type DeclaredField,
  type DeclaredType,
  declaredList,
  declaredMap,
  declaredObject,
  dynamic,
  plainType,
} from '@coracle/cel/schema/declared-type';

const text = plainType(types.string);
const bool = plainType(types.bool);
const int = plainType(types.int);
const texts = declaredList(text);
const labels = declaredMap(text);

function objectOf(name: string, fields: Readonly<Record<string, DeclaredType>>): DeclaredType {
  const declared = Object.entries(fields).map(([field, type]): [string, DeclaredField] => [
    field,
    { name: field, declared: type },
  ]);
  return declaredObject(name, () => new Map(declared));
}

const gvk = objectOf('kubernetes.GroupVersionKind', { group: text, version: text, kind: text });
const gvr = objectOf('kubernetes.GroupVersionResource', { group: text, version: text, resource: text });

/** The variable `request`: the AdmissionReview's request without its objects. */
export const requestType = objectOf('kubernetes.AdmissionRequest', {
  kind: gvk,
  resource: gvr,
  subResource: text,
  requestKind: gvk,
  requestResource: gvr,
  requestSubResource: text,
  name: text,
  namespace: text,
  operation: text,
  userInfo: objectOf('kubernetes.UserInfo', { username: text, uid: text, groups: texts, extra: declaredMap(texts) }),
  dryRun: bool,
  options: dynamic,
});

/** The variable `namespaceObject`: what a policy may see of the namespace. */
export const namespaceType = objectOf('kubernetes.Namespace', {
  metadata: objectOf('kubernetes.NamespaceMetadata', {
    name: text,
    generateName: text,
    namespace: text,
    labels,
    annotations: labels,
    UID: text,
    creationTimestamp: plainType(types.timestamp),
    deletionGracePeriodSeconds: int,
    deletionTimestamp: plainType(types.timestamp),
    generation: int,
    resourceVersion: text,
    finalizers: texts,
  }),
  spec: objectOf('kubernetes.NamespaceSpec', { finalizers: texts }),
  status: objectOf('kubernetes.NamespaceStatus', { phase: text }),
});

/** What expressions of one place may name beyond `object`, `oldObject` and `request`. */
export interface Names {
  readonly params: boolean;
  readonly authorizer: boolean;
  /** `namespaceObject`, which conditions of webhooks do not have. */
  readonly namespace: boolean;
  /** The type of the object, where it is known; any by default. */
  readonly object?: DeclaredType;
  readonly paramsType?: DeclaredType;
  /** The policy's variables compiled so far, by name. */
  readonly variables?: ReadonlyMap<string, DeclaredType>;
}

/** The environment of a policy's or webhook's expression. */
export function environmentOf(names: Names): Environment {
  const { object = dynamic, paramsType = dynamic, variables } = names;
  const fields = [...(variables ?? [])].map(([name, declared]): [string, DeclaredField] => [name, { name, declared }]);
  return {
    variables: {
      object,
      oldObject: object,
      request: requestType,
      ...(names.namespace ? { namespaceObject: namespaceType } : {}),
      ...(names.params ? { params: paramsType } : {}),
      ...(names.authorizer
        ? { authorizer: plainType(authorizerType), 'authorizer.requestResource': plainType(resourceCheckType) }
        : {}),
      ...(variables ? { variables: declaredObject('kubernetes.variables', () => new Map(fields)) } : {}),
    },
  };
}
