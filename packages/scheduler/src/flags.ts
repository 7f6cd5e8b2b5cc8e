import { boolFlag, defineFlags, durationFlag, floatFlag, intFlag, stringFlag } from '@coracle/process/flags';

const serving = { group: 'secure serving' };
const authentication = { group: 'authentication' };
const authorization = { group: 'authorization' };
const deprecated = { group: 'deprecated' };
const election = { group: 'leader election' };
const misc = { group: 'misc' };

/** kube-scheduler's flags, by upstream's names. */
export const schedulerFlags = defineFlags({
  config: stringFlag({ ...misc, help: 'The path to the configuration file.' }),
  master: stringFlag({ ...misc, help: 'The address of the Kubernetes API server (overrides any value in kubeconfig)' }),

  'bind-address': stringFlag({
    ...serving,
    type: 'ip',
    default: '0.0.0.0',
    help: 'The IP address on which to listen for the --secure-port port. The associated interface(s) must be reachable by the rest of the cluster, and by CLI/web clients. If blank or an unspecified address (0.0.0.0 or ::), all interfaces and IP address families will be used.',
  }),
  'secure-port': intFlag({
    ...serving,
    default: 10259,
    help: "The port on which to serve HTTPS with authentication and authorization. If 0, don't serve HTTPS at all.",
  }),
  'tls-cert-file': stringFlag({
    ...serving,
    help: 'File containing the default x509 Certificate for HTTPS. (CA cert, if any, concatenated after server cert). If HTTPS serving is enabled, and --tls-cert-file and --tls-private-key-file are not provided, a self-signed certificate and key are generated in memory.',
  }),
  'tls-private-key-file': stringFlag({
    ...serving,
    help: 'File containing the default x509 private key matching --tls-cert-file.',
  }),

  'authentication-kubeconfig': stringFlag({
    ...authentication,
    help: "kubeconfig file pointing at the 'core' kubernetes server with enough rights to create tokenreviews.authentication.k8s.io. This is optional. If empty, all token requests are considered to be anonymous and no client CA is looked up in the cluster.",
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
    help: "kubeconfig file pointing at the 'core' kubernetes server with enough rights to create subjectaccessreviews.authorization.k8s.io. This is optional. If empty, all requests not skipped by authorization are forbidden.",
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

  kubeconfig: stringFlag({
    ...deprecated,
    help: 'path to kubeconfig file with authorization and master location information. This parameter is ignored if a config file is specified in --config that names one.',
  }),
  'kube-api-qps': floatFlag({
    ...deprecated,
    help: "QPS to use while talking with kubernetes apiserver; 0 leaves it to the API server's own flow control. This parameter is ignored if a config file is specified in --config.",
  }),
  'kube-api-burst': intFlag({
    ...deprecated,
    help: 'burst to use while talking with kubernetes apiserver. This parameter is ignored if a config file is specified in --config.',
  }),
  'pod-max-in-unschedulable-pods-duration': durationFlag({
    ...deprecated,
    default: 300_000,
    help: 'the maximum time a pod can stay in unschedulablePods. If a pod stays in unschedulablePods for longer than this value, the pod will be moved from unschedulablePods to backoffQ or activeQ.',
  }),

  'leader-elect': boolFlag({
    ...election,
    default: true,
    help: 'Start a leader election client and gain leadership before executing the main loop. Enable this when running replicated components for high availability.',
  }),
  'leader-elect-lease-duration': durationFlag({
    ...election,
    default: 15_000,
    help: 'The duration that non-leader candidates will wait after observing a leadership renewal until attempting to acquire leadership of a led but unrenewed leader slot. This is effectively the maximum duration that a leader can be stopped before it is replaced by another candidate. This is only applicable if leader election is enabled.',
  }),
  'leader-elect-renew-deadline': durationFlag({
    ...election,
    default: 10_000,
    help: 'The interval between attempts by the acting master to renew a leadership slot before it stops leading. This must be less than the lease duration. This is only applicable if leader election is enabled.',
  }),
  'leader-elect-retry-period': durationFlag({
    ...election,
    default: 2_000,
    help: 'The duration the clients should wait between attempting acquisition and renewal of a leadership. This is only applicable if leader election is enabled.',
  }),
  'leader-elect-resource-lock': stringFlag({
    ...election,
    default: 'leases',
    help: "The type of resource object that is used for locking during leader election. Supported options are 'leases'.",
  }),
  'leader-elect-resource-name': stringFlag({
    ...election,
    default: 'kube-scheduler',
    help: 'The name of resource object that is used for locking during leader election.',
  }),
  'leader-elect-resource-namespace': stringFlag({
    ...election,
    default: 'kube-system',
    help: 'The namespace of resource object that is used for locking during leader election.',
  }),
});

export type SchedulerFlags = ReturnType<typeof schedulerFlags.parse>['values'];
