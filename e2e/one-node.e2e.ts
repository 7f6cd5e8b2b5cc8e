import { bridgeName, hostLinkName } from '@coracle/coracle/cluster/names';
import { differences, type HostSnapshot, takeSnapshot } from '@coracle/coracle/leak-check';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster } from './cluster.ts';
import { badInput } from './suites/bad-input.ts';
import { commands } from './suites/commands.ts';
import { example } from './suites/example.ts';
import { lifecycle } from './suites/lifecycle.ts';
import { pods } from './suites/pods.ts';
import { startedByHand } from './suites/programs.ts';
import { resilience } from './suites/resilience.ts';
import { scheduling } from './suites/scheduling.ts';
import { security } from './suites/security.ts';
import { staticPods } from './suites/static-pods.ts';
import { workloads } from './suites/workloads.ts';

/** One real cluster, from nothing to `up`, through all it has to do, to `reset`; the last act is a leak check. */
describe('a one-node cluster', () => {
  const cluster = new Cluster(`e2e${process.pid}`);
  let before: HostSnapshot;

  beforeAll(async () => {
    before = await takeSnapshot();
    await cluster.mustCoracle('up', '--detach');
  }, 300_000);

  afterAll(async () => {
    await cluster.remove();
  }, 120_000);

  example(cluster);
  workloads(cluster);
  pods(cluster);
  scheduling(cluster);
  commands(cluster);
  badInput(cluster);
  security(cluster);
  startedByHand();
  staticPods(cluster);
  resilience(cluster);
  lifecycle(cluster);

  it('leaves nothing behind after reset', async () => {
    const { nodes, serviceCidr } = await cluster.status();
    // Other clusters may come and go on this machine meanwhile: what names this one is looked for.
    const marks = [
      cluster.name,
      cluster.dataDir,
      bridgeName(cluster.name),
      ...nodes.flatMap(({ name, address }) => [hostLinkName(cluster.name, name), address.replace(/\d+$/, '')]),
      serviceCidr,
    ];
    expect(marks.length).toBeGreaterThan(5);
    await cluster.mustCoracle('reset');
    const left = differences(before, await takeSnapshot([cluster.dataDir]));
    expect(left.filter((line) => marks.some((mark) => line.includes(mark)))).toEqual([]);
  });
});
