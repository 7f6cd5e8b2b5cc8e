import { describe, expect, it } from '@jest/globals';
import type { Service, ServiceSpec } from '../../generated/core/v1.ts';
import { clone } from '../../meta/object.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { service } from './service.ts';

const shown = (errors: { field: string; message: string }[]) => errors.map((each) => `${each.field}: ${each.message}`);

function serviceOf(spec: ServiceSpec, annotations?: Record<string, string>): Service {
  const it: Service = {
    metadata: { name: 'web', namespace: 'default', ...(annotations ? { annotations } : {}) },
    spec: { ports: [{ port: 80 }], ...spec },
  };
  service.defaults!(it);
  return it;
}

describe('a service', () => {
  it('may have a name that begins with a digit', () => {
    const it = serviceOf({});
    it.metadata.name = '1-web';
    expect(validateCreate(service, it)).toEqual([]);
    it.metadata.name = 'web.a';
    expect(shown(validateCreate(service, it))).toEqual([
      expect.stringMatching(/^metadata.name: Invalid value: "web.a": a lowercase RFC 1123 label must consist/),
    ]);
  });

  it.each<[string, ServiceSpec, string[]]>([
    [
      'that is only a name, and more',
      { type: 'ExternalName', externalName: 'Ab.', clusterIPs: ['10.0.0.1'], ipFamilyPolicy: 'SingleStack' },
      [
        'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
        'spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services',
        expect.stringMatching(/^spec.externalName: Invalid value: "Ab": a lowercase RFC 1123 subdomain/) as never,
      ],
    ],
    [
      'that lets the world in where the kubelet listens',
      { type: 'LoadBalancer', ports: [{ port: 10_250 }], loadBalancerClass: '-', externalTrafficPolicy: 'Some' },
      [
        'spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet',
        expect.stringMatching(/^spec.loadBalancerClass: Invalid value: "-": name part/) as never,
        'spec.externalTrafficPolicy: Unsupported value: "Some": supported values: "Cluster", "Local"',
      ],
    ],
    [
      'with what only a load balancer has',
      {
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        allocateLoadBalancerNodePorts: true,
        loadBalancerClass: 'a',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 1,
        ports: [{ port: 80, nodePort: 30_000 }],
      },
      [
        "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
        "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
        "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
        'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
        "spec.healthCheckNodePort: Invalid value: 1: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ],
    ],
    [
      'of two ports that are one',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80, appProtocol: '-', targetPort: 70_000 },
        ],
      },
      [
        'spec.ports[1].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
        expect.stringMatching(/^spec.ports\[1\].appProtocol: Invalid value: "-": name part/) as never,
        'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
      ],
    ],
    [
      'of addresses that do not fit',
      {
        clusterIP: '10.0.0.1',
        clusterIPs: ['10.0.0.1', '10.0.0.2'],
        ipFamilies: ['IPv6', 'IPv6'],
        externalIPs: ['127.0.0.1', '::ffff:1.2.3.4'],
      },
      [
        'spec.ipFamilies[1]: Duplicate value: "IPv6"',
        'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family',
        'spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`',
        'spec.clusterIPs[1]: Invalid value: "10.0.0.2": expected an IPv6 value as indicated by `ipFamilies[1]`',
        'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'spec.externalIPs[1]: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address',
      ],
    ],
    [
      'of no address and another',
      {
        clusterIP: 'None',
        clusterIPs: ['None', '10.0.0.1'],
        type: 'NodePort',
        trafficDistribution: 'Far',
        sessionAffinity: 'Name',
      },
      [
        'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services',
        'spec.sessionAffinity: Unsupported value: "Name": supported values: "ClientIP", "None"',
        `spec.clusterIPs: Invalid value: ["None","10.0.0.1"]: 'None' must be the first and only value`,
        'spec.trafficDistribution: Unsupported value: "Far": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
      ],
    ],
  ])('%s is refused', (_, spec, errors) => expect(shown(validateCreate(service, serviceOf(spec)))).toEqual(errors));

  it('may have its sources in an annotation', () => {
    const annotations = { 'service.beta.kubernetes.io/load-balancer-source-ranges': '10.0.0.0/8, x' };
    expect(shown(validateCreate(service, serviceOf({ type: 'LoadBalancer' }, annotations)))).toEqual([
      'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ]);
  });

  const both: ServiceSpec = {
    type: 'LoadBalancer',
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1', 'fd00::1'],
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'PreferDualStack',
  };
  it.each<[string, ServiceSpec, string[]]>([
    [
      'its first address',
      { clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.2', 'fd00::1'] },
      ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2","fd00::1"]: may not change once set'],
    ],
    [
      'its second address, unless it wants one only',
      { clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4'] },
      [
        `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary clusterIP`,
        `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary ipFamily`,
      ],
    ],
    [
      'its second address, when it wants one only',
      { clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
      [],
    ],
    [
      'the class of its load balancer',
      { loadBalancerClass: 'a' },
      ['spec.loadBalancerClass: Invalid value: "a": may not change once set'],
    ],
    [
      'all of them, for a name',
      {
        type: 'ExternalName',
        externalName: 'a.b',
        ports: [],
        clusterIP: '',
        clusterIPs: [],
        ipFamilies: [],
        ipFamilyPolicy: undefined,
        allocateLoadBalancerNodePorts: undefined,
        externalTrafficPolicy: undefined,
      },
      [],
    ],
  ])('may, or may not, lose or change %s', (_, change, errors) => {
    const old = serviceOf(both);
    const it = clone(old);
    Object.assign(it.spec, change);
    expect(shown(validateUpdate(service, it, old))).toEqual(errors);
  });

  it('is reached where its load balancer says', () => {
    const status = (spec: ServiceSpec, ingress: object[]) => {
      const old = serviceOf(spec);
      const now = { ...clone(old), status: { loadBalancer: { ingress } } } as Service;
      service.defaults!(now);
      return { now, errors: shown(validateStatusUpdate(service, now, old)) };
    };
    const { now, errors } = status({ type: 'LoadBalancer' }, [
      { ip: '10.0.0.1' },
      { hostname: '10.0.0.1', ipMode: 'VIP' },
    ]);
    expect(now.status!.loadBalancer!.ingress![0]).toEqual({ ip: '10.0.0.1', ipMode: 'VIP' });
    expect(errors).toEqual([
      'status.loadBalancer.ingress[1].ipMode: Forbidden: may not be specified when `ip` is not set',
      'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ]);
    expect(status({}, [{ ip: '10.0.0.1' }]).errors).toEqual([
      "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
    ]);
  });
});
