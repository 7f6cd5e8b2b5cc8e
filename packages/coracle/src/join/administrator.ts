import { existsSync } from 'node:fs';
import { StatusError } from '@coracle/api/meta/status';
import { type Client, ConnectionError, connect, loadKubeconfig, type RestConfig } from '@coracle/client';
import type { FlagValues } from '@coracle/process/flags';
import { stringFlag } from '@coracle/process/flags';
import { clusterFlags, placeFrom } from '../cli/command.ts';
import { adminKubeconfig, existingCluster } from '../cluster/cluster.ts';
import { fail } from '../failure.ts';

/** The flags that say whose tokens: a cluster of this machine's, or any that a kubeconfig leads to. */
export const administratorFlags = {
  ...clusterFlags,
  kubeconfig: stringFlag({
    help: 'kubeconfig `file` of an administrator (default that of the cluster --name names, on this machine)',
  }),
};

/** Works as the administrator the flags say, then closes the connection. What the API refuses, or that it is not there, becomes a Failure. */
export async function asAdministrator<T>(
  flags: FlagValues<typeof administratorFlags>,
  work: (client: Client, config: RestConfig) => Promise<T>,
): Promise<T> {
  const file = flags.kubeconfig === '' ? kubeconfigOf(flags) : flags.kubeconfig;
  const config = readable(file);
  const client = connect({ ...config, userAgent: 'coracle' });
  try {
    return await work(client, config);
  } catch (error) {
    if (error instanceof StatusError) fail(error.message, { cause: error });
    if (error instanceof ConnectionError)
      fail(`the API server at ${config.server} cannot be reached: ${error.message}`, {
        next: "'coracle status' tells what runs.",
        cause: error,
      });
    throw error;
  } finally {
    client.close();
  }
}

function kubeconfigOf(flags: FlagValues<typeof clusterFlags>): string {
  const place = placeFrom(flags);
  existingCluster(place);
  const file = adminKubeconfig(place);
  return existsSync(file) ? file : fail(`${file} is not there`, { next: "'coracle up' writes it again." });
}

function readable(file: string): RestConfig {
  try {
    return loadKubeconfig(file);
  } catch (error) {
    return fail(`cannot use the kubeconfig ${file}: ${(error as Error).message}`, { cause: error });
  }
}
