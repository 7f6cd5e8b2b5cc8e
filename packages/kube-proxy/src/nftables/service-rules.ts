import type { Chosen } from '../model/choose-endpoints.ts';
import { contains, withoutOverlaps } from '../model/cidr.ts';
import type { Endpoint } from '../model/endpoints.ts';
import type { Family } from '../model/family.ts';
import type { LocalTraffic } from '../model/local-traffic.ts';
import type { ServicePort } from '../model/service-port.ts';
import { isExternal } from '../model/service-port.ts';
import * as names from './names.ts';
import type { RulesetPart } from './ruleset.ts';

export interface RenderContext {
  family: Family;
  masqueradeAll: boolean;
  localTraffic: LocalTraffic | undefined;
  /** Addresses of this node, for load balancer source ranges that include it. */
  nodeIPs: readonly string[];
}

const reject = 'goto reject-chain';
const drop = 'drop';
const masquerade = 'jump mark-for-masquerade';

/** What one port of a Service adds to the table. */
export function serviceRules(port: ServicePort, chosen: Chosen, context: RenderContext): RulesetPart {
  const { family, masqueradeAll, localTraffic } = context;
  const { nft } = family;
  const containers: [string, string][] = [];
  const chains: [string, readonly string[]][] = [];
  const elements: [string, string, string][] = [[names.clusterIPs, port.clusterIP, '']];
  const at = (address: string) => `${address} . ${port.protocol} . ${port.port}`;
  const external = isExternal(port);

  const clusterChain = names.serviceChain('service', port);
  const localChain = names.serviceChain('local', port);
  const externalChain = names.serviceChain('external', port);
  const inside = {
    chain: port.internalLocal ? localChain : clusterChain,
    endpoints: port.internalLocal ? chosen.local : chosen.cluster,
  };
  const outside = port.externalLocal ? chosen.local : chosen.cluster;
  const refusal = chosen.any ? drop : reject;

  const toClusterIP = `${nft} daddr ${port.clusterIP} ${port.protocol} dport ${port.port}`;
  const masqueraded = masqueradeAll
    ? [`${toClusterIP} ${masquerade}`]
    : localTraffic
      ? [`${toClusterIP} ${localTraffic.isNotPod} ${masquerade}`]
      : [];
  const usesCluster = chosen.cluster.length > 0 && (external || !port.internalLocal);
  const usesLocal = chosen.local.length > 0;
  if (usesCluster) {
    chains.push([clusterChain, [...(port.internalLocal ? [] : masqueraded), ...spread(port, chosen.cluster, family)]]);
  }
  if (usesLocal) {
    chains.push([localChain, [...(port.internalLocal ? masqueraded : []), ...spread(port, chosen.local, family)]]);
  }
  for (const endpoint of used([...(usesCluster ? chosen.cluster : []), ...(usesLocal ? chosen.local : [])])) {
    const set = names.affinitySet(port, endpoint);
    if (port.affinitySeconds > 0) {
      const declaration = `type ${family.addressType} ; flags dynamic,timeout ; timeout ${port.affinitySeconds}s ;`;
      containers.push([`set ${set}`, declaration]);
    }
    chains.push([
      names.endpointChain(port, endpoint),
      [
        // A pod that reaches itself through its Service must see answers come back the same way.
        `${nft} saddr ${endpoint.ip} ${masquerade}`,
        ...(port.affinitySeconds > 0 ? [`update @${set} { ${nft} saddr }`] : []),
        `meta l4proto ${port.protocol} dnat to ${family.withPort(endpoint.ip, endpoint.port)}`,
      ],
    ]);
  }

  if (inside.endpoints.length > 0) elements.push([names.serviceIPs, at(port.clusterIP), `goto ${inside.chain}`]);
  else elements.push([names.noEndpointServices, at(port.clusterIP), refusal]);

  const reachable = external && (chosen.cluster.length > 0 || outside.length > 0);
  if (reachable) {
    chains.push([externalChain, externalRules(port, { clusterChain, localChain, usesCluster, outside, localTraffic })]);
  }
  const answer = (map: string, key: string, noEndpoints: string) => {
    if (reachable) elements.push([map, key, `goto ${externalChain}`]);
    if (outside.length === 0) elements.push([noEndpoints, key, refusal]);
  };
  if (external) {
    for (const ip of new Set([...port.externalIPs, ...port.loadBalancerIPs]))
      answer(names.serviceIPs, at(ip), names.noEndpointServices);
    if (port.nodePort > 0)
      answer(names.serviceNodePorts, `${port.protocol} . ${port.nodePort}`, names.noEndpointNodePorts);
  }

  if (port.sourceRanges.length > 0 && port.loadBalancerIPs.length > 0) {
    const firewall = names.serviceChain('firewall', port);
    const allowed = allowedSources(port, context);
    chains.push([firewall, [`${nft} saddr != { ${allowed.join(', ')} } drop`]]);
    for (const ip of port.loadBalancerIPs) elements.push([names.firewallIPs, at(ip), `goto ${firewall}`]);
  }
  return { containers, chains, elements };
}

interface ExternalParts {
  clusterChain: string;
  localChain: string;
  usesCluster: boolean;
  outside: readonly Endpoint[];
  localTraffic: LocalTraffic | undefined;
}

/**
 * Traffic that comes by a node port, external or load balancer address. Kept on the node (externalTrafficPolicy: Local) it keeps its
 * source; but pods and the node itself, who could reach any endpoint anyhow, are sent as if they had used the cluster IP.
 */
function externalRules(port: ServicePort, parts: ExternalParts): string[] {
  const { clusterChain, localChain, usesCluster, outside, localTraffic } = parts;
  if (!port.externalLocal) return [masquerade, `goto ${clusterChain}`];
  const rules: string[] = [];
  if (usesCluster) {
    if (localTraffic) rules.push(`${localTraffic.isPod} goto ${clusterChain} comment "short-circuit pod traffic"`);
    rules.push(`fib saddr type local ${masquerade} comment "masquerade local traffic"`);
    rules.push(`fib saddr type local goto ${clusterChain} comment "short-circuit local traffic"`);
  }
  if (outside.length > 0) rules.push(`goto ${localChain}`);
  return rules;
}

/** Sends each new connection to an endpoint at random, or to the one its client had before. */
function spread(port: ServicePort, endpoints: readonly Endpoint[], { nft }: Family): string[] {
  const affine =
    port.affinitySeconds > 0
      ? endpoints.map(
          (each) => `${nft} saddr @${names.affinitySet(port, each)} goto ${names.endpointChain(port, each)}`,
        )
      : [];
  const choices = endpoints.map((each, i) => `${i} : goto ${names.endpointChain(port, each)}`);
  return [...affine, `numgen random mod ${endpoints.length} vmap { ${choices.join(', ')} }`];
}

function used(endpoints: readonly Endpoint[]): Endpoint[] {
  return [...new Map(endpoints.map((each) => [`${each.ip}/${each.port}`, each])).values()];
}

/** The source ranges; when they include this node, load balancer addresses too, as which its own traffic may appear. */
function allowedSources(port: ServicePort, { nodeIPs, family }: RenderContext): string[] {
  const ranges = withoutOverlaps(port.sourceRanges);
  const own = nodeIPs.filter((each) => family.has(each));
  const includesNode = own.some((ip) => ranges.some((range) => contains(range, ip)));
  const extra = includesNode ? port.loadBalancerIPs.filter((ip) => !ranges.some((range) => contains(range, ip))) : [];
  return [...ranges, ...extra];
}
