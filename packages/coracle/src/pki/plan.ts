import type { ClusterRecord } from '../cluster/cluster.ts';
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
  return [...controlPlane(cluster), ...cluster.nodes.flatMap((it) => forNode(it.name, it.address))];
}

function controlPlane(cluster: ClusterRecord): PlannedCertificate[] {
  const names = cluster.nodes.map((it) => it.name);
  const addresses = cluster.nodes.map((it) => it.address);
  const local = { dnsNames: ['localhost', ...names], ipAddresses: ['127.0.0.1', ...addresses] };
  return [
    {
      file: 'apiserver',
      authority: 'ca',
      commonName: 'kube-apiserver',
      usages: ['server'],
      dnsNames: [
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
        ...local.dnsNames,
      ],
      ipAddresses: [addressIn(cluster.serviceCidr, 1), ...local.ipAddresses],
    },
    client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', ['system:masters']),
    { ...client('apiserver-etcd-client', 'kube-apiserver-etcd-client'), authority: 'etcd-ca' },
    { ...client('front-proxy-client', 'front-proxy-client'), authority: 'front-proxy-ca' },
    { file: 'etcd-server', authority: 'etcd-ca', commonName: 'etcd-server', usages: ['server', 'client'], ...local },
    { file: 'etcd-peer', authority: 'etcd-ca', commonName: 'etcd-peer', usages: ['server', 'client'], ...local },
    client('kube-scheduler', 'system:kube-scheduler'),
    { file: 'kube-scheduler-server', authority: 'ca', commonName: 'kube-scheduler', usages: ['server'], ...local },
    client('kube-controller-manager', 'system:kube-controller-manager'),
    {
      file: 'kube-controller-manager-server',
      authority: 'ca',
      commonName: 'kube-controller-manager',
      usages: ['server'],
      ...local,
    },
    client('kube-proxy', 'system:kube-proxy'),
    client('admin', 'kubernetes-admin', ['system:masters']),
  ];
}

function forNode(name: string, address: string): PlannedCertificate[] {
  return [
    client(`kubelet-${name}`, `system:node:${name}`, ['system:nodes']),
    {
      file: `kubelet-${name}-server`,
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
