import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Cluster, checkout, placeOf, saveCluster } from '../../cluster/cluster.ts';
import { hostLinkName } from '../../cluster/names.ts';
import { controlSocket, networkOf, nodeFacts, nodeSpec } from '../../cluster/node-spec.ts';
import { askNode } from '../../cluster/node-status.ts';
import { plainWishes, planCluster } from '../../cluster/plan.ts';
import { erase, takeDown } from '../../cluster/take-down.ts';
import { containerd, containerdSocket, pauseImage } from '../../components/containerd.ts';
import { takenNetworks } from '../../host/links.ts';
import { holdsLayers } from '../../host/mounts.ts';
import { identify } from '../../host/processes.ts';
import { run } from '../../host/run.ts';
import { buildImages } from '../../images/build.ts';
import { importImages, presentImages } from '../../images/import.ts';
import { differences, type HostSnapshot, takeSnapshot } from '../../leak-check.ts';
import type { NodeSettings } from '../../node/settings.ts';
import type { NodeSpec } from '../driver.ts';
import { raiseNetwork } from '../network.ts';
import { runcDriver } from './driver.ts';

// In memory, which can hold no layers of an overlay, the node must do without them; elsewhere it has them.
describe.each([tmpdir(), '/dev/shm'])('a node made by runc in %s', (base) => {
  const folder = mkdtempSync(join(base, 'coracle-node-'));
  let cluster: Cluster;
  let spec: NodeSpec;
  let before: HostSnapshot;

  beforeAll(async () => {
    before = await takeSnapshot([folder]);
    const place = placeOf(`it-${process.pid}-${base.length}`, join(folder, 'cluster'));
    cluster = saveCluster(place, planCluster(place.name, plainWishes(1, 1), await takenNetworks(), []));
    spec = nodeSpec(cluster, cluster.nodes[0]!);
  });

  afterAll(async () => {
    if (cluster) await erase(cluster, runcDriver);
    rmSync(folder, { recursive: true, force: true });
  });

  /** What this cluster left; others may come and go on this machine meanwhile. */
  async function left(): Promise<string[]> {
    const marks = [
      cluster.name,
      spec.bridge,
      hostLinkName(cluster.name, spec.name),
      cluster.serviceCidr,
      cluster.subnet,
      spec.gateway,
      folder,
    ];
    return differences(before, await takeSnapshot([folder])).filter((line) => marks.some((it) => line.includes(it)));
  }

  /** A node that runs containerd and nothing else. */
  function writeSettings(): void {
    const node = cluster.nodes[0]!;
    const part = containerd({ cluster, node, facts: nodeFacts(spec.folder), pki: () => '' });
    const settings: NodeSettings = {
      node: node.name,
      socket: '/run/coracle/node.sock',
      logs: '/var/log/coracle',
      checkout,
      services: [part.service],
    };
    const etc = join(spec.folder, 'etc/coracle');
    mkdirSync(join(etc, 'containerd'), { recursive: true });
    mkdirSync(join(spec.folder, 'var/lib'), { recursive: true });
    writeFileSync(join(etc, 'node.json'), JSON.stringify(settings));
    for (const it of part.files) writeFileSync(join(etc, it.path), it.text);
  }

  async function up(): Promise<number> {
    writeSettings();
    await raiseNetwork(networkOf(cluster, cluster.nodes[0]!));
    const { pid } = await runcDriver.start(spec);
    await eventually(async () => (await askNode(controlSocket(spec)))?.services[0]?.state === 'running');
    return pid;
  }

  async function eventually(holds: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 30_000; !(await holds()); ) {
      if (Date.now() > deadline)
        throw new Error(`not within 30 s; the node says: ${readFileSync(join(spec.folder, 'console.log'), 'utf8')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  const ctr = (...args: string[]) =>
    runcDriver.run(spec, ['ctr', '--address', containerdSocket, '--namespace', 'k8s.io', ...args]);

  function page(url: string): Promise<string> {
    return new Promise((resolve) => {
      get(url, { agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve(text));
      }).once('error', (error) => resolve(error.message));
    });
  }

  it('runs images built from Debian packages, reachable from the host', async () => {
    const pid = await up();
    const images = await buildImages();
    const node = { pid, snapshotter: nodeFacts(spec.folder).snapshotter };
    expect(await importImages(node, images)).toContain(pauseImage);
    expect(await importImages(node, images)).toEqual([]);
    expect((await presentImages(node)).get('docker.io/library/nginx:1.14.2')).toBe(
      images.find((it) => it.recipe.name === 'nginx')!.digest,
    );

    await ctr(
      'run',
      '--detach',
      '--net-host',
      '--snapshotter',
      node.snapshotter,
      'docker.io/library/nginx:1.14.2',
      'web',
    );
    await eventually(async () => (await page(`http://${spec.address}/`)).includes('Welcome to nginx!'));
    expect(
      await ctr(
        'run',
        '--rm',
        '--snapshotter',
        node.snapshotter,
        'docker.io/library/busybox:1.36',
        'bb',
        'sh',
        '-c',
        'echo from $0',
        'busybox',
      ),
    ).toBe('from busybox\n');
  });

  it("is a machine of its own: name, processes, users' files, kernel settings", async () => {
    const inNode = (script: string) => runcDriver.run(spec, ['sh', '-c', script]);
    expect((await inNode('hostname; cat /etc/hostname')).split('\n').slice(0, 2)).toEqual([spec.name, spec.name]);
    expect((await inNode('cat /proc/1/cmdline')).includes('pid1.sh')).toBe(true);
    expect(await inNode('ls -A /home /mnt | grep -v :; true')).toBe('\n');
    await expect(inNode('echo 0 > /proc/sys/kernel/panic')).rejects.toThrow(/Read-only file system/);
    expect(await inNode('cat /proc/sys/net/ipv4/ip_forward')).toBe('1\n');
    expect(await inNode('ip -o -4 address show eth0')).toContain(`${spec.address}/24`);
    await inNode('touch /etc/only-here');
    expect((await run(['ls', '/etc'])).includes('only-here')).toBe(false);
  });

  it('shows nothing of itself in the mount table of the host', async () => {
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('coracle');
  });

  it('restarts a service that is killed, and its containers run on', async () => {
    const service = async () => (await askNode(controlSocket(spec)))!.services[0]!;
    const old = await service();
    await runcDriver.run(spec, ['kill', '-9', String(old.pid)]);
    await eventually(async () => (await service()).state === 'running' && (await service()).restarts === 1);
    expect((await service()).pid).not.toBe(old.pid);
    expect(await page(`http://${spec.address}/`)).toContain('Welcome to nginx!');
  });

  it('comes back after it was killed, with what it had', async () => {
    const { pid } = (await runcDriver.find(spec))!;
    process.kill(pid, 'SIGKILL');
    await eventually(async () => identify(pid) === undefined);
    expect(await runcDriver.find(spec)).toBeUndefined();
    const again = await up();
    const node = { pid: again, snapshotter: nodeFacts(spec.folder).snapshotter };
    expect((await presentImages(node)).has(pauseImage)).toBe(true);
    if (holdsLayers(folder)) expect(await runcDriver.run(spec, ['ls', '/etc/only-here'])).toBe('/etc/only-here\n');
  });

  it('stops in order and leaves its data; erased, it leaves nothing', async () => {
    expect(await takeDown(cluster, runcDriver)).toBe(true);
    expect(await left()).toEqual([`files: ${cluster.data} is left`]);
    await erase(cluster, runcDriver);
    expect(await left()).toEqual([]);
  });
});
