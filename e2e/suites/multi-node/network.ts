import { createSocket } from 'node:dgram';
import type { Pod, Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Cluster, eventually } from '../../cluster.ts';
import { podManifest, shell } from '../../manifests.ts';
import { buildToolbox } from '../../toolbox.ts';
import { type Answer, askFromHost, askFromNode, askFromPod, site, udpPod, webPod, webService } from './network-pods.ts';

type List<T> = { items: T[] };

/** Pods and Services across nodes: who reaches whom, and whom it sees asking. */
export function network(cluster: Cluster): void {
  let addresses: string[];
  let [plane, first, second]: string[] = [];
  const podIp = async (name: string) => (await cluster.get<Pod>('pod', name)).status!.podIP!;
  const service = (name: string) => cluster.get<Service>('service', name);
  const clusterIp = async (name: string) => (await service(name)).spec.clusterIP!;
  const nodePort = async (name: string) => (await service(name)).spec.ports![0]!.nodePort!;
  const pods = (all: readonly Answer[]) => [...new Set(all.map((it) => it.pod))].sort();
  /** This machine's address, as nodes see it. */
  const host = () => addresses[0]!.replace(/\.\d+$/, '.1');

  describe('the network across nodes', () => {
    beforeAll(async () => {
      const { nodes } = await cluster.status();
      addresses = nodes.map((it) => it.address);
      [plane, first, second] = nodes.map((it) => it.name);
      await cluster.mustCoracle('image load', (await buildToolbox()).archive);
      await cluster.apply(
        [
          site,
          webPod('a', first!, ', app: who'),
          webPod('b', second!, ', app: who'),
          udpPod('one', first!, ', serving: "yes"'),
          udpPod('two', second!),
          webService('both', '{app: who}', 'type: NodePort'),
          webService('alone', '{pod: a}'),
          webService('sticky', '{app: who}', 'sessionAffinity: ClientIP'),
          webService('local', '{pod: a}', 'type: LoadBalancer\nexternalTrafficPolicy: Local'),
          webService('headless', '{app: who}', 'clusterIP: None'),
          webService('empty', '{app: nobody}'),
          webService('datagrams', '{serving: "yes"}', 'type: NodePort').replace(
            '{port: 80, targetPort: 8080}',
            '{port: 9000, protocol: UDP}',
          ),
        ].join('\n---\n'),
      );
      await cluster.must(['wait', '--for=condition=Ready', 'pod/a', 'pod/b', 'pod/one', 'pod/two', '--timeout=90s']);
    });

    it('pods reach pods on other nodes, and see who asks', async () => {
      const [a, b] = [await podIp('a'), await podIp('b')];
      expect(await askFromPod(cluster, 'a', `${b}:8080`)).toEqual([{ pod: 'b', client: a }]);
      expect(await askFromPod(cluster, 'b', `${a}:8080`)).toEqual([{ pod: 'a', client: b }]);
    });

    it('the first packet between two fresh pods arrives', async () => {
      const sleeper = (name: string, node: string) =>
        podManifest(name, `${shell('sleep infinity')}\nnodeSelector: {kubernetes.io/hostname: ${node}}`);
      await cluster.apply(`${sleeper('fresh-1', first!)}\n---\n${sleeper('fresh-2', second!)}`);
      await cluster.must(['wait', '--for=condition=Ready', 'pod/fresh-1', 'pod/fresh-2', '--timeout=60s']);
      const told = await cluster.must(['exec', 'fresh-1', '--', 'ping', '-c', '1', '-W', '2', await podIp('fresh-2')]);
      expect(told).toContain('1 packets transmitted, 1 packets received');
      await cluster.must(['delete', 'pod', 'fresh-1', 'fresh-2', '--now']);
    });

    it('a ClusterIP is answered by pods of all nodes, for pods, nodes and this machine', async () => {
      const ip = await clusterIp('both');
      for (const asked of await Promise.all([
        askFromPod(cluster, 'a', ip, 20),
        askFromPod(cluster, 'b', ip, 20),
        askFromNode(cluster, plane!, ip, 20),
        askFromNode(cluster, second!, ip, 20),
        askFromHost(ip, 20),
      ])) {
        expect(pods(asked)).toEqual(['a', 'b']);
      }
    });

    it('a NodePort is answered on every node, for pods, nodes and this machine', async () => {
      const port = await nodePort('both');
      for (const address of addresses) {
        const target = `${address}:${port}`;
        for (const asked of await Promise.all([
          askFromPod(cluster, 'a', target, 20),
          askFromNode(cluster, first!, target, 20),
          askFromHost(target, 20),
        ])) {
          expect(pods(asked)).toEqual(['a', 'b']);
        }
      }
    });

    it('addresses are translated only where answers would not find back', async () => {
      const [a, ip] = [await podIp('a'), await clusterIp('both')];
      const fromPod = await askFromPod(cluster, 'a', ip, 20);
      expect([...new Set(fromPod.filter((it) => it.pod === 'b').map((it) => it.client))]).toEqual([a]);
      const viaNodePort = await askFromHost(`${addresses[1]}:${await nodePort('both')}`, 10);
      expect(viaNodePort.map((it) => it.client)).not.toContain(host());
    });

    it('a pod reaches itself through its Service', async () => {
      const answers = await askFromPod(cluster, 'a', await clusterIp('alone'), 3);
      expect(pods(answers)).toEqual(['a']);
    });

    it('a client with session affinity stays with its pod', async () => {
      const ip = await clusterIp('sticky');
      for (const asked of [await askFromPod(cluster, 'a', ip, 10), await askFromHost(ip, 10)]) {
        expect(pods(asked)).toHaveLength(1);
        expect(['a', 'b']).toContain(asked[0]!.pod);
      }
    });

    it('a Service without endpoints refuses at once', async () => {
      const outcome = await cluster.kubectl(['exec', 'a', '--', 'wget', '-qO-', `http://${await clusterIp('empty')}/`]);
      expect(outcome.stderr).toContain('Connection refused');
    });

    it('a headless Service is its endpoints', async () => {
      expect(await clusterIp('headless')).toBe('None');
      const { items } = await cluster.get<List<EndpointSlice>>(
        'endpointslices',
        '-l',
        'kubernetes.io/service-name=headless',
      );
      const found = items.flatMap((it) => it.endpoints ?? []);
      expect(found.map((it) => [it.targetRef?.name, it.nodeName, it.addresses[0]]).sort()).toEqual([
        ['a', first, await podIp('a')],
        ['b', second, await podIp('b')],
      ]);
    });

    it('with externalTrafficPolicy Local only nodes with endpoints answer, and see who asks', async () => {
      const port = await nodePort('local');
      const asked = await Promise.all(addresses.map((it) => askFromHost(`${it}:${port}`)));
      expect(asked.flat()).toEqual([
        { pod: 'none', client: '' },
        { pod: 'a', client: host() },
        { pod: 'none', client: '' },
      ]);
      // What comes from the cluster itself is not external.
      expect(pods(await askFromPod(cluster, 'b', `${addresses[2]}:${port}`))).toEqual(['a']);
    });

    it('the health check port says which nodes those are', async () => {
      const port = (await service('local')).spec.healthCheckNodePort!;
      const health = await Promise.all(
        addresses.map(async (it) => {
          const answer = await fetch(`http://${it}:${port}/`);
          return [answer.status, answer.headers.get('x-load-balancing-endpoint-weight'), await answer.json()];
        }),
      );
      const body = (localEndpoints: number) => ({
        service: { namespace: 'default', name: 'local' },
        localEndpoints,
        serviceProxyHealthy: true,
      });
      expect(health).toEqual([
        [503, '0', body(0)],
        [200, '1', body(1)],
        [503, '0', body(0)],
      ]);
    });

    it('datagrams of one client go to the new endpoint when the old one is no longer meant', async () => {
      const ip = await clusterIp('datagrams');
      const port = await nodePort('datagrams');
      const client = await udpClient();
      const fromPod = async () =>
        (
          await cluster.must(['exec', 'two', '--', 'sh', '-c', `echo ? | socat -T 1 - UDP4:${ip}:9000,sourceport=7777`])
        ).trim();
      const fromHost = () => client.ask(addresses[0]!, port);
      try {
        expect([await fromPod(), await fromHost()]).toEqual(['one', 'one']);
        // The old endpoint lives on, so that a connection that is still tracked would reach it for ever.
        await cluster.must(['label', 'pod', 'two', 'serving=yes']);
        await cluster.must(['label', 'pod', 'one', 'serving-']);
        await eventually('a pod gets to the new endpoint', fromPod, (it) => it === 'two', 20_000);
        await eventually('this machine gets to the new endpoint', fromHost, (it) => it === 'two', 20_000);
      } finally {
        client.close();
      }
    });
  });
}

/** Sends datagrams from one port of this machine, and takes answers. */
async function udpClient(): Promise<{ ask(address: string, port: number): Promise<string>; close(): void }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, resolve));
  return {
    ask: (address, port) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => settle('none'), 2000);
        const settle = (answer: string) => {
          clearTimeout(timer);
          socket.removeAllListeners('message');
          resolve(answer);
        };
        socket.once('message', (message) => settle(message.toString().trim()));
        socket.send('?\n', port, address);
      }),
    close: () => socket.close(),
  };
}
