import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { type Cluster, eventually } from '../cluster.ts';
import { podManifest, shell } from '../manifests.ts';

/** Where pods may run: selectors, affinity, taints. */
export function scheduling(cluster: Cluster): void {
  const withSpec = (more: string) => shell('sleep infinity').replace('\ncontainers:', `\n${more}\ncontainers:`);
  const refusal = (name: string) =>
    eventually(
      `${name} is refused`,
      () => cluster.get<Pod>('pod', name),
      (it) => it.status?.conditions?.some((each) => each.reason === 'Unschedulable') ?? false,
    ).then((it) => it.status?.conditions?.find((each) => each.type === 'PodScheduled')?.message);
  const runs = (name: string) =>
    eventually(
      `${name} runs`,
      () => cluster.get<Pod>('pod', name),
      (it) => it.status?.phase === 'Running',
    );

  describe('scheduling', () => {
    it('waits for a node that a selector and an affinity ask for', async () => {
      const node = (await cluster.status()).nodes[0]!.name;
      await cluster.apply(podManifest('choosy', withSpec('nodeSelector: {disk: fast}')));
      await cluster.apply(
        podManifest(
          'drawn',
          withSpec(
            'affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [fast]}]}]}}}',
          ),
        ),
      );
      for (const name of ['choosy', 'drawn']) {
        expect(await refusal(name)).toMatch(
          /^0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector/,
        );
      }
      await cluster.must(['label', 'node', node, 'disk=fast']);
      await runs('choosy');
      await runs('drawn');
      await cluster.must(['label', 'node', node, 'disk-']);
      await cluster.must(['delete', 'pod', 'choosy', 'drawn', '--now']);
    });

    it('keeps pods off a tainted node unless they tolerate it', async () => {
      const node = (await cluster.status()).nodes[0]!.name;
      await cluster.must(['taint', 'node', node, 'kept=clear:NoSchedule']);
      await cluster.apply(podManifest('repelled', withSpec('priority: 0')));
      await cluster.apply(
        podManifest('tolerant', withSpec('tolerations: [{key: kept, operator: Exists, effect: NoSchedule}]')),
      );
      await runs('tolerant');
      expect(await refusal('repelled')).toMatch(/^0\/1 nodes are available: 1 node\(s\) had untolerated taint\(s\)/);
      await cluster.must(['taint', 'node', node, 'kept-']);
      await runs('repelled');
      await cluster.must(['delete', 'pod', 'repelled', 'tolerant', '--now']);
    });
  });
}
