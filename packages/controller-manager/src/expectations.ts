/** Expectations older than this are given up: a watch that lost an event must not stop a controller for ever. */
const timeoutMs = 5 * 60_000;

interface Expected {
  creations: number;
  /** Keys of the objects whose deletion must still be seen. */
  deletions: Set<string>;
  at: number;
}

/**
 * Remembers per owner what this process has written and its watches have not shown yet. A controller that acts on a cache waits
 * until its own last writes are in it; else it would create or delete twice.
 */
export class Expectations {
  readonly #byOwner = new Map<string, Expected>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether all that was expected for the owner has been seen, or waited for too long. */
  satisfied(owner: string): boolean {
    const expected = this.#byOwner.get(owner);
    if (!expected) return true;
    return (expected.creations <= 0 && expected.deletions.size === 0) || this.#now() - expected.at > timeoutMs;
  }

  expectCreations(owner: string, count: number): void {
    this.#byOwner.set(owner, { creations: count, deletions: new Set(), at: this.#now() });
  }

  expectDeletions(owner: string, keys: Iterable<string>): void {
    this.#byOwner.set(owner, { creations: 0, deletions: new Set(keys), at: this.#now() });
  }

  /** A creation was seen, or will not come (it failed). */
  creationObserved(owner: string): void {
    const expected = this.#byOwner.get(owner);
    if (expected) expected.creations--;
  }

  /** A deletion was seen, or will not come. */
  deletionObserved(owner: string, key: string): void {
    this.#byOwner.get(owner)?.deletions.delete(key);
  }

  /** The owner is gone. */
  forget(owner: string): void {
    this.#byOwner.delete(owner);
  }
}
