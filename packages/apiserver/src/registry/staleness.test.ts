import { scheme } from '@coracle/api/builtin';
import { configMap } from '@coracle/api/core/v1/configmap';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryStore } from '../storage/memory-store.ts';
import type { StoreBatch } from '../storage/store.ts';
import { Registry } from './registry.ts';

/** A store whose news reach nobody until `flow` is called. */
class SlowStore extends MemoryStore {
  #gate = Promise.withResolvers<void>();

  flow(): void {
    this.#gate.resolve();
  }

  override async *watch(revision: number, signal: AbortSignal): AsyncIterable<StoreBatch> {
    signal.addEventListener('abort', () => this.flow());
    for await (const batch of super.watch(revision, signal)) {
      await this.#gate.promise;
      yield batch;
    }
  }
}

let store: SlowStore;
let stale: Registry;
let current: Registry;
const options = { scheme, log: { warn: () => undefined } };
const object = (data: Record<string, string> = {}) => ({ metadata: { name: 'a', namespace: 'default' }, data });

beforeEach(async () => {
  store = new SlowStore();
  stale = new Registry({ ...options, store, readTimeout: 50 });
  await stale.start();
  current = new Registry({ ...options, store });
});
afterEach(async () => {
  await stale.stop();
  await store.close();
});

describe('a server whose cache lags', () => {
  it('changes what it has not seen yet', async () => {
    await current.create(configMap, object());
    const changed = await stale.update(configMap, 'a', 'default', (it) => ({ ...it, data: { x: '1' } }));
    expect(changed.data).toEqual({ x: '1' });
  });

  it('deletes what it has not seen yet', async () => {
    await current.create(configMap, object());
    await stale.delete(configMap, 'a', 'default');
    expect(await current.get(configMap, 'a', 'default')).toBeUndefined();
  });

  it('refuses to create what it has not seen yet', async () => {
    await current.create(configMap, object());
    await expect(stale.create(configMap, object())).rejects.toMatchObject({ reason: 'AlreadyExists' });
  });

  it('accepts the newest resourceVersion, and refuses one that is really stale', async () => {
    const first = await stale.create(configMap, object());
    const second = await current.update(configMap, 'a', 'default', (it) => ({ ...it, data: { x: '1' } }));
    const third = await stale.update(configMap, 'a', 'default', () => ({ ...second, data: { x: '2' } }));
    expect(third.data).toEqual({ x: '2' });
    await expect(stale.update(configMap, 'a', 'default', () => ({ ...first, data: {} }))).rejects.toMatchObject({
      reason: 'Conflict',
    });
  });

  it('says NotFound only of what is not in the store', async () => {
    await expect(stale.delete(configMap, 'a', 'default')).rejects.toMatchObject({ reason: 'NotFound' });
    await current.create(configMap, object());
    await current.delete(configMap, 'a', 'default');
    await expect(stale.update(configMap, 'a', 'default', (it) => it)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('does not answer a consistent read from before', async () => {
    await current.create(configMap, object());
    await expect(stale.fresh()).rejects.toMatchObject({ reason: 'Timeout' });
    store.flow();
    await stale.fresh();
    expect(stale.cached(configMap, 'a', 'default')).toBeDefined();
  });
});

describe('onChange', () => {
  it('tells what there is, then every change in order, with the object before', async () => {
    store.flow();
    await stale.create(configMap, object());
    await stale.fresh();
    const seen: unknown[] = [];
    const stop = stale.onChange(configMap, ({ type, object: it, old }) => seen.push([type, it.data?.x, old?.data?.x]));
    await stale.update(configMap, 'a', 'default', (it) => ({ ...it, data: { x: '1' } }));
    await stale.delete(configMap, 'a', 'default');
    await stale.fresh();
    stop();
    await stale.create(configMap, object());
    await stale.fresh();
    expect(seen).toEqual([
      ['added', undefined, undefined],
      ['updated', '1', undefined],
      ['deleted', '1', undefined],
    ]);
  });
});
