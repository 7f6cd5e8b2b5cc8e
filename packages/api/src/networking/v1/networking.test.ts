import { describe, expect, it } from '@jest/globals';
import type { Ingress, IngressBackend, IngressClass, NetworkPolicy } from '../../generated/networking/v1.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { ingress } from './ingress.ts';
import { ingressClass } from './ingressclass.ts';
import { networkPolicy } from './networkpolicy.ts';

const messages = (errors: { field: string; message: string }[]) =>
  errors.map((each) => `${each.field}: ${each.message}`);

const named = { name: 'web', namespace: 'default' };
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const wildcard =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

describe('an ingress', () => {
  const backend: IngressBackend = { service: { name: '1-web', port: { number: 80 } } };
  const of = (spec: object, annotations?: Record<string, string>): Ingress => {
    const it = { metadata: { ...named, ...(annotations ? { annotations } : {}) }, spec } as Ingress;
    ingress.defaults!(it);
    return it;
  };
  const withPath = (path: object, host?: string) =>
    of({
      rules: [{ ...(host ? { host } : {}), http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...path }] } }],
    });
  const path = 'spec.rules[0].http.paths[0]';
  const resource = { kind: 'Bucket', name: 'static', apiGroup: 'example.com' };

  it.each<[string, Ingress, string[]]>([
    ['is fine with a rule', withPath({}, '*.example.com'), []],
    ['is fine with a default backend', of({ defaultBackend: { resource } }), []],
    [
      'needs something to do',
      of({}),
      ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
    ],
    [
      'needs a type of path',
      withPath({ pathType: undefined }),
      [`${path}.pathType: Required value: pathType must be specified`],
    ],
    [
      'knows its types of paths',
      withPath({ pathType: 'Regex' }),
      [`${path}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`],
    ],
    ['has absolute paths', withPath({ path: 'x' }), [`${path}.path: Invalid value: "x": must be an absolute path`]],
    ['may leave a path to the controller', withPath({ path: '', pathType: 'ImplementationSpecific' }), []],
    [
      'has plain paths',
      withPath({ path: '/a//b%2f/..' }),
      [
        `${path}.path: Invalid value: "/a//b%2f/..": must not contain '//'`,
        `${path}.path: Invalid value: "/a//b%2f/..": must not contain '%2f'`,
        `${path}.path: Invalid value: "/a//b%2f/..": cannot end with '/..'`,
      ],
    ],
    ['has paths in a rule', of({ rules: [{ http: { paths: [] } }] }), ['spec.rules[0].http.paths: Required value']],
    [
      'has names as hosts',
      withPath({}, '10.0.0.1'),
      ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'],
    ],
    ['has valid hosts', withPath({}, 'A'), [`spec.rules[0].host: Invalid value: "A": ${subdomain}`]],
    [
      'has a wildcard in front only',
      withPath({}, 'a.*.b'),
      [`spec.rules[0].host: Invalid value: "a.*.b": ${wildcard}`],
    ],
    [
      'has one backend a path',
      withPath({ backend: { ...backend, resource } }),
      [`${path}.backend: Invalid value: "": cannot set both resource and service backends`],
    ],
    [
      'has a backend',
      withPath({ backend: {} }),
      [`${path}.backend: Invalid value: "": resource or service backend is required`],
    ],
    [
      'has one port a backend',
      withPath({ backend: { service: { name: 'a', port: { name: 'http', number: 80 } } } }),
      [`${path}.backend: Invalid value: "": cannot set both port name & port number`],
    ],
    [
      'has a port and a name',
      withPath({ backend: { service: { name: '' } } }),
      [
        `${path}.backend.service.name: Required value`,
        `${path}.backend: Required value: port name or number is required`,
      ],
    ],
    [
      'has valid ports',
      withPath({ backend: { service: { name: 'a', port: { number: 70000 } } } }),
      [`${path}.backend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive`],
    ],
    [
      'has valid certificates',
      of({ defaultBackend: backend, tls: [{ hosts: ['*.a.com', '*'], secretName: 'A' }], ingressClassName: 'B' }),
      [
        `spec.tls[0].hosts[1]: Invalid value: "*": ${wildcard}`,
        `spec.tls[0].secretName: Invalid value: "A": ${subdomain}`,
        `spec.ingressClassName: Invalid value: "B": ${subdomain}`,
      ],
    ],
    [
      'names its class once',
      of({ defaultBackend: backend, ingressClassName: 'b' }, { 'kubernetes.io/ingress.class': 'a' }),
      [
        'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
      ],
    ],
  ])('%s', (_name, it, expected) => {
    expect(messages(validateCreate(ingress, it))).toEqual(expected);
  });

  it('reports addresses and names', () => {
    const old = withPath({});
    const status = {
      loadBalancer: { ingress: [{ ip: 'x' }, { hostname: '1.2.3.4' }, { hostname: 'lb.example.com' }] },
    };
    expect(messages(validateStatusUpdate(ingress, { ...old, status }, old))).toEqual([
      'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    ]);
  });

  it('shows its hosts, addresses and ports', () => {
    const rules = ['a', 'b', '', 'c', 'd'].map((host) => ({ host }));
    const it = of({ rules, tls: [{}] });
    it.status = { loadBalancer: { ingress: [{ ip: '2.2.2.2' }, { hostname: 'lb' }, { ip: '1.1.1.1' }] } };
    const cells = ingress.columns!.slice(0, 4).map((column) => column.value(it, 0));
    expect(cells).toEqual(['<none>', 'a,b,c + 2 more...', '1.1.1.1,2.2.2.2,lb', '80, 443']);
    expect(ingress.columns![1]!.value(of({ rules: [{}] }), 0)).toBe('*');
  });
});

describe('an ingress class', () => {
  const of = (spec: object): IngressClass => {
    const it = { metadata: { name: 'nginx' }, spec } as IngressClass;
    ingressClass.defaults!(it);
    return it;
  };
  const controller = 'k8s.io/ingress-nginx';
  const parameters = { apiGroup: 'example.com', kind: 'Settings', name: 'external' };

  it('has parameters of the cluster by default', () => {
    const it = of({ controller, parameters: { ...parameters } });
    expect(it.spec.parameters?.scope).toBe('Cluster');
    expect(messages(validateCreate(ingressClass, it))).toEqual([]);
    expect(ingressClass.columns![1]!.value(it, 0)).toBe('Settings.example.com/external');
  });

  it.each<[object, string[]]>([
    [{}, ['spec.controller: Required value']],
    [
      { controller: 'nginx' },
      ['spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [
      { controller: 'a/ b' },
      [
        `spec.controller: Invalid value: " b": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')`,
      ],
    ],
    [{ controller: `a/${'b'.repeat(250)}` }, ['spec.controller: Too long: may not be more than 250 bytes']],
    [
      { controller, parameters: { ...parameters, scope: 'Namespace' } },
      ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    ],
    [
      { controller, parameters: { ...parameters, namespace: 'x' } },
      ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
    ],
    [
      { controller, parameters: { kind: '', name: 'a/b', scope: 'World' } },
      [
        'spec.parameters.kind: Required value',
        'spec.parameters.name: Invalid value: "a/b": may not contain \'/\'',
        'spec.parameters.scope: Unsupported value: "World": supported values: "Cluster", "Namespace"',
      ],
    ],
  ])('%j is refused', (spec, expected) => {
    expect(messages(validateCreate(ingressClass, of(spec)))).toEqual(expected);
  });

  it('keeps its controller', () => {
    expect(messages(validateUpdate(ingressClass, of({ controller: 'a/b' }), of({ controller })))).toEqual([
      'spec.controller: Invalid value: "a/b": field is immutable',
    ]);
    expect(messages(validateUpdate(ingressClass, of({}), of({ controller })))).toEqual([
      'spec.controller: Invalid value: "": field is immutable',
      'spec.controller: Required value',
    ]);
  });
});

describe('a network policy', () => {
  const of = (spec: object): NetworkPolicy => {
    const it = { metadata: named, spec: { podSelector: {}, ...spec } } as NetworkPolicy;
    networkPolicy.defaults!(it);
    return it;
  };

  it('is about what comes in, and what goes out if it has rules for that', () => {
    expect(of({}).spec.policyTypes).toEqual(['Ingress']);
    expect(of({ egress: [{ ports: [{ port: 53 }] }] }).spec).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
      egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }],
    });
  });

  it.each<[object, string[]]>([
    [
      {
        ingress: [
          { ports: [{ port: 80, endPort: 90 }], from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] },
        ],
      },
      [],
    ],
    [
      { ingress: [{ ports: [{ port: 80, endPort: 70 }, { port: 'http', endPort: 9 }, { endPort: 9 }] }] },
      [
        'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
        'spec.ingress[0].ports[1].endPort: Invalid value: 9: may not be specified when `port` is non-numeric',
        'spec.ingress[0].ports[2].endPort: Invalid value: 9: may not be specified when `port` is not specified',
      ],
    ],
    [
      { egress: [{ ports: [{ port: 0, protocol: 'ICMP' }], to: [{}] }] },
      [
        'spec.egress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
        'spec.egress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.egress[0].to[0]: Required value: must specify a peer',
      ],
    ],
    [
      { ingress: [{ from: [{ podSelector: {}, ipBlock: { cidr: '' } }] }] },
      [
        'spec.ingress[0].from[0].ipBlock.cidr: Required value',
        'spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer',
      ],
    ],
    [
      {
        ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.1/8', except: ['x', '10.0.0.0/8', '11.0.0.0/16', '::/64'] } }] }],
      },
      [
        'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
        'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        ...['10.0.0.0/8', '11.0.0.0/16', '::/64'].map(
          (each, i) =>
            `spec.ingress[0].from[0].ipBlock.except[${i + 1}]: Invalid value: "${each}": must be a strict subset of \`cidr\``,
        ),
      ],
    ],
    [
      { egress: [{ to: [{ ipBlock: { cidr: '::ffff:10.0.0.0/104' } }] }] },
      [
        'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "::ffff:10.0.0.0/104": must not be an IPv4-mapped IPv6 address',
      ],
    ],
    [
      { policyTypes: ['Ingress', 'Egress', 'Ingress'] },
      ['spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes'],
    ],
    [{ policyTypes: ['In'] }, ['spec.policyTypes[0]: Unsupported value: "In": supported values: "Ingress", "Egress"']],
  ])('%j is checked', (spec, expected) => {
    expect(messages(validateCreate(networkPolicy, of(spec)))).toEqual(expected);
  });
});
