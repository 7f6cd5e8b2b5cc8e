import { describe, expect, it } from '@jest/globals';
import { podInfo } from '../framework/pod-info.ts';
import { makeNode, makePod, placed } from '../testing/objects.ts';
import { ClusterCache } from './cluster-cache.ts';
import { Snapshot } from './snapshot.ts';

const requests = { cpu: '1' };

function cacheOf(...names: string[]) {
  const cache = new ClusterCache();
  for (const name of names) cache.setNode(makeNode(name));
  const snapshot = new Snapshot();
  const refresh = () => {
    cache.updateSnapshot(snapshot);
    return snapshot;
  };
  return { cache, refresh };
}

describe('the cluster cache', () => {
  it('copies only nodes that changed into a snapshot', () => {
    const { cache, refresh } = cacheOf('a', 'b');
    const [a, b] = refresh().nodes;
    cache.assume(podInfo(makePod({ requests })), 'b');
    expect(b!.requested.milliCpu).toBe(0);
    const after = refresh();
    expect(after.get('a')).toBe(a);
    expect(after.get('b')!.requested.milliCpu).toBe(1000);
    expect(refresh().nodes).toBe(after.nodes);
  });

  it('takes an assumed pod back, unless it has been confirmed', () => {
    const { cache, refresh } = cacheOf('a');
    const pod = makePod({ requests });
    const info = podInfo(pod);
    cache.assume(info, 'a');
    expect(cache.isAssumed(info.uid)).toBe(true);
    expect(() => cache.assume(info, 'a')).toThrow(/is in the cache, so can't be assumed/);
    cache.forget(info.uid);
    expect(refresh().get('a')!.pods).toEqual([]);
    cache.assume(info, 'a');
    cache.setPod(placed(pod, 'a'));
    expect(cache.isAssumed(info.uid)).toBe(false);
    cache.forget(info.uid);
    expect(refresh().get('a')!.pods).toHaveLength(1);
  });

  it('moves a pod that turns out to be on another node than assumed', () => {
    const { cache, refresh } = cacheOf('a', 'b');
    const pod = makePod({ requests });
    cache.assume(podInfo(pod), 'a');
    cache.setPod(placed(pod, 'b'));
    expect(refresh().get('a')!.pods).toEqual([]);
    expect(refresh().get('b')!.pods).toHaveLength(1);
  });

  it('keeps pods of a node it does not know, and forgets a removed node once its pods are gone', () => {
    const { cache, refresh } = cacheOf();
    const pod = placed(makePod({ requests }), 'late');
    cache.setPod(pod);
    expect(refresh().nodes).toEqual([]);
    cache.setNode(makeNode('late'));
    expect(refresh().get('late')!.pods).toHaveLength(1);
    cache.removeNode('late');
    expect(refresh().nodes).toEqual([]);
    expect(cache.nodeCount).toBe(1);
    cache.removePod(pod.uid);
    expect(cache.nodeCount).toBe(0);
  });

  it('takes nodes from the zones in turn', () => {
    const { cache, refresh } = cacheOf();
    for (const [name, zone] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['a3', 'a'],
      ['b1', 'b'],
      ['c1', 'c'],
    ] as const) {
      cache.setNode(makeNode(name, { labels: { 'topology.kubernetes.io/zone': zone } }));
    }
    expect(refresh().nodes.map((each) => each.name)).toEqual(['a1', 'b1', 'c1', 'a2', 'a3']);
  });

  it('lists the nodes with pods that have affinity', () => {
    const { cache, refresh } = cacheOf('a', 'b');
    const term = { topologyKey: 'zone', labelSelector: {} };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const info = placed(makePod({ affinity }), 'b');
    cache.setPod(info);
    expect(refresh().nodesWithRequiredAntiAffinityPods.map((each) => each.name)).toEqual(['b']);
    expect(refresh().nodesWithAffinityPods.map((each) => each.name)).toEqual(['b']);
    cache.removePod(info.uid);
    expect(refresh().nodesWithAffinityPods).toEqual([]);
  });
});
