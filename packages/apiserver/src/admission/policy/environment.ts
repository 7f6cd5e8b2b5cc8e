import type { ParamKind } from '@coracle/api/types/admissionregistration/v1';
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
import { requestType } from '../../expressions/request-type.ts';

const text = plainType(types.string);
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

/** The variable `request`: the AdmissionReview's request without what identifies the call, and without its objects. */
export const admissionRequest = requestType('admission/v1.AdmissionRequest', 'kubernetes.AdmissionRequest', [
  'uid',
  'object',
  'oldObject',
]);

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
  /** An object of the policy's variables compiled so far. */
  readonly variables?: DeclaredType;
}

/** The environment of a policy's or webhook's expression. */
export function environmentOf(names: Names): Environment {
  const { object = dynamic, paramsType = dynamic, variables } = names;
  return {
    variables: {
      object,
      oldObject: object,
      request: admissionRequest,
      ...(names.namespace ? { namespaceObject: namespaceType } : {}),
      ...(names.params ? { params: paramsType } : {}),
      ...(names.authorizer
        ? { authorizer: plainType(authorizerType), 'authorizer.requestResource': plainType(resourceCheckType) }
        : {}),
      ...(variables ? { variables } : {}),
    },
  };
}

/** What match conditions of a policy can name: all its validations can, but for variables. */
export const conditionEnvironment = ({ paramKind }: { paramKind?: ParamKind }): Environment =>
  environmentOf({ params: paramKind !== undefined, authorizer: true, namespace: true });

/** What match conditions of a webhook can name. */
export const webhookEnvironment: Environment = environmentOf({ params: false, authorizer: true, namespace: false });
