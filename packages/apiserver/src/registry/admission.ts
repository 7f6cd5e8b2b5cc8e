import type { AnyKind, KubeObject } from '@coracle/api/kind';
import {
  type AdmissionChain,
  type AdmissionPlugin,
  type Attributes,
  type Operation,
  Reinvocation,
} from '../admission/plugin.ts';
import type { Layer } from '../chain/latencies.ts';
import type { UserInfo } from '../chain/link.ts';
import { StoreUnavailableError } from '../storage/store.ts';
import type { ObjectAccess } from './access.ts';

/** Who writes, how, and what is to be told to them. */
export interface Write {
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The verb of the request, as authorization names it; undefined in the server's own writes. */
  readonly verb?: string;
  /** The options object as the client sent it. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How many bytes the request's body had. */
  readonly received?: number;
  /** Who is recorded in managedFields. */
  readonly fieldManager: string;
  /** A server-side apply, which brings managedFields along. */
  readonly applied?: boolean;
  /** Empty: the server's own writes, which admission does not look at. */
  readonly plugins: AdmissionChain;
  readonly subresource: string;
  /** Told how many milliseconds other servers took. */
  waited?(milliseconds: number, layer: Layer): void;
  warn(text: string): void;
  annotate: Attributes['annotate'];
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  /** When the request's time is over, in milliseconds since 1970. */
  readonly deadline?: number;
}

/** Admission's attributes of a write. */
export function attributesOf(
  write: Write,
  objects: ObjectAccess,
  kind: AnyKind,
  operation: Operation,
  object: KubeObject | undefined,
  oldObject: KubeObject | undefined,
  place: { name: string; namespace: string },
  objectKind: { apiVersion: string; kind: string } = kind,
): Attributes {
  return {
    kind,
    objectKind: { apiVersion: objectKind.apiVersion, kind: objectKind.kind },
    group: kind.group,
    version: kind.version,
    resource: kind.plural,
    subresource: write.subresource,
    // A namespace counts as its own, so that plugins which look after namespaces see it.
    namespace: kind.plural === 'namespaces' && kind.group === '' ? place.name : place.namespace,
    name: place.name,
    operation,
    object,
    oldObject,
    user: write.user,
    dryRun: write.dryRun,
    options: write.options,
    objects,
    warn: (text) => write.warn(text),
    annotate: (key, value, level) => write.annotate(key, value, level),
    ...(write.waited ? { waited: write.waited } : {}),
    ...(write.signal ? { signal: write.signal } : {}),
    ...(write.deadline === undefined ? {} : { deadline: write.deadline }),
    releases: [],
    reinvocation: new Reinvocation(),
  };
}

/**
 * Runs the plugins' `mutate`s in order, and once more where one of them asks for it. The object may be replaced; read it from the
 * attributes afterwards.
 */
export async function mutate(plugins: AdmissionChain, attributes: Attributes): Promise<void> {
  await step(plugins, 'admit', attributes, (plugin) => plugin.mutate?.(attributes));
  if (!attributes.reinvocation.wanted) return;
  attributes.reinvocation.running = true;
  await step(plugins, 'admit', attributes, (plugin) => plugin.mutate?.(attributes));
}

/** Runs the plugins' `validate`s in order. */
export function validate(plugins: AdmissionChain, attributes: Attributes): Promise<void> {
  return step(plugins, 'validate', attributes, (plugin) => plugin.validate?.(attributes));
}

async function step(
  plugins: AdmissionChain,
  type: 'admit' | 'validate',
  { operation }: Attributes,
  run: (plugin: AdmissionPlugin) => Promise<void> | void | undefined,
): Promise<void> {
  if (plugins.length === 0) return;
  const begun = performance.now();
  let rejected = true;
  try {
    for (const plugin of plugins) await run(plugin);
    rejected = false;
  } finally {
    plugins.ended?.(type, operation, rejected, (performance.now() - begun) / 1000);
  }
}

/**
 * Admits a write and makes it: runs the plugins' `validate`s in order, then `write`. Where nothing came of it (undefined, or an error), what the
 * plugins did for it is undone, unless the store may have written it all the same.
 */
export async function validated<T>(
  plugins: AdmissionChain,
  attributes: Attributes,
  write: () => Promise<T>,
  happened: (result: T) => boolean,
): Promise<T> {
  let done = false;
  try {
    await validate(plugins, attributes);
    const result = await write();
    done = happened(result);
    return result;
  } catch (error) {
    done = error instanceof StoreUnavailableError && !error.unsent;
    throw error;
  } finally {
    if (!done) for (const release of attributes.releases) await release();
  }
}
