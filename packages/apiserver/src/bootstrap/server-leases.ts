import { root } from '../storage/keys.ts';
import type { Store } from '../storage/store.ts';

const prefix = `${root}masterleases/`;

/** How many seconds after its last word a server counts as gone. */
const ttlSeconds = 15;

/**
 * Which API servers of a control plane are alive: each keeps the key `/registry/masterleases/<address>`, in upstream's place and form, and
 * the store removes it when it was not renewed in time.
 */
export class ServerLeases {
  readonly #store: Store;
  readonly #ttlSeconds: number;

  constructor(store: Store, ttl = ttlSeconds) {
    this.#store = store;
    this.#ttlSeconds = ttl;
  }

  /** Says that the server at an address is alive. */
  async renew(address: string): Promise<void> {
    const key = prefix + address;
    const value = Buffer.from(
      JSON.stringify({
        kind: 'Endpoints',
        apiVersion: 'v1',
        metadata: {},
        subsets: [{ addresses: [{ ip: address }] }],
      }),
    );
    let expected = (await this.#store.get(key)).entry?.revision ?? 0;
    for (;;) {
      const written = await this.#store.put(key, value, expected, this.#ttlSeconds);
      if (written.ok) return;
      expected = written.current?.revision ?? 0; // it expired, or a predecessor of this process renewed it
    }
  }

  /** Says that the server at an address ends. */
  async remove(address: string): Promise<void> {
    const key = prefix + address;
    let { entry } = await this.#store.get(key);
    while (entry) {
      const removed = await this.#store.delete(key, entry.revision);
      if (removed.ok) return;
      entry = removed.current;
    }
  }

  /** The addresses of all servers that are alive, sorted. */
  async live(): Promise<string[]> {
    const { entries } = await this.#store.list(prefix);
    return entries.map(({ key }) => key.slice(prefix.length));
  }
}
