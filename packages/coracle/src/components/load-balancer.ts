import { controlPlanes } from '../cluster/cluster.ts';
import { balancerPort, type Component, type ComponentInput, etc, ownProgram, stopRanks } from './component.ts';

/** What the programs of a node reach the API servers through where there are several: a balancer on the node's own loopback address. */
export function loadBalancer(input: ComponentInput): Component {
  const backends = etc('load-balancer', 'backends.json');
  const servers = controlPlanes(input.cluster).map((it) => `${it.address}:443`);
  return {
    service: ownProgram(
      'load-balancer',
      {
        listen: `127.0.0.1:${balancerPort}`,
        'backends-file': backends,
        'backend-ca-file': etc('load-balancer', 'ca.crt'),
      },
      input,
      { after: [], probe: { tcp: { host: '127.0.0.1', port: balancerPort } }, stopRank: stopRanks.api },
    ),
    files: [
      { path: 'load-balancer/backends.json', text: `${JSON.stringify(servers)}\n`, followed: true },
      { path: 'load-balancer/ca.crt', text: input.pki('ca.crt') },
    ],
  };
}
