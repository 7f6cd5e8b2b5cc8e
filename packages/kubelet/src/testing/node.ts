import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApiServer, type TestServer } from '@coracle/apiserver/testing';
import { describe, it } from '@jest/globals';
import { type ApiBridge, bridgeApi } from './cluster.ts';
import { startContainerd, type TestContainerd } from './containerd.ts';
import { eventually } from './eventually.ts';
import { startKubelet, type TestKubelet } from './kubelet.ts';
import { type TestPods, testPods } from './pods.ts';

/** A node named node-1: a kubelet with its containerd, and the API server it serves. */
export interface TestNode {
  readonly containerd: TestContainerd;
  readonly api: TestServer;
  readonly kubelet: TestKubelet;
  readonly pods: TestPods;
  /** How the kubelet reaches the API server; a test that closes it puts another in its place. */
  bridge: ApiBridge;
  /** What a container has written. */
  log(pod: string, container?: string, query?: string): Promise<string>;
  /** The same, once it has written its last line. */
  logOf(pod: string, container?: string, last?: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts it all; returns when the kubelet serves. What was started when something does not start is ended. */
export async function startNode(): Promise<TestNode> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    const containerd = await startContainerd();
    closing.push(() => containerd.stop());
    const api = await startApiServer();
    closing.push(() => api.close());
    const bridge = await bridgeApi(containerd, api.config);
    closing.push(() => node.bridge.close());
    const kubelet = await startKubelet(containerd, { kubeconfig: bridge.kubeconfig, apiPort: bridge.port });
    closing.push(() => kubelet.close());
    closing.push(async () => {
      if (process.env['KUBELET_LOG']) writeFileSync(process.env['KUBELET_LOG'], kubelet.logs());
    });
    const log: TestNode['log'] = async (pod, container = 'main', query = '') =>
      (await kubelet.get(`/containerLogs/default/${pod}/${container}${query}`)).body;
    const logOf: TestNode['logOf'] = (pod, container = 'main', last = 'done') =>
      eventually(`log of ${pod}/${container}`, async () => {
        const text = await log(pod, container);
        if (!text.includes(last)) throw new Error(text);
        return text;
      });
    const node: TestNode = {
      containerd,
      api,
      kubelet,
      pods: testPods(api.client, 'node-1'),
      bridge,
      log,
      logOf,
      close,
    };
    return node;
  } catch (error) {
    await close();
    throw error;
  }
}

/** The last tests of a file: that its pods have left nothing on the node. */
export function inTheEnd(node: () => TestNode): void {
  describe('in the end', () => {
    it('no mount, cgroup, folder, log or container is left', async () => {
      const { containerd, kubelet } = node();
      await eventually('nothing left', async () => {
        const { items } = await containerd.cri.runtime.listPodSandbox({});
        const mounts = await containerd.exec('cat', '/proc/mounts');
        const groups = readdirSync(`/sys/fs/cgroup/memory${containerd.cgroupRoot}/kubepods/besteffort`).filter((name) =>
          name.startsWith('pod'),
        );
        const left = {
          sandboxes: items.length,
          mounts: mounts.split('\n').filter((line) => line.includes(`${kubelet.rootDir}/pods`)),
          folders: readdirSync(join(kubelet.rootDir, 'pods')),
          logs: readdirSync(kubelet.podLogs),
          links: (await containerd.exec('ls', '/var/log/containers')).trim(),
          groups,
        };
        const clean =
          JSON.stringify(left) ===
          JSON.stringify({ sandboxes: 0, mounts: [], folders: [], logs: [], links: '', groups: [] });
        if (!clean) throw new Error(JSON.stringify(left));
        return true;
      });
    });
  });
}
