import { expect, it } from '@jest/globals';
import { mayLabelItself } from './kubelet-labels.ts';

it.each([
  'zone',
  'example.com/zone',
  'kubernetes.io/os',
  'node.kubernetes.io/x',
  'a.kubelet.kubernetes.io/x',
  'notkubernetes.io/x',
])('a node may give itself %s', (key) => {
  expect(mayLabelItself(key)).toBe(true);
});

it.each([
  'kubernetes.io/x',
  'node-role.kubernetes.io/control-plane',
  'node-restriction.kubernetes.io/tier',
  'a.node-restriction.kubernetes.io/tier',
  'x.k8s.io/y',
])('a node may not give itself %s', (key) => {
  expect(mayLabelItself(key)).toBe(false);
});
