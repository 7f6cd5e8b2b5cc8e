import { join } from 'node:path';
import { service } from '@coracle/api/core/v1/service';
import { isNotFound } from '@coracle/api/meta/status';
import type { Client } from '@coracle/client';
import { get } from '@coracle/client/plain-http';
import { seconds } from '../cli/progress.ts';
import { fail } from '../failure.ts';
import { CommandError, run } from '../host/run.ts';
import { adminKubeconfig, type Cluster, checkout } from './cluster.ts';
import { logOf } from './log-reading.ts';
import { waitFor } from './wait.ts';

export const exampleFile = join(checkout, 'examples/nginx.yaml');
/** The image the example's Deployment names, in full. */
export const exampleImage = 'docker.io/library/nginx:1.14.2';
const clusterIpService = 'nginx';
const nodePortService = 'nginx-nodeport';
const patience = 120_000;

/** Where the example answers. */
export interface ExampleAddresses {
  clusterIp: string;
  nodePort: string;
}

/** Applies the example with kubectl, as a user would. */
export async function applyExample(cluster: Cluster): Promise<void> {
  try {
    await run([join(checkout, 'bin/kubectl'), '--kubeconfig', adminKubeconfig(cluster), 'apply', '-f', exampleFile]);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    fail(`the example cannot be applied: ${error.stderr.trim()}`, {
      cause: error,
      next: `'coracle up --no-example' goes on without it.`,
    });
  }
}

/** The example's addresses, as long as its Services are there; undefined when somebody deleted them. */
export async function exampleAddresses(client: Client, cluster: Cluster): Promise<ExampleAddresses | undefined> {
  try {
    const [inner, outer] = await Promise.all([
      client.get(service, clusterIpService, 'default'),
      client.get(service, nodePortService, 'default'),
    ]);
    const port = outer.spec?.ports?.[0]?.nodePort;
    if (!inner.spec?.clusterIP || !port) return undefined;
    return { clusterIp: `http://${inner.spec.clusterIP}/`, nodePort: `http://${cluster.nodes[0]!.address}:${port}/` };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Waits until the example answers through both its Services. */
export async function exampleAnswers(
  addresses: ExampleAddresses,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  for (const url of [addresses.clusterIp, addresses.nodePort]) {
    const answered = await waitFor(async () => ((await welcomes(url)) ? true : undefined), patience, signal);
    if (!answered) {
      fail(`the example does not answer at ${url} within ${seconds(patience)}`, {
        ...logOf(cluster, cluster.nodes[0]!.name, 'kubelet'),
        next: `'bin/kubectl describe pods -l app=nginx' tells more; with --detach --no-example the cluster stays up.`,
      });
    }
  }
}

/** Whether nginx's page comes from there. */
function welcomes(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    // A connection that meets a Service still without rules is never answered; a new one is.
    const request = get(url, { agent: false, timeout: 250 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve(text.includes('Welcome to nginx!')));
      response.once('error', () => resolve(false));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
