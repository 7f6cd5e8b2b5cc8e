import { isIP } from 'node:net';
import { hostAndPort } from '../cluster/api-server-wishes.ts';
import type { ClusterRecord, NodeRecord } from '../cluster/cluster.ts';
import { addressIn } from '../host/addresses.ts';

/** The authorities of a cluster. They are apart so that a certificate of one opens no door of another. */
export const authorities = {
  ca: 'kubernetes',
  'etcd-ca': 'etcd-ca',
  'front-proxy-ca': 'kubernetes-front-proxy-ca',
} as const;

export type AuthorityName = keyof typeof authorities;

/** A certificate of a cluster. */
export interface PlannedCertificate {
  /** The file's name without `.crt` and `.key`. */
  file: string;
  authority: AuthorityName;
  commonName: string;
  organizations?: string[];
  usages: ('client' | 'server')[];
  dnsNames?: string[];
  ipAddresses?: string[];
}

/** Every certificate a cluster needs, with the names Kubernetes gives its components. */
export function planCertificates(cluster: ClusterRecord): PlannedCertificate[] {
  return [
    ...shared(),
    ...cluster.nodes.flatMap((it) => [...(it.role === 'control-plane' ? servers(cluster, it) : []), ...forKubelet(it)]),
  ];
}

/** The files of all certificates that one node alone shows. */
export const certificatesOf = (cluster: ClusterRecord, node: NodeRecord): string[] =>
  [...servers(cluster, node), ...forKubelet(node)].map((it) => it.file);

/** The file of a certificate that one node alone shows. */
export const ofNode = (file: string, node: NodeRecord): string => `${file}-${node.name}`;

/** What a cluster's programs show as clients, whatever node they run on. */
function shared(): PlannedCertificate[] {
  return [
    client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', ['system:masters']),
    { ...client('apiserver-etcd-client', etcdUsers.apiserver), authority: 'etcd-ca' },
    { ...client('overlay-etcd-client', etcdUsers.overlay), authority: 'etcd-ca' },
    { ...client('etcd-root', etcdUsers.root), authority: 'etcd-ca' },
    { ...client('front-proxy-client', 'front-proxy-client'), authority: 'front-proxy-ca' },
    client('kube-scheduler', 'system:kube-scheduler'),
    client('kube-controller-manager', 'system:kube-controller-manager'),
    client('kube-proxy', 'system:kube-proxy'),
    client('overlay', 'system:overlay'),
    client('admin', 'kubernetes-admin', ['system:masters']),
  ];
}

/** Whom etcd knows, by the common names of their certificates. */
export const etcdUsers = { root: 'root', apiserver: 'kube-apiserver-etcd-client', overlay: 'overlay' } as const;

/** What the servers of a control plane show. */
function servers(cluster: ClusterRecord, node: NodeRecord): PlannedCertificate[] {
  const local = { dnsNames: ['localhost', node.name], ipAddresses: ['127.0.0.1', node.address] };
  const { certSANs, externalAddress } = cluster.apiServer;
  const outside = [...certSANs, ...(externalAddress ? [hostAndPort(externalAddress)!.host] : [])];
  const server = (file: string, authority: AuthorityName, commonName: string): PlannedCertificate => ({
    file: ofNode(file, node),
    authority,
    commonName,
    usages: ['server'],
    ...local,
  });
  return [
    {
      ...server('apiserver', 'ca', 'kube-apiserver'),
      dnsNames: [
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
        ...local.dnsNames,
        ...outside.filter((it) => isIP(it) === 0),
      ],
      // The host's address on the bridge is where clients outside find a server that is there.
      ipAddresses: [
        addressIn(cluster.serviceCidr, 1),
        addressIn(cluster.subnet, 1),
        ...local.ipAddresses,
        ...outside.filter((it) => isIP(it) !== 0),
      ],
    },
    // etcd's own gateway of HTTP requests asks it as a client, with the server's certificate.
    { ...server('etcd-server', 'etcd-ca', node.name), usages: ['server', 'client'] },
    { ...server('etcd-peer', 'etcd-ca', node.name), usages: ['server', 'client'] },
    server('kube-scheduler-server', 'ca', 'kube-scheduler'),
    server('kube-controller-manager-server', 'ca', 'kube-controller-manager'),
  ];
}

function forKubelet(node: NodeRecord): PlannedCertificate[] {
  const { name, address } = node;
  return [
    client(ofNode('kubelet', node), `system:node:${name}`, ['system:nodes']),
    {
      file: ofNode('kubelet-server', node),
      authority: 'ca',
      commonName: `system:node:${name}`,
      organizations: ['system:nodes'],
      usages: ['server'],
      dnsNames: [name],
      ipAddresses: [address],
    },
  ];
}

function client(file: string, commonName: string, organizations: string[] = []): PlannedCertificate {
  return { file, authority: 'ca', commonName, organizations, usages: ['client'] };
}
