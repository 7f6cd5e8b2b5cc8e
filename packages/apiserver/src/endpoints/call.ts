import { protobufType } from '@coracle/api/codec/protobuf';
import type { AnyKind } from '@coracle/api/kind';
import { isPathSegmentName } from '@coracle/api/meta/names';
import { badRequest, methodNotAllowed } from '@coracle/api/meta/status';
import type { AdmissionChain } from '../admission/plugin.ts';
import { annotate } from '../chain/audit/record.ts';
import type { RequestContext } from '../chain/link.ts';
import type { Write } from '../registry/admission.ts';
import type { Registry } from '../registry/registry.ts';
import type { Resource } from '../registry/resource.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { type Media, negotiate } from './negotiation.ts';
import { managerOf, type WriteOptions } from './options.ts';
import { protobufRenderingOf } from './protobuf-rendering.ts';
import { type IncludeObject, type Rendering, renderingOf } from './rendering.ts';
import { sendBody } from './response.ts';

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

/** How the call's objects are to be written; throws NotAcceptable. */
export function renderingFor(
  call: Pick<Call, 'context' | 'kind'>,
  watch = false,
): { rendering: Rendering; media: Media } {
  const { context, kind } = call;
  const form = negotiate(context.req.headers.accept, { watch, objects: true, custom: kind.dynamic !== undefined });
  const { media, as } = form;
  const rendering =
    media === protobufType
      ? protobufRenderingOf(kind, as === 'metadata')
      : renderingOf(kind, as, includeObjectOf(context.query));
  return { rendering, media };
}

/** Answers with one object. */
export async function sendObject(
  call: Pick<Call, 'context' | 'kind'>,
  code: number,
  object: CachedObject,
): Promise<void> {
  const { rendering, media } = renderingFor(call);
  await CachedObject.prepare([object], call.kind);
  await sendBody(call.context, code, rendering.single(object), media);
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
    waited: (milliseconds) => {
      context.waited += milliseconds;
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
