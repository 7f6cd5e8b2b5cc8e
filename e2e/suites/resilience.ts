import type { Node, Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { type Cluster, eventually } from '../cluster.ts';
import { sleepers } from '../manifests.ts';

type List<T> = { items: T[] };

/** Processes that die or stop answering, one at a time. */
export function resilience(cluster: Cluster): void {
  const containers = async (app: string) => {
    const pods = (await cluster.get<List<Pod>>('pods', '-l', `app=${app}`)).items;
    return pods.map((each) => each.status?.containerStatuses?.[0]?.containerID).sort();
  };

  describe('when something breaks', () => {
    it.each([
      'kubelet',
      'containerd',
      'kube-apiserver',
      'etcd',
      'kube-controller-manager',
      'kube-scheduler',
      'kube-proxy',
      'overlay',
    ])('a killed %s comes back, and no container is restarted', async (component) => {
      const before = await containers('nginx');
      const pid = await cluster.processOf(component);
      process.kill(pid, 'SIGKILL');
      await eventually(
        `${component} runs again`,
        () => cluster.status(),
        (it) => {
          const service = it.nodes[0]?.services.find((each) => each.name === component);
          return it.state === 'running' && service?.pid !== pid;
        },
      );
      await eventually(
        'the node is Ready and a new pod still starts',
        () => cluster.must(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=5s']),
        (it) => it.includes('condition met'),
      );
      const name = `after-${component}`;
      await eventually(
        'an object is accepted',
        () => cluster.apply(sleepers(name, 1)),
        () => true,
      );
      await cluster.must(['rollout', 'status', `deployment/${name}`, '--timeout=60s']);
      await cluster.must(['delete', 'deployment', name]);
      expect(await containers('nginx')).toEqual(before);
    });

    it('a node that stops reporting turns NotReady and its pods too; being the only one, it keeps them', async () => {
      await cluster.apply(
        sleepers('fleeting', 1).replace(
          '      containers:',
          `      tolerations:
      - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
      - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
      containers:`,
        ),
      );
      await cluster.must(['rollout', 'status', 'deployment/fleeting']);
      const [pod] = (await cluster.get<List<Pod>>('pods', '-l', 'app=fleeting')).items;
      const isReady = (it: Pod): boolean =>
        it.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;
      const kubelet = await cluster.processOf('kubelet');
      process.kill(kubelet, 'SIGSTOP');
      try {
        const lost = await eventually(
          'the node is Unknown and takes no pods',
          () => cluster.get<List<Node>>('nodes'),
          (it) =>
            it.items[0]?.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'Unknown') ===
              true && it.items[0]?.spec.taints?.some((each) => each.effect === 'NoSchedule') === true,
          150_000,
        );
        expect(lost.items[0]?.status?.conditions?.find((each) => each.type === 'Ready')?.reason).toBe(
          'NodeStatusUnknown',
        );
        expect(lost.items[0]?.spec.taints?.map((each) => `${each.key}:${each.effect}`)).toEqual([
          'node.kubernetes.io/unreachable:NoSchedule',
        ]);
        await eventually(
          'its pod is not ready',
          () => cluster.get<Pod>('pod', pod!.metadata.name!),
          (it) => !isReady(it),
        );
      } finally {
        process.kill(kubelet, 'SIGCONT');
      }
      await cluster.must(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=90s']);
      const [after, nodes] = await eventually(
        'the pod is ready and the taint gone',
        async () =>
          [await cluster.get<Pod>('pod', pod!.metadata.name!), await cluster.get<List<Node>>('nodes')] as const,
        ([it, all]) => isReady(it) && !all.items[0]?.spec.taints?.length,
      );
      expect(nodes.items).toHaveLength(1);
      expect(after.metadata).toMatchObject({ uid: pod!.metadata.uid });
      expect(after.metadata.deletionTimestamp).toBeUndefined();
      await cluster.must(['delete', 'deployment', 'fleeting']);
    });
  });
}
