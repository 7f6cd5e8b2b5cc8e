import type { AnyKind, Verb } from '@coracle/api/kind';
import {
  badRequest,
  methodNotAllowed,
  methodNotSupported,
  notFoundError,
  type StatusError,
  unknownPath,
} from '@coracle/api/meta/status';
import { annotate } from '../chain/audit/record.ts';
import { limitWrite } from '../chain/deadline.ts';
import type { RequestContext } from '../chain/link.ts';
import { groupVersionOf } from '../chain/request-info.ts';
import { type HookTable, resourceKey, type SubresourceTable } from '../registry/strategy.ts';
import { answer } from './answer.ts';
import type { Call, Machinery } from './call.ts';
import { readComputed } from './computed.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { removeCollection } from './deletecollection.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { callSubresource } from './subresource.ts';
import { nobodysPath } from './unknown-path.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

type Endpoint = (call: Call) => Promise<void>;

// Patches bring a good deal of code with them that a start does not need.
const patch: Endpoint = async (call) => (await import('./patch.ts')).patch(call);
const getScale: Endpoint = async (call) => (await import('./scale.ts')).getScale(call);
const updateScale: Endpoint = async (call) => (await import('./scale.ts')).updateScale(call);
const patchScale: Endpoint = async (call) => (await import('./scale.ts')).patchScale(call);

const verbs: Readonly<Record<Verb, Endpoint>> = {
  create,
  get,
  list,
  watch,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
};

const statusVerbs: Readonly<Record<string, Endpoint>> = { get, update, patch };
const scaleVerbs: Readonly<Record<string, Endpoint>> = { get: getScale, update: updateScale, patch: patchScale };

const needsName = new Set(['get', 'update', 'patch', 'delete']);

/** Answers a resource request. Throws the 404 for what is not served, and the 405 for verbs a resource does not have. */
export async function dispatch(
  context: RequestContext,
  machinery: Machinery,
  hooks: HookTable,
  subresources: SubresourceTable,
): Promise<void> {
  const { info } = context;
  const { scheme } = machinery.registry;
  // `/apis/v1/…` and `/api/apps/…` are nobody's paths, though they would name the same group-version.
  if ((info.apiPrefix === 'api') !== (info.apiGroup === '')) throw nobodysPath(info, scheme);
  const kind = scheme.resource(groupVersionOf(info), info.resource);
  if (!kind || !isServed(kind, hooks) || !isPlace(context, kind)) throw nobodysPath(info, scheme);
  const deprecation = kind.dynamic?.deprecation ?? kind.deprecation;
  if (deprecation !== undefined) {
    context.warnings.add(deprecation);
    annotate(context, 'k8s.io/deprecated', 'true');
  }
  limitWrite(context);
  const namespace = kind.namespaced ? info.namespace : '';
  if (info.subresource !== '') return subresource(context, machinery, kind, namespace, subresources);
  if (info.parts.length > 3) throw noSubresource(context, kind);
  if (info.verb === 'proxy') throw unknownPath();
  if (context.req.method === 'HEAD' && !kind.dynamic) throw methodNotAllowed();
  const resource = machinery.registry.find(kind);
  const name = info.parts[1] ?? '';
  if (!resource) {
    const own = hooks[resourceKey(kind)];
    if (own?.read && kind.verbs.includes(info.verb as Verb)) {
      context.counted = 'answered';
      return readComputed({ context, kind, name }, own.read);
    }
    if (!own?.answer || info.verb !== 'create' || name !== '') throw methodNotAllowed();
    context.counted = 'answered';
    return answer(context, machinery, kind, namespace, own);
  }
  // No route keeps these from custom resources, so it is the handler that misses the name.
  if (kind.dynamic && name === '' && (info.verb === 'update' || info.verb === 'patch')) {
    context.counted = 'answered';
    throw badRequest('name must be provided');
  }
  const endpoint = verbs[info.verb as Verb];
  if (!endpoint && kind.dynamic) throw methodNotSupported(resource.named, info.verb);
  if (!endpoint || !kind.verbs.includes(info.verb as Verb)) throw methodNotAllowed();
  if (needsName.has(info.verb) !== (name !== '') && info.verb !== 'watch') throw methodNotAllowed();
  context.counted = 'answered';
  await endpoint({ context, machinery, resource, kind, namespace, name, subresource: '' });
}

async function subresource(
  context: RequestContext,
  machinery: Machinery,
  kind: AnyKind,
  namespace: string,
  subresources: SubresourceTable,
): Promise<void> {
  const { info } = context;
  const custom = subresources[`${resourceKey(kind)}/${info.subresource}`];
  if (custom?.handle) return callSubresource(custom, custom.handle, context, machinery, kind, namespace);
  const resource = machinery.registry.find(kind);
  if (!resource || info.parts.length > 3) throw noSubresource(context, kind);
  if (context.req.method === 'HEAD' && !kind.dynamic) throw methodNotAllowed();
  let endpoints: Readonly<Record<string, Endpoint>> | undefined;
  if (info.subresource === 'status' && kind.subresources?.status) endpoints = statusVerbs;
  if (info.subresource === 'scale' && kind.subresources?.scale) endpoints = scaleVerbs;
  if (custom) {
    if (!custom.methods.includes(context.req.method ?? '')) throw methodNotAllowed();
    endpoints = statusVerbs;
  }
  if (!endpoints) throw noSubresource(context, kind);
  const endpoint = endpoints[info.verb];
  if (!endpoint) throw kind.dynamic ? methodNotSupported(resource.named, info.verb) : methodNotAllowed();
  context.counted = 'answered';
  await endpoint({ context, machinery, resource, kind, namespace, name: info.name, subresource: info.subresource });
}

/** The 404 of a subresource there is not; custom resources say it of the object, as upstream's do. */
function noSubresource({ info }: RequestContext, { dynamic, group, plural }: AnyKind): StatusError {
  return dynamic ? notFoundError({ group, resource: plural }, info.parts[1] ?? '') : unknownPath();
}

/** Kinds that only appear as the body of a subresource have no path of their own. */
export function isServed(kind: AnyKind, hooks: HookTable): boolean {
  return kind.verbs.includes('get') || hooks[resourceKey(kind)]?.answer !== undefined;
}

/**
 * Whether the path is one the resource has: cluster-scoped ones are not below a namespace, named ones of namespaces are. Across namespaces custom
 * resources can be listed and watched alone.
 */
function isPlace({ info }: RequestContext, kind: AnyKind): boolean {
  if (!kind.namespaced) return info.namespace === '' || info.resource === 'namespaces';
  if (kind.dynamic && info.namespace === '' && info.verb !== 'list' && info.verb !== 'watch') return false;
  return info.namespace !== '' || info.parts.length < 2;
}
