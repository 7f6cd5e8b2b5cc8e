import { delegatedAccessFlags, leaderElectionFlags, servingFlags } from '@coracle/process/component-flags';
import {
  boolFlag,
  defineFlags,
  durationFlag,
  type Flag,
  floatFlag,
  intFlag,
  mapFlag,
  stringFlag,
  stringSliceFlag,
} from '@coracle/process/flags';

const day = 24 * 60 * 60_000;
const generic = { group: 'generic' };
const cloud = { group: 'service controller' };
const nodes = { group: 'nodelifecycle controller' };
const ipam = { group: 'nodeipam controller' };
const csr = { group: 'csrsigning controller' };
const accounts = { group: 'serviceaccount controller' };

/** `--concurrent-<what>-syncs`: the key of `Settings.workers` it sets, its group, its default and what is worked on. */
export const concurrency: Readonly<Record<string, [workers: string, group: string, fallback: number, noun: string]>> = {
  'concurrent-deployment-syncs': ['deployment', 'deployment controller', 5, 'Deployments'],
  'concurrent-endpoint-syncs': ['endpoint', 'endpoint controller', 5, "Services' Endpoints"],
  'concurrent-gc-syncs': ['gc', 'garbagecollector controller', 20, 'objects to collect'],
  'concurrent-namespace-syncs': ['namespace', 'namespace controller', 10, 'ended namespaces'],
  'concurrent-replicaset-syncs': ['replicaset', 'replicaset controller', 5, 'ReplicaSets'],
  'concurrent-resource-quota-syncs': ['resourcequota', 'resourcequota controller', 5, 'ResourceQuotas'],
  'concurrent-service-endpoint-syncs': ['endpointslice', 'endpointslice controller', 5, "Services' EndpointSlices"],
  'concurrent-serviceaccount-token-syncs': [
    'serviceaccount-token',
    'serviceaccount controller',
    5,
    "service accounts' token Secrets",
  ],
};

function concurrencyFlags(): Record<string, Flag<number>> {
  return Object.fromEntries(
    Object.entries(concurrency).map(([name, [, group, fallback, noun]]) => [
      name,
      intFlag({
        group,
        type: 'int32',
        default: fallback,
        help: `How many ${noun} are worked on at once.`,
      }),
    ]),
  );
}

/** kube-controller-manager's flags, by upstream's names. */
export const managerFlags = defineFlags({
  kubeconfig: stringFlag({
    ...generic,
    help: 'Kubeconfig file for the API server. Unset, the service account of the pod is used.',
  }),
  master: stringFlag({
    ...generic,
    help: "URL of the API server, instead of the kubeconfig file's.",
  }),
  controllers: stringSliceFlag({
    ...generic,
    default: ['*'],
    help: 'Controllers to run: * for all that are on by default, a name to add one, -NAME to leave one out.',
  }),
  'cluster-name': stringFlag({
    ...generic,
    default: 'kubernetes',
    help: 'Name of the cluster. Accepted; nothing is named after it.',
  }),
  'use-service-account-credentials': boolFlag({
    ...generic,
    help: "Let every controller act as its own service account in kube-system, instead of as the manager's user.",
  }),
  'kube-api-qps': floatFlag({
    ...generic,
    default: 20,
    help: 'Most requests per second to the API server, on average.',
  }),
  'kube-api-burst': intFlag({
    ...generic,
    type: 'int32',
    default: 30,
    help: 'Most requests to the API server at once, before --kube-api-qps holds them back.',
  }),
  'feature-gates': mapFlag({
    ...generic,
    help: 'Feature gates, as NAME=true|false. None is known, so each is refused.',
  }),

  ...leaderElectionFlags({ resourceName: 'kube-controller-manager' }),
  ...servingFlags({ port: 10257 }),
  ...delegatedAccessFlags(),

  'allocate-node-cidrs': boolFlag({
    ...cloud,
    help: 'Give every node a range of pod addresses out of --cluster-cidr.',
  }),
  'cluster-cidr': stringSliceFlag({
    ...cloud,
    type: 'string',
    help: "Range of the pods' addresses as a CIDR; one of each family, with a comma between, for dual stack. Used with --allocate-node-cidrs.",
  }),
  'service-cluster-ip-range': stringFlag({
    ...ipam,
    help: "Range of the Services' addresses as a CIDR, kept out of the nodes' ranges. Used with --allocate-node-cidrs.",
  }),
  'node-cidr-mask-size': intFlag({
    ...ipam,
    type: 'int32',
    help: "Prefix length of a node's range, in clusters of one address family. Unset, 24 for IPv4 and 64 for IPv6.",
  }),
  'node-cidr-mask-size-ipv4': intFlag({
    ...ipam,
    type: 'int32',
    help: "Prefix length of a node's IPv4 range, in dual-stack clusters. Unset, 24.",
  }),
  'node-cidr-mask-size-ipv6': intFlag({
    ...ipam,
    type: 'int32',
    help: "Prefix length of a node's IPv6 range, in dual-stack clusters. Unset, 64.",
  }),
  'node-monitor-period': durationFlag({
    ...nodes,
    default: 5_000,
    help: 'Time between two looks at whether the nodes still report.',
  }),
  'node-monitor-grace-period': durationFlag({
    ...nodes,
    default: 50_000,
    help: "How long a node may be silent before it counts as unhealthy. Several times the period of the kubelets' reports.",
  }),
  'node-startup-grace-period': durationFlag({
    ...nodes,
    default: 60_000,
    help: 'How long a new node may take to report for the first time before it counts as unhealthy.',
  }),
  'node-eviction-rate': floatFlag({
    ...nodes,
    default: 0.1,
    help: 'Nodes per second whose pods are evicted after the nodes failed, in a zone that is otherwise healthy.',
  }),
  'secondary-node-eviction-rate': floatFlag({
    ...nodes,
    default: 0.01,
    help: 'As --node-eviction-rate, in an unhealthy zone. Small clusters (--large-cluster-size-threshold) evict nothing there.',
  }),
  'unhealthy-zone-threshold': floatFlag({
    ...nodes,
    default: 0.55,
    help: "Share of a zone's nodes, and at least 3 of them, that must fail before the zone counts as unhealthy.",
  }),
  'large-cluster-size-threshold': intFlag({
    ...nodes,
    type: 'int32',
    default: 50,
    help: 'Zones of at most this many nodes count as small: while unhealthy, no pods are evicted there.',
  }),

  ...concurrencyFlags(),
  'enable-garbage-collector': boolFlag({
    group: 'garbagecollector controller',
    default: true,
    help: 'Delete the objects whose owners are gone.',
  }),
  'terminated-pod-gc-threshold': intFlag({
    group: 'podgc controller',
    type: 'int32',
    default: 12_500,
    help: 'How many ended pods are kept; beyond it the oldest are deleted. 0 or less keeps all.',
  }),
  'max-endpoints-per-slice': intFlag({
    group: 'endpointslice controller',
    type: 'int32',
    default: 100,
    help: 'Most endpoints in one EndpointSlice.',
  }),
  'namespace-sync-period': durationFlag({
    group: 'namespace controller',
    default: 5 * 60_000,
    help: 'Time between two looks at all namespaces.',
  }),
  'resource-quota-sync-period': durationFlag({
    group: 'resourcequota controller',
    default: 5 * 60_000,
    help: 'Time between two counts of what all quotas bound.',
  }),
  'legacy-service-account-token-clean-up-period': durationFlag({
    group: 'legacy-serviceaccount-token-cleaner controller',
    default: 365 * day,
    help: 'How long a token that was made for its service account in a Secret may go unused before it is not taken any more, and from then on before it is deleted.',
  }),
  'root-ca-file': stringFlag({
    ...accounts,
    help: 'PEM file of the authorities that pods check the API server with, published in every namespace as kube-root-ca.crt. Unset, nothing is published.',
  }),
  'service-account-private-key-file': stringFlag({
    ...accounts,
    help: 'PEM file of the private key that signs the tokens which Secrets of service accounts hold.',
  }),
  'cluster-signing-cert-file': stringFlag({
    ...csr,
    help: 'PEM file of the authority that signs certificate requests of all signers. Not together with the flags of single signers.',
  }),
  'cluster-signing-key-file': stringFlag({
    ...csr,
    help: 'PEM file of the private key of --cluster-signing-cert-file.',
  }),
  'cluster-signing-duration': durationFlag({
    ...csr,
    default: 365 * day,
    help: 'Longest validity of the certificates signed; a request may ask for less.',
  }),
  'cluster-signing-kube-apiserver-client-cert-file': stringFlag({
    ...csr,
    help: 'PEM file of the authority that signs the requests of kubernetes.io/kube-apiserver-client.',
  }),
  'cluster-signing-kube-apiserver-client-key-file': stringFlag({
    ...csr,
    help: 'PEM file of the private key of --cluster-signing-kube-apiserver-client-cert-file.',
  }),
  'cluster-signing-kubelet-client-cert-file': stringFlag({
    ...csr,
    help: 'PEM file of the authority that signs the requests of kubernetes.io/kube-apiserver-client-kubelet.',
  }),
  'cluster-signing-kubelet-client-key-file': stringFlag({
    ...csr,
    help: 'PEM file of the private key of --cluster-signing-kubelet-client-cert-file.',
  }),
  'cluster-signing-kubelet-serving-cert-file': stringFlag({
    ...csr,
    help: 'PEM file of the authority that signs the requests of kubernetes.io/kubelet-serving.',
  }),
  'cluster-signing-kubelet-serving-key-file': stringFlag({
    ...csr,
    help: 'PEM file of the private key of --cluster-signing-kubelet-serving-cert-file.',
  }),
  'cluster-signing-legacy-unknown-cert-file': stringFlag({
    ...csr,
    help: 'PEM file of the authority that signs the requests of kubernetes.io/legacy-unknown.',
  }),
  'cluster-signing-legacy-unknown-key-file': stringFlag({
    ...csr,
    help: 'PEM file of the private key of --cluster-signing-legacy-unknown-cert-file.',
  }),
});

export type ManagerFlags = ReturnType<typeof managerFlags.parse>['values'];
