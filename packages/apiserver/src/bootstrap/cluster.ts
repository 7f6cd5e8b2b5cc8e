import { setTimeout as delay } from 'node:timers/promises';
import { flowSchema } from '@coracle/api/flowcontrol/v1/flowschema';
import type { Log } from '@coracle/process/log';
import { reconcileBootstrapPolicy } from '../chain/authorization/rbac/policy/reconcile.ts';
import type { ObjectAccess } from '../registry/access.ts';
import type { RangeRepair } from '../registry/services/repair.ts';
import { within } from '../within.ts';
import { ensureAuthenticationInfo } from './authentication-info.ts';
import { ensureFlowControl } from './flow-control.ts';
import type { KubernetesEndpoints } from './kubernetes-endpoints.ts';
import { ensureKubernetesService } from './kubernetes-service.ts';
import type { DefaultServiceCidr } from './service-cidr.ts';
import { ensureSystemNamespaces } from './system-namespaces.ts';
import { ensureSystemPriorityClasses } from './system-priority-classes.ts';
import { ensureTokenTracking } from './token-tracking.ts';

export interface BootstrapOptions {
  /** Whether RBAC's default roles and bindings are wanted. */
  rbac: boolean;
  /** Whether requests go by flow schemas and priority levels, so that those every cluster has are wanted. */
  fairness: boolean;
  /** `--secure-port`. */
  port: number;
  /** `--kubernetes-service-node-port`. */
  nodePort: number;
  /** Names the servers behind the kubernetes Service; undefined: somebody else does. */
  endpoints: KubernetesEndpoints | undefined;
  /** --service-cluster-ip-range; its first address is the kubernetes Service's. */
  serviceRange: string;
  /** The ServiceCIDR that says so. */
  serviceCidr: DefaultServiceCidr;
  /** Brings what Services have of the ranges in order. */
  repair: RangeRepair;
  /** The content of the ConfigMap extension-apiserver-authentication. */
  authentication: Record<string, string>;
  signal: AbortSignal;
  log: Log;
  /** Told of each step that is done, by the name upstream gives its hook. */
  finished?(hook: string): void;
}

const retryAfter = 500;
const repeatAfter = 10_000;
const repeatSeldom = 60_000;
const longestWithdrawal = 5_000;

const flowControlProducer = 'priority-and-fairness-config-producer';
const flowControlConsumer = 'priority-and-fairness-config-consumer';

type Steps = Readonly<Record<string, () => Promise<void>>>;

/** What is made at the start and looked after from then on. Ports are corrected at the start only: servers that differ must not fight. */
function lastingSteps(objects: ObjectAccess, options: BootstrapOptions, when: { ports: boolean }): Steps {
  const { endpoints, port, nodePort, serviceRange, serviceCidr, authentication } = options;
  const clusterIp = firstAddress(serviceRange);
  return {
    'start-system-namespaces-controller': () => ensureSystemNamespaces(objects),
    'scheduling/bootstrap-system-priority-classes': () => ensureSystemPriorityClasses(objects),
    'start-cluster-authentication-info-controller': () => ensureAuthenticationInfo(objects, authentication),
    'start-legacy-token-tracking-controller': () => ensureTokenTracking(objects),
    'start-kubernetes-service-cidr-controller': () => serviceCidr.ensure(),
    'bootstrap-controller': async () => {
      await ensureKubernetesService(objects, { clusterIp, port, nodePort }, when);
      await endpoints?.reconcile(when);
    },
  };
}

/** The second one is over when the flow control has heard of what the first one made. */
function flowControlSteps(objects: ObjectAccess): Steps {
  return {
    [flowControlProducer]: () => ensureFlowControl(objects),
    [flowControlConsumer]: async () => {
      await objects.list(flowSchema);
    },
  };
}

/** Makes what every cluster has: system namespaces, the default RBAC policy, the kubernetes Service. Tries until it succeeds. */
export async function bootstrapCluster(objects: ObjectAccess, options: BootstrapOptions): Promise<void> {
  const { signal, log, rbac, fairness, repair } = options;
  const lasting = lastingSteps(objects, options, { ports: true });
  const { 'start-system-namespaces-controller': namespaces, 'bootstrap-controller': kubernetes, ...others } = lasting;
  const steps: Steps = {
    'start-system-namespaces-controller': namespaces!,
    ...(fairness ? flowControlSteps(objects) : {}),
    ...(rbac ? { 'rbac/bootstrap-roles': () => reconcileBootstrapPolicy(objects) } : {}),
    ...others,
    'start-service-ip-repair-controllers': () => repair.once(),
    'bootstrap-controller': kubernetes!,
  };
  for (const [name, step] of Object.entries(steps)) {
    while (!signal.aborted) {
      try {
        await step();
        options.finished?.(name);
        break;
      } catch (error) {
        log.warn({ err: error, step: name }, 'Bootstrap step failed; trying again');
        await delay(retryAfter, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
      }
    }
  }
}

/** Makes again what was deleted or changed of it, now and then, until the signal aborts. */
export function keepCluster(objects: ObjectAccess, options: BootstrapOptions): void {
  const { signal, repair, fairness } = options;
  repair.keep(signal);
  repeat(repeatAfter, lastingSteps(objects, options, { ports: false }), options);
  if (fairness) repeat(repeatSeldom, { [flowControlProducer]: () => ensureFlowControl(objects) }, options);
}

function repeat(period: number, steps: Steps, { signal, log }: BootstrapOptions): void {
  const once = async (): Promise<void> => {
    for (const [name, step] of Object.entries(steps)) {
      if (signal.aborted) return;
      await step().catch((error) => log.warn({ err: error, step: name }, 'Bootstrap step failed; trying again'));
    }
  };
  const timer = setInterval(once, period);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** Takes this server out of the kubernetes Service before it ends; a failure only means that clients find out by themselves. */
export async function withdraw(endpoints: KubernetesEndpoints | undefined, log: Log): Promise<void> {
  if (!endpoints) return;
  try {
    await within(longestWithdrawal, endpoints.withdraw(), () => new Error('RemoveEndpoints() timed out'));
  } catch (error) {
    log.warn({ err: error }, 'Unable to remove endpoints from kubernetes service');
  }
}

/** The first usable address of a range: `10.96.0.1` of `10.96.0.0/16`. */
export function firstAddress(range: string): string {
  const [network = ''] = range.split(',')[0]!.split('/');
  if (network.includes(':')) return network.endsWith('::') ? `${network}1` : network.replace(/:0$/, ':1');
  const parts = network.split('.');
  return [...parts.slice(0, 3), String(Number(parts[3]) + 1)].join('.');
}
