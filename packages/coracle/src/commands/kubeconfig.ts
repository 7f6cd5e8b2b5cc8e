import { existsSync, readFileSync } from 'node:fs';
import { clusterFlags, command, placeFrom } from '../cli/command.ts';
import { adminKubeconfig, existingCluster } from '../cluster/cluster.ts';
import { fail } from '../failure.ts';

export default command({
  name: 'kubeconfig',
  about: "print the administrator's kubeconfig",
  description: "Prints the kubeconfig of the cluster's administrator. It holds a private key: treat it as a password.",
  examples: ['coracle kubeconfig > ~/.kube/config'],
  flags: clusterFlags,
  async run({ flags }) {
    const place = placeFrom(flags);
    existingCluster(place);
    const file = adminKubeconfig(place);
    if (!existsSync(file)) fail(`${file} is not there`, { next: "'coracle up' writes it again." });
    process.stdout.write(readFileSync(file, 'utf8'));
    return 0;
  },
});
