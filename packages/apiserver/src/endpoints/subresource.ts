import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { badRequest, methodNotAllowed } from '@coracle/api/meta/status';
import type { RequestContext } from '../chain/link.ts';
import { apiVersionOf } from '../discovery/groups.ts';
import { attributesOf, mutate, validate, type Write } from '../registry/admission.ts';
import { recordManager } from '../registry/field-management.ts';
import { wipeSystemFields } from '../registry/metadata.ts';
import type { Subresource } from '../registry/strategy.ts';
import { readBody } from './body.ts';
import { checkName, type Machinery, writeBy } from './call.ts';
import { decodeObject } from './decoding.ts';
import { writeOptionsOf } from './options.ts';
import { sendValue } from './response.ts';

/** A call of a subresource that the registry has a handler for. */
export async function callSubresource(
  subresource: Subresource,
  handle: NonNullable<Subresource['handle']>,
  context: RequestContext,
  machinery: Machinery,
  kind: AnyKind,
  namespace: string,
): Promise<void> {
  const { info, req } = context;
  if (!subresource.methods.includes(req.method ?? '')) throw methodNotAllowed();
  context.counted = 'answered';
  checkName(info.name);
  const { registry, plugins } = machinery;
  const { group, version, kind: bodyKind, sameForm = [] } = subresource.body;
  // What a connection asks for is options, which the query has: it says nothing of a write.
  const connects = bodyKind.endsWith('Options');
  if (connects && context.query.has('dryRun')) throw badRequest('dryRun is not supported');
  const query = connects ? new URLSearchParams() : context.query;
  const options = writeOptionsOf(query, req.method === 'PUT' ? 'UpdateOptions' : 'CreateOptions');
  const objectKind = { apiVersion: apiVersionOf(group, version), kind: bodyKind };
  let bodyType = '';
  const warn = (text: string) => context.warnings.add(text);
  const write = writeBy(context, plugins, options, info.subresource);
  const admitted = async (
    described: Write,
    operation: 'CREATE' | 'CONNECT',
    object: KubeObject | undefined,
    complete?: (object: KubeObject) => Promise<void>,
  ): Promise<KubeObject | undefined> => {
    const place = { name: info.name, namespace };
    const attributes = attributesOf(described, registry, kind, operation, object, undefined, place, objectKind);
    await mutate(plugins, attributes);
    if (attributes.object) await complete?.(attributes.object);
    await validate(plugins, attributes);
    return attributes.object;
  };
  await handle({
    request: context,
    kind,
    namespace,
    name: info.name,
    rest: restOfPath(info.path, info.subresource),
    objects: registry,
    dryRun: options.dryRun,
    async body<T>(type: string): Promise<T | undefined> {
      bodyType = type;
      const bytes = await readBody(context);
      if (bytes.length === 0) return undefined;
      const expected = { ...objectKind, type, sameForm: sameForm.map((each) => apiVersionOf(group, each)) };
      const object = decodeObject(
        bytes,
        req.headers['content-type'],
        expected,
        registry.scheme,
        options.fieldValidation,
        warn,
      );
      context.audit?.request(object);
      return object as T;
    },
    admit: async <T extends KubeObject>(object: T, complete?: (object: T) => Promise<void>) => {
      if (!subresource.keepsIdentity) wipeSystemFields(object);
      recordManager({ kind: { ...objectKind, type: bodyType } }, object, undefined, write);
      return (await admitted(write, 'CREATE', object, complete as (object: KubeObject) => Promise<void>)) as T;
    },
    connect: async <T extends object>(options: T) => {
      const described = { ...write, options: options as Readonly<Record<string, unknown>> };
      return ((await admitted(described, 'CONNECT', undefined)) ?? options) as T;
    },
    respond: (code, object) => sendValue(context, code, object as object),
  });
}

/** What follows the subresource in a path, as written: escapes and a trailing slash are the target's to read. */
function restOfPath(path: string, subresource: string): string {
  const match = new RegExp(
    `^/(?:api|apis/[^/]+)/[^/]+/(?:namespaces/[^/]+/)?[^/]+/[^/]+/${subresource}(?:/(.*))?$`,
  ).exec(path);
  return match?.[1] ?? '';
}
