import { JsonError } from '@coracle/api/codec/json';
import type { Kind, KubeObject } from '@coracle/api/kind';
import { isExpired, StatusError } from '@coracle/api/meta/status';
import { Backoff } from './backoff.ts';
import type { Client } from './client.ts';
import type { ClientLog } from './log.ts';
import { delay } from './rate-limit.ts';
import { ConnectionError } from './transport.ts';

/** What part of a kind is mirrored. */
export interface Selection {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** Receives the mirror of a collection. */
export interface ReflectorTarget<T> {
  /** The whole collection, after a list. */
  replace(items: T[]): void;
  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void;
}

const minWatchSeconds = 5 * 60;
/** A watch that lasted so long (ms) was in order. */
const steadyMs = 10_000;

/**
 * Mirrors a collection until the signal is aborted: lists it, then watches from the list's version, resuming each watch where the
 * last ended. Lists again only when the server no longer has that version (410); never gives up on errors.
 */
export async function reflect<T extends KubeObject>(
  client: Client,
  kind: Kind<T>,
  selection: Selection,
  target: ReflectorTarget<T>,
  signal: AbortSignal,
  log: ClientLog,
): Promise<void> {
  const backoff = new Backoff();
  while (!signal.aborted) {
    try {
      // Without a version the server answers with the newest state: the mirror never goes back, whichever server answers.
      const { items, metadata } = await client.list(kind, { ...selection, signal });
      target.replace(items);
      await follow(metadata.resourceVersion ?? '');
    } catch (error) {
      if (signal.aborted) return;
      if (!isTrouble(error)) throw error;
      log.warn({ kind: kind.kind, err: error }, 'Failed to list and watch, trying again');
      await delay(backoff.next(), signal).catch(() => {});
    }
  }

  /** Watches from a version until the server says that it is too old. */
  async function follow(from: string): Promise<void> {
    let resourceVersion = from;
    while (!signal.aborted) {
      const startedAt = performance.now();
      let events = 0;
      try {
        const watch = client.watch(kind, {
          ...selection,
          resourceVersion,
          allowWatchBookmarks: true,
          timeoutSeconds: Math.floor(minWatchSeconds * (1 + Math.random())),
          signal,
        });
        for await (const { type, object } of watch) {
          events++;
          resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
          if (type !== 'BOOKMARK') target.changed(type, object);
        }
        // A watch that ends at once without a word is a server in trouble, not the end of its time.
        if (events === 0 && performance.now() - startedAt < 1000) await delay(backoff.next(), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isExpired(error)) return;
        if (!isTrouble(error)) throw error;
        log.debug({ kind: kind.kind, err: error }, 'Watch ended, resuming');
        // One that worked until its server went is no sign that the next one will not.
        if (events > 0 || performance.now() - startedAt > steadyMs) backoff.reset();
        await delay(backoff.next(), signal).catch(() => {});
      }
    }
  }
}

/**
 * Trouble of the server, the connection or the files of the credentials, which passes; the rest are bugs. A body that breaks off
 * shows as an error with a system's or Node.js's code, or as a cut JSON text.
 */
const isTrouble = (error: unknown): boolean =>
  error instanceof StatusError ||
  error instanceof ConnectionError ||
  error instanceof JsonError ||
  (!(error instanceof TypeError) &&
    !(error instanceof RangeError) &&
    typeof (error as NodeJS.ErrnoException).code === 'string');
