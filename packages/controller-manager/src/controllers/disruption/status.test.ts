import type { Pod } from '@coracle/api/types/core/v1';
import type { PodDisruptionBudget } from '@coracle/api/types/policy/v1';
import { describe, expect, it } from '@jest/globals';
import { countHealthy, disruptedPods, setStatus, staleFrom } from './status.ts';

const at = Date.parse('2026-01-01T00:10:00Z');
const podOf = (name: string, ready = true, more: Partial<Pod['metadata']> = {}): Pod => ({
  metadata: { name, ...more },
  spec: { containers: [] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const budgetOf = (status: PodDisruptionBudget['status'] = {}): PodDisruptionBudget => ({
  metadata: { name: 'b', namespace: 'default', generation: 3 },
  spec: {},
  status,
});
const none = { pods: {}, recheckAt: undefined, overdue: [] };

describe('pods whose eviction was granted', () => {
  it('are waited for, two minutes at most, until their deletion shows', () => {
    const granted = {
      recent: '2026-01-01T00:09:00Z',
      earlier: '2026-01-01T00:08:30Z',
      late: '2026-01-01T00:07:59Z',
      going: '2026-01-01T00:09:00Z',
      gone: '2026-01-01T00:09:00Z',
    };
    const pods = [
      podOf('recent'),
      podOf('earlier'),
      podOf('late'),
      podOf('going', true, { deletionTimestamp: '2026-01-01T00:09:30Z' }),
      podOf('other'),
    ];
    const disrupted = disruptedPods(budgetOf({ disruptedPods: granted }), pods, at);
    expect(disrupted.pods).toEqual({ recent: granted.recent, earlier: granted.earlier });
    expect(disrupted.recheckAt).toBe(Date.parse('2026-01-01T00:10:30Z'));
    expect(disrupted.overdue.map((it) => it.metadata.name)).toEqual(['late']);
    expect(countHealthy([...pods, podOf('sick', false)], disrupted)).toBe(2);
  });
});

describe('the status of a budget', () => {
  it.each([
    ['has to spare what is healthy beyond the need', { currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 }, 1],
    ['never has less than nothing', { currentHealthy: 1, desiredHealthy: 2, expectedPods: 3 }, 0],
    ['has nothing to spare before it has pods', { currentHealthy: 1, desiredHealthy: 0, expectedPods: 0 }, 0],
  ])('%s', (_name, counts, allowed) => {
    const budget = budgetOf();
    expect(setStatus(budget, counts, none)).toBe(true);
    expect(budget.status).toMatchObject({ ...counts, disruptionsAllowed: allowed, observedGeneration: 3 });
    expect(budget.status?.disruptedPods).toBeUndefined();
    expect(budget.status?.conditions).toEqual([
      expect.objectContaining({
        type: 'DisruptionAllowed',
        status: allowed ? 'True' : 'False',
        reason: allowed ? 'SufficientPods' : 'InsufficientPods',
        message: '',
        observedGeneration: 3,
      }),
    ]);
    expect(setStatus(budget, counts, none)).toBe(false);
  });
});

describe('the mark of a pod that is to be disrupted', () => {
  const marked = (reason: string, more: Partial<Pod['metadata']> = {}, phase = 'Running'): Pod => {
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const conditions = [{ type: 'DisruptionTarget', status: 'True', reason, lastTransitionTime }];
    return { ...podOf('p', true, more), status: { phase, conditions } };
  };

  it('is out of date two minutes later', () => {
    expect(staleFrom(marked('EvictionByEvictionAPI'))).toBe(Date.parse('2026-01-01T00:02:00Z'));
  });
  it('stays on pods that go or have ended, and where a kubelet set it', () => {
    expect(staleFrom(marked('EvictionByEvictionAPI', { deletionTimestamp: '2026-01-01T00:00:00Z' }))).toBeUndefined();
    expect(staleFrom(marked('PreemptionByScheduler', {}, 'Failed'))).toBeUndefined();
    expect(staleFrom(marked('TerminationByKubelet'))).toBeUndefined();
    expect(staleFrom(podOf('p'))).toBeUndefined();
  });
});
