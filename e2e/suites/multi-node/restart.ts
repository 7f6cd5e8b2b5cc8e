import { existsSync, rmSync } from 'node:fs';
import type { Pod } from '@coracle/api/types/core/v1';
import { bridgeName } from '@coracle/coracle/cluster/names';
import { removeCgroup } from '@coracle/coracle/host/cgroups';
import { removeLink } from '@coracle/coracle/host/links';
import { allProcesses, readProcess } from '@coracle/coracle/host/processes';
import { describe, expect, it } from '@jest/globals';
import { type Cluster, eventually, run } from '../../cluster.ts';
import { sleepers } from '../../manifests.ts';
import { kill, processesIn } from '../../processes.ts';
import { askFromHost } from './network-pods.ts';
import type { Mapped } from './nodes.ts';

type List<T> = { items: T[] };

/** What a reboot of the machine leaves of a cluster: its data folder, and nothing else. */
async function reboot(cluster: Cluster): Promise<void> {
  const runtime = `/run/coracle/${cluster.name}`;
  for (const { pid } of (await cluster.status()).nodes) for (const it of processesIn(pid!)) kill(it);
  for (const it of allProcesses()) if ((readProcess(it, 'cmdline') ?? '').includes(`${runtime}/`)) kill(it);
  await eventually(
    'all of it is dead',
    () => cluster.status(),
    (it) => it.state === 'stopped',
  );
  await removeLink(bridgeName(cluster.name));
  await eventually(
    'its control groups are gone',
    () => removeCgroup(`/coracle/${cluster.name}`),
    (gone) => gone,
  );
  rmSync(runtime, { recursive: true, force: true });
}

/** All nodes at once lose everything but their disks. */
export function restart(cluster: Cluster, mapped: Mapped): void {
  const pods = async () =>
    (await cluster.get<List<Pod>>('pods')).items
      .map((it) => ({ name: it.metadata.name!, uid: it.metadata.uid, node: it.spec.nodeName }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));

  describe('after a reboot of the machine', () => {
    it('a cluster comes back with its nodes, addresses and workloads', async () => {
      await cluster.apply(sleepers('lasting', 4));
      await cluster.must(['rollout', 'status', 'deployment/lasting', '--timeout=90s']);
      const [nodes, workloads] = [(await cluster.status()).nodes, await pods()];
      const listed = await cluster.must(['get', 'service', '-o', 'jsonpath={.items[*].spec.clusterIP}']);
      await reboot(cluster);
      const traces = await run('ip', ['route', 'show', 'table', 'all']);
      expect(traces.stdout).not.toContain((await cluster.status()).serviceCidr);
      expect(existsSync(`/run/coracle/${cluster.name}`)).toBe(false);
      await cluster.mustCoracle('up', '--detach', '--no-example');
      const after = await cluster.status();
      expect(after.state).toBe('running');
      expect(after.nodes.map((it) => [it.name, it.address])).toEqual(nodes.map((it) => [it.name, it.address]));
      await cluster.must(['rollout', 'status', 'deployment/lasting', '--timeout=90s']);
      await eventually(
        'all pods run',
        () => cluster.get<List<Pod>>('pods'),
        (it) => it.items.every((pod) => pod.status?.containerStatuses?.every((each) => each.ready)),
      );
      expect(await pods()).toEqual(workloads);
      expect(await cluster.must(['get', 'service', '-o', 'jsonpath={.items[*].spec.clusterIP}'])).toBe(listed);
      await eventually(
        'the Service answers at the port of this machine',
        () => askFromHost(`127.0.0.1:${mapped.hostPort}`),
        ([it]) => it?.pod === 'web',
      );
    });
  });
}
