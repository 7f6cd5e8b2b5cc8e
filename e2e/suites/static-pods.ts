import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { type Cluster, eventually } from '../cluster.ts';

/** Pods from the node's manifest folder. */
export function staticPods(cluster: Cluster): void {
  describe('static pods', () => {
    const manifests = async () => {
      const node = (await cluster.status()).nodes[0]!.name;
      const folder = join(cluster.nodeFolder(node), 'etc/kubernetes/manifests');
      mkdirSync(folder, { recursive: true });
      return { node, folder };
    };
    const manifest = (apiVersion: string, name: string) =>
      `apiVersion: ${apiVersion}\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  terminationGracePeriodSeconds: 1\n  containers:\n  - {name: main, image: "busybox:1.36", command: [sleep, infinity]}\n`;

    it('run from a file, are mirrored in the API, and end with their file', async () => {
      const { node, folder } = await manifests();
      writeFileSync(join(folder, 'still.yaml'), manifest('v1', 'still'));
      const mirror = await eventually(
        'the mirror pod runs',
        () => cluster.get<Pod>('pod', `still-${node}`),
        (it) => it.status?.phase === 'Running',
      );
      expect(mirror.metadata.annotations).toHaveProperty(['kubernetes.io/config.mirror']);
      expect(mirror.metadata.ownerReferences?.[0]?.kind).toBe('Node');
      // Deleting the mirror does not stop the pod: it is mirrored again.
      await cluster.must(['delete', 'pod', `still-${node}`, '--wait=false']);
      await eventually(
        'another mirror',
        () => cluster.get<Pod>('pod', `still-${node}`),
        (it) => it.metadata.uid !== mirror.metadata.uid && it.status?.phase === 'Running',
      );
      rmSync(join(folder, 'still.yaml'));
      await eventually(
        'the mirror is gone',
        () => cluster.kubectl(['get', 'pod', `still-${node}`]),
        (it) => it.stderr.includes('NotFound'),
      );
    });

    it('of version v1beta3 are refused, naming file and version, and others run on', async () => {
      const { node, folder } = await manifests();
      writeFileSync(join(folder, 'ancient.yaml'), manifest('v1beta3', 'ancient'));
      writeFileSync(join(folder, 'modern.yaml'), manifest('v1', 'modern'));
      await eventually(
        'the good one runs',
        () => cluster.get<Pod>('pod', `modern-${node}`),
        (it) => it.status?.phase === 'Running',
      );
      await eventually(
        'the log names file and version',
        () => cluster.mustCoracle('logs', 'kubelet'),
        (log) => log.split('\n').some((line) => line.includes('ancient.yaml') && line.includes('v1beta3')),
      );
      expect((await cluster.kubectl(['get', 'pod', `ancient-${node}`])).code).toBe(1);
      rmSync(join(folder, 'ancient.yaml'));
      rmSync(join(folder, 'modern.yaml'));
    });
  });
}
