import { type Component, type ComponentInput, etc, ownProgram, stopRanks } from './component.ts';
import { kubeconfig } from './kubeconfig.ts';

/** The node's kube-proxy, with native nftables maps. */
export function kubeProxy({ cluster, node, pki }: ComponentInput): Component {
  const flags = {
    'cluster-cidr': cluster.podCidr,
    'hostname-override': node.name,
    kubeconfig: etc('kube-proxy', 'kubeconfig'),
    'proxy-mode': 'nftables',
  };
  return {
    service: ownProgram(
      'kube-proxy',
      Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      { after: ['kube-apiserver'], probe: { tcp: { host: '127.0.0.1', port: 10256 } }, stopRank: stopRanks.control },
    ),
    files: [
      {
        path: 'kube-proxy/kubeconfig',
        text: kubeconfig({
          cluster: cluster.name,
          server: `https://${node.address}:443`,
          user: 'system:kube-proxy',
          authority: pki('ca.crt'),
          certificate: pki('kube-proxy.crt'),
          key: pki('kube-proxy.key'),
        }),
      },
    ],
  };
}
