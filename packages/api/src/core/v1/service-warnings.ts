import type { Service } from '../../generated/core/v1.ts';
import { addressWarnings, rangeWarnings } from '../../meta/address-warnings.ts';

const topologyHints = 'service.kubernetes.io/topology-aware-hints';
const topologyMode = 'service.kubernetes.io/topology-mode';

/** Warns of what a service says in an older way, in another form than the one, or to no effect. */
export function serviceWarnings({ metadata, spec }: Service, _old: Service | undefined, subresource: string): string[] {
  if (subresource !== '') return [];
  const {
    type,
    clusterIP,
    clusterIPs = [],
    externalIPs = [],
    loadBalancerIP = '',
    loadBalancerSourceRanges = [],
  } = spec;
  const isExternal = type === 'ExternalName';
  const isHeadless = type === 'ClusterIP' && clusterIP === 'None';
  const hasAddresses = !isExternal && clusterIP !== 'None';
  const said: [boolean, string][] = [
    [isHeadless && loadBalancerIP !== '', 'spec.loadBalancerIP is ignored for headless services'],
    [isHeadless && externalIPs.length > 0, 'spec.externalIPs is ignored for headless services'],
    [isHeadless && spec.sessionAffinity === 'ClientIP', 'spec.SessionAffinity is ignored for headless services'],
  ];
  const ignored: [boolean, string][] = [
    [isExternal && externalIPs.length > 0, 'spec.externalIPs is ignored when spec.type is "ExternalName"'],
    [!isExternal && Boolean(spec.externalName), 'spec.externalName is ignored when spec.type is not "ExternalName"'],
    [
      spec.trafficDistribution === 'PreferClose',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  ];
  const those = (all: readonly [boolean, string][]) => all.filter(([is]) => is).map(([, text]) => text);
  return [
    ...(metadata.annotations?.[topologyHints] === undefined
      ? []
      : [`annotation ${topologyHints} is deprecated, please use ${topologyMode} instead`]),
    ...(hasAddresses ? clusterIPs.flatMap((each, i) => addressWarnings(each, `spec.clusterIPs[${i}]`)) : []),
    ...those(said),
    ...externalIPs.flatMap((each, i) => addressWarnings(each, `spec.externalIPs[${i}]`)),
    ...(externalIPs.length > 0 && !isHeadless && !isExternal ? ['spec.externalIPs is deprecated'] : []),
    ...addressWarnings(loadBalancerIP, 'spec.loadBalancerIP'),
    ...loadBalancerSourceRanges.flatMap((each, i) => rangeWarnings(each, `spec.loadBalancerSourceRanges[${i}]`)),
    ...those(ignored),
  ];
}
