import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@coracle/process/log';
import { reconcileBootstrapPolicy } from '../chain/authorization/rbac/policy/reconcile.ts';
import type { ObjectAccess } from '../registry/access.ts';
import { ensureKubernetesService, withdrawKubernetesService } from './kubernetes-service.ts';
import { ensureSystemNamespaces } from './system-namespaces.ts';

export interface BootstrapOptions {
  /** Whether RBAC's default roles and bindings are wanted. */
  rbac: boolean;
  /** What other machines reach this server by. */
  address: string;
  port: number;
  /** --service-cluster-ip-range; its first address is the kubernetes Service's. */
  serviceRange: string;
  /** PEM of --client-ca-file, published for extension servers. */
  clientCa: string | undefined;
  signal: AbortSignal;
  log: Log;
}

const retryAfter = 500;

/** Makes what every cluster has: system namespaces, the default RBAC policy, the kubernetes Service. Tries until it succeeds. */
export async function bootstrapCluster(objects: ObjectAccess, options: BootstrapOptions): Promise<void> {
  const { signal, log } = options;
  const steps: Record<string, () => Promise<void>> = {
    'system namespaces': () => ensureSystemNamespaces(objects),
    ...(options.rbac ? { 'RBAC policy': () => reconcileBootstrapPolicy(objects) } : {}),
    'kubernetes service': () =>
      ensureKubernetesService(objects, {
        clusterIp: firstAddress(options.serviceRange),
        address: options.address,
        port: options.port,
      }),
  };
  for (const [name, step] of Object.entries(steps)) {
    while (!signal.aborted) {
      try {
        await step();
        break;
      } catch (error) {
        log.warn({ err: error, step: name }, 'Bootstrap step failed; trying again');
        await delay(retryAfter, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
      }
    }
  }
}

/** Takes this server out of the kubernetes Service before it ends; a failure only means that clients find out by themselves. */
export async function withdraw(objects: ObjectAccess, log: Log): Promise<void> {
  try {
    await withdrawKubernetesService(objects);
  } catch (error) {
    log.warn({ err: error }, 'Cannot take this server out of the kubernetes Service');
  }
}

/** The first usable address of a range: `10.96.0.1` of `10.96.0.0/16`. */
export function firstAddress(range: string): string {
  const [network = ''] = range.split(',')[0]!.split('/');
  if (network.includes(':')) return network.endsWith('::') ? `${network}1` : network.replace(/:0$/, ':1');
  const parts = network.split('.');
  return [...parts.slice(0, 3), String(Number(parts[3]) + 1)].join('.');
}
