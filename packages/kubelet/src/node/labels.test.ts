import { describe, expect, it } from '@jest/globals';
import { checkedLabels } from './labels.ts';

describe('--node-labels', () => {
  it.each([
    'zone',
    'example.com/zone',
    'kubernetes.io/os',
    'node.kubernetes.io/x',
    'a.kubelet.kubernetes.io/x',
    'notkubernetes.io/x',
  ])('may set %s', (key) => {
    expect(checkedLabels({ [key]: 'a' })).toEqual({ [key]: 'a' });
  });

  it.each(['kubernetes.io/x', 'node-role.kubernetes.io/master', 'x.k8s.io/y'])('may not set %s', (key) => {
    expect(() => checkedLabels({ [key]: 'a' })).toThrow(`specified with --node-labels: [${key}]`);
  });

  it('must be labels', () => {
    expect(() => checkedLabels({ 'a b': 'x' })).toThrow('invalid node labels');
    expect(() => checkedLabels({ a: '-' })).toThrow('invalid node labels');
  });
});
