import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node, Pod } from '@coracle/api/types/core/v1';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Cluster, eventually } from '../../cluster.ts';
import { podManifest, shell, sleepers } from '../../manifests.ts';
import { askFromHost, site, webPod, webService } from './network-pods.ts';

type List<T> = { items: T[] };

/** The port of this machine that leads to `mappedNodePort` of the first worker. */
export interface Mapped {
  hostPort: number;
  nodePort: number;
  /** The folder of this machine that the first worker sees at /srv/shared. */
  folder: string;
}

/** The cluster file of these tests: a control plane and two workers, one with a label, a taint, a folder and a port of this machine. */
export const clusterFile = ({ hostPort, nodePort, folder }: Mapped): string => `apiVersion: coracle.dev/v1alpha1
kind: Cluster
components:
  flags:
    kube-controller-manager: { node-monitor-grace-period: 20s }
  kubelet: { nodeLeaseDurationSeconds: 20 }
nodes:
  - role: control-plane
  - role: worker
    labels: { disk: fast }
    extraMounts: [{ hostPath: ${folder}, containerPath: /srv/shared, readOnly: true }]
    extraPortMappings: [{ containerPort: ${nodePort}, hostPort: ${hostPort}, listenAddress: 127.0.0.1 }]
  - role: worker
    taints: [{ key: kept, value: clear, effect: PreferNoSchedule }]
`;

/** Nodes come and go, and are what the cluster file says. */
export function nodes(cluster: Cluster, mapped: Mapped): void {
  const node = (name: string) => cluster.get<Node>('node', name);
  const name = (number: number) => `${cluster.name}-${number}`;
  const ready = (it: Node) => it.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True');
  const onNode = (pod: string, where: string) =>
    podManifest(pod, `${shell('sleep infinity')}\nnodeSelector: {kubernetes.io/hostname: ${where}}`);
  const exec = (where: string, ...command: string[]) => cluster.coracle('node exec', where, '--', ...command);

  describe('nodes', () => {
    it('are what the cluster file says: roles, labels and taints', async () => {
      const table = await cluster.must(['get', 'nodes', '-L', 'disk', '--no-headers']);
      expect(
        table
          .trim()
          .split('\n')
          .map((line) =>
            line
              .trim()
              .split(/\s+/)
              .filter((_, at) => ![3, 4].includes(at)),
          ),
      ).toEqual([
        [name(1), 'Ready', 'control-plane'],
        [name(2), 'Ready', '<none>', 'fast'],
        [name(3), 'Ready', '<none>'],
      ]);
      expect((await node(name(1))).spec.taints).toEqual([
        { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
      ]);
      expect((await node(name(3))).spec.taints).toEqual([{ key: 'kept', value: 'clear', effect: 'PreferNoSchedule' }]);
    });

    it('answer to exec, with exit codes, and show logs', async () => {
      expect(await exec(name(2), 'hostname')).toMatchObject({ code: 0, stdout: `${name(2)}\n` });
      expect((await exec(name(3), 'sh', '-c', 'exit 7')).code).toBe(7);
      expect((await exec(name(9), 'true')).stderr).toContain(`has no node ${name(9)}`);
      expect(await cluster.mustCoracle('node logs', name(3), 'kubelet')).toContain('kubelet');
      expect((await cluster.coracle('node logs', name(3), 'etcd')).stderr).toContain(
        `node ${name(3)} has no log of etcd`,
      );
    });

    describe('with things of this machine', () => {
      beforeAll(async () => {
        mkdirSync(mapped.folder, { recursive: true });
        writeFileSync(join(mapped.folder, 'note'), 'from this machine\n');
      });

      it('show a folder of it to their pods', async () => {
        await cluster.apply(
          podManifest(
            'reader',
            `${shell('cat /shared/note; touch /shared/x 2>&1; true', 'volumeMounts: [{name: shared, mountPath: /shared}]')}
nodeSelector: {disk: fast}
volumes: [{name: shared, hostPath: {path: /srv/shared, type: Directory}}]`,
          ),
        );
        await cluster.must(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/reader', '--timeout=60s']);
        const log = await cluster.must(['logs', 'reader']);
        expect(log).toContain('from this machine\n');
        expect(log).toContain('Read-only file system');
        await cluster.must(['delete', 'pod', 'reader']);
      });

      it('answer at a port of it', async () => {
        const service = webService('mapped', '{pod: web}', 'type: NodePort').replace(
          'port: 80,',
          `port: 80, nodePort: ${mapped.nodePort},`,
        );
        await cluster.apply([site, webPod('web', name(3)), service].join('\n---\n'));
        await cluster.must(['wait', '--for=condition=Ready', 'pod/web', '--timeout=60s']);
        await eventually(
          'the port answers',
          () => askFromHost(`127.0.0.1:${mapped.hostPort}`),
          ([it]) => it?.pod === 'web',
        );
      });
    });

    it('of a control plane stop and start again, and pods elsewhere go on', async () => {
      await cluster.apply(onNode('survivor', name(2)));
      await cluster.must(['wait', '--for=condition=Ready', 'pod/survivor', '--timeout=60s']);
      const container = async () => (await cluster.get<Pod>('pod', 'survivor')).status?.containerStatuses?.[0];
      const before = await container();
      await cluster.mustCoracle('node stop', name(1));
      expect((await cluster.status()).nodes.map((it) => it.state)).toEqual(['stopped', 'running', 'running']);
      expect((await cluster.kubectl(['get', 'nodes', '--request-timeout=2s'])).code).not.toBe(0);
      expect((await askFromHost(`127.0.0.1:${mapped.hostPort}`))[0]?.pod).toBe('web');
      expect((await cluster.coracle('node stop', name(1))).stderr).toContain(`node ${name(1)} does not run`);
      await cluster.mustCoracle('node start', name(1));
      expect((await cluster.coracle('node start', name(1))).stderr).toContain(`node ${name(1)} runs already`);
      await cluster.must(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=60s']);
      expect(await container()).toEqual(before);
      await cluster.must(['delete', 'pod', 'survivor', '--now']);
    });

    it('are added, with labels, and pods run there', async () => {
      expect(await cluster.mustCoracle('node add', '--labels', 'disk=slow')).toBe(`${name(4)}\n`);
      expect((await node(name(4))).metadata.labels).toMatchObject({ disk: 'slow' });
      await cluster.apply(webPod('newcomer', name(4)));
      await cluster.must(['wait', '--for=condition=Ready', 'pod/newcomer', '--timeout=60s']);
    });

    it('that are killed are NotReady soon, and come back', async () => {
      await cluster.mustCoracle('node kill', name(4));
      expect((await exec(name(4), 'true')).stderr).toContain(`node ${name(4)} does not run`);
      expect((await cluster.status()).state).toBe('degraded');
      await eventually(
        'NotReady',
        () => node(name(4)),
        (it) => !ready(it),
      );
      await cluster.mustCoracle('node start', name(4));
      expect(ready(await node(name(4)))).toBe(true);
      await eventually(
        'its pod runs again',
        () => cluster.get<Pod>('pod', 'newcomer'),
        (it) => it.status?.containerStatuses?.[0]?.ready === true,
      );
    });

    it('are removed for good, and their numbers not given twice', async () => {
      await cluster.must(['delete', 'pod', 'newcomer', '--now']);
      await cluster.mustCoracle('node remove', name(4), '--force');
      expect((await cluster.kubectl(['get', 'node', name(4)])).stderr).toContain('NotFound');
      expect((await cluster.coracle('node remove', name(1), '--force')).stderr).toContain(
        `${name(1)} is the only control plane of cluster ${cluster.name}`,
      );
      expect(await cluster.mustCoracle('node add', '--labels', 'room=yes')).toBe(`${name(5)}\n`);
    });

    it('are drained before they are removed, as disruption budgets allow', async () => {
      const where = name(5);
      const pods = async () =>
        (await cluster.get<List<Pod>>('pods', '-l', 'app=moving')).items.filter((it) => !it.metadata.deletionTimestamp);
      await cluster.apply(`${sleepers('moving', 2).replace('      containers:', '      nodeSelector: {room: "yes"}\n      containers:')}---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: moving}
spec: {minAvailable: 2, selector: {matchLabels: {app: moving}}}
`);
      await cluster.must(['rollout', 'status', 'deployment/moving', '--timeout=60s']);
      expect((await pods()).map((it) => it.spec.nodeName)).toEqual([where, where]);
      const refused = await cluster.coracle('node remove', where, '--timeout', '2s');
      expect(refused.stderr).toContain(`${where} cannot be drained: `);
      expect(ready(await node(where))).toBe(true);
      await cluster.must(['delete', 'poddisruptionbudget', 'moving']);
      await cluster.must(['label', 'node', name(3), 'room=yes']);
      const told = await cluster.coracle('node remove', where);
      expect(told).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(`✓ ${where} drained [\\s\\S]*✓ ${where} removed `),
      });
      await cluster.must(['rollout', 'status', 'deployment/moving', '--timeout=60s']);
      expect((await pods()).map((it) => it.spec.nodeName)).toEqual([name(3), name(3)]);
      await cluster.must(['delete', 'deployment', 'moving']);
      expect((await cluster.get<List<Node>>('nodes')).items.map((it) => it.metadata.name)).toEqual([1, 2, 3].map(name));
    });
  });
}
