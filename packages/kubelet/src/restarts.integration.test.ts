import { configMap as configMapKind } from '@coracle/api/core/v1/configmap';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { pod as podKind } from '@coracle/api/core/v1/pod';
import type { TestServer } from '@coracle/apiserver/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bridgeApi } from './testing/cluster.ts';
import type { TestContainerd } from './testing/containerd.ts';
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

describe('restarts', () => {
  it('of kubelet and runtime restart no container', async () => {
    await pods.create('steady', {});
    const before = statusOf(await pods.ready('steady'));
    await kubelet.stop();
    await kubelet.start();
    await containerd.restart();
    await api.client.patch(nodeKind, 'node-1', undefined, {
      type: 'merge',
      body: { metadata: { labels: { seen: 'yes' } } },
    });
    await pods.create('after', {});
    await pods.ready('after');
    const after = statusOf(await pods.ready('steady'));
    expect(after.containerID).toBe(before.containerID);
    expect(after.restartCount).toBe(0);
    expect(after.state).toEqual(before.state);
    await pods.delete('after');
    await pods.delete('steady');
  });

  it('of the kubelet take no ready pod out of its Services', async () => {
    const readinessProbe = { exec: { command: ['true'] }, periodSeconds: 1, initialDelaySeconds: 2 };
    await api.client.create(configMapKind, { metadata: { name: 'probed', namespace: 'default' }, data: { a: 'b' } });
    const volumeMounts = [{ name: 'files', mountPath: '/files' }];
    const names = ['probed-1', 'probed-2', 'probed-3'];
    for (const name of names) {
      await pods.create(name, {
        containers: [shell('main', staying, { readinessProbe, volumeMounts })],
        volumes: [{ name: 'files', configMap: { name: 'probed' } }],
      });
    }
    for (const name of names) await pods.ready(name);
    const { metadata } = await api.client.list(podKind, { namespace: 'default', limit: 1 });
    const seen: (boolean | undefined)[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      const { resourceVersion } = metadata as { resourceVersion: string };
      const changes = api.client.watch(podKind, { namespace: 'default', resourceVersion, signal: stop.signal });
      for await (const { type, object } of changes) {
        const { name, deletionTimestamp } = object.metadata;
        if (type === 'MODIFIED' && names.includes(name!) && !deletionTimestamp) seen.push(statusOf(object).ready);
      }
    })().catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    await kubelet.stop();
    await kubelet.start();
    await pods.create('later', {});
    await pods.ready('later');
    for (const name of [...names, 'later']) await pods.delete(name);
    await api.client.delete(configMapKind, 'probed', 'default');
    stop.abort();
    await watching;
    expect(seen).not.toContain(false);
  });

  it('of the API server are survived: what runs is kept running, and told later', async () => {
    await pods.create('alone', {});
    const id = statusOf(await pods.ready('alone')).containerID!.replace('containerd://', '');
    await node.bridge.close();
    await containerd.cri.runtime.stopContainer({ containerId: id, timeout: 0n });
    await eventually('another container', async () => {
      const { containers } = await containerd.cri.runtime.listContainers({ filter: { state: { state: 1 } } });
      return containers.some((each) => each.labels['io.kubernetes.pod.name'] === 'alone' && each.id !== id);
    });
    node.bridge = await bridgeApi(containerd, api.config);
    await pods.until('alone', 'restarted', (pod) => statusOf(pod).restartCount === 1 && statusOf(pod).ready);
    await pods.delete('alone');
  });

  it('end the containers of pods that the API has forgotten meanwhile, as after a restore of its state', async () => {
    await pods.create('forgotten', {});
    await pods.create('known', {});
    await pods.ready('forgotten');
    const known = statusOf(await pods.ready('known'));
    await kubelet.stop();
    await pods.delete('forgotten', 0);
    await kubelet.start();
    await eventually('no sandbox of it', async () => {
      const { items } = await containerd.cri.runtime.listPodSandbox({});
      const names = items.map((each) => each.metadata?.name);
      if (names.includes('forgotten')) throw new Error(names.join(', '));
      return true;
    });
    expect(statusOf(await pods.ready('known'))).toEqual(known);
    await pods.delete('known');
  });

  it('of the control plane may have marked pods as not ready, which is put right', async () => {
    await pods.create('doubted', {});
    const pod = await pods.ready('doubted');
    const conditions = pod.status!.conditions!.map((each) =>
      each.type === 'Ready' ? { ...each, status: 'False' } : each,
    );
    const marked = await api.client.updateStatus(podKind, { ...pod, status: { ...pod.status, conditions } });
    await pods.until(
      'doubted',
      'ready again',
      (it) =>
        Number(it.metadata.resourceVersion) > Number(marked.metadata.resourceVersion) &&
        it.status?.conditions?.find((each) => each.type === 'Ready')?.status === 'True',
    );
    await pods.delete('doubted');
  });

  it('follow the death of a container and of a sandbox', async () => {
    await pods.create('mortal', {});
    const pod = await pods.ready('mortal');
    const id = statusOf(pod).containerID!.replace('containerd://', '');
    await containerd.cri.runtime.stopContainer({ containerId: id, timeout: 0n });
    const restarted = await pods.until(
      'mortal',
      'restarted',
      (each) => statusOf(each).restartCount === 1 && statusOf(each).ready,
    );
    const { items } = await containerd.cri.runtime.listPodSandbox({});
    const sandbox = items.find((each) => each.labels['io.kubernetes.pod.uid'] === pod.metadata.uid);
    await containerd.cri.runtime.stopPodSandbox({ podSandboxId: sandbox!.id });
    await pods.event('mortal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    const anew = await pods.until(
      'mortal',
      'in a new sandbox',
      (each) => statusOf(each).ready && each.status?.podIP !== restarted.status?.podIP,
    );
    expect(statusOf(anew).restartCount).toBe(2);
    await pods.delete('mortal');
  });
});

inTheEnd(() => node);
