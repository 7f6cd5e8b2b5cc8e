import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { configMap } from '@coracle/api/core/v1/configmap';
import type { KubeObject } from '@coracle/api/kind';
import { describe, expect, it } from '@jest/globals';
import { CachedObject } from './cached-object.ts';
import { type CacheEvent, History } from './history.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const changed = (revision: number): CacheEvent => {
  const object = { metadata: { name: `map-${revision}` }, data: { key: 'value'.repeat(100) } } as unknown as KubeObject;
  return { type: 'ADDED', revision, object: CachedObject.unstored(configMap, object), previous: undefined };
};

describe('the history of a resource', () => {
  it('has what came after a revision, from its floor on', () => {
    const history = new History(2, { least: 2, most: 3, bytes: 1 << 20, age: 60_000 });
    for (const revision of [3, 5, 6, 9, 12]) history.push(changed(revision), 0);
    expect(history.floor).toBe(5);
    expect(history.size).toBe(3);
    expect(history.after(6).map((it) => it.revision)).toEqual([9, 12]);
    expect(history.after(5, 2).map((it) => it.revision)).toEqual([6, 9]);
  });

  it('forgets what is old, but for the least', () => {
    const history = new History(0, { least: 2, most: 100, bytes: 1 << 20, age: 1000 });
    for (const revision of [1, 2, 3, 4]) history.push(changed(revision), revision * 10);
    history.push(changed(5), 5000);
    expect(history.after(0).map((it) => it.revision)).toEqual([4, 5]);
  });

  it('holds none of the objects it has forgotten', async () => {
    const history = new History(0, { least: 1, most: 5, bytes: 1 << 20, age: 60_000 });
    const objects: WeakRef<CachedObject>[] = [];
    for (let revision = 1; revision <= 50; revision++) {
      const event = changed(revision);
      objects.push(new WeakRef(event.object));
      history.push(event, 0);
    }
    // What a WeakRef was made of lives until the turn ends.
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
    expect(history.size).toBe(5);
    expect(objects.filter((it) => it.deref()).length).toBe(5);
  });
});
