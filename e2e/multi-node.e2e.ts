import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bridgeName, hostLinkName } from '@coracle/coracle/cluster/names';
import { differences, type HostSnapshot, takeSnapshot } from '@coracle/coracle/leak-check';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster } from './cluster.ts';
import { badInput } from './suites/multi-node/bad-input.ts';
import { imageLoad } from './suites/multi-node/image-load.ts';
import { network } from './suites/multi-node/network.ts';
import { clusterFile, type Mapped, nodes } from './suites/multi-node/nodes.ts';
import { restart } from './suites/multi-node/restart.ts';

/** One real cluster of three nodes, from its file to `reset`; the last act is a leak check. */
describe('a cluster of several nodes', () => {
  const cluster = new Cluster(`mn${process.pid}`);
  const mapped: Mapped = { hostPort: 0, nodePort: 30080, folder: join(cluster.scratch, 'shared') };
  let before: HostSnapshot;

  beforeAll(async () => {
    before = await takeSnapshot();
    mapped.hostPort = await freePort();
    mkdirSync(mapped.folder);
    const file = join(cluster.scratch, 'cluster.yaml');
    writeFileSync(file, clusterFile(mapped));
    await cluster.mustCoracle('up', '--config', file, '--detach', '--no-example');
  }, 300_000);

  afterAll(async () => {
    await cluster.remove();
  }, 120_000);

  nodes(cluster, mapped);
  imageLoad(cluster);
  network(cluster);
  badInput(cluster);
  restart(cluster, mapped);

  it('leaves nothing behind after reset', async () => {
    const { nodes: all, serviceCidr } = await cluster.status();
    const marks = [
      cluster.name, // and that of the cluster beside it, which begins so
      cluster.dataDir,
      bridgeName(cluster.name),
      ...all.flatMap(({ name, address }) => [hostLinkName(cluster.name, name), address.replace(/\d+$/, '')]),
      serviceCidr,
    ];
    expect(marks.length).toBeGreaterThan(9);
    await cluster.mustCoracle('reset');
    const left = differences(before, await takeSnapshot([cluster.dataDir]));
    expect(left.filter((line) => marks.some((mark) => line.includes(mark)))).toEqual([]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
