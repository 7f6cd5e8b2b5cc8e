import { choiceFlag, defineFlags, durationFlag, intFlag, stringFlag, stringSliceFlag } from '@coracle/process/flags';

const upstream = { group: 'upstream' };
const status = { group: 'status' };

/** cluster-dns's flags. */
export const dnsFlags = defineFlags({
  'cluster-domain': stringFlag({
    default: 'cluster.local',
    group: 'names',
    help: "The cluster's DNS domain; the kubelets' --cluster-domain.",
  }),
  pods: choiceFlag({
    default: 'insecure',
    choices: ['insecure', 'verified', 'disabled'],
    group: 'names',
    help: 'Names of pods by address (10-244-0-7.default.pod.<domain>): insecure answers for every address, verified for those that a pod of the namespace has, disabled for none.',
  }),
  ttl: intFlag({
    default: 5,
    group: 'names',
    help: "How long clients may keep the answers about the cluster's names, in seconds; 0 to 3600.",
  }),
  kubeconfig: stringFlag({
    group: 'API',
    help: 'Kubeconfig file for the API server. Unset, the service account of the pod is used.',
  }),
  master: stringFlag({ group: 'API', help: "URL of the API server, instead of the kubeconfig file's." }),
  'bind-address': stringSliceFlag({
    default: ['0.0.0.0', '::'],
    group: 'serving',
    help: 'IP addresses to answer on. By default all; those of IPv6 only where the machine has it.',
  }),
  port: intFlag({ default: 53, group: 'serving', help: 'Port for DNS over UDP and TCP; 0 takes a free one.' }),
  lameduck: durationFlag({
    default: 5_000,
    group: 'serving',
    help: 'How long to go on answering after SIGTERM, while /ready fails so that clients are sent elsewhere.',
  }),
  'upstream-resolv-conf': stringFlag({
    ...upstream,
    default: '/etc/resolv.conf',
    help: 'File with the servers that are asked about all other names. Without a server in it, such questions are refused.',
  }),
  upstream: stringSliceFlag({
    ...upstream,
    help: 'Servers that are asked about all other names, instead of those in the file: IP addresses, perhaps with ports.',
  }),
  'upstream-timeout': durationFlag({
    ...upstream,
    default: 2_000,
    help: 'How long to wait for one server before the next is asked.',
  }),
  'upstream-max-concurrent': intFlag({
    ...upstream,
    default: 1000,
    help: 'Most questions that may wait for these servers at once; further ones are refused.',
  }),
  'cache-ttl': intFlag({
    ...upstream,
    default: 30,
    help: 'Most seconds for which their answers are remembered, those that a name does not exist too. 0 remembers none.',
  }),
  'health-port': intFlag({ ...status, default: 8080, help: 'Port of /health. 0 takes a free one.' }),
  'ready-port': intFlag({ ...status, default: 8181, help: 'Port of /ready. 0 takes a free one.' }),
  'metrics-port': intFlag({
    ...status,
    default: 9153,
    help: 'Port of /metrics, readable by everyone who reaches it. 0 takes a free one.',
  }),
});

export type DnsFlags = ReturnType<typeof dnsFlags.parse>['values'];
