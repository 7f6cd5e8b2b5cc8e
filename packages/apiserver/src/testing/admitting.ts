import { namespace } from '@coracle/api/core/v1/namespace';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { clone } from '@coracle/api/meta/object';
import { priorityClass, systemPriorityClasses } from '@coracle/api/scheduling/v1/priorityclass';
import type { Pod } from '@coracle/api/types/core/v1';
import { builtinAdmission } from '../admission/builtin.ts';
import { type Attributes, Reinvocation } from '../admission/plugin.ts';
import { alwaysAllow, alwaysDeny } from '../chain/authorization/authorizer.ts';
import type { UserInfo } from '../chain/link.ts';
import type { ObjectAccess } from '../registry/access.ts';

export const webhookPlugins = ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'];
const admin: UserInfo = { name: 'admin', uid: '', groups: ['system:authenticated'], extra: {} };
/** The user that a node is. */
export const n1: UserInfo = {
  name: 'system:node:n1',
  uid: '',
  groups: ['system:nodes', 'system:authenticated'],
  extra: {},
};

/** Objects that only can be read, by kind and key. */
export function reading(...there: [AnyKind, KubeObject][]): ObjectAccess {
  const find = (kind: AnyKind, name: string, at = '') =>
    there.find(
      ([each, { metadata }]) => each === kind && metadata.name === name && (metadata.namespace ?? '') === at,
    )?.[1];
  const all = (kind: AnyKind) => there.filter(([each]) => each === kind).map(([, object]) => object);
  return {
    cached: (kind: AnyKind, name: string, at?: string) => find(kind, name, at),
    cachedList: all,
    list: async (kind: AnyKind) => all(kind),
    get: async (kind: AnyKind, name: string, at?: string) => find(kind, name, at),
    lookUp: async (kind: AnyKind, name: string, at?: string) => find(kind, name, at),
  } as unknown as ObjectAccess;
}

/** A request: what is made, changed or deleted, by whom, where what else is there, and whether they may do everything. */
export interface Admission {
  kind: AnyKind;
  operation?: Attributes['operation'];
  object?: KubeObject;
  old?: KubeObject;
  subresource?: string;
  user?: UserInfo;
  objects?: ObjectAccess;
  allow?: boolean;
}

/** Runs all default plugins and NodeRestriction; returns the object as they leave it. */
export async function admit({
  kind,
  operation = 'CREATE',
  object,
  old,
  subresource = '',
  user = admin,
  objects,
  allow = true,
}: Admission) {
  const { metadata } = (object ?? old)!;
  const attributes: Attributes = {
    kind,
    objectKind: kind,
    group: kind.group,
    version: kind.version,
    resource: kind.plural,
    subresource,
    namespace: kind.namespaced ? (metadata.namespace ?? 'default') : '',
    name: metadata.name ?? '',
    operation,
    object: object && clone(object),
    oldObject: old,
    user,
    dryRun: false,
    options: {},
    objects: objects ?? cluster,
    warn: () => undefined,
    annotate: () => undefined,
    releases: [],
    reinvocation: new Reinvocation(),
  };
  const authorizer = allow ? alwaysAllow : alwaysDeny;
  const plugins = builtinAdmission({ authorizer, enable: ['NodeRestriction'], disable: webhookPlugins });
  for (const plugin of plugins) await plugin.mutate?.(attributes);
  for (const plugin of plugins) await plugin.validate?.(attributes);
  return attributes.object;
}

export const account = { metadata: { name: 'default', namespace: 'default' }, imagePullSecrets: [{ name: 'pull' }] };

const cluster = reading(
  [namespace, { metadata: { name: 'default' }, status: { phase: 'Active' } } as KubeObject],
  [namespace, { metadata: { name: 'ending' }, status: { phase: 'Terminating' } } as KubeObject],
  [namespace, { metadata: { name: 'kube-node-lease' } }],
  [serviceAccount, account],
  [
    serviceAccount,
    { metadata: { name: 'quiet', namespace: 'default' }, automountServiceAccountToken: false } as KubeObject,
  ],
  ...systemPriorityClasses.map((each): [AnyKind, KubeObject] => [priorityClass, each]),
  [node, { metadata: { name: 'n1', uid: 'n1-uid' } }],
  [pod, { metadata: { name: 'there', namespace: 'default', uid: 'u' }, spec: { nodeName: 'n2' } } as KubeObject],
);

/** A pod named web. */
export const web = (spec: Partial<Pod['spec']> = {}): Pod => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
});
