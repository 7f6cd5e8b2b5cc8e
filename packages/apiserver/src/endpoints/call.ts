import { protobufType } from '@coracle/api/codec/protobuf';
import type { AnyKind, Column, KubeObject } from '@coracle/api/kind';
import { isPathSegmentName } from '@coracle/api/meta/names';
import { badRequest, methodNotAllowed, StatusError } from '@coracle/api/meta/status';
import type { AdmissionChain } from '../admission/plugin.ts';
import { annotate } from '../chain/audit/record.ts';
import type { Layer } from '../chain/latencies.ts';
import type { RequestContext } from '../chain/link.ts';
import type { Write } from '../registry/admission.ts';
import type { Registry } from '../registry/registry.ts';
import type { Resource } from '../registry/resource.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { type Form, type Media, negotiate } from './negotiation.ts';
import { managerOf, type WriteOptions } from './options.ts';
import { protobufRenderingOf } from './protobuf-rendering.ts';
import { type IncludeObject, metadataOf, type Rendering, renderingOf, tableOf } from './rendering.ts';
import { sendBody, sendIn } from './response.ts';

/** What the endpoints share. */
export interface Machinery {
  readonly registry: Registry;
  readonly plugins: AdmissionChain;
  /** Watches without timeoutSeconds last between this and twice this, in milliseconds. */
  readonly watchTimeout: number;
  /** Told when a watch has sent all it begins with. */
  readonly watchListed?: (context: RequestContext, kind: AnyKind) => void;
}

/** One call of a verb on a stored resource. */
export interface Call {
  readonly context: RequestContext;
  readonly machinery: Machinery;
  readonly resource: Resource;
  readonly kind: AnyKind;
  /** Empty at the cluster scope and across namespaces. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
  /** `status` or empty. */
  readonly subresource: string;
}

/** How objects are written that are stored, and where the time it takes is counted: as what they are or as what they are made into. */
export interface ChosenForm {
  readonly rendering: Rendering;
  readonly media: Media;
  readonly as: Form['as'];
  readonly layer: Layer;
}

/** How the call's objects are to be written; throws NotAcceptable. */
export function renderingFor(
  call: Pick<Call, 'context' | 'kind'>,
  what: 'object' | 'list' | 'watch' = 'object',
): ChosenForm {
  const { context, kind } = call;
  const form = negotiate(context.req.headers.accept, {
    ...(what === 'watch' ? { watch: true } : { of: what }),
    objects: true,
    custom: kind.dynamic !== undefined,
  });
  const { media, as, version } = form;
  const rendering =
    media === protobufType
      ? protobufRenderingOf(kind, as !== 'object', version)
      : renderingOf(kind, as, as === 'table' ? includeObjectOf(context.query) : 'Metadata', version);
  const layer = as === 'object' ? 'serialize-response-object' : 'transform-response-object';
  return { rendering, media, as, layer };
}

/** How one object that is not stored is to be sent, as the client accepts it; throws NotAcceptable. */
export function sentAs<T extends KubeObject>(
  { context, kind }: Pick<Call, 'context' | 'kind'>,
  goType: string,
  columns: readonly Column<T>[],
): (object: T) => Promise<void> {
  const { accept } = context.req.headers;
  const { media, as, version } = negotiate(accept, { of: 'object', objects: true, custom: kind.dynamic !== undefined });
  if (as === 'metadataList') throw notAList(goType);
  const include = as === 'table' ? includeObjectOf(context.query) : 'Metadata';
  return (object) => {
    if (as === 'table') return sendIn(context, 200, tableOf(object, columns, include, version), media);
    return sendIn(context, 200, as === 'metadata' ? metadataOf(object, version) : object, media);
  };
}

const notAList = (goType: string): StatusError =>
  unfit(`you requested PartialObjectMetadataList, but the requested object is not a list (${goType})`);

/** Answers with one object. */
export async function sendObject(
  call: Pick<Call, 'context' | 'kind'>,
  code: number,
  object: CachedObject,
  { rendering, media, as, layer } = renderingFor(call),
): Promise<void> {
  if (as === 'metadataList') throw notAList(goTypeOf(call.kind));
  const { context } = call;
  await context.latencies.time('decode-response-object', CachedObject.prepare([object], call.kind));
  const begun = performance.now();
  const body = rendering.single(object);
  context.latencies.add(layer, performance.now() - begun);
  await sendBody(context, code, body, media);
}

/** The 406 of a form that stands for something else than the answer is. */
export function unfit(message: string): StatusError {
  return new StatusError({ code: 406, reason: 'NotAcceptable', message });
}

/** How upstream's texts name the type of a kind's objects, or of its lists. */
export function goTypeOf({ dynamic, kind, listKind, type }: AnyKind, list = false): string {
  if (dynamic) return list ? '*unstructured.UnstructuredList' : '*unstructured.Unstructured';
  return `*${type.slice(0, type.indexOf('/'))}.${list ? listKind : kind}`;
}

/** The call as a write. */
export function writeOf(call: Call, options: Pick<WriteOptions, 'dryRun' | 'fieldManager' | 'raw'>): Write {
  return writeBy(call.context, call.machinery.plugins, options, call.subresource);
}

/** Who writes and how: what admission and the registry know of a request. */
export function writeBy(
  context: RequestContext,
  plugins: AdmissionChain,
  options: Pick<WriteOptions, 'dryRun' | 'fieldManager' | 'raw'>,
  subresource: string,
): Write {
  return {
    user: context.user,
    dryRun: options.dryRun,
    verb: context.info.verb,
    options: options.raw,
    fieldManager: managerOf(options.fieldManager, context.req.headers['user-agent']),
    plugins,
    subresource,
    warn: (text) => context.warnings.add(text),
    annotate: (key, value, level) => annotate(context, key, value, level),
    waited(milliseconds, layer) {
      // The store is a part of this server.
      if (layer !== 'etcd') context.waited += milliseconds;
      context.latencies.add(layer, milliseconds);
    },
    signal: context.signal,
    ...(context.received === undefined ? {} : { received: context.received }),
    ...(context.deadline === undefined ? {} : { deadline: context.deadline }),
  };
}

/** Refuses names that could not be a segment of a path, before they become part of a key. */
export function checkName(name: string): void {
  const problems = isPathSegmentName(name);
  if (problems.length > 0) throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${problems.join(';')}`);
}

/** Refuses a write at the cluster scope of a namespaced resource: there is no such route. */
export function requireNamespace(call: Call): void {
  if (call.kind.namespaced && call.namespace === '') throw methodNotAllowed();
}

function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject');
  if (value === null || value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}
