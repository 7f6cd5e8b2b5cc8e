import { spawn } from 'node:child_process';
import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { type Cluster, eventually, launcher } from '../cluster.ts';
import { kill, processesIn } from '../processes.ts';

type List<T> = { items: T[] };

/** A whole cluster that stops, crashes and comes back. */
export function lifecycle(cluster: Cluster): void {
  const answers = async () => {
    const ip = (
      await cluster.must(['get', 'service', '-o', 'jsonpath={.items[?(@.spec.selector.app=="nginx")].spec.clusterIP}'])
    ).split(' ')[0];
    return (
      await fetch(`http://${ip}/`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(2000) })
    ).text();
  };
  const uids = async () =>
    (await cluster.get<List<Pod>>('pods', '-l', 'app=nginx')).items.map((each) => each.metadata.uid).sort();

  describe('the cluster', () => {
    it('comes back with its workloads after down', async () => {
      const before = await uids();
      await cluster.mustCoracle('down');
      expect((await cluster.status()).state).toBe('stopped');
      await cluster.mustCoracle('up', '--detach');
      await eventually('the example answers again', answers, (it) => it.includes('Welcome to nginx!'));
      expect(await uids()).toEqual(before);
    });

    it('comes back after a crash of everything at once', async () => {
      const before = await uids();
      const [node] = (await cluster.status()).nodes;
      for (const pid of processesIn(node!.pid!)) kill(pid);
      await eventually(
        'all of it is dead',
        () => cluster.status(),
        (it) => it.state === 'stopped',
      );
      await cluster.mustCoracle('up', '--detach');
      await eventually('the example answers again', answers, (it) => it.includes('Welcome to nginx!'));
      expect(await uids()).toEqual(before);
    });

    it('runs in the foreground until Ctrl-C, which stops all of it in order', async () => {
      await cluster.mustCoracle('down');
      const up = spawn(launcher('coracle'), ['up', '--name', cluster.name, '--data-dir', cluster.dataDir], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let printed = '';
      for (const stream of [up.stdout, up.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (printed += chunk));
      const ended = new Promise<number | null>((resolve) => up.once('close', resolve));
      await eventually(
        'it says that the cluster is up',
        async () => printed,
        (text) => /is up after/.test(text),
      );
      expect((await cluster.status()).state).toBe('running');
      up.kill('SIGINT');
      await ended;
      expect(printed).toContain(`cluster ${cluster.name} stopped`);
      expect((await cluster.status()).state).toBe('stopped');
    });

    it('is refused what it cannot do, by name', async () => {
      const outcome = await cluster.coracle('up', '--nodes', '2', '--detach');
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain('has 1 node(s), and --nodes says 2');
      expect(outcome.stderr).toContain('coracle node add');
      const unknown = await cluster.coracle('up', '--frobnicate');
      expect(unknown.stderr).toContain('unknown flag: --frobnicate');
    });
  });
}
