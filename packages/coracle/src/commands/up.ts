import { boolFlag, choiceFlag, FlagError, intFlag, stringFlag } from '@coracle/process/flags';
import { forgetOld, settleRestore } from '../backup/replacing.ts';
import { clusterArguments, clusterFlags, command, placeFrom } from '../cli/command.ts';
import { Progress, seconds } from '../cli/progress.ts';
import { type BroughtUp, bringUp } from '../cluster/bring-up.ts';
import { adminKubeconfig, adminServer, type Cluster, type ClusterPlace } from '../cluster/cluster.ts';
import { readClusterFile } from '../cluster/config-file.ts';
import { interruptible } from '../cluster/interrupt.ts';
import { exclusively } from '../cluster/lock.ts';
import { nodeIdentity } from '../cluster/node-spec.ts';
import { plainWishes } from '../cluster/plan.ts';
import type { Said } from '../cluster/same.ts';
import { takeDown } from '../cluster/take-down.ts';
import { rootfsKinds, rootfsWish } from '../cluster/wishes.ts';
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
  nodes: intFlag({ default: 1, help: 'how many nodes a new cluster has, control planes among them' }),
  config: stringFlag({ help: 'the `file` that says what a new cluster is to be' }),
  rootfs: choiceFlag({
    default: 'host',
    choices: [...rootfsKinds],
    help: "what the roots of a new cluster's nodes are: the host's own, or a Debian system with systemd that runs our programs as system containers",
  }),
  'control-planes': intFlag({ default: 1, help: 'how many of the nodes of a new cluster are control planes' }),
  pull: boolFlag({
    help: "pull the example's nginx image from its registry instead of building a stand-in from Debian packages",
  }),
};

export default command({
  name: 'up',
  about: 'make a cluster, or bring a stopped or crashed one back',
  description: `Makes a cluster of system containers on this machine, or brings one back that was stopped or crashed: the same nodes, the same
addresses, the same workloads. Runs in the foreground: Ctrl-C stops everything in order.`,
  examples: [
    'coracle up',
    'coracle up --detach --name dev --nodes 3',
    'coracle up --nodes 6 --control-planes 3',
    'coracle up --nodes 2 --rootfs debian',
    'coracle up --config cluster.yaml',
  ],
  flags,
  async run({ flags, changed }) {
    const file = flags.config === '' ? undefined : await readClusterFile(flags.config);
    if (file && (changed.has('nodes') || changed.has('control-planes') || changed.has('rootfs'))) {
      throw new FlagError('--nodes, --control-planes and --rootfs have no place beside --config, whose file says that');
    }
    const wishes = file?.wishes ?? plainWishes(flags.nodes, flags['control-planes'], rootfsWish.parse(flags.rootfs));
    const said: Said = file
      ? { file: flags.config }
      : {
          nodes: changed.has('nodes') ? flags.nodes : undefined,
          rootfs: changed.has('rootfs') ? flags.rootfs : undefined,
          controlPlanes: changed.has('control-planes') ? flags['control-planes'] : undefined,
        };
    const which = file?.name && !changed.has('name') ? { ...flags, name: file.name } : flags;
    const place = placeFrom(which);
    await runcDriver.check();
    const progress = new Progress();
    const options = { wishes, said, example: !flags['no-example'], pull: flags.pull };
    return interruptible(async (signal) => {
      const result = await exclusively(place, 'up', async () => {
        const restored = settleRestore(place);
        if (restored) progress.note('A restore was interrupted once its state was in place: it is taken to its end.');
        const broughtUp = await bringUp(place, options, runcDriver, progress, signal);
        if (restored) forgetOld(place);
        return broughtUp;
      });
      progress.note(summary(result, clusterArguments(which), progress, flags.detach));
      return flags.detach ? 0 : foreground(result.cluster, place, progress, signal);
    });
  },
});

/** Stays until somebody interrupts us, and stops the cluster then; or until the cluster is stopped by others. */
async function foreground(
  cluster: Cluster,
  place: ClusterPlace,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const found = await Promise.all(cluster.nodes.map((it) => runcDriver.find(nodeIdentity(cluster, it.name))));
  const processes = found.flatMap((it) => (it ? (identify(it.pid) ?? []) : []));
  while (!signal.aborted && processes.some(isSame)) await pause(500, signal);
  if (!signal.aborted) {
    progress.note(`cluster ${cluster.name} has stopped`);
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
    `Cluster ${cluster.name} ${before ? 'runs' : 'is up'} after ${seconds(progress.elapsed)}: ${adminServer(cluster)}`,
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
