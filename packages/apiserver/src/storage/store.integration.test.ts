import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startEtcd, type TestEtcd } from '../testing/etcd.ts';
import { aesGcm } from './encryption/ciphers.ts';
import { EncryptedStore } from './encryption/encrypted-store.ts';
import { EtcdStore } from './etcd-store.ts';
import { MemoryStore } from './memory-store.ts';
import {
  CompactedError,
  FutureRevisionError,
  type Store,
  type StoreBatch,
  type StoreEvent,
  StoreUnavailableError,
} from './store.ts';

const bytes = (text: string) => Buffer.from(text);

/** What every store must do. `open` gives a store without any keys. */
function storeContract(open: () => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  const put = async (key: string, value: string, expected = 0) => {
    const result = await store.put(key, bytes(value), expected);
    if (!result.ok) throw new Error(`${key} was not written`);
    return result.revision;
  };

  describe('reads and writes', () => {
    it('gives back what was put, under the revision of the write', async () => {
      const revision = await put('/registry/pods/a/x', 'one');
      const read = await store.get('/registry/pods/a/x');
      expect(read.entry).toMatchObject({ key: '/registry/pods/a/x', revision });
      expect(read.entry!.value.toString()).toBe('one');
      expect(read.revision).toBeGreaterThanOrEqual(revision);
      expect(await store.revision()).toBe(read.revision);
    });

    it('has nothing under other keys', async () => {
      await put('/registry/pods/a/x', 'one');
      expect((await store.get('/registry/pods/a')).entry).toBeUndefined();
      expect((await store.get('/registry/pods/a/xx')).entry).toBeUndefined();
    });

    it('creates a key once', async () => {
      const revision = await put('/registry/a', 'one');
      const again = await store.put('/registry/a', bytes('two'), 0);
      expect(again).toMatchObject({ ok: false, current: { key: '/registry/a', revision } });
      expect((await store.get('/registry/a')).entry!.value.toString()).toBe('one');
    });

    it('writes over the expected revision only', async () => {
      const first = await put('/registry/a', 'one');
      const second = await put('/registry/a', 'two', first);
      expect(second).toBeGreaterThan(first);
      const stale = await store.put('/registry/a', bytes('three'), first);
      expect(stale).toMatchObject({ ok: false, current: { revision: second } });
      expect((await store.put('/registry/absent', bytes('x'), second)).ok).toBe(false);
    });

    it('removes the expected revision only', async () => {
      const first = await put('/registry/a', 'one');
      const second = await put('/registry/a', 'two', first);
      expect(await store.delete('/registry/a', first)).toMatchObject({ ok: false, current: { revision: second } });
      const gone = await store.delete('/registry/a', second);
      expect(gone.ok).toBe(true);
      expect((await store.get('/registry/a')).entry).toBeUndefined();
      expect(await store.delete('/registry/a', second)).toMatchObject({ ok: false, current: undefined });
      expect(await put('/registry/a', 'again')).toBeGreaterThan(gone.revision);
    });

    it('keeps any bytes', async () => {
      const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await store.put('/registry/a', value, 0);
      expect((await store.get('/registry/a')).entry!.value.equals(value)).toBe(true);
    });

    it('refuses what is larger than a request may be', async () => {
      await put('/registry/a', 'x'.repeat(1_500_000));
      const large = store.put('/registry/b', bytes('x'.repeat(1_600_000)), 0);
      await expect(large).rejects.toMatchObject({
        status: { code: 413, message: 'Request entity too large: etcdserver: request is too large' },
      });
      expect((await store.get('/registry/b')).entry).toBeUndefined();
    });

    it('lets one of many writers win', async () => {
      const first = await put('/registry/a', '0');
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.put('/registry/a', bytes(String(i)), first)),
      );
      const winners = results.flatMap((result, i) => (result.ok ? [i] : []));
      expect(winners).toHaveLength(1);
      expect((await store.get('/registry/a')).entry!.value.toString()).toBe(String(winners[0]));
    });

    it('removes entries whose time is over', async () => {
      await store.put('/registry/events/a', bytes('x'), 0, 1);
      await put('/registry/events/b', 'stays');
      const gone = nextEvents(store, await store.revision(), 1);
      expect(await gone).toMatchObject([{ key: '/registry/events/a', value: undefined }]);
      expect((await store.get('/registry/events/b')).entry).toBeDefined();
    });
  });

  describe('list', () => {
    it('gives a prefix in byte order of keys', async () => {
      for (const key of ['b/x', 'a/y', 'a-b/x', 'a/x', 'a.b/x']) await put(`/registry/pods/${key}`, key);
      await put('/registry/podsx', 'no');
      await put('/registry/secrets/a/x', 'no');
      const page = await store.list('/registry/pods/');
      expect(page.entries.map(({ value }) => value.toString())).toEqual(['a-b/x', 'a.b/x', 'a/x', 'a/y', 'b/x']);
      expect(page.count).toBe(5);
      expect((await store.list('/registry/pods/a/')).entries).toHaveLength(2);
    });

    it('pages, with a count of what is left', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await put(`/registry/pods/${name}`, name);
      const first = await store.list('/registry/pods/', { limit: 2 });
      expect(first.entries.map(({ key }) => key.at(-1))).toEqual(['a', 'b']);
      expect(first.count).toBe(5);
      const from = `${first.entries[1]!.key}\0`;
      const second = await store.list('/registry/pods/', { from, limit: 2, revision: first.revision });
      expect(second.entries.map(({ key }) => key.at(-1))).toEqual(['c', 'd']);
      expect(second.count).toBe(3);
    });

    it('shows the past', async () => {
      const a = await put('/registry/pods/a', 'one');
      const b = await put('/registry/pods/b', 'one');
      await put('/registry/pods/a', 'two', a);
      await store.delete('/registry/pods/b', b);
      const then = await store.list('/registry/pods/', { revision: b });
      expect(then.entries.map(({ value, revision }) => [value.toString(), revision])).toEqual([
        ['one', a],
        ['one', b],
      ]);
      expect(then.revision).toBe(b);
    });

    it('refuses revisions that are compacted, or not there yet', async () => {
      const first = await put('/registry/a', 'one');
      const second = await put('/registry/a', 'two', first);
      await store.compact(second);
      await expect(store.list('/registry/', { revision: first })).rejects.toThrow(CompactedError);
      await expect(store.list('/registry/', { revision: second + 100 })).rejects.toThrow(FutureRevisionError);
      expect((await store.list('/registry/', { revision: second })).entries).toHaveLength(1);
    });
  });

  describe('watch', () => {
    it('tells every change after a revision, in order', async () => {
      const start = await put('/registry/a', 'before');
      const events = nextEvents(store, start, 4);
      const b = await put('/registry/b', 'one');
      const b2 = await put('/registry/b', 'two', b);
      const c = await put('/registry/c', 'one');
      const gone = await store.delete('/registry/b', b2);
      expect((await events).map(({ key, value, revision }) => [key, value?.toString(), revision])).toEqual([
        ['/registry/b', 'one', b],
        ['/registry/b', 'two', b2],
        ['/registry/c', 'one', c],
        ['/registry/b', undefined, gone.revision],
      ]);
    });

    it('tells the past, too', async () => {
      const start = await store.revision();
      const a = await put('/registry/a', 'one');
      await put('/registry/a', 'two', a);
      expect((await nextEvents(store, start, 2)).map(({ value }) => value?.toString())).toEqual(['one', 'two']);
    });

    it('refuses a compacted revision', async () => {
      const first = await put('/registry/a', 'one');
      const second = await put('/registry/a', 'two', first);
      const third = await put('/registry/a', 'three', second);
      await store.compact(third);
      await expect(nextEvents(store, first - 1, 1)).rejects.toThrow(CompactedError);
    });

    it('ends without an error when it is stopped', async () => {
      const stop = new AbortController();
      const ended = (async () => {
        for await (const _ of store.watch(await store.revision(), stop.signal)) expect(_.events).toEqual([]);
      })();
      stop.abort();
      await expect(ended).resolves.toBeUndefined();
    });

    it('loses nothing and repeats nothing under many writers', async () => {
      const start = await store.revision();
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        const revisions: number[] = [];
        let last = 0;
        for (let i = 0; i < 25; i++) {
          last = await put(`/registry/w/${writer}`, String(i), last);
          revisions.push(last);
        }
        return revisions;
      });
      const events = await nextEvents(store, start, 200);
      const written = (await Promise.all(writers)).flat().sort((a, b) => a - b);
      expect(events.map(({ revision }) => revision)).toEqual(written);
    });
  });

  it('behaves as a map with a history does', async () => {
    const key = fc.constantFrom('a', 'b', 'c/d', 'c/e');
    const command = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, value: fc.string(), stale: fc.boolean() }),
      fc.record({ kind: fc.constant('delete' as const), key, stale: fc.boolean() }),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 20 }), async (commands) => {
        const base = `/registry/model${run++}/`;
        const model = new Map<string, { value: string; revision: number }>();
        for (const each of commands) {
          const known = model.get(each.key);
          const expected = each.stale ? (known?.revision ?? 0) + 1 : (known?.revision ?? 0);
          const result =
            each.kind === 'put'
              ? await store.put(base + each.key, bytes(each.value), expected)
              : await store.delete(base + each.key, expected);
          const possible = !each.stale && (each.kind === 'put' || known !== undefined);
          expect(result.ok).toBe(possible);
          if (!possible) continue;
          if (each.kind === 'put') model.set(each.key, { value: each.value, revision: result.revision });
          else model.delete(each.key);
        }
        const page = await store.list(base);
        const seen = page.entries.map(({ key: at, value, revision }) => [
          at.slice(base.length),
          value.toString(),
          revision,
        ]);
        const wanted = [...model].map(([at, { value, revision }]) => [at, bytes(value).toString(), revision]);
        expect(seen).toEqual(wanted.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)));
      }),
      { numRuns: 25 },
    );
  });
}

/** The first `count` events after a revision. */
async function nextEvents(store: Store, revision: number, count: number): Promise<StoreEvent[]> {
  const stop = new AbortController();
  const events: StoreEvent[] = [];
  for await (const batch of store.watch(revision, stop.signal) as AsyncIterable<StoreBatch>) {
    for (const event of batch.events) expect(event.revision).toBeLessThanOrEqual(batch.revision);
    events.push(...batch.events);
    if (events.length >= count) stop.abort();
  }
  return events;
}

describe('MemoryStore', () => {
  storeContract(async () => new MemoryStore());
});

/** Everything that is kept is encrypted. */
const encrypted = (store: Store): Store => {
  const transformer = aesGcm(Buffer.alloc(32, 1));
  return new EncryptedStore(
    store,
    () => 'everything',
    () => transformer,
  );
};

describe('MemoryStore, encrypted', () => {
  storeContract(async () => encrypted(new MemoryStore()));
});

let etcd: TestEtcd;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.close());

/** On the test's etcd, without any keys. */
async function emptyEtcdStore(): Promise<EtcdStore> {
  const store = new EtcdStore({ servers: [etcd.url] });
  for (const { key, revision } of (await store.list('/registry/')).entries) await store.delete(key, revision);
  return store;
}

describe('EtcdStore, encrypted', () => {
  storeContract(async () => encrypted(await emptyEtcdStore()));
});

describe('EtcdStore', () => {
  storeContract(emptyEtcdStore);

  it('says that etcd is away, and goes on when it is back', async () => {
    const store = new EtcdStore({ servers: [etcd.url], timeout: 1_000 });
    const written = await store.put('/registry/outage/a', Buffer.from('one'), 0);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const batch of store.watch(written.revision, stop.signal)) {
        for (const event of batch.events) seen.push(event.key);
        if (seen.includes('/registry/outage/b')) stop.abort();
      }
    })();
    await etcd.stop();
    await expect(store.get('/registry/outage/a')).rejects.toThrow(StoreUnavailableError);
    await expect(store.put('/registry/outage/b', Buffer.from('x'), 0)).rejects.toThrow(StoreUnavailableError);
    await etcd.start();
    let back = await store.put('/registry/outage/b', Buffer.from('x'), 0).catch(() => undefined);
    while (!back) back = await store.put('/registry/outage/b', Buffer.from('x'), 0).catch(() => undefined);
    await watching;
    expect(seen).toEqual(['/registry/outage/b']);
    expect((await store.get('/registry/outage/a')).entry!.value.toString()).toBe('one');
    await store.close();
  });
});
