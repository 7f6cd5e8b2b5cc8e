import type { FlowSchema } from '../../generated/flowcontrol/v1.ts';
import { exemptName } from './mandatory-levels.ts';
import { everything, groups, inNamespaces, schemaOf, systemAccounts, users } from './schema-rules.ts';

const controllerManager = 'system:kube-controller-manager';
const scheduler = 'system:kube-scheduler';
const leases = 'coordination.k8s.io';
const everybody = groups('system:unauthenticated', 'system:authenticated');
const nodes = groups('system:nodes');
/** What leader election takes. */
const electing = ['get', 'create', 'update'];

/** Schemas that every cluster begins with, besides the mandatory ones, in the order they are looked at (KEP-1040). */
export const suggestedSchemas: readonly FlowSchema[] = [
  schemaOf('probes', exemptName, 2, undefined, {
    subjects: everybody,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schemaOf('system-leader-election', 'leader-election', 100, 'ByUser', {
    subjects: [...users(controllerManager, scheduler), ...systemAccounts('*')],
    resourceRules: [inNamespaces(electing, leases, 'leases')],
  }),
  // Before the next one: endpoints that controllers write are no leader election, though they once served for it.
  schemaOf('endpoint-controller', 'workload-high', 150, 'ByUser', {
    subjects: [
      ...users(controllerManager),
      ...systemAccounts('endpoint-controller', 'endpointslicemirroring-controller'),
    ],
    resourceRules: [inNamespaces(electing, '', 'endpoints')],
  }),
  schemaOf('workload-leader-election', 'leader-election', 200, 'ByUser', {
    subjects: systemAccounts('*'),
    resourceRules: [inNamespaces(electing, '', 'endpoints', 'configmaps'), inNamespaces(electing, leases, 'leases')],
  }),
  schemaOf('system-node-high', 'node-high', 400, 'ByUser', {
    subjects: nodes,
    resourceRules: [
      { ...inNamespaces(['*'], '', 'nodes', 'nodes/status'), clusterScope: true },
      inNamespaces(['*'], leases, 'leases'),
    ],
  }),
  schemaOf('system-nodes', 'system', 500, 'ByUser', { subjects: nodes, ...everything }),
  schemaOf('kube-controller-manager', 'workload-high', 800, 'ByNamespace', {
    subjects: users(controllerManager),
    ...everything,
  }),
  schemaOf('kube-scheduler', 'workload-high', 800, 'ByNamespace', { subjects: users(scheduler), ...everything }),
  schemaOf('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', {
    subjects: systemAccounts('*'),
    ...everything,
  }),
  schemaOf('service-accounts', 'workload-low', 9000, 'ByUser', {
    subjects: groups('system:serviceaccounts'),
    ...everything,
  }),
  schemaOf('global-default', 'global-default', 9900, 'ByUser', { subjects: everybody, ...everything }),
];
