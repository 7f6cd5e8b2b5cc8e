import {
  afterApi,
  apiServerUrl,
  type Component,
  type ComponentInput,
  etc,
  ownProgram,
  stopRanks,
} from './component.ts';
import { kubeconfig } from './kubeconfig.ts';

/** The node's kube-proxy, with native nftables maps. */
export function kubeProxy(input: ComponentInput): Component {
  const { cluster, node, pki } = input;
  const flags = {
    'cluster-cidr': cluster.podCidr,
    'hostname-override': node.name,
    kubeconfig: etc('kube-proxy', 'kubeconfig'),
    'proxy-mode': 'nftables',
  };
  return {
    service: ownProgram('kube-proxy', flags, input, {
      after: afterApi(input),
      probe: { tcp: { host: '127.0.0.1', port: 10256 } },
      stopRank: stopRanks.control,
    }),
    files: [
      {
        path: 'kube-proxy/kubeconfig',
        text: kubeconfig({
          cluster: cluster.name,
          server: apiServerUrl(input),
          user: 'system:kube-proxy',
          authority: pki('ca.crt'),
          certificate: pki('kube-proxy.crt'),
          key: pki('kube-proxy.key'),
        }),
      },
    ],
  };
}
