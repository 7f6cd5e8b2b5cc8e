import type { ResourceQuota } from '@coracle/api/types/core/v1';

/**
 * Which counts of a quota's usage this server's charges are part of. As long as a quota is written by nobody else, what was charged to it is in it;
 * another's write may be a new count of what is there.
 */
export class Journal {
  readonly #entries = new Map<string, { count: number; version: string | undefined }>();

  /** Notes a write of this server over `before`; returns the number of the count it is part of. */
  wrote(written: ResourceQuota, before: string | undefined): number {
    const key = keyOf(written);
    const entry = this.#entries.get(key) ?? { count: 0, version: undefined };
    if (entry.version !== before) entry.count++;
    entry.version = written.metadata.resourceVersion;
    this.#entries.set(key, entry);
    return entry.count;
  }

  /** Whether a quota, as it is in the store, is still of that count. */
  goesOn(quota: ResourceQuota, count: number): boolean {
    const entry = this.#entries.get(keyOf(quota));
    return entry?.count === count && entry.version === quota.metadata.resourceVersion;
  }

  /** Forgets a quota that is gone; what was charged to it is of no count any more. */
  forget(namespace: string, name: string): void {
    this.#entries.delete(`${namespace}/${name}`);
  }
}

const keyOf = ({ metadata }: ResourceQuota): string => `${metadata.namespace}/${metadata.name}`;
