import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bridgeName } from '@coracle/coracle/cluster/names';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Cluster, type ClusterStatus, eventually, launcher, type Outcome, run } from '../../cluster.ts';
import { askFromHost, site, webPod, webService } from './network-pods.ts';

const head = 'apiVersion: coracle.dev/v1alpha1\nkind: Cluster\n';
const plane = 'nodes: [{ role: control-plane }]\n';

/** Clusters that cannot be, and one beside another; `beside` is one that runs. */
export function badInput(beside: Cluster): void {
  const cluster = new Cluster(`${beside.name}b`);
  const file = join(cluster.scratch, 'cluster.yaml');
  const up = async (text: string, ...more: string[]): Promise<Outcome> => {
    writeFileSync(file, text);
    return cluster.coracle('up', '--config', file, '--detach', '--no-example', ...more);
  };
  /** Nothing of the cluster is on this machine. */
  const nothing = async () => {
    expect(existsSync(cluster.dataDir) ? readdirSync(cluster.dataDir) : []).toEqual([]);
    expect(existsSync(`/run/coracle/${cluster.name}`)).toBe(false);
    expect((await run('ip', ['link', 'show', bridgeName(cluster.name)])).code).not.toBe(0);
  };

  afterAll(async () => {
    await cluster.remove();
  });

  describe('a cluster that cannot be is refused before anything is changed', () => {
    it.each<[string, (running: ClusterStatus) => string, RegExp]>([
      [
        'with an unknown key',
        () => `${head}nodes:\n- role: control-plane\n  image: x\n`,
        /yaml:5: nodes\[0\]\.image: unknown key/,
      ],
      [
        'with a label that a node may not have',
        () => `${head}nodes:\n- role: control-plane\n  labels: { node-role.kubernetes.io/x: "" }\n`,
        /yaml:5: nodes\[0\]\.labels\.node-role\.kubernetes\.io\/x: a node may not give itself this label/,
      ],
      [
        'with networks that overlap',
        () => `${head}networking: { podSubnet: 10.50.0.0/16, serviceSubnet: 10.50.3.0/24 }\n${plane}`,
        /serviceSubnet 10\.50\.3\.0\/24 overlaps podSubnet 10\.50\.0\.0\/16/,
      ],
      [
        'with a network of another cluster',
        ({ serviceCidr }) => `${head}networking: { serviceSubnet: ${serviceCidr} }\n${plane}`,
        /serviceSubnet \S+ overlaps \S+, which this machine or another cluster uses/,
      ],
      [
        'with a folder that is not there',
        () => `${head}nodes:\n- role: control-plane\n  extraMounts: [{ hostPath: /no/such, containerPath: /x }]\n`,
        /extraMounts: there is no \/no\/such on this machine/,
      ],
    ])('%s', async (_, text, message) => {
      const outcome = await up(text(await beside.status()));
      expect(outcome.stderr).toMatch(message);
      expect(outcome.code).toBe(1);
      await nothing();
    });

    it('with a port that another program has', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const mapping = `{ containerPort: 80, hostPort: ${port}, listenAddress: 127.0.0.1 }`;
      const outcome = await up(`${head}nodes:\n- role: control-plane\n  extraPortMappings: [${mapping}]\n`);
      await new Promise((resolve) => server.close(resolve));
      expect(outcome.stderr).toContain(`hostPort 127.0.0.1:${port} cannot be taken: another program listens on it`);
      await nothing();
    });

    it('when file and flags both say what nodes there are', async () => {
      expect((await up(`${head}${plane}`, '--nodes', '2')).stderr).toContain(
        '--nodes, --control-planes and --rootfs have no place beside --config',
      );
      await nothing();
    });

    it('without a capability that nodes need', async () => {
      const command = [launcher('coracle'), 'up', '--name', cluster.name, '--data-dir', cluster.dataDir, '--detach'];
      const outcome = await run('setpriv', ['--bounding-set=-net_admin', '--inh-caps=-net_admin', ...command]);
      expect(outcome.stderr).toContain('this process is root without CAP_NET_ADMIN, which nodes need');
      await nothing();
    });
  });

  describe('a disk', () => {
    /** Runs coracle where /mnt is a disk of its own, of that size, after `before`. */
    const onDisk = (size: string, script: string) =>
      run(
        'unshare',
        ['--mount', '--propagation', 'private', 'sh', '-ec', `mount -t tmpfs -o size=${size} tmpfs /mnt\n${script}`],
        {
          env: {
            CORACLE: launcher('coracle'),
            UP: `${launcher('coracle')} up --name ${cluster.name} --data-dir /mnt/data --detach --no-example`,
          },
        },
      );

    it('that is full is named before anything is changed', async () => {
      const outcome = await onDisk('64m', '$UP');
      expect(outcome.stderr).toMatch(/the disk that holds \/mnt has \d+ MB left, and 1 node\(s\) need 700 MB/);
      await nothing();
    });

    it('that becomes full on the way is named, everything is undone, and with room the cluster comes up', async () => {
      const outcome = await onDisk(
        '900m',
        // No bigger than what is on it, which is at once, however slow the machine is; and what becomes free is taken, until the attempt is over.
        `shrink() { mount -o remount,size=$(($(df -k --output=used /mnt | tail -n 1) + 64))k /mnt; }
(until [ -e /mnt/data/nodes/*/var/log/coracle/etcd.log ]; do sleep 0.05; done
until shrink; do :; done
until [ -e /mnt/over ]; do cat /dev/zero >> /mnt/filler || sleep 0.05; done) 2>/dev/null &
if $UP; then echo it came up; exit 1; fi
touch /mnt/over
wait
ls /mnt/data
rm /mnt/filler /mnt/over
mount -o remount,size=900m /mnt
$UP
$CORACLE reset --name ${cluster.name} --data-dir /mnt/data`,
      );
      expect(outcome.stderr).toMatch(/✓ everything stopped again[\s\S]*the disk that holds \/mnt\/data is full[:\n]/);
      expect(outcome.stderr).toContain('Make room and try again.');
      // Of nodes that were never Ready only the logs stay, of others all that is written.
      expect(outcome.stdout).toMatch(/^(failed-start\.json\nnodes|admin\.kubeconfig\ncluster\.json\nnodes\npki)\n$/);
      expect(outcome.stderr).toMatch(/is up after [\s\S]*cluster \S+ removed/);
      expect(outcome.code).toBe(0);
      await nothing();
    });
  });

  describe('a cluster whose file was wrong', () => {
    const flagged = (flag: string) => `${head}components: { flags: { kubelet: { ${flag} } } }\n${plane}`;

    it('shows what a component says, and is undone', async () => {
      const outcome = await up(flagged('no-such: x'));
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(
        /kubelet on node \S+ (ends again and again \(exit code 1\)|does not answer within)/,
      );
      expect(outcome.stderr).toMatch(/log: \S+\/kubelet\.log; its last lines:\n[\s\S]*\| .*unknown flag: --no-such/);
      expect(existsSync(join(cluster.nodeFolder(`${cluster.name}-1`), 'var/log/coracle/kubelet.log'))).toBe(true);
      expect((await cluster.coracle('status')).stderr).toContain(`there is no cluster named ${cluster.name}`);
      expect(existsSync(`/run/coracle/${cluster.name}`)).toBe(false);
    });

    it('comes up when the file is right, and then must not be said to be another', async () => {
      const right = await up(flagged('v: "1"'));
      expect(right.stderr).toContain('is up after');
      const other = await up(flagged('v: "2"'));
      expect(other.code).toBe(1);
      expect(other.stderr).toContain('components.flags.kubelet.v: it is "1", the file says "2"');
      expect((await up(flagged('v: "1"'))).stderr).toContain('runs after');
    });
  });

  describe('two clusters side by side', () => {
    const service = 'beside';
    const answers = async (of: Cluster) => {
      const ip = await of.must(['get', 'service', service, '-o', 'jsonpath={.spec.clusterIP}']);
      return (await askFromHost(ip))[0]?.pod;
    };

    it('have networks of their own, and both answer', async () => {
      const [one, two] = [await beside.status(), await cluster.status()];
      expect(new Set([one.serviceCidr, two.serviceCidr]).size).toBe(2);
      const addresses = [...one.nodes, ...two.nodes].map((it) => it.address);
      expect(new Set(addresses).size).toBe(addresses.length);
      for (const [it, node] of [
        [beside, one.nodes[1]!.name],
        [cluster, two.nodes[0]!.name],
      ] as const) {
        await it.apply(
          [site, webPod(`of-${node}`, node, ', app: beside'), webService(service, '{app: beside}')].join('\n---\n'),
        );
        await eventually(
          'it answers',
          () => answers(it),
          (pod) => pod === `of-${node}`,
        );
      }
    });

    it('and when one is removed the other goes on', async () => {
      await cluster.mustCoracle('reset');
      rmSync(cluster.dataDir, { recursive: true, force: true });
      await nothing();
      expect((await beside.status()).state).toBe('running');
      expect(await answers(beside)).toBe(`of-${beside.name}-2`);
    });
  });
}
