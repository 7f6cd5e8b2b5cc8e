import type { Readable } from 'node:stream';
import { encodeJson } from '@coracle/api/codec/json';
import type { AnyKind, Kind, KubeObject } from '@coracle/api/kind';
import type { ListMeta, Status } from '@coracle/api/types/meta/v1';
import { decodeBody, readAll, responseError } from './body.ts';
import type { RestConfig } from './config.ts';
import { credentialHeaders } from './credentials.ts';
import { type Query, queryString, resourcePath } from './paths.ts';
import { TokenBucket } from './rate-limit.ts';
import { sendWithRetries } from './retry.ts';
import { ConnectionError, type TransportResponse, transportTo } from './transport.ts';
import { type WatchEvent, watchEvents } from './watch.ts';

export type { WatchEvent } from './watch.ts';

export interface CallOptions {
  signal?: AbortSignal;
}

export interface GetOptions extends CallOptions {
  resourceVersion?: string;
}

export interface ListOptions extends CallOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  resourceVersion?: string;
  resourceVersionMatch?: string;
  limit?: number;
  continue?: string;
}

export interface WriteOptions extends CallOptions {
  dryRun?: boolean;
  fieldManager?: string;
  fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
}

export interface PatchOptions extends WriteOptions {
  subresource?: string;
  /** Server-side apply takes over fields of other managers. */
  force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
}

export interface WatchOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Events after this version are sent. */
  resourceVersion: string;
  allowWatchBookmarks?: boolean;
  timeoutSeconds?: number;
  sendInitialEvents?: boolean;
  resourceVersionMatch?: string;
  signal: AbortSignal;
}

export interface Patch {
  type: 'json' | 'merge' | 'strategic' | 'apply';
  body: unknown;
}

export interface ObjectList<T> {
  apiVersion?: string;
  kind?: string;
  items: T[];
  metadata: ListMeta;
}

export interface RequestOptions extends CallOptions {
  query?: Query;
  /** An object is sent as JSON; text and bytes as they are, with `content-type` from `headers`. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

export interface RawResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** The body parsed. */
  json(): unknown;
}

/** What a client tells about the Warning headers of responses; kubectl prints them. */
export type WarningHandler = (message: string) => void;

/**
 * Calls the API server. Every method throws StatusError for what the server refused, ConnectionError when no whole answer came,
 * and the signal's reason when it was aborted.
 */
export interface Client {
  readonly config: RestConfig;
  get<T extends KubeObject>(kind: Kind<T>, name: string, namespace?: string, options?: GetOptions): Promise<T>;
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** Creates the object in `metadata.namespace`. */
  create<T extends KubeObject>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>;
  update<T extends KubeObject>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>;
  updateStatus<T extends KubeObject>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    kind: Kind<T>,
    name: string,
    namespace: string | undefined,
    patch: Patch,
    options?: PatchOptions,
  ): Promise<T>;
  /** Answers the object where its deletion has to wait (finalizers, grace), else a Status. */
  delete(kind: AnyKind, name: string, namespace?: string, options?: DeleteOptions): Promise<KubeObject | Status>;
  deleteCollection(
    kind: AnyKind,
    which: { namespace?: string; labelSelector?: string; fieldSelector?: string },
    options?: DeleteOptions,
  ): Promise<unknown>;
  /** Yields changes until the server or the signal ends the watch; throws StatusError (410 is Expired: list again). */
  watch<T extends KubeObject>(kind: Kind<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Calls a subresource (`scale`, `eviction`, `token` …), without a body for GET. */
  subresource<T = unknown>(
    kind: AnyKind,
    name: string,
    namespace: string | undefined,
    sub: string,
    method: 'GET' | 'POST' | 'PUT',
    body?: unknown,
    query?: Query,
  ): Promise<T>;
  /** Any request; the whole body is read. */
  request(method: string, path: string, options?: RequestOptions): Promise<RawResponse>;
  /** The body of a GET as it arrives (logs). */
  stream(
    path: string,
    options?: { query?: Query; signal?: AbortSignal; headers?: Readonly<Record<string, string>> },
  ): Promise<Readable>;
  /** The same connection as another user agent or acting as somebody else; closing either closes both. */
  with(changes: ClientChanges): Client;
  /**
   * Goes on over new connections, with the credentials that are in the config's files now. Requests that run may still end, for
   * `graceMs` (10 s without it); then their connection is closed, and watches have to be made anew.
   */
  reconnect(graceMs?: number): void;
  /** Ends running requests and closes connections. */
  close(): void;
}

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

const metadataJson =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What may differ between clients that share a connection. */
export type ClientChanges = Pick<RestConfig, 'userAgent' | 'impersonate' | 'tokenSource'> & {
  /** Objects come without spec and status (PartialObjectMetadata). */
  metadataOnly?: boolean;
};

/** Makes a client; the first request connects. */
export function connect(config: RestConfig, options: { onWarning?: WarningHandler } = {}): Client {
  const prefix = new URL(config.server).pathname.replace(/\/$/, '');
  const transport = transportTo(config);

  function clientOf(config: RestConfig, accept: string): Client {
    const credentials = credentialHeaders(config);
    const limit = config.qps ? new TokenBucket(config.qps, config.burst ?? Math.ceil(config.qps)) : undefined;

    async function send(
      method: string,
      path: string,
      options: RequestOptions = {},
      again = false,
    ): Promise<TransportResponse> {
      await limit?.wait(options.signal);
      let bearer = '';
      const { body } = options;
      const encoded = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : encodeJson(body);
      const response = await sendWithRetries(transport, async () => {
        const who = await credentials();
        bearer = String(who.authorization ?? '').replace(/^Bearer /, '');
        return {
          method,
          path: `${prefix}${path}${queryString(options.query)}`,
          headers: {
            accept,
            'user-agent': config.userAgent ?? 'coracle',
            ...who,
            ...(encoded === undefined ? {} : { 'content-type': 'application/json' }),
            ...options.headers,
          },
          body: encoded,
          signal: options.signal,
          ...(config.beforeWrite && !reading.has(method) ? { beforeSend: config.beforeWrite } : {}),
        };
      });
      warn(response);
      if (response.status === 401 && config.tokenSource && !again) {
        response.body.resume();
        await config.tokenSource(bearer);
        return send(method, path, options, true);
      }
      if (response.status >= 400) throw await responseError(response, method);
      return response;
    }

    async function call<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
      // A read whose answer broke off is sent again, once, as one that got no answer.
      for (let again = method === 'GET'; ; again = false) {
        const response = await send(method, path, options);
        try {
          return decodeBody(await readAll(response.body, options.signal)) as T;
        } catch (error) {
          if (!again || !(error instanceof ConnectionError)) throw error;
        }
      }
    }

    const writeQuery = (options: WriteOptions | undefined): Query => ({
      dryRun: options?.dryRun ? 'All' : undefined,
      fieldManager: options?.fieldManager,
      fieldValidation: options?.fieldValidation,
    });
    const pathOf = (kind: AnyKind, object: KubeObject, sub?: string): string =>
      resourcePath(kind, object.metadata.namespace, object.metadata.name, sub);
    const withType = <T extends KubeObject>(kind: Kind<T>, object: T): T =>
      object.apiVersion && object.kind ? object : { ...object, apiVersion: kind.apiVersion, kind: kind.kind };

    return {
      config,
      get: (kind, name, namespace, options) =>
        call('GET', resourcePath(kind, namespace, name), {
          query: { resourceVersion: options?.resourceVersion },
          signal: options?.signal,
        }),
      list: async (kind, { namespace, signal, ...query } = {}) => {
        const list = await call<ObjectList<never>>('GET', resourcePath(kind, namespace), {
          query: { ...query },
          signal,
        });
        list.items ??= [];
        return list;
      },
      create: (kind, object, options) =>
        call('POST', resourcePath(kind, object.metadata.namespace), {
          body: withType(kind, object),
          query: writeQuery(options),
          signal: options?.signal,
        }),
      update: (kind, object, options) =>
        call('PUT', pathOf(kind, object), {
          body: withType(kind, object),
          query: writeQuery(options),
          signal: options?.signal,
        }),
      updateStatus: (kind, object, options) =>
        call('PUT', pathOf(kind, object, 'status'), {
          body: withType(kind, object),
          query: writeQuery(options),
          signal: options?.signal,
        }),
      patch: (kind, name, namespace, patch, options) =>
        call('PATCH', resourcePath(kind, namespace, name, options?.subresource), {
          body: encodeJson(patch.body),
          headers: { 'content-type': patchTypes[patch.type] },
          query: { ...writeQuery(options), force: options?.force },
          signal: options?.signal,
        }),
      delete: (kind, name, namespace, options) =>
        call('DELETE', resourcePath(kind, namespace, name), deletion(options)),
      deleteCollection: (kind, { namespace, ...query }, options) =>
        call('DELETE', resourcePath(kind, namespace), { ...deletion(options), query }),
      watch: <T extends KubeObject>(kind: Kind<T>, { namespace, signal, ...query }: WatchOptions) =>
        watchEvents<T>(
          () => send('GET', resourcePath(kind, namespace), { query: { ...query, watch: true }, signal }),
          signal,
        ),
      subresource: (kind, name, namespace, sub, method, body, query) =>
        call(method, resourcePath(kind, namespace, name, sub), { body, query }),
      request: async (method, path, options) => {
        const { status, headers, body } = await send(method, path, options);
        const bytes = await readAll(body, options?.signal);
        return { status, headers, body: bytes, json: () => decodeBody(bytes) };
      },
      stream: async (path, options) =>
        (await send('GET', path, { ...options, headers: { accept: '*/*', ...options?.headers } })).body,
      with: ({ metadataOnly, ...changes }) => clientOf({ ...config, ...changes }, metadataOnly ? metadataJson : accept),
      reconnect: (graceMs) => transport.reconnect(graceMs),
      close: () => transport.close(),
    };
  }

  function warn(response: TransportResponse): void {
    const header = response.headers.warning;
    if (!options.onWarning || header === undefined) return;
    for (const each of Array.isArray(header) ? header : [header]) {
      for (const match of each.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g))
        options.onWarning(match[1]!.replaceAll(/\\(.)/g, '$1'));
    }
  }

  return clientOf(config, 'application/json');
}

function deletion(options: DeleteOptions | undefined): RequestOptions {
  const { propagationPolicy, gracePeriodSeconds, preconditions, dryRun, signal } = options ?? {};
  return {
    signal,
    body: {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy,
      gracePeriodSeconds,
      preconditions,
      ...(dryRun ? { dryRun: ['All'] } : {}),
    },
  };
}
