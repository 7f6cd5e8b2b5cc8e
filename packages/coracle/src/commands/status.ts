import { humanDuration } from '@coracle/api/meta/time';
import { choiceFlag } from '@coracle/process/flags';
import { clusterFlags, command, placeFrom } from '../cli/command.ts';
import { table } from '../cli/table.ts';
import { existingCluster } from '../cluster/cluster.ts';
import { type ClusterState, clusterState } from '../cluster/state.ts';
import { runcDriver } from '../nodes/runc/driver.ts';

export default command({
  name: 'status',
  about: 'show a cluster, its nodes and their processes',
  description: `Shows whether a cluster runs, and for each process of its nodes: state, process number on the host, restarts, memory, and for how long.
Exits with 0 when all of it runs, and with 1 when not.`,
  flags: {
    ...clusterFlags,
    output: choiceFlag({ shorthand: 'o', choices: ['', 'json'], help: "'json' for programs" }),
  },
  async run({ flags }) {
    const state = await clusterState(existingCluster(placeFrom(flags)), runcDriver);
    process.stdout.write(
      flags.output === 'json' ? `${JSON.stringify(state, undefined, 2)}\n` : describe(state, Date.now()),
    );
    return state.state === 'running' ? 0 : 1;
  },
});

/** The text of `coracle status`. */
export function describe(state: ClusterState, now: number): string {
  const head = [
    `cluster ${state.name}: ${state.state}`,
    `  server      ${state.server}`,
    `  kubeconfig  ${state.kubeconfig}`,
    `  data        ${state.data}`,
    `  services    ${state.serviceCidr}`,
    `  pods        ${state.podCidr}`,
    '',
  ].join('\n');
  const nodes = state.nodes.map((node) => {
    const title = `\nnode ${node.name} (${node.address}): ${node.state}${node.pid === undefined ? '' : `, process ${node.pid}`}\n`;
    if (node.services.length === 0) return title;
    const rows = node.services.map((it) => [
      it.name,
      it.state,
      String(it.pid ?? '-'),
      `${it.restarts}${it.lastEnd ? ` (${it.lastEnd})` : ''}`,
      it.memory === undefined ? '-' : `${Math.round(it.memory / 1024 / 1024)} MB`,
      humanDuration(now - it.since),
    ]);
    return title + table([['PROCESS', 'STATE', 'PID', 'RESTARTS', 'MEMORY', 'SINCE'], ...rows]);
  });
  return head + nodes.join('');
}
