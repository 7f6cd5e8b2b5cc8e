import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node, Pod } from '@coracle/api/types/core/v1';
import { bridgeName, hostLinkName } from '@coracle/coracle/cluster/names';
import { imageCache } from '@coracle/coracle/images/build';
import { differences, type HostSnapshot, takeSnapshot } from '@coracle/coracle/leak-check';
import { changedImage } from '@coracle/coracle/testing/changed-image';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster, eventually, launcher, type Outcome } from './cluster.ts';
import { Load } from './load.ts';
import { steadyServers } from './manifests.ts';

type List<T> = { items: T[] };

/** Of the two servers one stays while a node is drained. */
const budget = `---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: web}}
`;

/** A control plane and a worker whose systemd runs all components from images. */
describe('a cluster of Debian nodes', () => {
  const cluster = new Cluster(`deb${process.pid}`);
  const [plane, worker] = [`${cluster.name}-1`, `${cluster.name}-2`];
  const next = join(cluster.scratch, 'next');
  const broken = join(cluster.scratch, 'broken');
  let before: HostSnapshot;
  let url: string;

  const onNode = (node: string, ...command: string[]): Promise<Outcome> =>
    cluster.coracle('node exec', node, '--', ...command);
  const must = async (node: string, ...command: string[]): Promise<string> => {
    const { code, stdout, stderr } = await onNode(node, ...command);
    if (code !== 0) throw new Error(`${command.join(' ')} on ${node} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  };
  const versions = async (node: string): Promise<Record<string, string>> => {
    const listed = JSON.parse(await must(node, launcher('coracle'), 'system', 'list', '-o', 'json')) as {
      name: string;
      version: string;
    }[];
    return Object.fromEntries(listed.map((it) => [it.name, it.version]));
  };
  const containers = async (): Promise<string[]> => {
    const { items } = await cluster.get<List<Pod>>('pods', '-A');
    return items.flatMap((pod) => pod.status?.containerStatuses?.map((it) => it.containerID ?? '') ?? []).sort();
  };
  const answers = () =>
    eventually(
      'the Service answers',
      async () => (await fetch(url)).status,
      (it) => it === 200,
    );
  const rolledOut = () => cluster.must(['rollout', 'status', 'deployment/web', '--timeout=120s']);
  /** Runs something while a client asks the Service, and expects that none of its requests, each tried twice, fails. */
  const undisturbed = async <T>(work: () => Promise<T>): Promise<T> => {
    const load = new Load(url, 2);
    try {
      const result = await work();
      expect(load.between(0).length).toBeGreaterThan(20);
      expect(load.between(0).filter((it) => it.failed)).toEqual([]);
      return result;
    } finally {
      await load.stop();
    }
  };

  beforeAll(async () => {
    before = await takeSnapshot();
    await cluster.mustCoracle('up', '--rootfs', 'debian', '--nodes', '2', '--no-example', '--detach');
    const { nodes } = await cluster.status();
    url = `http://${nodes[0]!.address}:30124/`;
  }, 900_000);

  afterAll(async () => {
    await cluster.remove();
  }, 120_000);

  it('has nodes that are Ready, whose components systemd runs from images', async () => {
    const { items } = await cluster.get<List<Node>>('nodes');
    const ready = items.map((it) => it.status?.conditions?.find((each) => each.type === 'Ready')?.status);
    expect(ready).toEqual(['True', 'True']);
    expect((await must(worker, 'systemctl', 'is-active', 'kubelet')).trim()).toBe('active');
    expect((await must(worker, 'cat', '/proc/1/comm')).trim()).toBe('systemd');
    expect(Object.keys(await versions(worker))).toEqual(['kube-proxy', 'kubelet', 'overlay']);
    expect(Object.keys(await versions(plane)).length).toBe(7);
    const { state, nodes } = await cluster.status();
    expect(state).toBe('running');
    for (const it of nodes.flatMap((node) => node.services)) {
      expect(it).toMatchObject({ pid: expect.any(Number), memory: expect.any(Number) });
    }
  });

  it('runs pods on both nodes, which answer through a Service', async () => {
    await cluster.apply(`${steadyServers(2, 30124)}${budget}`);
    await rolledOut();
    await answers();
  });

  it('tells what a component wrote', async () => {
    expect(await cluster.mustCoracle('node logs', worker, 'kubelet')).toContain('Starting kubelet.');
    expect((await cluster.coracle('logs', 'nothing')).stderr).toContain(`node ${plane} has no log of nothing`);
  });

  it('starts a kubelet that was killed again, and no container with it', async () => {
    const [kubelet, running] = [await cluster.processOf('kubelet', worker), await containers()];
    process.kill(kubelet, 'SIGKILL');
    await eventually(
      'another kubelet runs',
      async () => (await cluster.status()).nodes[1]!.services.find((it) => it.name === 'kubelet')!,
      (it) => it.state === 'running' && it.pid !== kubelet && it.restarts === 1,
    );
    expect(await containers()).toEqual(running);
  });

  it('comes back after it was stopped, with its workloads', async () => {
    await cluster.mustCoracle('down');
    expect((await cluster.status()).state).toBe('stopped');
    expect(await cluster.mustCoracle('node logs', worker, 'kubelet', '--tail', '1')).not.toBe('');
    await cluster.mustCoracle('up', '--no-example', '--detach');
    await rolledOut();
    await answers();
  }, 400_000);

  it('is upgraded while it answers', async () => {
    mkdirSync(next);
    for (const it of ['etcd', 'kube-scheduler', 'kubelet']) {
      await changedImage(join(imageCache, `${it}.tar`), join(next, `${it}.tar`), { version: 'v1.36.9' });
    }
    const running = await containers();
    const { stderr, code } = await undisturbed(() => cluster.coracle('upgrade', '--images', next));
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('4 system containers updated.'),
    });
    expect(stderr).toContain(`${plane}: etcd v1.36.0 -> v1.36.9`);
    expect(stderr).toContain(`${worker} drained`);
    expect(await versions(plane)).toMatchObject({ etcd: 'v1.36.9', 'kube-apiserver': 'v1.36.0', kubelet: 'v1.36.9' });
    expect(await versions(worker)).toMatchObject({ kubelet: 'v1.36.9', 'kube-proxy': 'v1.36.0' });
    const { items } = await cluster.get<List<Node>>('nodes');
    expect(items.filter((it) => it.spec?.unschedulable)).toEqual([]);
    // Pods of the control plane were left alone.
    expect((await containers()).filter((it) => running.includes(it))).not.toEqual([]);
    expect((await cluster.coracle('upgrade', '--images', next)).stderr).toContain('There was nothing to do.');
  }, 400_000);

  it('goes back by itself from an image that does not work, and answers throughout', async () => {
    mkdirSync(broken);
    const main = 'usr/lib/coracle/kube-scheduler/lib/main.mjs';
    const content = Buffer.from("#!/usr/bin/node\nconsole.error('broken on purpose');\nprocess.exit(1);\n");
    await changedImage(join(imageCache, 'kube-scheduler.tar'), join(broken, 'kube-scheduler.tar'), {
      version: 'v1.36.10',
      files: new Map([[main, { type: 'file', mode: 0o755, content }]]),
    });
    const { stderr, code } = await undisturbed(() =>
      cluster.coracle('upgrade', '--images', broken, '--health-timeout', '10s'),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('the update to v1.36.10 failed, and kube-scheduler v1.36.9 runs again');
    expect(stderr).toContain('broken on purpose');
    expect(stderr).toContain(`Not done: ${plane}: kube-scheduler v1.36.9 -> v1.36.10`);
    expect(await versions(plane)).toMatchObject({ 'kube-scheduler': 'v1.36.9' });
    await cluster.must(['scale', 'deployment/web', '--replicas=3']);
    await rolledOut();
  }, 400_000);

  it('changes nothing when an image is none', async () => {
    writeFileSync(join(broken, 'kube-scheduler.tar'), 'no image');
    const { stderr, code } = await cluster.coracle('upgrade', '--images', broken);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('kube-scheduler.tar') });
    expect(await versions(plane)).toMatchObject({ 'kube-scheduler': 'v1.36.9' });
  });

  it('goes back to the images before', async () => {
    const { stderr, code } = await undisturbed(() => cluster.coracle('upgrade', '--rollback'));
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('system containers taken back.'),
    });
    expect(new Set(Object.values({ ...(await versions(plane)), ...(await versions(worker)) }))).toEqual(
      new Set(['v1.36.0']),
    );
    expect((await cluster.coracle('upgrade', '--rollback')).stderr).toContain('there is no upgrade of cluster');
  }, 400_000);

  it('gets another control plane, and gives it away again', async () => {
    const added = (await cluster.mustCoracle('node add', '--role', 'control-plane')).trim();
    expect(Object.keys(await versions(worker))).toContain('load-balancer');
    await cluster.mustCoracle('node remove', added);
    expect(Object.keys(await versions(worker))).not.toContain('load-balancer');
    await answers();
  }, 600_000);

  it('leaves nothing behind after reset', async () => {
    const { nodes } = await cluster.status();
    const marks = [
      cluster.name,
      cluster.dataDir,
      bridgeName(cluster.name),
      ...nodes.map(({ name }) => hostLinkName(cluster.name, name)),
    ];
    await cluster.mustCoracle('reset');
    const left = differences(before, await takeSnapshot([cluster.dataDir]));
    expect(left.filter((line) => marks.some((mark) => line.includes(mark)))).toEqual([]);
  });
});
