import type { Deployment, ReplicaSet } from '@coracle/api/types/apps/v1';
import type { ConfigMap, Namespace, Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { type Cluster, eventually } from '../cluster.ts';
import { sleepers } from '../manifests.ts';

type List<T> = { items: T[] };

/** Rollouts, scaling, replacement, garbage collection, namespaces. */
export function workloads(cluster: Cluster): void {
  const images = async () =>
    (await cluster.get<List<Pod>>('pods', '-l', 'app=nginx')).items.map((each) => each.spec.containers[0]?.image);
  const podsOf = async (app: string, ...args: string[]) =>
    (await cluster.get<List<Pod>>('pods', '-l', `app=${app}`, ...args)).items;

  describe('workloads', () => {
    it('rolls a new image out, and back', async () => {
      await cluster.must(['set', 'image', 'deployment/nginx-deployment', 'nginx=nginx:1.16.1']);
      expect(await cluster.must(['rollout', 'status', 'deployment/nginx-deployment'])).toContain(
        'successfully rolled out',
      );
      await eventually(
        'only new pods',
        images,
        (all) => all.length === 2 && all.every((each) => each === 'nginx:1.16.1'),
      );
      expect(await cluster.must(['rollout', 'history', 'deployment/nginx-deployment'])).toMatch(/1 .*\n2 /);
      await cluster.must(['rollout', 'undo', 'deployment/nginx-deployment']);
      await cluster.must(['rollout', 'status', 'deployment/nginx-deployment']);
      await eventually(
        'the old image again',
        images,
        (all) => all.length === 2 && all.every((each) => each === 'nginx:1.14.2'),
      );
    });

    it('holds a paused rollout until it is resumed', async () => {
      await cluster.apply(sleepers('paused', 1));
      await cluster.must(['rollout', 'status', 'deployment/paused']);
      await cluster.must(['rollout', 'pause', 'deployment/paused']);
      await cluster.must(['rollout', 'restart', 'deployment/paused']).catch((error: Error) => {
        expect(error.message).toContain("can't restart paused deployment");
      });
      await cluster.must(['set', 'image', 'deployment/paused', 'main=busybox:latest']);
      await eventually(
        'the controller has seen the change',
        () => cluster.get<Deployment>('deployment', 'paused'),
        (it) => it.status?.observedGeneration === it.metadata.generation,
      );
      expect((await cluster.get<List<ReplicaSet>>('rs', '-l', 'app=paused')).items).toHaveLength(1);
      await cluster.must(['rollout', 'resume', 'deployment/paused']);
      await eventually(
        'a second ReplicaSet',
        () => cluster.get<List<ReplicaSet>>('rs', '-l', 'app=paused'),
        (it) => it.items.length === 2,
      );
      await cluster.must(['delete', 'deployment', 'paused']);
    });

    it('counts a pod as available only after minReadySeconds, and never has fewer than allowed', async () => {
      const spec = 'minReadySeconds: 3\nstrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}';
      await cluster.apply(sleepers('careful', 2, spec));
      await cluster.must(['rollout', 'status', 'deployment/careful']);
      const available = Date.now();
      for (const pod of await podsOf('careful')) {
        const since = pod.status?.conditions?.find((each) => each.type === 'Ready')?.lastTransitionTime;
        expect(available - Date.parse(since!)).toBeGreaterThanOrEqual(3000);
      }
      await cluster.must(['set', 'image', 'deployment/careful', 'main=busybox:latest']);
      const seen: number[] = [];
      await eventually(
        'rolled out',
        () => cluster.get<Deployment>('deployment', 'careful'),
        (it) => {
          seen.push(it.status?.availableReplicas ?? 0);
          return it.status?.updatedReplicas === 2 && it.status.replicas === 2 && it.status.availableReplicas === 2;
        },
      );
      expect(Math.min(...seen)).toBeGreaterThanOrEqual(2);
      await cluster.must(['delete', 'deployment', 'careful']);
    });

    it('reports a rollout that makes no progress', async () => {
      await cluster.apply(
        sleepers('stuck', 1, 'progressDeadlineSeconds: 3').replace('busybox:1.36', 'example.invalid/none:1'),
      );
      await eventually(
        'ProgressDeadlineExceeded',
        () => cluster.get<Deployment>('deployment', 'stuck'),
        (it) =>
          it.status?.conditions?.some(
            (each) => each.type === 'Progressing' && each.reason === 'ProgressDeadlineExceeded',
          ) ?? false,
      );
      const status = await cluster.kubectl(['rollout', 'status', 'deployment/stuck']);
      expect(status.stderr).toBe('error: deployment "stuck" exceeded its progress deadline\n');
      expect(status.code).toBe(1);
      await cluster.must(['delete', 'deployment', 'stuck']);
    });

    it('scales, and replaces a deleted pod', async () => {
      await cluster.apply(sleepers('web', 1));
      await cluster.must(['scale', 'deployment/web', '--replicas=3']);
      await cluster.must(['rollout', 'status', 'deployment/web']);
      const before = await podsOf('web');
      expect(before).toHaveLength(3);
      const victim = before[0]!.metadata.name!;
      await cluster.must(['delete', 'pod', victim]);
      await eventually(
        'a new pod in its place',
        () => podsOf('web', '--field-selector=status.phase=Running'),
        (pods) => pods.length === 3 && !pods.some((each) => each.metadata.name === victim),
      );
    });

    it.each(['background', 'foreground', 'orphan'])('deletes with %s propagation', async (cascade) => {
      const name = `gc-${cascade}`;
      await cluster.apply(sleepers(name, 1));
      await cluster.must(['rollout', 'status', `deployment/${name}`]);
      await cluster.must(['delete', 'deployment', name, `--cascade=${cascade}`]);
      if (cascade === 'orphan') {
        const [set] = (await cluster.get<List<ReplicaSet>>('rs', '-l', `app=${name}`)).items;
        await eventually(
          'the ReplicaSet is let go',
          () => cluster.get<ReplicaSet>('rs', set!.metadata.name!),
          (it) => !it.metadata.ownerReferences?.length,
        );
        await cluster.must(['delete', 'rs', '-l', `app=${name}`]);
      }
      await eventually(
        'no pods are left',
        () => podsOf(name),
        (pods) => pods.length === 0,
      );
    });

    it('empties a namespace when it is deleted', async () => {
      await cluster.must(['create', 'namespace', 'doomed']);
      await eventually(
        'service account and root certificate appear',
        () => cluster.get<List<ConfigMap>>('serviceaccount/default', 'configmap/kube-root-ca.crt', '-n', 'doomed'),
        (list) => list.items.length === 2,
      );
      await cluster.apply(sleepers('inside', 1), '-n', 'doomed');
      await cluster.must(['rollout', 'status', 'deployment/inside', '-n', 'doomed']);
      await cluster.must(['delete', 'namespace', 'doomed']);
      const gone = await cluster.kubectl(['get', 'namespace', 'doomed']);
      expect(gone.stderr).toBe('Error from server (NotFound): namespaces "doomed" not found\n');
      const all = await cluster.get<List<Namespace>>('namespaces');
      expect(all.items.map((each) => each.metadata.name)).not.toContain('doomed');
    });
  });
}
