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
  config: stringFlag({ help: 'The path to the configuration file.' }),
  'hostname-override': stringFlag({
    help: "If non-empty, will be used as the name of the Node that kube-proxy is running on. If unset, the node name is assumed to be the same as the node's hostname.",
  }),
  cleanup: boolFlag({ help: 'If true cleanup nftables rules and exit.' }),
  'init-only': boolFlag({
    help: 'If true, perform any initialization steps that must be done with full root privileges, and then exit. After doing this, you can run kube-proxy again with only the CAP_NET_ADMIN capability.',
  }),
  kubeconfig: stringFlag({
    help: 'Path to kubeconfig file with authorization information (the master location can be overridden by the master flag).',
  }),
  master: stringFlag({ help: 'The address of the Kubernetes API server (overrides any value in kubeconfig)' }),
  'kube-api-qps': floatFlag({
    help: "QPS to use while talking with kubernetes apiserver; 0 leaves it to the API server's own flow control",
  }),
  'kube-api-burst': intFlag({ help: 'Burst to use while talking with kubernetes apiserver' }),
  'bind-address': stringFlag({
    type: 'ip',
    default: base.bindAddress,
    help: "Overrides kube-proxy's idea of what its node's primary IP is. Note that the name is a historical artifact, and kube-proxy does not actually bind any sockets to this IP.",
  }),
  'bind-address-hard-fail': boolFlag({
    help: 'If true kube-proxy will treat failure to bind to a port as fatal and exit',
  }),
  'healthz-bind-address': stringFlag({
    type: 'ipport',
    default: base.healthzBindAddress,
    help: 'The IP address and port for the health check server to serve on, defaulting to "0.0.0.0:10256". Set empty to disable.',
  }),
  'metrics-bind-address': stringFlag({
    type: 'ipport',
    default: base.metricsBindAddress,
    help: 'The IP address and port for the metrics server to serve on (127.0.0.1:10249, say). It answers without authentication; set empty to disable.',
  }),
  'proxy-mode': stringFlag({
    type: 'ProxyMode',
    default: 'nftables',
    help: "Which proxy mode to use: 'nftables' is the only one.",
  }),
  'cluster-cidr': stringFlag({
    help: 'The CIDR range of the pods in the cluster. (For dual-stack clusters, this can be a comma-separated dual-stack pair of CIDR ranges.). When --detect-local-mode is set to ClusterCIDR, kube-proxy will consider traffic to be local if its source IP is in this range. (Otherwise it is not used.)',
  }),
  'detect-local-mode': stringFlag({
    type: 'LocalMode',
    default: base.detectLocalMode,
    help: "Mode to use to detect local traffic: 'ClusterCIDR', 'NodeCIDR', 'BridgeInterface' or 'InterfaceNamePrefix'.",
  }),
  'pod-bridge-interface': stringFlag({
    help: 'A bridge interface name. When --detect-local-mode is set to BridgeInterface, kube-proxy will consider traffic to be local if it originates from this bridge.',
  }),
  'pod-interface-name-prefix': stringFlag({
    help: 'An interface name prefix. When --detect-local-mode is set to InterfaceNamePrefix, kube-proxy will consider traffic to be local if it originates from any interface whose name begins with this prefix.',
  }),
  'masquerade-all': boolFlag({
    help: 'SNAT all traffic sent via Service cluster IPs. This may be required with some CNI plugins.',
  }),
  'nodeport-addresses': stringSliceFlag({
    default: base.nodePortAddresses,
    help: "A list of CIDR ranges that contain valid node IPs, or alternatively, the single string 'primary'. If set to a list of CIDRs, connections to NodePort services will only be accepted on node IPs in one of the indicated ranges. If set to 'primary', NodePort services will only be accepted on the node's primary IP according to the Node object.",
  }),
  'conntrack-max-per-core': intFlag({
    type: 'int32',
    default: base.conntrack.maxPerCore,
    help: 'Maximum number of NAT connections to track per CPU core (0 to leave the limit as-is and ignore conntrack-min).',
  }),
  'conntrack-min': intFlag({
    type: 'int32',
    default: base.conntrack.min,
    help: 'Minimum number of conntrack entries to allocate, regardless of conntrack-max-per-core (set conntrack-max-per-core=0 to leave the limit as-is).',
  }),
  'conntrack-tcp-timeout-established': durationFlag({
    default: base.conntrack.tcpEstablishedTimeout,
    help: 'Idle timeout for established TCP connections (0 to leave as-is)',
  }),
  'conntrack-tcp-timeout-close-wait': durationFlag({
    default: base.conntrack.tcpCloseWaitTimeout,
    help: 'NAT timeout for TCP connections in the CLOSE_WAIT state',
  }),
  'conntrack-tcp-be-liberal': boolFlag({
    help: 'Enable liberal mode for tracking TCP packets by setting nf_conntrack_tcp_be_liberal to 1',
  }),
  'conntrack-udp-timeout': durationFlag({ help: 'Idle timeout for UNREPLIED UDP connections (0 to leave as-is)' }),
  'conntrack-udp-timeout-stream': durationFlag({ help: 'Idle timeout for ASSURED UDP connections (0 to leave as-is)' }),
  'oom-score-adj': intFlag({
    type: 'int32',
    help: 'The oom-score-adj value for kube-proxy process. Values must be within the range [-1000, 1000]; not changed unless set',
  }),
});

export type ProxyFlags = ReturnType<typeof proxyFlags.parse>['values'];
