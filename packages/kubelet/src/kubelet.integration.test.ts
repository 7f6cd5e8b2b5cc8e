import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lease as leaseKind } from '@coracle/api/coordination/v1/lease';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import type { TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestContainerd, testImage } from './testing/containerd.ts';
import { eventually } from './testing/eventually.ts';
import type { TestKubelet } from './testing/kubelet.ts';
import { inTheEnd, startNode, type TestNode } from './testing/node.ts';
import { shell, statusOf, staying, type TestPods } from './testing/pods.ts';

let node: TestNode;
let api: TestServer;
let containerd: TestContainerd;
let kubelet: TestKubelet;
let pods: TestPods;
beforeAll(async () => {
  node = await startNode();
  ({ api, containerd, kubelet, pods } = node);
});
afterAll(() => node?.close());

describe('the node', () => {
  it('registers, becomes ready and renews its lease', async () => {
    const node = await eventually('node ready', async () => {
      const found = await api.client.get(nodeKind, 'node-1');
      return found.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') && found;
    });
    expect(node.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': 'node-1', 'kubernetes.io/os': 'linux' });
    expect(node.status?.capacity).toMatchObject({ pods: '110', memory: expect.stringMatching(/^\d+Ki$/) });
    expect(node.status?.nodeInfo).toMatchObject({
      containerRuntimeVersion: expect.stringMatching(/^containerd:\/\/1\./),
    });
    expect(node.status?.conditions?.map((each) => [each.type, each.status, each.reason])).toEqual([
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory'],
      ['DiskPressure', 'False', 'KubeletHasNoDiskPressure'],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID'],
      ['Ready', 'True', 'KubeletReady'],
    ]);
    const lease = await eventually('lease', () => api.client.get(leaseKind, 'node-1', 'kube-node-lease'));
    expect(lease.spec).toMatchObject({ holderIdentity: 'node-1', leaseDurationSeconds: 40 });
  });
});

describe('the end of a pod', () => {
  it('runs hooks and leaves nothing behind', async () => {
    const marks = join(containerd.folder, 'marks');
    await pods.create('hooked', {
      terminationGracePeriodSeconds: 20,
      containers: [
        shell('main', `trap "echo term >> /marks/log; exit 0" TERM; sleep 1000 & wait`, {
          lifecycle: {
            postStart: { exec: { command: ['sh', '-c', 'echo start >> /marks/log'] } },
            preStop: { exec: { command: ['sh', '-c', 'echo stop >> /marks/log'] } },
          },
          volumeMounts: [{ name: 'marks', mountPath: '/marks' }],
        }),
      ],
      volumes: [{ name: 'marks', hostPath: { path: marks, type: 'DirectoryOrCreate' } }],
    });
    const pod = await pods.ready('hooked');
    await pods.delete('hooked');
    expect(readFileSync(join(marks, 'log'), 'utf8')).toBe('start\nstop\nterm\n');
    await eventually('nothing left', async () => {
      const { containers } = await containerd.cri.runtime.listContainers({});
      const { items } = await containerd.cri.runtime.listPodSandbox({});
      const mine = [...containers, ...items].filter(
        (each) => each.labels['io.kubernetes.pod.uid'] === pod.metadata.uid,
      );
      return (
        mine.length === 0 &&
        !existsSync(join(kubelet.rootDir, 'pods', pod.metadata.uid!)) &&
        !readdirSync(kubelet.podLogs).some((name) => name.includes('hooked'))
      );
    });
  });

  it('comes when its time is over', async () => {
    await pods.create('short', { activeDeadlineSeconds: 1 });
    const pod = await pods.until('short', 'Failed', (each) => each.status?.phase === 'Failed');
    expect(pod.status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
    await pods.delete('short');
  });

  it('comes when it uses more disk than it may', async () => {
    await pods.create('greedy', {
      containers: [
        shell('main', `dd if=/dev/zero of=/scratch/big bs=1M count=4; ${staying}`, {
          volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        }),
      ],
      volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '1Mi' } }],
    });
    const message = 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ';
    await pods.event('greedy', 'Evicted', message);
    const pod = await pods.until('greedy', 'Failed', (each) => each.status?.phase === 'Failed');
    expect(pod.status).toMatchObject({ reason: 'Evicted', message });
    expect(pod.status?.conditions?.find((each) => each.type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'TerminationByKubelet',
    });
    await pods.delete('greedy');
  });

  it('comes at once for what does not fit', async () => {
    await pods.create('huge', { containers: [shell('main', 'true', { resources: { requests: { cpu: '1000' } } })] });
    const pod = await pods.until('huge', 'Failed', (each) => each.status?.phase === 'Failed');
    expect(pod.status?.reason).toBe('OutOfcpu');
    expect(pod.status?.message).toMatch(
      /^Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: 0, capacity: \d+$/,
    );
    await pods.delete('huge');
  });

  it('is taken by labels that the node has only just got', async () => {
    await api.client.patch(nodeKind, 'node-1', undefined, {
      type: 'merge',
      body: { metadata: { labels: { disk: 'fast' } } },
    });
    await pods.create('drawn', { nodeSelector: { disk: 'fast' } });
    await pods.ready('drawn');
    await pods.delete('drawn');
    await pods.create('choosy', { nodeSelector: { disk: 'slow' } });
    const refused = await pods.until('choosy', 'Failed', (each) => each.status?.phase === 'Failed');
    expect(refused.status).toMatchObject({ reason: 'NodeAffinity' });
    expect(refused.status?.containerStatuses).toBeUndefined();
    await pods.delete('choosy');
  });
});

describe('static pods', () => {
  const manifest = (name: string, script: string): string =>
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  terminationGracePeriodSeconds: 1\n  containers:\n  - name: main\n    image: ${testImage}\n    command: [sh, -c, '${script}']\n`;

  it('run from files, are mirrored in the API and follow their file', async () => {
    const file = join(kubelet.manifests, 'static.yaml');
    writeFileSync(file, manifest('static', `echo one; ${staying.replace('exit 0', 'exit')}`));
    const mirror = await pods.ready('static-node-1');
    expect(mirror.metadata.annotations).toMatchObject({
      'kubernetes.io/config.source': 'file',
      'kubernetes.io/config.mirror': expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(mirror.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'node-1' }]);
    await api.client.delete(podKind, 'static-node-1', 'default', {
      gracePeriodSeconds: 0,
    });
    const again = await pods.until(
      'static-node-1',
      'mirrored again',
      (each) => each.metadata.uid !== mirror.metadata.uid && each.status?.containerStatuses,
    );
    expect(statusOf(again).containerID).toBe(statusOf(mirror).containerID);
    writeFileSync(file, manifest('static', `echo two; ${staying.replace('exit 0', 'exit')}`));
    await pods.until(
      'static-node-1',
      'changed',
      (each) =>
        each.status?.containerStatuses &&
        statusOf(each).ready &&
        statusOf(each).containerID !== statusOf(mirror).containerID,
    );
    rmSync(file);
    await eventually('mirror gone', async () => (await pods.get('static-node-1')) === undefined);
  });

  it('of version v1beta3 are refused by file and version, and stop no others', async () => {
    const old = join(kubelet.manifests, 'a-old.yaml');
    writeFileSync(old, manifest('old', 'true').replace('apiVersion: v1', 'apiVersion: v1beta3'));
    writeFileSync(join(kubelet.manifests, 'b-broken.yaml'), 'kind: [');
    writeFileSync(join(kubelet.manifests, 'c-good.yaml'), manifest('good', staying.replace('"exit 0"', 'exit')));
    await pods.ready('good-node-1');
    await eventually('refusal in the log', () =>
      kubelet.logs().includes(`${old}: no kind \\"Pod\\" is registered for version \\"v1beta3\\"`),
    );
    expect(kubelet.logs()).toContain("b-broken.yaml: couldn't parse as pod");
    for (const name of ['a-old.yaml', 'b-broken.yaml', 'c-good.yaml']) rmSync(join(kubelet.manifests, name));
    await eventually('mirror gone', async () => (await pods.get('good-node-1')) === undefined);
  });
});

inTheEnd(() => node);
