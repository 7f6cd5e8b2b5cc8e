import { notFoundError } from '@coracle/api/meta/status';
import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { type Decision, type DrainRules, decide, grouped } from './filters.ts';

const at = Date.parse('2026-01-01T00:01:00Z');
const ownedBy = (kind: string) => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'owner', uid: 'u', controller: true }],
});
const podOf = (metadata: Partial<Pod['metadata']> = {}, spec: Partial<Pod['spec']> = {}, phase = 'Running'): Pod => ({
  metadata: { name: 'p', namespace: 'default', ...metadata },
  spec: { containers: [], ...spec },
  status: { phase },
});
const strict: DrainRules = {
  force: false,
  ignoreDaemonSets: false,
  deleteEmptyDirData: false,
  skipWaitSeconds: 0,
  daemonSet: async () => ({}),
};
const gone = async () => {
  throw notFoundError({ group: 'apps', resource: 'daemonsets' }, 'owner');
};
const emptyDir = { volumes: [{ name: 'v', emptyDir: {} }] };

describe('what a drain does with a pod', () => {
  it.each<[string, Pod, Partial<DrainRules>, Decision]>([
    ['owned: goes', podOf(ownedBy('ReplicaSet')), {}, { goes: true }],
    [
      'of nobody: is refused',
      podOf(),
      {},
      { goes: false, error: 'cannot delete Pods that declare no controller (use --force to override)' },
    ],
    [
      'of nobody, forced: goes, with a warning',
      podOf(),
      { force: true },
      { goes: true, warning: 'deleting Pods that declare no controller' },
    ],
    ['of nobody, but ended: goes', podOf({}, emptyDir, 'Failed'), {}, { goes: true }],
    [
      'with local data: is refused',
      podOf(ownedBy('ReplicaSet'), emptyDir),
      { force: true },
      { goes: false, error: 'Pods with local storage (use --delete-emptydir-data to override)' },
    ],
    [
      'with local data that may go: goes',
      podOf(ownedBy('ReplicaSet'), emptyDir),
      { deleteEmptyDirData: true },
      { goes: true },
    ],
    ['mirrored: stays', podOf({ annotations: { 'kubernetes.io/config.mirror': '' } }), {}, { goes: false }],
    [
      'of a DaemonSet: is refused',
      podOf(ownedBy('DaemonSet')),
      { force: true },
      { goes: false, error: 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)' },
    ],
    [
      'of a DaemonSet to ignore: stays, with a warning',
      podOf(ownedBy('DaemonSet')),
      { ignoreDaemonSets: true },
      { goes: false, warning: 'ignoring DaemonSet-managed Pods' },
    ],
    ['of a DaemonSet, but ended: goes', podOf(ownedBy('DaemonSet'), {}, 'Succeeded'), {}, { goes: true }],
    [
      'of a DaemonSet that is gone: is refused',
      podOf(ownedBy('DaemonSet')),
      { ignoreDaemonSets: true, daemonSet: gone },
      { goes: false, error: 'daemonsets.apps "owner" not found' },
    ],
    [
      'of a DaemonSet that is gone, forced: goes',
      podOf(ownedBy('DaemonSet')),
      { force: true, daemonSet: gone },
      { goes: true },
    ],
    [
      'going for longer than anybody need wait: stays',
      podOf({ deletionTimestamp: '2026-01-01T00:00:00Z' }),
      { skipWaitSeconds: 59 },
      { goes: false },
    ],
    [
      'going, but not for that long: is treated as others are',
      podOf({ ...ownedBy('ReplicaSet'), deletionTimestamp: '2026-01-01T00:00:00Z' }),
      { skipWaitSeconds: 60 },
      { goes: true },
    ],
  ])('%s', async (_name, pod, rules, expected) => {
    expect(await decide(pod, { ...strict, ...rules }, at)).toEqual(expected);
  });

  it('is told of together', () => {
    const named = (name: string): Pod => podOf({ name });
    const decisions = new Map<Pod, Decision>([
      [named('a'), { goes: true, warning: 'x' }],
      [named('b'), { goes: true }],
      [named('c'), { goes: true, warning: 'y' }],
      [named('d'), { goes: true, warning: 'x' }],
    ]);
    expect(grouped(decisions, 'warning')).toEqual(['x: default/a, default/d', 'y: default/c']);
    expect(grouped(decisions, 'error')).toEqual([]);
  });
});
