import { boolFlag, intFlag } from '@coracle/process/flags';
import { clusterArguments, clusterFlags, command, placeFrom } from '../cli/command.ts';
import { Progress, seconds } from '../cli/progress.ts';
import { type BroughtUp, bringUp } from '../cluster/bring-up.ts';
import { adminKubeconfig, type Cluster, type ClusterPlace } from '../cluster/cluster.ts';
import { exclusively } from '../cluster/lock.ts';
import { nodeIdentity } from '../cluster/node-spec.ts';
import { checkNodeCount } from '../cluster/plan.ts';
import { takeDown } from '../cluster/take-down.ts';
import { Failure } from '../failure.ts';
import { identify, isSame } from '../host/processes.ts';
import { runcDriver } from '../nodes/runc/driver.ts';

const flags = {
  ...clusterFlags,
  detach: boolFlag({
    shorthand: 'd',
    help: 'return when the cluster is up; it runs on until `coracle down`'.replaceAll('`', "'"),
  }),
  'no-example': boolFlag({ help: 'do not apply examples/nginx.yaml to a new cluster' }),
  nodes: intFlag({ default: 1, help: 'how many nodes the cluster has' }),
  pull: boolFlag({
    help: "pull the example's nginx image from its registry instead of building a stand-in from Debian packages",
  }),
};

class Interrupted extends Error {
  override name = 'Interrupted';
}

export default command({
  name: 'up',
  about: 'make a cluster, or bring a stopped or crashed one back',
  description: `Makes a cluster of system containers on this machine, or brings one back that was stopped or crashed: the same nodes, the same
addresses, the same workloads. Runs in the foreground: Ctrl-C stops everything in order.`,
  examples: ['coracle up', 'coracle up --detach --name dev', 'coracle up --no-example --data-dir /srv/cluster'],
  flags,
  async run({ flags }) {
    checkNodeCount(flags.nodes);
    const place = placeFrom(flags);
    await runcDriver.check();
    const progress = new Progress();
    const stop = new AbortController();
    let interrupts = 0;
    const interrupt = () => {
      interrupts += 1;
      if (interrupts > 2) process.exit(130); // who insists is let go; what is left, 'down' or 'up' finds
      stop.abort(new Interrupted());
    };
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt);
    try {
      const options = { nodes: flags.nodes, example: !flags['no-example'], pull: flags.pull };
      const result = await exclusively(place, 'up', () => bringUp(place, options, runcDriver, progress, stop.signal));
      progress.note(summary(result, clusterArguments(flags), progress, flags.detach));
      if (flags.detach) return 0;
      return await foreground(result.cluster, place, progress, stop.signal);
    } catch (error) {
      if (error instanceof Interrupted) return 130;
      throw error;
    }
  },
});

/** Stays until somebody interrupts us, and stops the cluster then; or until the cluster is stopped by others. */
async function foreground(
  cluster: Cluster,
  place: ClusterPlace,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const [first] = cluster.nodes;
  const node = await runcDriver.find(nodeIdentity(cluster, first!.name));
  const process = node && identify(node.pid);
  while (!signal.aborted && process && isSame(process)) await pause(500, signal);
  if (!signal.aborted) {
    progress.note(`node ${first!.name} has stopped`);
    return 0;
  }
  progress.note('');
  const inOrder = await exclusively(place, 'up, stopping', () =>
    progress.step(`cluster ${cluster.name} stopped`, () => takeDown(cluster, runcDriver)),
  );
  if (!inOrder) throw new Failure(`a node of ${cluster.name} did not stop by itself and was killed`);
  return 0;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

function summary(
  { cluster, before, example }: BroughtUp,
  which: string,
  progress: Progress,
  detached: boolean,
): string {
  const bold = (text: string) => progress.paint('bold', text);
  return [
    '',
    `Cluster ${cluster.name} ${before ? 'runs' : 'is up'} after ${seconds(progress.elapsed)}: https://${cluster.nodes[0]!.address}`,
    ...(example ? [`The example answers at ${example.clusterIp} (ClusterIP) and ${example.nodePort} (NodePort).`] : []),
    '',
    `Next${detached ? '' : ', in another terminal'}:`,
    bold(`  export KUBECONFIG=${adminKubeconfig(cluster)}`),
    bold('  bin/kubectl get pods -A -o wide'),
    ...(example ? [bold(`  curl ${example.clusterIp}`)] : []),
    bold(`  bin/coracle status${which}`),
    ...(detached ? [bold(`  bin/coracle down${which}`)] : ['', 'Ctrl-C stops it.']),
  ].join('\n');
}
