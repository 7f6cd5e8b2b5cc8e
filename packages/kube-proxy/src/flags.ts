import {
  boolFlag,
  defineFlags,
  durationFlag,
  floatFlag,
  intFlag,
  stringFlag,
  stringSliceFlag,
} from '@coracle/process/flags';
import { defaultConfiguration } from './config/configuration.ts';

const base = defaultConfiguration();

/** kube-proxy's flags, by upstream's names. With --config all but --hostname-override, --cleanup and --init-only are ignored. */
export const proxyFlags = defineFlags({
  config: stringFlag({ help: 'File with a KubeProxyConfiguration (YAML or JSON). Unset, the flags below apply.' }),
  'hostname-override': stringFlag({
    help: "Name of the node. Unset, the machine's host name.",
  }),
  cleanup: boolFlag({ help: "Remove kube-proxy's nftables tables and exit." }),
  'init-only': boolFlag({
    help: 'Do only what needs full root (kernel settings) and exit. kube-proxy can then run with CAP_NET_ADMIN alone.',
  }),
  kubeconfig: stringFlag({
    help: 'Kubeconfig file for the API server. Unset, the service account of the pod is used.',
  }),
  master: stringFlag({ help: "URL of the API server, instead of the kubeconfig file's." }),
  'kube-api-qps': floatFlag({
    help: 'Most requests per second to the API server, on average; 0 sets no limit.',
  }),
  'kube-api-burst': intFlag({ help: 'Most requests to the API server at once, where --kube-api-qps limits them.' }),
  'bind-address': stringFlag({
    type: 'ip',
    default: base.bindAddress,
    help: 'Primary IP address of the node, instead of the one its Node object tells. 0.0.0.0 or :: takes the latter; nothing listens on it.',
  }),
  'bind-address-hard-fail': boolFlag({
    help: "Exit when a server's address cannot be listened on, instead of going on without that server.",
  }),
  'healthz-bind-address': stringFlag({
    type: 'ipport',
    default: base.healthzBindAddress,
    help: 'IP address and port of the health checks. Empty serves none.',
  }),
  'metrics-bind-address': stringFlag({
    type: 'ipport',
    default: base.metricsBindAddress,
    help: 'IP address and port of metrics and settings, readable by everyone who reaches them. Empty serves none.',
  }),
  'proxy-mode': stringFlag({
    type: 'ProxyMode',
    default: 'nftables',
    help: 'How connections are forwarded: only nftables.',
  }),
  'cluster-cidr': stringFlag({
    help: "Range of the pods' addresses as a CIDR; one of each family, with a comma between, for dual stack. Used by --detect-local-mode=ClusterCIDR.",
  }),
  'detect-local-mode': stringFlag({
    type: 'LocalMode',
    default: base.detectLocalMode,
    help: "How traffic of this node's pods is recognized: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix.",
  }),
  'pod-bridge-interface': stringFlag({
    help: "Bridge that this node's pods are behind. Required by --detect-local-mode=BridgeInterface.",
  }),
  'pod-interface-name-prefix': stringFlag({
    help: "What the names of the pods' interfaces begin with. Required by --detect-local-mode=InterfaceNamePrefix.",
  }),
  'masquerade-all': boolFlag({
    help: "Give all traffic to Services' cluster addresses the node's source address.",
  }),
  'nodeport-addresses': stringSliceFlag({
    default: base.nodePortAddresses,
    help: "Which of the node's addresses node ports are open on: those in the CIDRs given, or primary for its primary one.",
  }),
  'conntrack-max-per-core': intFlag({
    type: 'int32',
    default: base.conntrack.maxPerCore,
    help: "Most connections the kernel tracks, for each CPU core. 0 leaves the kernel's limit and --conntrack-min alone.",
  }),
  'conntrack-min': intFlag({
    type: 'int32',
    default: base.conntrack.min,
    help: 'Least limit of tracked connections, however few cores there are.',
  }),
  'conntrack-tcp-timeout-established': durationFlag({
    default: base.conntrack.tcpEstablishedTimeout,
    help: "How long an idle TCP connection stays tracked. 0 leaves the kernel's value.",
  }),
  'conntrack-tcp-timeout-close-wait': durationFlag({
    default: base.conntrack.tcpCloseWaitTimeout,
    help: "How long a TCP connection stays tracked in state CLOSE_WAIT. 0 leaves the kernel's value.",
  }),
  'conntrack-tcp-be-liberal': boolFlag({
    help: 'Let the kernel track TCP packets outside the window too, instead of marking them invalid.',
  }),
  'conntrack-udp-timeout': durationFlag({
    help: "How long an unanswered UDP flow stays tracked. 0 leaves the kernel's value.",
  }),
  'conntrack-udp-timeout-stream': durationFlag({
    help: "How long an answered UDP flow stays tracked. 0 leaves the kernel's value.",
  }),
  'oom-score-adj': intFlag({
    type: 'int32',
    help: "Score for the kernel's out-of-memory killer, from -1000 (never) to 1000 (first). Unset, it is not changed.",
  }),
});

export type ProxyFlags = ReturnType<typeof proxyFlags.parse>['values'];
