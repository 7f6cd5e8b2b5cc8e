import { expect, it } from '@jest/globals';
import type { ServiceSpec } from '../../generated/core/v1.ts';
import { service } from './service.ts';

const old = 'service.kubernetes.io/topology-aware-hints';

it.each<[string, ServiceSpec, string[], Record<string, string>?]>([
  ['plainly said', { type: 'ClusterIP', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], sessionAffinity: 'None' }, []],
  [
    'with an older annotation',
    { type: 'ClusterIP' },
    [`annotation ${old} is deprecated, please use service.kubernetes.io/topology-mode instead`],
    { [old]: 'auto' },
  ],
  [
    'without an address of its own',
    {
      type: 'ClusterIP',
      clusterIP: 'None',
      clusterIPs: ['None'],
      sessionAffinity: 'ClientIP',
      externalIPs: ['10.0.0.1'],
      loadBalancerIP: '10.0.0.2',
    },
    [
      'spec.loadBalancerIP is ignored for headless services',
      'spec.externalIPs is ignored for headless services',
      'spec.SessionAffinity is ignored for headless services',
    ],
  ],
  ['that is headless', { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], sessionAffinity: 'None' }, []],
  [
    'with addresses in another form',
    {
      type: 'LoadBalancer',
      clusterIP: 'FD00::1',
      clusterIPs: ['FD00::1'],
      externalIPs: ['10.0.0.1', 'fd00:0::2'],
      loadBalancerIP: 'fd00:0::3',
      loadBalancerSourceRanges: ['10.0.0.0/8', 'FD00::/8'],
    },
    [
      'spec.clusterIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
      'spec.externalIPs[1]: IPv6 address "fd00:0::2" should be in RFC 5952 canonical format ("fd00::2")',
      'spec.externalIPs is deprecated',
      'spec.loadBalancerIP: IPv6 address "fd00:0::3" should be in RFC 5952 canonical format ("fd00::3")',
      'spec.loadBalancerSourceRanges[1]: IPv6 CIDR value "FD00::/8" should be in RFC 5952 canonical format ("fd00::/8")',
    ],
  ],
  [
    'by an external name',
    { type: 'ExternalName', externalName: 'a.example', externalIPs: ['10.0.0.1'] },
    ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
  ],
  [
    'with what stands for nothing or has another name now',
    { type: 'ClusterIP', externalName: 'a.example', trafficDistribution: 'PreferClose' },
    [
      'spec.externalName is ignored when spec.type is not "ExternalName"',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  ],
])('who writes a service %s is warned', (_, spec, warnings, annotations = {}) => {
  const made = { metadata: { name: 'a', annotations }, spec };
  expect(service.warnings!(made, undefined, '')).toEqual(warnings);
  expect(service.warnings!(made, made, 'status')).toEqual([]);
});
