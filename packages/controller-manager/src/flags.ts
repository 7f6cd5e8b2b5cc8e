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
const serving = { group: 'secure serving' };
const authentication = { group: 'authentication' };
const authorization = { group: 'authorization' };
const election = { group: 'leader election' };
const cloud = { group: 'service controller' };
const nodes = { group: 'nodelifecycle controller' };
const ipam = { group: 'nodeipam controller' };
const csr = { group: 'csrsigning controller' };
const accounts = { group: 'serviceaccount controller' };

/** `--concurrent-<what>-syncs`, with the key of `Settings.workers` it sets. */
export const concurrency: Readonly<Record<string, [workers: string, group: string, fallback: number, noun: string]>> = {
  'concurrent-deployment-syncs': ['deployment', 'deployment controller', 5, 'deployment objects'],
  'concurrent-endpoint-syncs': ['endpoint', 'endpoint controller', 5, 'endpoint syncing operations'],
  'concurrent-gc-syncs': ['gc', 'garbagecollector controller', 20, 'garbage collector workers'],
  'concurrent-namespace-syncs': ['namespace', 'namespace controller', 10, 'namespace objects'],
  'concurrent-replicaset-syncs': ['replicaset', 'replicaset controller', 5, 'replica sets'],
  'concurrent-service-endpoint-syncs': [
    'endpointslice',
    'endpointslice controller',
    5,
    'service endpoint syncing operations',
  ],
  'concurrent-serviceaccount-token-syncs': [
    'serviceaccount-token',
    'serviceaccount controller',
    5,
    'service account token objects',
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
        help: `The number of ${noun} that are allowed to sync concurrently. Larger number = more responsive ${noun}, but more CPU (and network) load`,
      }),
    ]),
  );
}

/** kube-controller-manager's flags, by upstream's names. */
export const managerFlags = defineFlags({
  kubeconfig: stringFlag({
    ...generic,
    help: 'Path to kubeconfig file with authorization and master location information (the master location can be overridden by the master flag).',
  }),
  master: stringFlag({
    ...generic,
    help: 'The address of the Kubernetes API server (overrides any value in kubeconfig).',
  }),
  controllers: stringSliceFlag({
    ...generic,
    default: ['*'],
    help: "A list of controllers to enable. '*' enables all on-by-default controllers, 'foo' enables the controller named 'foo', '-foo' disables the controller named 'foo'.",
  }),
  'cluster-name': stringFlag({ ...generic, default: 'kubernetes', help: 'The instance prefix for the cluster.' }),
  'use-service-account-credentials': boolFlag({
    ...generic,
    help: 'If true, use individual service account credentials for each controller.',
  }),
  'kube-api-qps': floatFlag({ ...generic, default: 20, help: 'QPS to use while talking with kubernetes apiserver.' }),
  'kube-api-burst': intFlag({
    ...generic,
    type: 'int32',
    default: 30,
    help: 'Burst to use while talking with kubernetes apiserver.',
  }),
  'feature-gates': mapFlag({
    ...generic,
    help: 'A set of key=value pairs that describe feature gates for alpha/experimental features.',
  }),

  'leader-elect': boolFlag({
    ...election,
    default: true,
    help: 'Start a leader election client and gain leadership before executing the main loop. Enable this when running replicated components for high availability.',
  }),
  'leader-elect-lease-duration': durationFlag({
    ...election,
    default: 15_000,
    help: 'The duration that non-leader candidates will wait after observing a leadership renewal until attempting to acquire leadership of a led but unrenewed leader slot.',
  }),
  'leader-elect-renew-deadline': durationFlag({
    ...election,
    default: 10_000,
    help: 'The interval between attempts by the acting master to renew a leadership slot before it stops leading. This must be less than the lease duration.',
  }),
  'leader-elect-retry-period': durationFlag({
    ...election,
    default: 2_000,
    help: 'The duration the clients should wait between attempting acquisition and renewal of a leadership.',
  }),
  'leader-elect-resource-lock': stringFlag({
    ...election,
    default: 'leases',
    help: "The type of resource object that is used for locking during leader election. Supported options are 'leases'.",
  }),
  'leader-elect-resource-name': stringFlag({
    ...election,
    default: 'kube-controller-manager',
    help: 'The name of resource object that is used for locking during leader election.',
  }),
  'leader-elect-resource-namespace': stringFlag({
    ...election,
    default: 'kube-system',
    help: 'The namespace of resource object that is used for locking during leader election.',
  }),

  'bind-address': stringFlag({
    ...serving,
    type: 'ip',
    default: '0.0.0.0',
    help: 'The IP address on which to listen for the --secure-port port.',
  }),
  'secure-port': intFlag({
    ...serving,
    default: 10257,
    help: "The port on which to serve HTTPS with authentication and authorization. If 0, don't serve HTTPS at all.",
  }),
  'tls-cert-file': stringFlag({
    ...serving,
    help: 'File containing the default x509 Certificate for HTTPS. (CA cert, if any, concatenated after server cert). Without it and --tls-private-key-file a self-signed certificate is made in memory.',
  }),
  'tls-private-key-file': stringFlag({
    ...serving,
    help: 'File containing the default x509 private key matching --tls-cert-file.',
  }),
  'authentication-kubeconfig': stringFlag({
    ...authentication,
    help: "kubeconfig file pointing at the 'core' kubernetes server with enough rights to create tokenreviews.authentication.k8s.io. If empty, all requests but those for health and version are refused.",
  }),
  'authentication-token-webhook-cache-ttl': durationFlag({
    ...authentication,
    default: 10_000,
    help: 'The duration to cache responses from the webhook token authenticator.',
  }),
  'client-ca-file': stringFlag({
    ...authentication,
    help: 'If set, any request presenting a client certificate signed by one of the authorities in the client-ca-file is authenticated with an identity corresponding to the CommonName of the client certificate.',
  }),
  'authorization-kubeconfig': stringFlag({
    ...authorization,
    help: "kubeconfig file pointing at the 'core' kubernetes server with enough rights to create subjectaccessreviews.authorization.k8s.io. If empty, all requests but those for health and version are refused.",
  }),
  'authorization-webhook-cache-authorized-ttl': durationFlag({
    ...authorization,
    default: 10_000,
    help: "The duration to cache 'authorized' responses from the webhook authorizer.",
  }),
  'authorization-webhook-cache-unauthorized-ttl': durationFlag({
    ...authorization,
    default: 10_000,
    help: "The duration to cache 'unauthorized' responses from the webhook authorizer.",
  }),

  'allocate-node-cidrs': boolFlag({
    ...cloud,
    help: 'Should CIDRs for Pods be allocated and set on nodes. Requires --cluster-cidr.',
  }),
  'cluster-cidr': stringSliceFlag({
    ...cloud,
    type: 'string',
    help: 'CIDR Range for Pods in cluster. Only used when --allocate-node-cidrs=true; if false, this option will be ignored.',
  }),
  'service-cluster-ip-range': stringFlag({
    ...ipam,
    help: 'CIDR Range for Services in cluster. Only used when --allocate-node-cidrs=true; if false, this option will be ignored.',
  }),
  'node-cidr-mask-size': intFlag({
    ...ipam,
    type: 'int32',
    help: 'Mask size for node cidr in cluster. Default is 24 for IPv4 and 64 for IPv6.',
  }),
  'node-cidr-mask-size-ipv4': intFlag({
    ...ipam,
    type: 'int32',
    help: 'Mask size for IPv4 node cidr in dual-stack cluster. Default is 24.',
  }),
  'node-cidr-mask-size-ipv6': intFlag({
    ...ipam,
    type: 'int32',
    help: 'Mask size for IPv6 node cidr in dual-stack cluster. Default is 64.',
  }),
  'node-monitor-period': durationFlag({ ...nodes, default: 5_000, help: 'The period for syncing NodeStatus.' }),
  'node-monitor-grace-period': durationFlag({
    ...nodes,
    default: 50_000,
    help: "Amount of time which we allow running Node to be unresponsive before marking it unhealthy. Must be N-1 times more than kubelet's nodeStatusUpdateFrequency, where N means number of retries allowed for kubelet to post node status.",
  }),
  'node-startup-grace-period': durationFlag({
    ...nodes,
    default: 60_000,
    help: 'Amount of time which we allow starting Node to be unresponsive before marking it unhealthy.',
  }),
  'node-eviction-rate': floatFlag({
    ...nodes,
    default: 0.1,
    help: 'Number of nodes per second on which pods are deleted in case of node failure when a zone is healthy (see --unhealthy-zone-threshold for definition of healthy/unhealthy).',
  }),
  'secondary-node-eviction-rate': floatFlag({
    ...nodes,
    default: 0.01,
    help: 'Number of nodes per second on which pods are deleted in case of node failure when a zone is unhealthy. This value is implicitly overridden to 0 if the cluster size is smaller than --large-cluster-size-threshold.',
  }),
  'unhealthy-zone-threshold': floatFlag({
    ...nodes,
    default: 0.55,
    help: 'Fraction of Nodes in a zone which needs to be not Ready (minimum 3) for zone to be treated as unhealthy.',
  }),
  'large-cluster-size-threshold': intFlag({
    ...nodes,
    type: 'int32',
    default: 50,
    help: 'Number of nodes from which node-lifecycle-controller treats the cluster as large for the eviction logic purposes. --secondary-node-eviction-rate is implicitly overridden to 0 for clusters this size or smaller.',
  }),

  ...concurrencyFlags(),
  'enable-garbage-collector': boolFlag({
    group: 'garbagecollector controller',
    default: true,
    help: 'Enables the generic garbage collector. MUST be synced with the corresponding flag of the kube-apiserver.',
  }),
  'terminated-pod-gc-threshold': intFlag({
    group: 'podgc controller',
    type: 'int32',
    default: 12_500,
    help: 'Number of terminated pods that can exist before the terminated pod garbage collector starts deleting terminated pods. If <= 0, the terminated pod garbage collector is disabled.',
  }),
  'max-endpoints-per-slice': intFlag({
    group: 'endpointslice controller',
    type: 'int32',
    default: 100,
    help: 'The maximum number of endpoints that will be added to an EndpointSlice. More endpoints per slice will result in less endpoint slices, but larger resources.',
  }),
  'namespace-sync-period': durationFlag({
    group: 'namespace controller',
    default: 5 * 60_000,
    help: 'The period for syncing namespace life-cycle updates',
  }),
  'root-ca-file': stringFlag({
    ...accounts,
    help: "If set, this root certificate authority will be included in service account's token secret. This must be a valid PEM-encoded CA bundle.",
  }),
  'service-account-private-key-file': stringFlag({
    ...accounts,
    help: 'Filename containing a PEM-encoded private RSA or ECDSA key used to sign service account tokens.',
  }),
  'cluster-signing-cert-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded X509 CA certificate used to issue cluster-scoped certificates. If specified, no more specific --cluster-signing-* flag may be specified.',
  }),
  'cluster-signing-key-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded RSA or ECDSA private key used to sign cluster-scoped certificates. If specified, no more specific --cluster-signing-* flag may be specified.',
  }),
  'cluster-signing-duration': durationFlag({
    ...csr,
    default: 365 * day,
    help: 'The max length of duration signed certificates will be given. Individual CSRs may request shorter certs by setting spec.expirationSeconds.',
  }),
  'cluster-signing-kube-apiserver-client-cert-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded X509 CA certificate used to issue certificates for the kubernetes.io/kube-apiserver-client signer.',
  }),
  'cluster-signing-kube-apiserver-client-key-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded RSA or ECDSA private key used to sign certificates for the kubernetes.io/kube-apiserver-client signer.',
  }),
  'cluster-signing-kubelet-client-cert-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded X509 CA certificate used to issue certificates for the kubernetes.io/kube-apiserver-client-kubelet signer.',
  }),
  'cluster-signing-kubelet-client-key-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded RSA or ECDSA private key used to sign certificates for the kubernetes.io/kube-apiserver-client-kubelet signer.',
  }),
  'cluster-signing-kubelet-serving-cert-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded X509 CA certificate used to issue certificates for the kubernetes.io/kubelet-serving signer.',
  }),
  'cluster-signing-kubelet-serving-key-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded RSA or ECDSA private key used to sign certificates for the kubernetes.io/kubelet-serving signer.',
  }),
  'cluster-signing-legacy-unknown-cert-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded X509 CA certificate used to issue certificates for the kubernetes.io/legacy-unknown signer.',
  }),
  'cluster-signing-legacy-unknown-key-file': stringFlag({
    ...csr,
    help: 'Filename containing a PEM-encoded RSA or ECDSA private key used to sign certificates for the kubernetes.io/legacy-unknown signer.',
  }),
});

export type ManagerFlags = ReturnType<typeof managerFlags.parse>['values'];
