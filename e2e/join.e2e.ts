import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bridgeName } from '@coracle/coracle/cluster/names';
import { removeLink } from '@coracle/coracle/host/links';
import { buildImages } from '@coracle/coracle/images/build';
import { allRecipes } from '@coracle/coracle/images/source';
import { joinNode } from '@coracle/coracle/nodes/network';
import { startMachine, type TestMachine } from '@coracle/coracle/testing/machine';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster, eventually } from './cluster.ts';

const cluster = new Cluster(`join${process.pid}`);
const hostLink = `j${process.pid}`;
let machine: TestMachine;
/** What the machine has before it joins. */
let before: string;

/** The disk of the machine is this one's: how full it is says nothing about the test. */
const config = `apiVersion: coracle.dev/v1alpha1
kind: Cluster
components:
  kubelet:
    imageGCHighThresholdPercent: 100
    evictionHard: { imagefs.available: 0%, nodefs.available: 0%, nodefs.inodesFree: 0% }
nodes: [{ role: control-plane }]
`;

const nodeImages = allRecipes.filter((it) =>
  ['pause', 'cluster-dns', 'kubelet', 'overlay', 'kube-proxy'].includes(it.name),
);

beforeAll(async () => {
  await buildImages({ recipes: nodeImages });
  const file = join(cluster.scratch, 'cluster.yaml');
  writeFileSync(file, config);
  await Promise.all([
    cluster.mustCoracle('up', '--detach', '--no-example', '--config', file),
    startMachine().then((it) => {
      machine = it;
    }),
  ]);
  const { nodes } = await cluster.status();
  const [network] = /^\d+\.\d+\.\d+\./.exec(nodes[0]!.address)!;
  const at = { bridge: bridgeName(cluster.name), prefixLength: 24, gateway: `${network}1` };
  await joinNode(machine.pid, { hostLink, address: `${network}200`, ...at });
  before = await traces();
}, 300_000);

afterAll(async () => {
  await machine?.close();
  await removeLink(hostLink);
  await cluster.remove();
}, 120_000);

/** Files, units, links, rules and mounts of the machine, as far as a node could add to them. */
async function traces(): Promise<string> {
  return machine.must(
    'sh',
    '-c',
    `find /etc /var/lib /var/cache /opt ! -path '/var/lib/systemd/*' ! -path '/var/lib/containerd/*' ! -path /var/lib/containers | sort
    systemctl list-units --all --plain --no-legend --type=service | grep -E 'kube|overlay|containerd' | cut -d' ' -f1
    ip -o link | cut -d: -f2; ip route; nft list ruleset
    cut -d' ' -f5 /proc/self/mountinfo | grep -vE '^/run/(credentials|user)' | sort
    find /run/netns /run/containerd/runc/k8s.io -mindepth 1 2>/dev/null; ls -d /sys/fs/cgroup/*/kubepods 2>/dev/null; true`,
  );
}

async function joinCommand(...flags: string[]): Promise<string[]> {
  const printed = await cluster.mustCoracle('token create', '--print-join-command', ...flags);
  return printed.trim().split(' ').slice(1);
}

const podOn = (name: string, node: string, command: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  nodeName: ${node}
  terminationGracePeriodSeconds: 1
  containers:
    - name: it
      image: busybox:1.36
      command: [sh, -c, "${command}"]
      ports: [{ containerPort: 80 }]
`;

describe('a machine of its own that joins a cluster', () => {
  it('is refused with a token that has expired, and nothing is changed', async () => {
    const command = await joinCommand('--ttl=1s');
    await eventually(
      'the token has expired',
      () => cluster.mustCoracle('token list'),
      (it) => !it.includes(command[5]!) || it.includes('<invalid>'),
    );
    const { code, stderr } = await machine.coracle(...command, '--name=rack1');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/token id "\w{6}" is invalid for this cluster or it has expired/),
    ]);
    expect(await traces()).toBe(before);
  }, 120_000);

  it('is what it was when a step fails, with images of a folder of which one does not run', async () => {
    const folder = join(machine.shared, 'images');
    mkdirSync(folder);
    for (const { recipe, archive } of await buildImages({ recipes: nodeImages })) {
      copyFileSync(archive, join(folder, `${recipe.name}.tar`));
    }
    copyFileSync(join(folder, 'pause.tar'), join(folder, 'overlay.tar'));
    const { code, stderr } = await machine.coracle(...(await joinCommand()), '--name=rack0', '--images=/shared/images');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/✗ overlay installed(.*\n)+.*Node rack0 deleted(.*\n)+.*exports/),
    ]);
    expect(await cluster.must(['get', 'nodes', '-o', 'name'])).not.toContain('rack0');
    expect(await traces()).toBe(before);
  }, 240_000);

  it('becomes a node by the command that token create prints', async () => {
    const { code, stderr } = await machine.coracle(...(await joinCommand()), '--name=rack1', '--labels=disk=fast');
    expect([code, stderr]).toEqual([0, expect.stringContaining('This machine is node rack1 of cluster')]);
    expect(await cluster.must(['get', 'node', 'rack1', '--show-labels'])).toMatch(/rack1 +Ready .*disk=fast/);
    expect(await machine.must('ls', '/etc/coracle/kubelet')).not.toContain('bootstrap');
    const again = await machine.coracle(...(await joinCommand()), '--name=rack2');
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringContaining('this machine has joined a cluster already'),
    ]);
  }, 240_000);

  it('runs pods that answer to the other node and find Services by their names', async () => {
    const [own] = (await cluster.status()).nodes;
    const [archive] = await buildImages({ recipes: allRecipes.filter((it) => it.name === 'busybox') });
    copyFileSync(archive!.archive, join(machine.shared, 'busybox.tar'));
    const socket = '/run/coracle-containerd/containerd.sock';
    await machine.must('ctr', '--address', socket, '-n', 'k8s.io', 'images', 'import', '/shared/busybox.tar');
    await cluster.apply(podOn('web', 'rack1', 'echo hello from rack1 > index.html; echo started; exec httpd -f'));
    await cluster.apply(podOn('client', own!.name, 'exec sleep 100000'));
    await cluster.must(['expose', 'pod', 'web', '--port=80']);
    await cluster.must(['wait', '--for=condition=Ready', 'pod/web', 'pod/client', '--timeout=90s']);
    const fetched = (from: string, url: string) =>
      cluster.must(['exec', from, '--', 'timeout', '5', 'wget', '-qO-', url]);
    const { status } = await cluster.get<{ status: { podIP: string } }>('pod', 'web');
    expect(await fetched('client', `http://${status.podIP}`)).toBe('hello from rack1\n');
    expect(
      await eventually(
        'the Service answers',
        () => fetched('client', 'http://web'),
        () => true,
      ),
    ).toBe('hello from rack1\n');
    expect(await fetched('web', 'http://web.default.svc.cluster.local')).toBe('hello from rack1\n');
  }, 180_000);

  it('lets the API server have logs and exec, by a certificate that was approved for its addresses', async () => {
    expect(await cluster.must(['logs', 'web'])).toBe('started\n');
    expect(await cluster.must(['exec', 'web', '--', 'cat', '/index.html'])).toBe('hello from rack1\n');
    const requests = await cluster.must(['get', 'csr']);
    expect(requests).toMatch(/kubernetes\.io\/kubelet-serving +system:node:rack1 +<none> +Approved,Issued/);
  });

  it('comes back as it was after a restart of its programs', async () => {
    await machine.must('systemctl', 'restart', 'coracle-containerd', 'kubelet', 'overlay', 'kube-proxy');
    const page = await eventually(
      'the pod answers',
      () => cluster.must(['exec', 'web', '--', 'cat', '/index.html']),
      () => true,
    );
    expect(page).toBe('hello from rack1\n');
    await eventually(
      'the pod is as it was, not restarted',
      () => cluster.must(['get', 'pod', 'web', '--no-headers']),
      (it) => /1\/1 +Running +0 /.test(it),
    );
  }, 120_000);

  it('leaves: pods, Node, units and files are gone', async () => {
    const { code, stderr } = await machine.coracle('node', 'leave');
    expect([code, stderr]).toEqual([0, expect.stringContaining('This machine is no node of cluster')]);
    expect(await cluster.must(['get', 'nodes', '-o', 'name'])).not.toContain('rack1');
    expect((await cluster.kubectl(['get', 'pod', 'web'])).stderr).toContain('NotFound');
    expect(await traces()).toBe(before);
    const again = await machine.coracle('node', 'leave');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('this machine has joined no cluster')]);
  }, 180_000);
});
