import { configMap } from '@coracle/api/core/v1/configmap';
import { describe, expect, it, jest } from '@jest/globals';
import { CachedObject } from '../storage/cached-object.ts';
import { encodeStored } from '../storage/encoding.ts';
import { MessageMemo } from './message-memo.ts';

function objectOf(name: string) {
  const object = { metadata: { name, namespace: 'default' }, data: { x: 'y'.repeat(100) } };
  const cached = CachedObject.fromStore(configMap, {
    key: '/registry/configmaps/default/it',
    value: encodeStored(configMap, object),
    revision: 7,
  }).object;
  return { cached, decodes: jest.spyOn(cached, 'decode') };
}

describe('messages of objects', () => {
  it('are encoded once while there is room, those not read for longest go first', () => {
    const [a, b, c] = [objectOf('a'), objectOf('b'), objectOf('c')];
    const memo = new MessageMemo(300);
    const first = memo.of(a.cached, configMap);
    expect(first.length).toBeGreaterThan(100);
    expect(first.length).toBeLessThan(150);
    memo.of(b.cached, configMap);
    expect(memo.of(a.cached, configMap)).toBe(first);
    memo.of(c.cached, configMap);
    expect(memo.of(a.cached, configMap)).toBe(first);
    memo.of(b.cached, configMap);
    expect([a, b, c].map(({ decodes }) => decodes.mock.calls.length)).toEqual([1, 2, 1]);
  });
});
