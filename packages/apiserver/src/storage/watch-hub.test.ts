import { configMap } from '@coracle/api/core/v1/configmap';
import { parseSelector } from '@coracle/api/meta/labels';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { renderingOf } from '../endpoints/rendering.ts';
import { Feed } from './feed.ts';
import { Filter } from './filter.ts';
import { MemoryStore } from './memory-store.ts';
import { ResourceCache } from './resource-cache.ts';
import { type FrameSink, WatchHub, type WatchOptions } from './watch-hub.ts';

const encoding = renderingOf(configMap, 'object');
const bounds = { least: 5, most: 5, bytes: 1 << 20, age: 1e9 };

/** A client that can stop reading. */
class Client implements FrameSink {
  readonly frames: Buffer[] = [];
  ended: string | undefined;
  reads = true;
  #resume: (() => void) | undefined;

  write(frame: Buffer): boolean {
    this.frames.push(frame);
    return this.reads;
  }

  drained(callback: () => void): void {
    this.#resume = callback;
  }

  read(): void {
    this.reads = true;
    this.#resume?.();
  }

  end(why: string): void {
    this.ended = why;
  }

  get seen(): string[] {
    const lines = Buffer.concat(this.frames).toString().trimEnd().split('\n');
    return lines.map((line) => {
      const { type, object } = JSON.parse(line);
      return `${type} ${object.metadata.name ?? object.metadata.resourceVersion}`;
    });
  }
}

let store: MemoryStore;
let feed: Feed;
let cache: ResourceCache;
let hub: WatchHub;

beforeEach(async () => {
  store = new MemoryStore();
  feed = new Feed(store, { warn: () => undefined });
  cache = new ResourceCache(configMap, bounds);
  feed.add(cache);
  hub = new WatchHub(cache, feed, 60_000);
  await feed.start();
});
afterEach(async () => {
  hub.close();
  await feed.stop();
  await store.close();
});

async function write(name: string, labels = {}): Promise<void> {
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'default', labels } };
  const { entry } = await store.get(`/registry/configmaps/default/${name}`);
  const { revision } = await store.put(
    `/registry/configmaps/default/${name}`,
    Buffer.from(JSON.stringify(object)),
    entry?.revision ?? 0,
  );
  await feed.reached(revision, 10_000);
}

function open(client: Client, options: Partial<WatchOptions> = {}, selector = '') {
  const filter = new Filter(configMap, 'default', parseSelector(selector));
  return hub.open(filter, encoding, client, {
    revision: feed.revision,
    bookmarks: false,
    deadline: Number.POSITIVE_INFINITY,
    ...options,
  });
}

describe('WatchHub', () => {
  it('gives watchers that see the same the very same bytes', async () => {
    const [one, two, other] = [new Client(), new Client(), new Client()];
    open(one);
    open(two);
    open(other, {}, 'a=b');
    await write('x', { a: 'b' });
    expect(two.frames[0]).toBe(one.frames[0]);
    expect(other.frames[0]).not.toBe(one.frames[0]);
    expect(other.seen).toEqual(['ADDED x']);
  });

  it('lets one that does not read catch up later', async () => {
    const [slow, fast] = [new Client(), new Client()];
    slow.reads = false;
    open(slow);
    open(fast);
    for (const name of ['a', 'b', 'c']) await write(name);
    expect(slow.seen).toEqual(['ADDED a']);
    expect(fast.seen).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
    slow.read();
    expect(slow.seen).toEqual(fast.seen);
    await write('a');
    expect(slow.seen.at(-1)).toBe('MODIFIED a');
  });

  it('tells a watcher that is ahead of the cache only what is new to it', async () => {
    const [ahead, behind] = [new Client(), new Client()];
    open(ahead, { revision: feed.revision + 2 });
    open(behind);
    const writes = ['a', 'b', 'c'].map((name) => write(name));
    await Promise.all(writes);
    expect(behind.seen).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
    expect(ahead.seen).toEqual(['ADDED c']);
  });

  it('ends one that falls behind what history keeps', async () => {
    const slow = new Client();
    slow.reads = false;
    open(slow);
    for (let i = 0; i < 10; i++) await write(`n${i}`);
    slow.read();
    expect(slow.ended).toBe('overrun');
    expect(slow.seen).toEqual(['ADDED n0']);
    expect(cache.counts.overrun).toBe(1);
  });

  it('sends bookmarks when they are due and before the end, and ends in time', async () => {
    const client = new Client();
    const now = Date.now();
    open(client, { bookmarks: true, deadline: now + 100_000 });
    hub.tick(now + 1_000);
    expect(client.frames).toHaveLength(0);
    hub.tick(now + 61_000);
    expect(client.seen).toEqual([`BOOKMARK ${feed.revision}`]);
    hub.tick(now + 62_000);
    expect(client.frames).toHaveLength(1);
    hub.tick(now + 98_500);
    expect(client.frames).toHaveLength(2);
    hub.tick(now + 100_000);
    expect(client.ended).toBe('timeout');
  });

  it('sends none to a watch that is over before one before its end is due', async () => {
    const client = new Client();
    const now = Date.now();
    open(client, { bookmarks: true, deadline: now + 1_000 });
    hub.tick(now + 500);
    hub.tick(now + 1_000);
    expect([client.frames, client.ended]).toEqual([[], 'timeout']);
  });

  it('tells a watcher nothing after it left', async () => {
    const client = new Client();
    open(client).close();
    await write('a');
    expect(client.frames).toHaveLength(0);
    expect(client.ended).toBeUndefined();
  });
});
