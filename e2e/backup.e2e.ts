import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigMap, Node, Pod } from '@coracle/api/types/core/v1';
import { bridgeName, hostLinkName } from '@coracle/coracle/cluster/names';
import { differences, type HostSnapshot, takeSnapshot } from '@coracle/coracle/leak-check';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster, eventually, launcher, run } from './cluster.ts';

type List<T> = { metadata: { resourceVersion: string }; items: T[] };

/** A Deployment of one pod on a node that stays. */
const sleeper = (name: string, node: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {kubernetes.io/hostname: ${node}}
      tolerations: [{operator: Exists}]
      containers:
      - {name: main, image: "busybox:1.36", command: [sleep, infinity]}
`;

/** What was backed up comes back, what came later goes, and nobody takes the one for the other. */
describe('backup and restore', () => {
  const cluster = new Cluster(`backup${process.pid}`);
  const [plane, worker] = [`${cluster.name}-1`, `${cluster.name}-2`];
  const file = join(cluster.scratch, 'backup.tar.gz');
  let before: HostSnapshot;
  let token: string;
  /** The highest revision anybody has seen. */
  let seen = 0n;
  let marks: string[];

  const names = async (kind: string) =>
    (await cluster.get<List<{ metadata: { name: string } }>>(kind)).items.map((it) => it.metadata.name).sort();
  const configMaps = async () => (await names('configmaps')).filter((it) => it !== 'kube-root-ca.crt');
  const pods = async (app: string) => (await cluster.get<List<Pod>>('pods', '-l', `app=${app}`)).items;
  const create = async (name: string) => {
    await cluster.must(['create', 'configmap', name]);
    seen = BigInt((await cluster.get<ConfigMap>('configmap', name)).metadata.resourceVersion!);
    return seen;
  };
  const raw = (path: string) => cluster.kubectl(['get', '--raw', path]);
  const watchPath = (revision: bigint) =>
    `/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=60&resourceVersion=${revision}`;
  /** Who the API takes the holder of the token for, and that it is the API of before. */
  const whoHasToken = async () => {
    const { server } = await cluster.status();
    const ca = join(cluster.dataDir, 'pki/ca.crt');
    const flags = [`--server=${server}`, `--certificate-authority=${ca}`, `--token=${token}`];
    return run(launcher('kubectl'), ['auth', 'whoami', ...flags, '-o', 'json'], { env: { KUBECONFIG: '/dev/null' } });
  };
  /** Pods whose folders are on the control plane, and that the API does not know. */
  const strangers = async () => {
    const known = (await cluster.get<List<Pod>>('pods', '-A')).items.map((it) => it.metadata.uid);
    return readdirSync(join(cluster.nodeFolder(plane), 'var/lib/kubelet/pods')).filter((it) => !known.includes(it));
  };

  /** That the cluster is what it was when it was backed up. */
  async function isAsBackedUp(): Promise<void> {
    expect(await configMaps()).toEqual(['first']);
    expect(await names('deployments')).toEqual(['kept']);
    const [pod, ...others] = await pods('kept');
    expect(others).toEqual([]);
    await eventually(
      'the pod of then runs',
      () => cluster.must(['exec', pod!.metadata.name!, '--', 'echo', 'from within']),
      (it) => it === 'from within\n',
    );
    await eventually('pods that came later are gone from their node', strangers, (it) => it.length === 0);
    expect((await whoHasToken()).stdout).toContain('system:serviceaccount:default:default');
  }

  beforeAll(async () => {
    before = await takeSnapshot();
    await cluster.mustCoracle('up', '--nodes', '2', '--no-example', '--detach');
    const { nodes, serviceCidr } = await cluster.status();
    marks = [
      cluster.name,
      cluster.dataDir,
      bridgeName(cluster.name),
      serviceCidr,
      ...nodes.flatMap(({ name, address }) => [hostLinkName(cluster.name, name), address.replace(/\d+$/, '')]),
    ];
    await cluster.apply(sleeper('kept', plane));
    await cluster.must(['rollout', 'status', 'deployment/kept', '--timeout=60s']);
    await create('first');
    token = (await cluster.must(['create', 'token', 'default', '--duration=1h'])).trim();
  }, 300_000);

  afterAll(async () => {
    await cluster.remove();
  }, 120_000);

  it('a running cluster is backed up, for the owner of the file alone', async () => {
    const told = await cluster.coracle('backup', file);
    expect(told).toMatchObject({ code: 0, stdout: '' });
    expect(told.stderr).toMatch(/snapshot of etcd from \S+-1: revision \d+/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(cluster.scratch)).toEqual(['backup.tar.gz']);
    expect(existsSync(join(cluster.dataDir, 'backup'))).toBe(false);
  });

  it('a cluster that runs is not taken back unasked, nor by a file that is damaged', async () => {
    expect((await cluster.coracle('restore', file)).stderr).toContain('--force');
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    const damaged = join(cluster.scratch, 'damaged');
    writeFileSync(damaged, bytes);
    const told = await cluster.coracle('restore', '--force', damaged);
    expect(told).toMatchObject({ code: 1, stderr: expect.stringContaining('damaged') });
    const folder = join(cluster.scratch, 'another');
    const other = await cluster.coracle('restore', '--name', 'another', '--data-dir', folder, file);
    expect(other.stderr).toContain(`is of cluster ${cluster.name}, and cannot become cluster another`);
    expect(existsSync(folder)).toBe(false);
    expect((await cluster.status()).state).toBe('running');
    expect(existsSync(join(cluster.dataDir, 'restore'))).toBe(false);
  });

  it('takes objects back to what they were, and revisions only forward', async () => {
    const from = seen;
    const watch = raw(watchPath(from));
    await cluster.apply(sleeper('late', plane));
    await cluster.must(['rollout', 'status', 'deployment/late', '--timeout=60s']);
    await create('later');
    await cluster.must(['delete', 'configmap', 'first']);
    await cluster.mustCoracle('node remove', worker, '--force');
    seen = BigInt(
      (await cluster.must(['get', '--raw', '/api/v1/nodes?limit=1'])).match(/"resourceVersion":"(\d+)"/)![1]!,
    );

    await cluster.mustCoracle('restore', '--force', file);
    await isAsBackedUp();
    expect((await watch).stdout).toContain('"name":"later"'); // seen then; the watch ended with its server

    const again = await raw(watchPath(from));
    expect(again.stdout).toContain('"code":410');
    expect(again.stdout).toContain('"reason":"Expired"');
    const listed = JSON.parse((await raw('/api/v1/namespaces/default/configmaps')).stdout) as List<ConfigMap>;
    expect(BigInt(listed.metadata.resourceVersion)).toBeGreaterThan(seen);
    const highest = seen;
    expect(await create('after')).toBeGreaterThan(highest);
    const resumed = await raw(watchPath(BigInt(listed.metadata.resourceVersion)).replace('=60', '=1'));
    expect(resumed.stdout).toContain('"name":"after"');
  });

  it('forgets nodes that are no more, and keeps those of today', async () => {
    expect((await cluster.get<List<Node>>('nodes')).items.map((it) => it.metadata.name)).toEqual([plane]);
    expect((await cluster.status()).nodes.map((it) => it.name)).toEqual([plane]);
  });

  it('that is killed is taken to its end by up, with revisions higher than ever', async () => {
    const last = seen;
    const restore = spawn(
      launcher('coracle'),
      ['restore', '--force', '--name', cluster.name, '--data-dir', cluster.dataDir, file],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const ended = new Promise<void>((resolve) => restore.once('close', () => resolve()));
    let told = '';
    restore.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      told += chunk;
      if (told.includes('started')) restore.kill('SIGKILL');
    });
    await ended;
    expect(told).not.toContain('is restored');
    expect(existsSync(join(cluster.dataDir, 'restore/old/pki/ca.key'))).toBe(true);
    expect((await cluster.coracle('up', '--no-example', '--detach')).stderr).toContain('A restore was interrupted');
    expect(existsSync(join(cluster.dataDir, 'restore'))).toBe(false);
    await isAsBackedUp();
    expect(await create('again')).toBeGreaterThan(last);
  });

  it('makes a cluster anew where there is none', async () => {
    await cluster.mustCoracle('down');
    expect((await cluster.coracle('backup', file)).stderr).toContain('is stopped');
    await cluster.mustCoracle('reset');
    await cluster.mustCoracle('restore', file);
    await isAsBackedUp();
    await cluster.must(['wait', '--for=condition=Ready', 'node', plane, worker, '--timeout=60s']);
  });

  it('leaves nothing behind after reset', async () => {
    await cluster.mustCoracle('reset');
    const left = differences(before, await takeSnapshot([cluster.dataDir]));
    expect(left.filter((line) => marks.some((mark) => line.includes(mark)))).toEqual([]);
  });
});
