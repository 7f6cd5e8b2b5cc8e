import { setTimeout as sleep } from 'node:timers/promises';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import { findCondition } from '@coracle/api/meta/conditions';
import { deepEqual } from '@coracle/api/meta/object';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import { createTwoWayStrategicPatch } from '@coracle/api/patch/strategic';
import { objectSchemaOf } from '@coracle/api/schema';
import type { Pod, PodStatus } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import type { Log } from '@coracle/process';
import { ownedConditions } from './conditions.ts';

interface Entry {
  pod: Pod;
  status: PodStatus;
  /** Raised by every change; `written` is the one the API has. */
  version: number;
  written: number;
  /** The uid of the API's pod it was written to: a mirror may be made anew. */
  writtenTo: string | undefined;
  /** The API's version of the pod after that; undefined before. */
  writtenAs: string | undefined;
  /** Nothing of the pod is left on the node: it may be deleted from the API when that is asked for. */
  finished: boolean;
  writing: boolean;
}

export interface StatusManagerOptions {
  /** Undefined in standalone mode: statuses are kept, and told to nobody. */
  client: Client | undefined;
  /** The API's present version of a pod: for a static pod its mirror. */
  current(pod: Pod): Pod | undefined;
  log: Log;
  signal: AbortSignal;
}

const maxRetry = 10_000;

/** Keeps the statuses of the node's pods and brings them to the API; deletes there what has ended here. */
export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** The status last computed for a pod. */
  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.status;
  }

  /** Notes a pod's status; the API gets it in the background when it has changed. */
  set(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata.uid ?? '';
    const entry = this.#entries.get(uid);
    if (!entry) {
      this.#entries.set(uid, {
        pod,
        status,
        version: 1,
        written: 0,
        writtenTo: undefined,
        writtenAs: undefined,
        finished: false,
        writing: false,
      });
    } else {
      entry.pod = pod;
      if (deepEqual(plain(entry.status), plain(status))) return;
      entry.status = status;
      entry.version++;
    }
    this.retry(uid);
  }

  /** Nothing of the pod runs or is kept on the node any more. */
  finish(pod: Pod): void {
    const entry = this.#entries.get(pod.metadata.uid ?? '');
    if (!entry) return;
    entry.pod = pod;
    entry.finished = true;
    this.retry(pod.metadata.uid ?? '');
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  /** Looks again whether the API needs to be told of a pod: its mirror may just have been made, or its deletion asked for. */
  retry(uid: string): void {
    const entry = this.#entries.get(uid);
    if (!entry || entry.writing || !this.#options.client) return;
    entry.writing = true;
    void this.#write(uid, entry, this.#options.client);
  }

  async #write(uid: string, entry: Entry, client: Client): Promise<void> {
    const { signal, log } = this.#options;
    let failures = 0;
    while (!signal.aborted && this.#entries.get(uid) === entry && this.#pending(entry)) {
      try {
        if (!(await this.#once(entry, client))) break;
        failures = 0;
      } catch (error) {
        if (isNotFound(error)) break;
        const delay = Math.min(500 * 2 ** failures++, maxRetry);
        if (!isConflict(error))
          log.warn({ err: error, pod: entry.pod.metadata.name, retryIn: delay }, 'Failed to update status for pod');
        await sleep(delay, undefined, { signal }).catch(() => undefined);
      }
    }
    entry.writing = false;
  }

  #pending(entry: Entry): boolean {
    return this.#stale(entry, this.#options.current(entry.pod)) || this.#deletable(entry);
  }

  #stale(entry: Entry, current: Pod | undefined): boolean {
    if (entry.version !== entry.written) return true;
    return current !== undefined && (current.metadata.uid !== entry.writtenTo || wasOverruled(entry, current));
  }

  #deletable(entry: Entry): boolean {
    return entry.finished && this.#options.current(entry.pod)?.metadata.deletionTimestamp !== undefined;
  }

  /** Writes a status, or deletes a pod that has ended; returns false when the API has nothing to write it to. */
  async #once(entry: Entry, client: Client): Promise<boolean> {
    const current = this.#options.current(entry.pod);
    if (!current) return false;
    const { name = '', namespace, uid } = current.metadata;
    const { version, status } = entry;
    if (this.#stale(entry, current)) {
      const before = current.status ?? {};
      const after = withOthersConditions(status, before);
      const diff = createTwoWayStrategicPatch(
        { status: plain(before) },
        { status: plain(after) },
        objectSchemaOf('core/v1.Pod'),
      ) as { status?: unknown };
      let written: Pod = current;
      if (diff.status !== undefined) {
        written = await client.patch(
          podKind,
          name,
          namespace,
          { type: 'strategic', body: { metadata: { uid }, ...diff } },
          { subresource: 'status' },
        );
      }
      entry.written = version;
      entry.writtenTo = uid;
      entry.writtenAs = written.metadata.resourceVersion;
    }
    if (entry.version === version && this.#deletable(entry)) {
      await client.delete(podKind, name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
      return false;
    }
    return true;
  }
}

/**
 * Whether somebody else has changed what the kubelet alone knows: the node controller marks the pods of a node that was out of reach as
 * not ready. Older versions of the pod than the one that was written say nothing about that.
 */
function wasOverruled({ status, writtenAs }: Entry, current: Pod): boolean {
  if (Number(current.metadata.resourceVersion) < Number(writtenAs)) return false;
  return ownedConditions.some((type) => {
    const own = findCondition(status.conditions, type)?.status;
    return own !== undefined && own !== findCondition(current.status?.conditions, type)?.status;
  });
}

/** Conditions of others may have changed since the status was computed: the API's stand. */
function withOthersConditions(status: PodStatus, current: PodStatus): PodStatus {
  const own = new Set<string>([...ownedConditions, 'PodScheduled', 'DisruptionTarget']);
  const mine = (status.conditions ?? []).filter((each) => own.has(each.type));
  const others = (current.conditions ?? []).filter((each) => !mine.some((other) => other.type === each.type));
  // What the status says nothing about is not the kubelet's to remove.
  const { resourceClaimStatuses, extendedResourceClaimStatus, nominatedNodeName, resize } = current;
  return {
    ...withoutUndefined({ resourceClaimStatuses, extendedResourceClaimStatus, nominatedNodeName, resize }),
    ...status,
    conditions: [...mine, ...others],
  };
}

function withoutUndefined<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** As JSON has it: without undefined members. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
