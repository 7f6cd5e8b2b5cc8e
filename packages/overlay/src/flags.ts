import { hostname } from 'node:os';
import {
  boolFlag,
  choiceFlag,
  defineFlags,
  durationFlag,
  intFlag,
  stringFlag,
  stringSliceFlag,
} from '@coracle/process/flags';

const etcd = { group: 'etcd' };
const kubernetes = { group: 'kubernetes' };
const node = { group: 'node' };

/** The overlay's flags, by flannel's names where flannel has them. */
export const overlayFlags = defineFlags({
  'subnet-source': choiceFlag({
    choices: ['etcd', 'kubernetes'],
    default: 'etcd',
    help: 'Where subnets come from: "etcd" (each node leases one) or "kubernetes" (podCIDR of the Node objects).',
  }),
  cleanup: boolFlag({
    help: "Remove the overlay's devices, routes, rules and files and exit. With --etcd-endpoints the node's lease is given back too.",
  }),
  'healthz-bind-address': stringFlag({
    type: 'ipport',
    default: '127.0.0.1:10247',
    help: 'IP address and port of /healthz and /metrics, readable by everyone who reaches them. 0 serves none.',
  }),

  'etcd-endpoints': stringSliceFlag({
    ...etcd,
    default: ['http://127.0.0.1:2379'],
    help: 'URLs of the etcd members, comma separated.',
  }),
  'etcd-prefix': stringFlag({
    ...etcd,
    default: '/atomic.io/network',
    help: 'What all keys in etcd begin with: the configuration is at PREFIX/config, leases are below PREFIX/subnets.',
  }),
  'etcd-cafile': stringFlag({
    ...etcd,
    help: "File with the authority that etcd's certificate is checked against. Unset, those the system trusts.",
  }),
  'etcd-certfile': stringFlag({ ...etcd, help: 'File with the client certificate for etcd. Unset, none is shown.' }),
  'etcd-keyfile': stringFlag({ ...etcd, help: 'File with the private key of --etcd-certfile.' }),
  'subnet-lease-ttl': durationFlag({
    ...etcd,
    default: 86_400_000,
    help: 'How long a subnet stays reserved after its node was last heard of.',
  }),
  'subnet-lease-renew-margin': intFlag({
    ...etcd,
    default: 60,
    help: 'How many minutes before it ends a lease is renewed. Where the time a lease lives is no longer than that, it is renewed after a third of it.',
  }),

  kubeconfig: stringFlag({
    ...kubernetes,
    help: 'Kubeconfig file for the API server. Unset, the service account of the pod is used.',
  }),
  'node-name': stringFlag({
    ...kubernetes,
    default: (process.env.NODE_NAME || hostname()).trim().toLowerCase(),
    help: "Name of this machine's Node object. Unset, the variable NODE_NAME, or the host name.",
  }),
  'net-config-path': stringFlag({
    ...kubernetes,
    default: '/etc/kube-flannel/net-conf.json',
    help: 'File with the network configuration, the same JSON that is in etcd otherwise.',
  }),

  iface: stringFlag({
    ...node,
    help: 'Interface (name or IP address) for traffic between nodes. Unset, that of the default route.',
  }),
  'public-ip': stringFlag({
    ...node,
    type: 'ip',
    help: "IP address that other nodes reach this one by. Unset, the interface's.",
  }),
  'ip-masq': boolFlag({
    ...node,
    default: true,
    help: "Give what pods send out of the pod network the node's source address.",
  }),
  'subnet-file': stringFlag({
    ...node,
    help: 'File to write the network, subnet and MTU to, as variables. Unset, none is written.',
  }),
  'cni-conf-file': stringFlag({
    ...node,
    default: '/etc/cni/net.d/10-coracle.conflist',
    help: 'File to write the CNI configuration to, once the network stands.',
  }),
});

export type OverlayFlags = ReturnType<typeof overlayFlags.parse>['values'];
