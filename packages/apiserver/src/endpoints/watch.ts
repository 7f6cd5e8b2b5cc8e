import { setImmediate as nextTurn } from 'node:timers/promises';
import { expired, resourceVersionTooOld, StatusError } from '@coracle/api/meta/status';
import type { RequestContext } from '../chain/link.ts';
import type { Registry } from '../registry/registry.ts';
import { CachedObject } from '../storage/cached-object.ts';
import { Filter } from '../storage/filter.ts';
import type { ResourceCache } from '../storage/resource-cache.ts';
import type { EventEncoding, FrameSink } from '../storage/watch-hub.ts';
import { type Call, renderingFor } from './call.ts';
import { type ListOptions, listOptionsOf } from './list-options.ts';
import { notOlderThan } from './list-page.ts';
import type { Rendering } from './rendering.ts';
import { writeHead } from './response.ts';

const chunkSize = 128 << 10;
const initialEventsEnd = { 'k8s.io/initial-events-end': 'true' };

/** GET with watch: one line or message an event, until the time is over, the client goes, or it falls too far behind. */
export async function watch(call: Call): Promise<void> {
  const { context, machinery, resource, kind, namespace, name } = call;
  const { rendering, media } = renderingFor(call, 'watch');
  const options = listOptionsOf(context.query, kind, namespace, true, name);
  const time = lifetime(options, machinery.watchTimeout);
  const isOver = time < 0;
  const deadline = Date.now() + time;
  const { registry } = machinery;
  const initial = wantsInitialEvents(options);
  if (options.revision === undefined && !isOver) await registry.freshFor(resource.cache);
  const early = initial && !isOver && (await tooEarly(registry, options));
  const newest = isOver ? undefined : await newestBefore(registry, options.revision ?? 0);
  const { cache, hub } = resource;
  if (initial) cache.refuseUnreadable(options.filter);

  const { out, signal } = await outputOf(context, media);
  // Without what there is, a watch from any revision is one from now on.
  let revision = options.revision || registry.feed.revision;
  if (!initial && revision < cache.history.floor) {
    out.end(errorFrame(rendering, resourceVersionTooOld(revision, cache.history.floor)));
    return;
  }
  if (isOver) {
    // What a watch begins with is read from the store unless it says from where on, and for that the time is over too.
    out.end(options.revision === undefined ? errorFrame(rendering, deadlineExceeded) : undefined);
    return;
  }
  if (early) {
    out.end(errorFrame(rendering, early));
    return;
  }
  if (newest !== undefined) {
    out.end(
      errorFrame(
        rendering,
        expired(`resource version ${options.resourceVersion} is not there any more: the newest one is ${newest}`),
      ),
    );
    return;
  }
  out.flushHeaders?.();
  const begin = beginningOf(rendering);
  if (initial) {
    revision = registry.feed.revision;
    const objects = await initialObjects(cache, options.filter, revision).catch((error) => failed(error));
    if (objects instanceof StatusError) {
      out.end(begin(errorFrame(rendering, objects)));
      return;
    }
    const sent = hub.sentOf(kind);
    cache.counts.initial += objects.length;
    let parts: Buffer[] = [];
    let size = 0;
    for (const object of objects) {
      const bytes = rendering.frame('ADDED', rendering.event(object));
      sent.add(bytes.length);
      parts.push(bytes);
      size += bytes.length;
      if (size < chunkSize) continue;
      await write(out, signal, begin(Buffer.concat(parts)));
      parts = [];
      size = 0;
    }
    const saysEnd = options.sendInitialEvents && options.allowWatchBookmarks;
    if (saysEnd) {
      const end = rendering.frame('BOOKMARK', rendering.bookmark(revision, initialEventsEnd));
      sent.add(end.length);
      parts.push(end);
    }
    if (parts.length > 0) await write(out, signal, begin(Buffer.concat(parts)));
    if (saysEnd) machinery.watchListed?.(context, kind);
  }
  context.begun?.();
  await new Promise<void>((resolve) => {
    const watcher = hub.open(options.filter, rendering, sinkTo(out, begin, resolve), {
      revision,
      bookmarks: options.allowWatchBookmarks,
      deadline,
    });
    const gone = () => {
      watcher.close();
      resolve();
    };
    if (signal.aborted) gone();
    else signal.addEventListener('abort', gone, { once: true });
  });
}

/** The 504 of a watch that is to begin with what there is at a revision that is not there, after it was waited for. */
async function tooEarly(registry: Registry, options: ListOptions): Promise<StatusError | undefined> {
  try {
    await notOlderThan(registry, options.revision ?? 0, options.resourceVersion);
    return undefined;
  } catch (error) {
    return failed(error);
  }
}

/** An error as what ends a watch; what is none for clients is thrown on. */
function failed(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  throw error;
}

/** What a watch begins with, as of `revision`. A webhook may have to be asked; what comes meanwhile is then sent as it happens. */
async function initialObjects(cache: ResourceCache, filter: Filter, revision: number): Promise<CachedObject[]> {
  const { kind, namespace } = filter;
  if (!kind.dynamic?.convertMany) return cache.list(filter);
  const before = cache.list(new Filter(kind, namespace)).filter((object) => object.revision <= revision);
  await CachedObject.prepare(before, kind);
  return before.filter((object) => filter.matches(object));
}

/**
 * The newest revision there is, where that is before the one a client knows: the store was restored, and what the client waits for may never
 * come. Undefined: it is not; this server may be behind others, and the watch goes on from where the client is.
 */
async function newestBefore(registry: Registry, revision: number): Promise<number | undefined> {
  if (revision <= registry.feed.revision) return undefined;
  const newest = await registry.fresh();
  return newest < revision ? newest : undefined;
}

/** What ends a watch with an error. */
function errorFrame(encoding: EventEncoding, error: StatusError): Buffer {
  return encoding.frame('ERROR', encoding.status(error));
}

/** Without a revision, or from any, a watch begins with what there is; else only where it says so. */
function wantsInitialEvents({ revision, sendInitialEvents }: ListOptions): boolean {
  return sendInitialEvents ?? (revision === undefined || revision === 0);
}

const deadlineExceeded = new StatusError({ code: 500, reason: 'InternalError', message: 'context deadline exceeded' });

/** The most seconds that Go can wait. */
const mostSeconds = 9_223_372_036;

/** In milliseconds; below 0: it is over before it began. */
function lifetime({ timeoutSeconds }: ListOptions, least: number): number {
  if (!timeoutSeconds) return least * (1 + Math.random());
  return timeoutSeconds > mostSeconds ? -1 : timeoutSeconds * 1000;
}

/** What makes the first bytes of a watch whole; all others go through as they are. */
function beginningOf(rendering: Rendering): (bytes: Buffer) => Buffer {
  let begun = rendering.begin === undefined;
  return (bytes) => {
    if (begun) return bytes;
    begun = true;
    return rendering.begin!(bytes);
  };
}

/** Where events go: the answer, or the messages of a WebSocket. */
interface Output {
  flushHeaders?(): void;
  write(bytes: Buffer): boolean;
  once(event: 'drain', callback: () => void): unknown;
  end(bytes?: Buffer): unknown;
}

/** Begins the answer. `signal` aborts when nobody listens any more. */
async function outputOf(context: RequestContext, media: string): Promise<{ out: Output; signal: AbortSignal }> {
  const { res, signal } = context;
  if (context.upgrade) {
    const { webSocketOf } = await import('./watch-messages.ts');
    const messages = await webSocketOf(context, media);
    if (messages) return { out: messages, signal: AbortSignal.any([signal, messages.gone]) };
  }
  writeHead(context, 200, { 'Content-Type': media === 'application/json' ? media : `${media};stream=watch` });
  return { out: res, signal };
}

function sinkTo(out: Output, begin: (bytes: Buffer) => Buffer, done: () => void): FrameSink {
  return {
    write: (bytes) => out.write(begin(bytes)),
    drained: (callback) => out.once('drain', callback),
    end: () => {
      out.end();
      done();
    },
  };
}

/** Writes, and waits while the client does not read. Rejects when it is gone. */
function write(out: Output, signal: AbortSignal, bytes: Buffer): Promise<void> {
  signal.throwIfAborted();
  if (out.write(bytes)) return nextTurn();
  return new Promise((resolve, reject) => {
    const gone = () => reject(signal.reason);
    signal.addEventListener('abort', gone, { once: true });
    out.once('drain', () => {
      signal.removeEventListener('abort', gone);
      resolve();
    });
  });
}
