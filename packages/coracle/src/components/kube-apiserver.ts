import { ofNode } from '../pki/plan.ts';
import { type Component, type ComponentInput, etc, ownProgram, stopRanks } from './component.ts';

/** What ServiceAccount tokens name as their issuer. */
export const issuer = 'https://kubernetes.default.svc.cluster.local';

/** kube-apiserver on port 443, as an ordinary user: an ambient capability lets it bind there. */
export function kubeApiserver(input: ComponentInput): Component {
  const { cluster, node, pki } = input;
  const file = (name: string) => etc('kube-apiserver', name);
  const flags = {
    'advertise-address': node.address,
    'allow-privileged': 'true',
    'anonymous-auth': 'true', // RBAC leaves anonymous nothing but health and version
    'authorization-mode': 'Node,RBAC',
    'bind-address': '0.0.0.0',
    'client-ca-file': file('ca.crt'),
    'enable-admission-plugins': 'NodeRestriction',
    'enable-bootstrap-token-auth': 'true',
    'etcd-servers': 'https://127.0.0.1:2379',
    'etcd-cafile': file('etcd-ca.crt'),
    'etcd-certfile': file('etcd-client.crt'),
    'etcd-keyfile': file('etcd-client.key'),
    'kubelet-certificate-authority': file('ca.crt'),
    'kubelet-client-certificate': file('kubelet-client.crt'),
    'kubelet-client-key': file('kubelet-client.key'),
    'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname', // nobody resolves the names of nodes
    'proxy-client-cert-file': file('front-proxy-client.crt'),
    'proxy-client-key-file': file('front-proxy-client.key'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-client-ca-file': file('front-proxy-ca.crt'),
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-uid-headers': 'X-Remote-Uid',
    'requestheader-username-headers': 'X-Remote-User',
    'secure-port': '443',
    'service-account-issuer': issuer,
    'service-account-key-file': file('sa.pub'),
    'service-account-signing-key-file': file('sa.key'),
    'service-cluster-ip-range': cluster.serviceCidr,
    'service-node-port-range': '30000-32767',
    'tls-cert-file': file('server.crt'),
    'tls-private-key-file': file('server.key'),
  };
  const sources = {
    'ca.crt': 'ca.crt',
    'etcd-ca.crt': 'etcd-ca.crt',
    'etcd-client.crt': 'apiserver-etcd-client.crt',
    'etcd-client.key': 'apiserver-etcd-client.key',
    'front-proxy-ca.crt': 'front-proxy-ca.crt',
    'front-proxy-client.crt': 'front-proxy-client.crt',
    'front-proxy-client.key': 'front-proxy-client.key',
    'kubelet-client.crt': 'apiserver-kubelet-client.crt',
    'kubelet-client.key': 'apiserver-kubelet-client.key',
    'sa.key': 'sa.key',
    'sa.pub': 'sa.pub',
    'server.crt': `${ofNode('apiserver', node)}.crt`,
    'server.key': `${ofNode('apiserver', node)}.key`,
  };
  return {
    service: ownProgram('kube-apiserver', flags, input, {
      after: ['etcd'],
      // Ready, and not just listening: before its roles are there, it refuses what the others ask.
      probe: { https: { url: 'https://127.0.0.1:443/readyz', authority: file('ca.crt') } },
      stopRank: stopRanks.api,
      capabilities: ['net_bind_service'],
    }),
    files: Object.entries(sources).map(([name, source]) => ({ path: `kube-apiserver/${name}`, text: pki(source) })),
  };
}
