import { configMap } from '@coracle/api/core/v1/configmap';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeStored } from './encoding.ts';
import { Feed } from './feed.ts';
import { Filter } from './filter.ts';
import { MemoryStore } from './memory-store.ts';
import { ResourceCache } from './resource-cache.ts';
import type { ListRange, StoredPage } from './store.ts';

/** More than two pages of the feed. */
const total = 2_500;
const keyOf = (i: number) => `/registry/configmaps/default/c-${String(i).padStart(5, '0')}`;

/** A store that fails to give a page once, after which something else is the case. */
class FailingStore extends MemoryStore {
  failure: (() => Promise<void>) | undefined;

  override async list(prefix: string, range: ListRange = {}): Promise<StoredPage> {
    const { failure } = this;
    if (failure && range.from && range.from > keyOf(1_500)) {
      this.failure = undefined;
      await failure();
      throw new Error('the store went away');
    }
    return super.list(prefix, range);
  }
}

describe('the first load of the caches', () => {
  let feed: Feed;
  afterEach(() => feed.stop());

  async function loadedFrom(store: FailingStore) {
    const cache = new ResourceCache(configMap);
    const told = new Map<string, number>();
    cache.listen({
      changed: () => undefined,
      loading: ({ key }, decoded) => {
        expect(decoded.metadata.name).toBe(key.split('/')[1]);
        told.set(key, (told.get(key) ?? 0) + 1);
      },
      reloaded: () => undefined,
    });
    feed = new Feed(store, { warn: () => undefined });
    feed.add(cache);
    await feed.start();
    return { told, found: cache.list(new Filter(configMap, '')).map(({ name }) => name) };
  }

  async function filledStore() {
    const store = new FailingStore();
    for (let i = 0; i < total; i++) {
      const metadata = { name: `c-${String(i).padStart(5, '0')}`, namespace: 'default' };
      await store.put(keyOf(i), encodeStored(configMap, { metadata }), 0);
    }
    return store;
  }

  it('tells listeners of every object once, page by page', async () => {
    const { told, found } = await loadedFrom(await filledStore());
    expect(found).toHaveLength(total);
    expect(told.size).toBe(total);
    expect([...told.values()].every((times) => times === 1)).toBe(true);
  });

  it('forgets what a load had collected that was given up', async () => {
    const store = await filledStore();
    store.failure = async () => {
      const { entry } = await store.get(keyOf(7));
      await store.delete(keyOf(7), entry!.revision);
    };
    const { found } = await loadedFrom(store);
    expect(found).toHaveLength(total - 1);
    expect(found).not.toContain('c-00007');
  });
});
