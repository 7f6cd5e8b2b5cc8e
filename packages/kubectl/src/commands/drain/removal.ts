import { messageOf } from '@coracle/api/meta/message-of';
import { isForbidden, isNotFound, isTooManyRequests, type StatusError } from '@coracle/api/meta/status';
import { formatDuration } from '@coracle/api/meta/time';
import type { Pod } from '@coracle/api/types/core/v1';
import type { APIResourceList } from '@coracle/api/types/meta/v1';
import { delay } from '@coracle/client/rate-limit';
import { CommandFailure, Failures } from '../../cli/failure.ts';
import type { Output } from '../../cli/terminal.ts';
import type { Rest } from '../../rest/rest.ts';
import type { DryRun } from '../shared-flags.ts';
import { isLongGone } from './filters.ts';

const retryMs = 5_000;
const pollMs = 1_000;

export interface RemovalOptions {
  readonly rest: Rest;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly dryRun: DryRun;
  /** Seconds; negative: as the pods say. */
  readonly gracePeriod: number;
  /** Milliseconds; 0: without end. */
  readonly timeoutMs: number;
  readonly skipWaitSeconds: number;
  readonly disableEviction: boolean;
  /** Told when a pod is gone. */
  gone(pod: Pod, verb: 'evicted' | 'deleted'): void;
}

/** The time a drain may take is over. */
class TimeIsUp extends Error {}

/** Evicts pods, or deletes them where eviction is not wanted or not served, and waits until they are gone. */
export async function removePods(pods: readonly Pod[], options: RemovalOptions): Promise<void> {
  if (pods.length === 0) return;
  const apiVersion = options.disableEviction ? undefined : await evictionVersion(options.rest);
  const stop = new AbortController();
  const timer = options.timeoutMs > 0 ? setTimeout(() => stop.abort(new TimeIsUp()), options.timeoutMs) : undefined;
  try {
    if (apiVersion === undefined) return await deletePods(pods, options, stop.signal);
    const results = await Promise.allSettled(pods.map((pod) => evictPod(pod, apiVersion, options, stop.signal)));
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (failed.length > 0) throw new Failures(failed);
  } finally {
    clearTimeout(timer);
  }
}

/** The group and version of the Eviction that `pods/eviction` takes; undefined where it is not served. */
async function evictionVersion(rest: Rest): Promise<string | undefined> {
  const { resources } = await rest.json<APIResourceList>('GET', '/api/v1');
  const found = resources.find((each) => each.name === 'pods/eviction' && each.kind === 'Eviction');
  return found?.group && found.version ? `${found.group}/${found.version}` : undefined;
}

const pathOf = ({ metadata }: Pod): string =>
  `/api/v1/namespaces/${encodeURIComponent(metadata.namespace!)}/pods/${encodeURIComponent(metadata.name!)}`;

const deleteOptions = ({ gracePeriod, dryRun }: RemovalOptions): object => ({
  ...(gracePeriod >= 0 ? { gracePeriodSeconds: gracePeriod } : {}),
  ...(dryRun === 'server' ? { dryRun: ['All'] } : {}),
});

async function evictPod(pod: Pod, apiVersion: string, options: RemovalOptions, signal: AbortSignal): Promise<void> {
  const { dryRun } = options;
  const { name, namespace } = pod.metadata;
  const where = `pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)}`;
  try {
    await untilEvicted(pod, apiVersion, options, signal);
  } catch (error) {
    if (isNotFound(error)) return;
    const why =
      error instanceof TimeIsUp ? `global timeout reached: ${formatDuration(options.timeoutMs)}` : messageOf(error);
    throw new CommandFailure(`error when evicting ${where}: ${why}`);
  }
  if (dryRun === 'server') return;
  try {
    await untilGone([pod], 'evicted', options, signal);
  } catch (error) {
    const what = `pod ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)}`;
    throw new CommandFailure(`error when waiting for ${what} to terminate: ${messageOf(error)}`);
  }
}

/** Asks for the eviction until the pod's disruption budget allows it. */
async function untilEvicted(pod: Pod, apiVersion: string, options: RemovalOptions, signal: AbortSignal): Promise<void> {
  const { rest, stdout, stderr, dryRun } = options;
  const { name, namespace } = pod.metadata;
  const body = { apiVersion, kind: 'Eviction', metadata: { name, namespace }, deleteOptions: deleteOptions(options) };
  for (;;) {
    stdout.write(`evicting pod ${namespace}/${name}${dryRun === 'server' ? ' (server dry run)' : ''}\n`);
    signal.throwIfAborted();
    try {
      await rest.json('POST', `${pathOf(pod)}/eviction`, { body, signal });
      return;
    } catch (error) {
      if (isTooManyRequests(error)) {
        const what = `pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)}`;
        stderr.write(`error when evicting ${what} (will retry after 5s): ${error.message}\n`);
      } else if (isNamespaceTerminating(error)) {
        // The namespace takes its pods along. One that is going already is only waited for.
        const fresh = await rest.json<Pod>('GET', pathOf(pod), { signal });
        if (fresh.metadata.deletionTimestamp) return;
        const what = `pod ${JSON.stringify(name)} from terminating namespace ${JSON.stringify(namespace)}`;
        stderr.write(`error when evicting ${what} (will retry after 5s): ${error.message}\n`);
      } else throw error;
    }
    await delay(retryMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

const isNamespaceTerminating = (error: unknown): error is StatusError =>
  isForbidden(error) && (error.status.details?.causes ?? []).some((each) => each.reason === 'NamespaceTerminating');

async function deletePods(pods: readonly Pod[], options: RemovalOptions, signal: AbortSignal): Promise<void> {
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...deleteOptions(options) };
  for (const pod of pods) {
    try {
      await options.rest.json('DELETE', pathOf(pod), { body });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  if (options.dryRun === 'none') await untilGone(pods, 'deleted', options, signal);
}

/** Looks each second until all are gone; one of the same name that came in a pod's place does not count. */
async function untilGone(
  pods: readonly Pod[],
  verb: 'evicted' | 'deleted',
  options: RemovalOptions,
  signal: AbortSignal,
): Promise<void> {
  const { rest, stdout, skipWaitSeconds } = options;
  try {
    for (let pending = pods; ; await delay(pollMs, signal)) {
      const still: Pod[] = [];
      for (const pod of pending) {
        const now = await present(rest, pod, signal);
        if (!now) options.gone(pod, verb);
        else if (isLongGone(now, skipWaitSeconds, Date.now())) {
          const text = `has DeletionTimestamp older than ${skipWaitSeconds} seconds, skipping`;
          stdout.write(`pod ${JSON.stringify(pod.metadata.name)} ${text}\n`);
        } else still.push(pod);
      }
      if (still.length === 0) return;
      pending = still;
    }
  } catch (error) {
    throw signal.aborted ? new CommandFailure('context deadline exceeded') : error;
  }
}

async function present(rest: Rest, pod: Pod, signal: AbortSignal): Promise<Pod | undefined> {
  try {
    const now = await rest.json<Pod>('GET', pathOf(pod), { signal });
    return now.metadata.uid === pod.metadata.uid ? now : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
