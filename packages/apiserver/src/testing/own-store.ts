import { MemoryStore } from '../storage/memory-store.ts';
import type { Store } from '../storage/store.ts';

/**
 * A store of a test's own, empty, which ends when it is closed: the in-process one, or, where the variable CORACLE_TEST_STORE says `etcd`, an etcd
 * with its data in a temporary folder. Throws for any other value.
 */
export async function ownStore(): Promise<Store> {
  const wanted = process.env.CORACLE_TEST_STORE || 'memory';
  if (wanted === 'memory') return new MemoryStore();
  if (wanted === 'etcd') return etcdOfItsOwn();
  throw new Error(`CORACLE_TEST_STORE is "${wanted}": set it to "memory" or "etcd", or leave it out`);
}

/** Loaded only where it is asked for: who tests on the in-process store pays nothing for it. */
async function etcdOfItsOwn(): Promise<Store> {
  const [{ EtcdStore }, { startEtcd }] = await Promise.all([import('../storage/etcd-store.ts'), import('./etcd.ts')]);
  const etcd = await startEtcd();
  const store = new EtcdStore({ servers: [etcd.url] });
  const closeClient = store.close.bind(store);
  return Object.assign(store, {
    close: async () => {
      await closeClient();
      await etcd.close();
    },
  });
}
