import { boolFlag, intFlag, stringFlag } from '@coracle/process/flags';
import { clusterFlags, command, placeFrom } from '../cli/command.ts';
import { existingCluster } from '../cluster/cluster.ts';
import { printLog } from '../cluster/log-reading.ts';

export default command({
  name: 'logs',
  about: "print a component's log",
  arguments: { usage: 'COMPONENT', least: 1, most: 1 },
  description: `Prints the log of a component: etcd, containerd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, or
'node' for what the node itself says while it starts.`,
  examples: ['coracle logs kubelet', 'coracle logs kube-apiserver -f --tail 20'],
  flags: {
    ...clusterFlags,
    follow: boolFlag({ shorthand: 'f', help: 'go on printing what is added' }),
    tail: intFlag({ default: -1, help: 'how many of the last lines to print; all with -1' }),
    node: stringFlag({ help: 'of which node; the first one by default' }),
  },
  async run({ flags, args: [component] }) {
    const cluster = existingCluster(placeFrom(flags));
    await printLog(cluster, flags.node || cluster.nodes[0]!.name, component!, flags);
    return 0;
  },
});
