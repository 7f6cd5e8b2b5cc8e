import type { Family } from '../model/family.ts';
import * as names from './names.ts';
import type { Chain, Ruleset } from './ruleset.ts';

export interface BaseOptions {
  family: Family;
  /** The bit of the packet mark that asks for masquerading, as a number (1 << masqueradeBit). */
  masqueradeMark: number;
  /** Addresses of this node that answer on node ports; `all`: all its addresses but loopback ones. */
  nodePortAddresses: readonly string[] | 'all';
}

/**
 * What the table holds however many Services there are: the hooks, the chains they lead to and the maps those look into. Destination
 * addresses are rewritten before routing (and for the node's own traffic on output); what then still goes to a cluster IP has no
 * endpoints and is refused.
 */
export function baseRuleset({ family, masqueradeMark, nodePortAddresses }: BaseOptions): Ruleset {
  const { nft, addressType } = family;
  const destination = `${nft} daddr . meta l4proto . th dport`;
  const onNodePort =
    nodePortAddresses === 'all'
      ? `fib daddr type local ${nft} daddr != ${nft === 'ip' ? '127.0.0.0/8' : '::1'}`
      : `${nft} daddr @nodeport-ips`;
  const mark = `0x${masqueradeMark.toString(16).padStart(8, '0')}`;
  const chain = (...rules: string[]): Chain => ({ rules });
  const hook = (type: string, at: string, priority: number, ...rules: string[]): Chain => ({
    hook: `type ${type} hook ${at} priority ${priority}`,
    rules,
  });

  const byDestination = `type ${addressType} . inet_proto . inet_service : verdict ;`;
  const byPort = 'type inet_proto . inet_service : verdict ;';
  const containers = new Map([
    [names.clusterIPs, `type ${addressType} ; comment "Active ClusterIPs" ;`],
    [names.nodePortIPs, `type ${addressType} ; comment "IPs that accept NodePort traffic" ;`],
    [names.serviceIPs, `${byDestination} comment "ClusterIP, ExternalIP and LoadBalancer IP traffic" ;`],
    [names.serviceNodePorts, `${byPort} comment "NodePort traffic" ;`],
    [
      names.noEndpointServices,
      `${byDestination} comment "vmap to drop or reject packets to services with no endpoints" ;`,
    ],
    [
      names.noEndpointNodePorts,
      `${byPort} comment "vmap to drop or reject packets to service nodeports with no endpoints" ;`,
    ],
    [names.firewallIPs, `${byDestination} comment "destinations that are subject to LoadBalancerSourceRanges" ;`],
  ]);
  const chains = new Map<string, Chain>([
    ['mark-for-masquerade', chain(`meta mark set meta mark or ${mark}`)],
    [
      'masquerading',
      chain(`meta mark & ${mark} != ${mark} return`, `meta mark set meta mark xor ${mark}`, 'masquerade fully-random'),
    ],
    ['reject-chain', chain('reject')],
    [
      'services',
      chain(`${destination} vmap @service-ips`, `${onNodePort} meta l4proto . th dport vmap @service-nodeports`),
    ],
    ['service-endpoints-check', chain(`${destination} vmap @no-endpoint-services`)],
    ['nodeport-endpoints-check', chain(`${onNodePort} meta l4proto . th dport vmap @no-endpoint-nodeports`)],
    ['firewall-check', chain(`${destination} vmap @firewall-ips`)],
    [
      'cluster-ips-check',
      chain(`${nft} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"`),
    ],
    ['filter-prerouting', hook('filter', 'prerouting', -110, 'ct state new jump firewall-check')],
    [
      'filter-input',
      hook(
        'filter',
        'input',
        -110,
        'ct state new jump nodeport-endpoints-check',
        'ct state new jump service-endpoints-check',
      ),
    ],
    [
      'filter-forward',
      hook(
        'filter',
        'forward',
        -110,
        'ct state new jump service-endpoints-check',
        'ct state new jump cluster-ips-check',
      ),
    ],
    ['filter-output', hook('filter', 'output', -110, 'ct state new jump firewall-check')],
    // After the rewriting, so that the node's own traffic may still be short-circuited to endpoints elsewhere.
    [
      'filter-output-post-dnat',
      hook('filter', 'output', -90, 'ct state new jump service-endpoints-check', 'ct state new jump cluster-ips-check'),
    ],
    ['nat-prerouting', hook('nat', 'prerouting', -100, 'jump services')],
    ['nat-output', hook('nat', 'output', -100, 'jump services')],
    ['nat-postrouting', hook('nat', 'postrouting', 100, 'jump masquerading')],
  ]);
  const elements = new Map<string, Map<string, string>>([...containers.keys()].map((name) => [name, new Map()]));
  if (nodePortAddresses !== 'all') {
    for (const address of nodePortAddresses) elements.get(names.nodePortIPs)!.set(address, '');
  }
  return { containers, chains, elements };
}
