import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Deployment } from '@coracle/api/types/apps/v1';
import type { Lease } from '@coracle/api/types/coordination/v1';
import type { Node, Pod } from '@coracle/api/types/core/v1';
import { hostLinkName } from '@coracle/coracle/cluster/names';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster, eventually, run } from './cluster.ts';
import { Load, type Request } from './load.ts';
import { steadyServers } from './manifests.ts';
import { Writer } from './writer.ts';

type List<T> = { items: T[] };

/** Three control planes and three workers, whose loss is noticed within ten seconds. */
const clusterFile = `apiVersion: coracle.dev/v1alpha1
kind: Cluster
components:
  flags:
    kube-controller-manager:
      node-monitor-grace-period: 10s
      node-monitor-period: 1s
  kubelet:
    nodeLeaseDurationSeconds: 8
nodes:
- role: control-plane
- role: control-plane
- role: control-plane
- role: worker
- role: worker
- role: worker
`;

/** While a Service of three replicas is updated again and again under constant load, one part after another is lost. */
describe('a cluster of three control planes and three workers', () => {
  const cluster = new Cluster(`ha${process.pid}`);
  const node = (number: number) => `${cluster.name}-${number}`;
  let load: Load;
  let writer: Writer;
  let updating = true;
  let updates: Promise<void>;

  /** Rolls the Deployment out anew, over and over. */
  async function update(): Promise<void> {
    while (updating) {
      await cluster.kubectl(['rollout', 'restart', 'deployment/web']);
      await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=30s']);
    }
  }

  const ready = async (name: string) =>
    (await cluster.get<Node>('node', name)).status?.conditions?.find((it) => it.type === 'Ready')?.status;
  const isReady = (name: string, status: string) =>
    eventually(
      `${name} is Ready=${status}`,
      () => ready(name),
      (it) => it === status,
    );
  const leaderOf = async (name: string) => {
    const lease = await cluster.get<Lease>('lease', name, '-n', 'kube-system');
    return lease.spec?.holderIdentity?.split('_')[0] ?? '';
  };
  /** What a client that retries once saw from a time on. */
  const errors = (from: number, to?: number): Request[] => load.between(from, to).filter((it) => it.failed);
  /** Waits until so many requests began after a time, so that there is something to judge. */
  const more = (count: number, from: number) =>
    eventually(
      'the load goes on',
      async () => load.between(from).length,
      (it) => it >= count,
    );
  const link = (name: string, state: 'up' | 'down') =>
    run('ip', ['link', 'set', 'dev', hostLinkName(cluster.name, name), state]);

  beforeAll(async () => {
    const file = join(cluster.scratch, 'cluster.yaml');
    writeFileSync(file, clusterFile);
    await cluster.mustCoracle('up', '--config', file, '--no-example', '--detach');
    await cluster.apply(steadyServers(3, 30123));
    await cluster.must(['rollout', 'status', 'deployment/web', '--timeout=120s']);
    const { nodes } = await cluster.status();
    load = new Load(`http://${nodes.find((it) => it.name === node(6))!.address}:30123/`, 4);
    writer = new Writer(cluster);
    updates = update();
    await more(50, 0);
  }, 300_000);

  afterAll(async () => {
    updating = false;
    await Promise.allSettled([load?.stop(), writer?.stop(), updates]);
    await cluster.remove();
  }, 120_000);

  it('answers all requests during rolling updates', async () => {
    const from = Date.now();
    await more(300, from);
    expect(errors(from)).toEqual([]);
  });

  it('loses an API server, and no client of the Service notices', async () => {
    const from = Date.now();
    process.kill(await cluster.processOf('kube-apiserver', node(2)), 'SIGKILL');
    await more(200, from);
    expect(errors(from)).toEqual([]);
  });

  it('loses a member of etcd, and then the leader, and no client of the Service notices', async () => {
    const from = Date.now();
    process.kill(await cluster.processOf('etcd', node(3)), 'SIGKILL');
    await eventually(
      'all of it runs again',
      () => cluster.status(),
      (it) => it.state === 'running',
    );
    await more(100, from);
    process.kill(await cluster.processOf('etcd', await etcdLeader()), 'SIGKILL');
    await eventually(
      'all of it runs again',
      () => cluster.status(),
      (it) => it.state === 'running',
    );
    const after = Date.now();
    await more(100, after);
    expect(errors(from)).toEqual([]);
    const count = writer.acknowledged.length;
    await eventually(
      'writes go on',
      async () => writer.acknowledged.length,
      (it) => it > count + 3,
    );
  });

  it('loses a worker: from the moment it is NotReady a client that retries once sees no error', async () => {
    await cluster.mustCoracle('node kill', node(4));
    await isReady(node(4), 'Unknown');
    const from = Date.now();
    await more(200, from);
    expect(errors(from)).toEqual([]);
    await cluster.mustCoracle('node start', node(4));
    await hasNoStalePod(node(4));
  });

  it('is cut off from a worker, which has no stale pod when it is back', async () => {
    await link(node(5), 'down');
    await isReady(node(5), 'Unknown');
    const from = Date.now();
    await more(200, from);
    expect(errors(from)).toEqual([]);
    await link(node(5), 'up');
    await isReady(node(5), 'True');
    await hasNoStalePod(node(5));
  });

  it('is cut off from a control plane: from the moment it is NotReady a client that retries once sees no error', async () => {
    await link(node(1), 'down');
    await isReady(node(1), 'Unknown');
    const from = Date.now();
    await more(200, from);
    await link(node(1), 'up');
    await isReady(node(1), 'True');
    expect(errors(from)).toEqual([]);
  });

  it('has another leader while one is stopped for 30 s, and that one exits before it writes', async () => {
    const name = 'kube-controller-manager';
    const leader = await leaderOf(name);
    const pid = await cluster.processOf(name, leader);
    process.kill(pid, 'SIGSTOP');
    const until = Date.now() + 30_000;
    try {
      await eventually(
        'another leads',
        () => leaderOf(name),
        (it) => it !== '' && it !== leader,
      );
      await eventually(
        '30 s have passed',
        async () => Date.now(),
        (now) => now >= until,
      );
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await eventually(
      'the one that was stopped has ended and started anew',
      () => cluster.processOf(name, leader),
      (it) => it !== pid,
    );
    expect(await leaderOf(name)).not.toBe(leader);
    expect(await cluster.mustCoracle('node logs', leader, name)).toContain('leaderelection lost');
  });

  it('has every acknowledged write, and the roll-out ends', async () => {
    await writer.stop();
    updating = false;
    await updates;
    await load.stop();
    expect(writer.acknowledged.length).toBeGreaterThan(50);
    const present = new Set(await writer.present());
    expect(writer.acknowledged.filter((it) => !present.has(it))).toEqual([]);
    await cluster.must(['rollout', 'status', 'deployment/web', '--timeout=90s']);
    const web = await cluster.get<Deployment>('deployment', 'web');
    expect(web.status).toMatchObject({ replicas: 3, updatedReplicas: 3, availableReplicas: 3 });
    const pods = await eventually(
      'only three pods are left',
      () => cluster.get<List<Pod>>('pods', '-l', 'app=web'),
      (it) => it.items.length === 3,
    );
    expect(pods.items.every((it) => it.status?.phase === 'Running')).toBe(true);
  });

  /** The node whose etcd member leads. */
  async function etcdLeader(): Promise<string> {
    const { nodes } = await cluster.status();
    for (const { name, address } of nodes.slice(0, 3)) {
      const file = (it: string) => join(cluster.dataDir, 'pki', it);
      const status = await run('.cache/host/bin/etcdctl', [
        `--endpoints=https://${address}:2379`,
        `--cacert=${file('etcd-ca.crt')}`,
        `--cert=${file('etcd-root.crt')}`,
        `--key=${file('etcd-root.key')}`,
        'endpoint',
        'status',
        '--write-out=fields',
      ]);
      const field = (it: string) => new RegExp(`^"${it}" : (\\d+)$`, 'm').exec(status.stdout)?.[1];
      if (field('MemberID') !== undefined && field('MemberID') === field('Leader')) return name;
    }
    throw new Error('no member of etcd leads');
  }

  /** Every container on a node is of a pod the API has there. */
  async function hasNoStalePod(name: string): Promise<void> {
    await eventually(
      `${name} runs what the API says`,
      async () => {
        const pods = await cluster.get<List<Pod>>('pods', '-A', '--field-selector', `spec.nodeName=${name}`);
        const known = new Set(pods.items.map((it) => it.metadata.uid));
        const sandboxes = await cluster.mustCoracle(
          'node exec',
          name,
          '--',
          'ctr',
          '--namespace=k8s.io',
          'containers',
          'list',
          'labels."io.cri-containerd.kind"==sandbox',
        );
        const ids = sandboxes
          .split('\n')
          .slice(1)
          .filter(Boolean)
          .map((line) => line.split(/\s+/)[0]!);
        const uids = await Promise.all(
          ids.map(async (id) => {
            const info = JSON.parse(
              await cluster.mustCoracle('node exec', name, '--', 'ctr', '--namespace=k8s.io', 'containers', 'info', id),
            ) as { Labels: Record<string, string> };
            return info.Labels['io.kubernetes.pod.uid'];
          }),
        );
        return uids.filter((it) => !known.has(it));
      },
      (stale) => stale.length === 0,
    );
  }
});
