import {
  boolFlag,
  durationFlag,
  type FlagValues,
  intFlag,
  stringArrayFlag,
  stringFlag,
  stringSliceFlag,
} from './flags.ts';

const serving = { group: 'secure serving' };
const authentication = { group: 'authentication' };
const authorization = { group: 'authorization' };
const election = { group: 'leader election' };

export type ServingFlags = FlagValues<ReturnType<typeof servingFlags>>;
export type DelegatedAccessFlags = FlagValues<ReturnType<typeof delegatedAccessFlags>>;
export type LeaderElectionFlags = FlagValues<ReturnType<typeof leaderElectionFlags>>;

/** Where a component serves HTTPS and with which certificate. `required` components cannot do without the port. */
export function servingFlags({ port, required = false }: { port: number; required?: boolean }) {
  return {
    'bind-address': stringFlag({
      ...serving,
      type: 'ip',
      default: '0.0.0.0',
      help: 'IP address to serve HTTPS on, at --secure-port. 0.0.0.0 or :: is every address of the machine.',
    }),
    'secure-port': intFlag({
      ...serving,
      default: port,
      help: `Port to serve HTTPS on; ${required ? 'between 1 and 65535' : '0 serves nothing'}.`,
    }),
    'tls-cert-file': stringFlag({
      ...serving,
      help: 'PEM file of the serving certificate, followed by its chain. Unset, a self-signed certificate is made in memory at each start.',
    }),
    'tls-private-key-file': stringFlag({
      ...serving,
      help: 'PEM file of the private key that belongs to --tls-cert-file.',
    }),
    'tls-sni-cert-key': stringArrayFlag({
      ...serving,
      help: 'PEM files of a certificate and its key for clients that ask for certain names: cert,key or cert,key:*.foo.com,foo.com. Without names, those of the certificate. May be repeated.',
    }),
    'tls-min-version': stringFlag({
      ...serving,
      help: 'Oldest version of TLS that clients may speak: VersionTLS10, VersionTLS11, VersionTLS12 or VersionTLS13. Unset, VersionTLS12.',
    }),
    'tls-cipher-suites': stringSliceFlag({
      ...serving,
      help: "Cipher suites up to TLS 1.2, by their IANA names, comma separated; those of TLS 1.3 are always on. Unset, the runtime's.",
    }),
  };
}

/** How a component lets the API server decide who may read what it serves. */
export function delegatedAccessFlags() {
  return {
    'authentication-kubeconfig': stringFlag({
      ...authentication,
      help: 'Kubeconfig file for asking the API server whose a token is (TokenReview). Unset, --authorization-kubeconfig is taken.',
    }),
    'authentication-token-webhook-cache-ttl': durationFlag({
      ...authentication,
      default: 10_000,
      help: 'How long the answer about a token is reused.',
    }),
    'client-ca-file': stringFlag({
      ...authentication,
      help: 'PEM file of the authorities whose client certificates are believed. Unset, those the API server publishes in kube-system.',
    }),
    'authorization-kubeconfig': stringFlag({
      ...authorization,
      help: 'Kubeconfig file for asking the API server what users may do. Unset, --authentication-kubeconfig is taken; with neither, only health and version are served.',
    }),
    'authorization-webhook-cache-authorized-ttl': durationFlag({
      ...authorization,
      default: 10_000,
      help: 'How long it is remembered that a request was allowed.',
    }),
    'authorization-webhook-cache-unauthorized-ttl': durationFlag({
      ...authorization,
      default: 10_000,
      help: 'How long it is remembered that a request was refused.',
    }),
  };
}

/** How the replicas of a component agree on the one that works; `resourceName` is the name of their Lease. */
export function leaderElectionFlags({ resourceName }: { resourceName: string }) {
  return {
    'leader-elect': boolFlag({
      ...election,
      default: true,
      help: 'Work only while holding the Lease, so that several replicas can run. When false, work at once.',
    }),
    'leader-elect-lease-duration': durationFlag({
      ...election,
      default: 15_000,
      help: "How long after the leader's last renewal another replica may take over.",
    }),
    'leader-elect-renew-deadline': durationFlag({
      ...election,
      default: 10_000,
      help: 'How long the leader tries to renew the Lease before it gives up and exits. Shorter than the lease duration.',
    }),
    'leader-elect-retry-period': durationFlag({
      ...election,
      default: 2_000,
      help: 'Time between two attempts to get or renew the Lease. Shorter than the renew deadline.',
    }),
    'leader-elect-resource-lock': stringFlag({
      ...election,
      default: 'leases',
      help: 'Type of the object that the replicas compete for: only "leases".',
    }),
    'leader-elect-resource-name': stringFlag({
      ...election,
      default: resourceName,
      help: 'Name of the Lease. Replicas with the same name and namespace compete.',
    }),
    'leader-elect-resource-namespace': stringFlag({
      ...election,
      default: 'kube-system',
      help: 'Namespace of the Lease.',
    }),
  };
}
