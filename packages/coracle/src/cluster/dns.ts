import { Resolver } from 'node:dns/promises';
import { seconds } from '../cli/progress.ts';
import { fail } from '../failure.ts';
import { type Cluster, clusterDomain, dnsAddress } from './cluster.ts';
import { logOf } from './log-reading.ts';
import { waitFor } from './wait.ts';

const patience = 90_000;

/** Waits until the cluster's DNS server answers, asked at its Service from this machine. Throws Failure when it does not in time. */
export async function dnsAnswers(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const resolver = new Resolver({ timeout: 250, tries: 1 });
  resolver.setServers([dnsAddress(cluster)]);
  let last = '';
  const answered = await waitFor(
    async () => {
      try {
        return (await resolver.resolve4(`kubernetes.default.svc.${clusterDomain}`)).length > 0 || undefined;
      } catch (error) {
        last = (error as Error).message; // its pods are starting
        return undefined;
      }
    },
    patience,
    signal,
  );
  if (answered) return;
  fail(`the cluster's DNS server does not answer at ${dnsAddress(cluster)} within ${seconds(patience)}: ${last}`, {
    ...logOf(cluster, cluster.nodes[0]!.name, 'kubelet'),
    next: `'bin/kubectl -n kube-system describe pods -l k8s-app=kube-dns' tells more.`,
  });
}
