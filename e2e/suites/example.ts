import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import type { Node, Pod, Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import { describe, expect, it } from '@jest/globals';
import { type Cluster, eventually, run } from '../cluster.ts';

type List<T> = { items: T[] };

/** The main job: the Deployment every tutorial shows, from apply to HTTP. */
export function example(cluster: Cluster): void {
  describe('the example', () => {
    it('is available: Deployment, ReplicaSet, two ready pods, two endpoints', async () => {
      const deployment = await cluster.get<Deployment>('deployment', 'nginx-deployment');
      expect(deployment.status?.availableReplicas).toBe(2);
      const sets = await cluster.get<List<ReplicaSet>>('rs', '-l', 'app=nginx');
      expect(sets.items.map((each) => each.metadata.ownerReferences?.[0]?.name)).toEqual(['nginx-deployment']);
      const pods = await cluster.get<List<Pod>>('pods', '-l', 'app=nginx');
      expect(pods.items.map((each) => each.status?.phase)).toEqual(['Running', 'Running']);
      const slices = await cluster.get<List<EndpointSlice>>('endpointslices');
      const ready = slices.items.filter((each) => each.ports?.[0]?.port === 80).flatMap((each) => each.endpoints ?? []);
      expect(ready.filter((each) => each.conditions?.ready).length).toBeGreaterThanOrEqual(2);
    });

    it('answers through the ClusterIP and the NodePort, spread over both pods', async () => {
      const services = (await cluster.get<List<Service>>('services')).items.filter(
        (each) => each.spec.selector?.['app'] === 'nginx',
      );
      const inside = services.find((each) => each.spec.type === 'ClusterIP')!;
      const outside = services.find((each) => each.spec.type === 'NodePort')!;
      const node = (await cluster.get<List<Node>>('nodes')).items[0]!;
      const address = node.status?.addresses?.find((each) => each.type === 'InternalIP')?.address;
      for (const url of [
        `http://${inside.spec.clusterIP}/`,
        `http://${address}:${outside.spec.ports?.[0]?.nodePort}/`,
      ]) {
        for (let i = 0; i < 20; i++) {
          const answer = await fetch(url, { headers: { connection: 'close', 'user-agent': 'spread' } });
          expect(await answer.text()).toContain('Welcome to nginx!');
        }
      }
      const pods = (await cluster.get<List<Pod>>('pods', '-l', 'app=nginx')).items;
      for (const pod of pods) {
        await eventually(
          `requests reach ${pod.metadata.name}`,
          () => cluster.must(['logs', pod.metadata.name!]),
          (log) => log.includes('spread'),
        );
      }
    });

    it('works the same through upstream kubectl', async () => {
      const theirs = await run('kubectl', ['get', 'deployment', 'nginx-deployment', '-o', 'wide'], {
        env: { KUBECONFIG: cluster.kubeconfig },
      });
      const ours = await cluster.kubectl(['get', 'deployment', 'nginx-deployment', '-o', 'wide']);
      expect(ours.code).toBe(0);
      expect(ours.stdout.replace(/\d+[smh]\S*/g, 'AGE')).toBe(theirs.stdout.replace(/\d+[smh]\S*/g, 'AGE'));
    });
  });
}
