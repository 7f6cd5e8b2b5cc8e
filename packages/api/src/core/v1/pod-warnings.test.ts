import { describe, expect, it } from '@jest/globals';
import type { PodSpec } from '../../generated/core/v1.ts';
import { pod } from './pod.ts';
import { podWarnings } from './pod-warnings.ts';

const warningsOf = (spec: object, annotations?: Record<string, string>, at?: string) =>
  podWarnings({ metadata: { annotations }, spec: { containers: [], ...spec } as PodSpec }, at);
const hides = (at: string, name: string) =>
  `spec.${at}: hides previous definition of "${name}", which may be dropped when using apply`;

it.each<[string, object, string[]]>([
  ['nothing to say', { env: [{ name: 'A' }, { name: 'B' }], ports: [{ containerPort: 80, protocol: 'TCP' }] }, []],
  [
    'variables that hide others',
    {
      env: [
        { name: 'A', value: 'x' },
        { name: 'A' },
        { name: 'A', value: '$(A)' },
        { name: 'A', value: 'y', valueFrom: {} },
        { name: 'A', value: '$(A):y' },
      ],
    },
    ['containers[0].env[1]', 'containers[0].env[2]', 'containers[0].env[3]'].map((at) => hides(at, 'A')),
  ],
  [
    'amounts that are no whole bytes',
    {
      resources: {
        requests: { memory: '100m', cpu: '100m' },
        limits: { 'ephemeral-storage': '1500m', memory: '200m' },
      },
    },
    [
      'spec.containers[0].resources.limits[memory]: fractional byte value "200m" is invalid, must be an integer',
      'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
      'spec.containers[0].resources.limits[ephemeral-storage]: fractional byte value "1500m" is invalid, must be an integer',
    ],
  ],
])('warns of a container: %s', (_, container, warnings) =>
  expect(warningsOf({ containers: [{ name: 'c', ...container }] })).toEqual(warnings),
);

describe('warns of ports', () => {
  const of = (...lists: object[][]) =>
    warningsOf({
      containers: lists.map((ports, i) => ({
        name: `c${i}`,
        ports: ports.map((port) => ({ containerPort: 80, protocol: 'TCP', ...port })),
      })),
    });
  const at = (i: number, j: number) => `spec.containers[${i}].ports[${j}]`;

  it.each<[object, object, string | undefined]>([
    [{}, {}, 'duplicate'],
    [{ hostPort: 80 }, { hostPort: 80 }, 'duplicate'],
    [{ hostPort: 80, hostIP: '10.0.0.1' }, { hostPort: 80, hostIP: '10.0.0.1' }, 'duplicate'],
    [{ hostPort: 80 }, {}, 'overlapping'],
    [{}, { hostPort: 80 }, 'overlapping'],
    [{ hostPort: 80, hostIP: '10.0.0.1' }, { hostPort: 80 }, 'dangerously ambiguous'],
    [{ hostPort: 80 }, { hostPort: 80, hostIP: '10.0.0.1' }, 'dangerously ambiguous'],
    [{ hostPort: 80 }, { hostPort: 81 }, undefined],
    [{ hostPort: 80, hostIP: '10.0.0.1' }, { hostPort: 80, hostIP: '10.0.0.2' }, undefined],
    [{ protocol: 'UDP' }, {}, undefined],
    [{ containerPort: 81 }, {}, undefined],
  ])('%j beside %j: %s', (one, other, what) => {
    expect(of([one, other])).toEqual(what ? [`${at(0, 1)}: ${what} port definition with ${at(0, 0)}`] : []);
    expect(of([one], [other])).toEqual(what ? [`${at(1, 0)}: ${what} port definition with ${at(0, 0)}`] : []);
  });

  it('each with all that came before it', () => {
    const of80 = { hostPort: 80 };
    expect(of([of80, {}], [{ hostPort: 80, hostIP: '10.0.0.1' }])).toEqual([
      `${at(0, 1)}: overlapping port definition with ${at(0, 0)}`,
      `${at(1, 0)}: dangerously ambiguous port definition with ${at(0, 0)}`,
      `${at(1, 0)}: overlapping port definition with ${at(0, 1)}`,
    ]);
  });

  it('of an address of the host without a port, and of names that mean another one', () => {
    expect(
      of([
        { hostIP: '10.0.0.1', name: 'web' },
        { containerPort: 81, name: 'web' },
      ]),
    ).toEqual([
      `${at(0, 0)}: hostIP set without hostPort: {Name:web HostPort:0 ContainerPort:80 Protocol:TCP HostIP:10.0.0.1}`,
      `${at(0, 1)}: duplicate port name "web" with ${at(0, 0)}, services and probes that select ports by name will use ${at(0, 0)}`,
    ]);
  });

  it('of thousands without comparing all with all', () => {
    const many = Array.from({ length: 30_000 }, (_, i) => ({ hostPort: 80, hostIP: `10.0.${i >> 8}.${i & 255}` }));
    expect(of(many)).toEqual([]);
    expect(of([{}, ...many]).length).toBeGreaterThan(100);
  });
});

it('warns of labels of nodes by their former names, and of values no node has', () => {
  const key = 'beta.kubernetes.io/arch';
  const instead = 'deprecated since v1.14; use "kubernetes.io/arch" instead';
  const term = { matchExpressions: [{ key, operator: 'Exists' }] };
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b', '-1'] }] } },
    ],
  };
  const spread = [{ topologyKey: key, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }];
  const spec = { nodeSelector: { [key]: 'arm' }, affinity: { nodeAffinity }, topologySpreadConstraints: spread };
  expect(warningsOf(spec)).toEqual([
    `spec.nodeSelector[${key}]: ${instead}`,
    `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: ${key} is ${instead}`,
    `spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values[1]: -1 is invalid, a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    `spec.topologySpreadConstraints[0].topologyKey: ${key} is ${instead}`,
    'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
  ]);
});

it('warns of affinity to no pod', () => {
  const terms = {
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a', labelSelector: {} }, { topologyKey: 'a' }],
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'a' } }],
  };
  expect(warningsOf({ affinity: { podAffinity: terms, podAntiAffinity: terms } })).toEqual(
    ['podAffinity', 'podAntiAffinity'].flatMap((each) => [
      `spec.affinity.${each}.requiredDuringSchedulingIgnoredDuringExecution[1].labelSelector: a null labelSelector results in matching no pod`,
      `spec.affinity.${each}.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: a null labelSelector results in matching no pod`,
    ]),
  );
});

it('warns of values that nothing good comes of', () => {
  const spec = {
    terminationGracePeriodSeconds: -1,
    imagePullSecrets: [{}, { name: 'a' }, { name: 'a' }],
    hostAliases: [{ ip: '2001:db8:0::1' }, { ip: '2001:db8:0::1' }],
    overhead: { memory: '100m' },
    dnsConfig: { nameservers: ['2001:DB8::1'] },
  };
  const canonical = 'should be in RFC 5952 canonical format ("2001:db8::1")';
  expect(warningsOf(spec)).toEqual([
    'spec.hostAliases[1].ip: duplicate ip "2001:db8:0::1"',
    'spec.imagePullSecrets[2].name: duplicate name "a"',
    'spec.imagePullSecrets[0].name: invalid empty name ""',
    'spec.overhead[memory]: fractional byte value "100m" is invalid, must be an integer',
    'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    `spec.dnsConfig.nameservers[0]: IPv6 address "2001:DB8::1" ${canonical}`,
    `spec.hostAliases[0].ip: IPv6 address "2001:db8:0::1" ${canonical}`,
    `spec.hostAliases[1].ip: IPv6 address "2001:db8:0::1" ${canonical}`,
  ]);
});

describe('warns of annotations that became fields', () => {
  const seccomp = { seccompProfile: { type: 'RuntimeDefault' } };
  const annotations = {
    'scheduler.alpha.kubernetes.io/critical-pod': '',
    'security.alpha.kubernetes.io/sysctls': 'a=b',
    'security.alpha.kubernetes.io/unsafe-sysctls': 'a=b',
    'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default',
    'container.seccomp.security.alpha.kubernetes.io/c': 'runtime/default',
    'container.apparmor.security.beta.kubernetes.io/c': 'unconfined',
  };
  const plain = [
    'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
    'metadata.annotations[security.alpha.kubernetes.io/sysctls]: non-functional in v1.11+; use the "sysctls" field instead',
    'metadata.annotations[security.alpha.kubernetes.io/unsafe-sysctls]: non-functional in v1.11+; use the "sysctls" field instead',
  ];
  const profiles = [
    'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
    'metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c]: non-functional in v1.27+; use the "seccompProfile" field instead',
  ];
  const appArmor =
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead';

  it('in a pod, where the field is not there', () => {
    expect(warningsOf({ containers: [{ name: 'c' }] }, annotations)).toEqual([...plain, ...profiles]);
    const spec = { containers: [{ name: 'c', securityContext: seccomp }], securityContext: seccomp };
    expect(warningsOf(spec, annotations)).toEqual(plain);
  });

  it('in a template, of AppArmor too', () => {
    expect(warningsOf({ containers: [{ name: 'c' }] }, annotations, 'spec.template')).toEqual(
      [...plain, ...profiles, appArmor].map((text) => `spec.template.${text}`),
    );
  });

  it.each<[string, object, boolean]>([
    ['unconfined', {}, true],
    ['nothing', {}, true],
    ['unconfined', { securityContext: { appArmorProfile: { type: 'Unconfined' } } }, false],
    ['unconfined', { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }, true],
    ['unconfined', { os: { name: 'windows' } }, false],
  ])('of AppArmor in a new pod, where it asks for %s in %j: %s', (profile, spec, isWarned) => {
    const key = 'container.apparmor.security.beta.kubernetes.io/c';
    const warnings: string[] = [];
    const it = { metadata: { annotations: { [key]: profile } }, spec: { containers: [{ name: 'c' }], ...spec } };
    pod.prepareForCreate!(it as never, (text) => warnings.push(text));
    expect(warnings).toEqual(isWarned ? [appArmor] : []);
  });
});

describe('warns of files of a volume at one path', () => {
  const of = (volume: object) => warningsOf({ volumes: [{ name: 'v', ...volume }] });
  const items = (...paths: string[]) => paths.map((path) => ({ key: 'k', path }));

  it.each<[string, object, string[]]>([
    ['none', { configMap: { name: 'a', items: items('x', 'xy', 'y/x', '') } }, []],
    [
      'the same',
      { configMap: { name: 'a', items: items('x', 'x/') } },
      ['(ConfigMap "a"): overlapping paths: "x" with "x"'],
    ],
    [
      'below a file',
      { secret: { secretName: 'a', items: items('x', 'x/y') } },
      ['(Secret "a"): overlapping paths: "x/y" with "x"'],
    ],
    [
      'above a file',
      { downwardAPI: { items: items('x/y', 'x') } },
      ['(DownwardAPI): overlapping paths: "x" with "x/y"'],
    ],
    [
      'of several sources',
      {
        projected: {
          sources: [
            { downwardAPI: { items: items('x') } },
            { secret: { name: 's', items: items('x/y') } },
            { configMap: { name: 'm', items: items('z') } },
            { serviceAccountToken: { path: 'x' } },
          ],
        },
      },
      [
        '(Projected): overlapping paths: "x/y" (Secret "s") with "x" (DownwardAPI)',
        '(Projected): overlapping paths: "x" (ServiceAccountToken) with "x" (DownwardAPI)',
        '(Projected): overlapping paths: "x" (ServiceAccountToken) with "x/y" (Secret "s")',
      ],
    ],
    ['of a source that is none', { projected: { sources: [{}] } }, ['(Projected) has no sources provided']],
  ])('%s', (_, volume, warnings) => expect(of(volume)).toEqual(warnings.map((text) => `volume "v" ${text}`)));

  it('of thousands without comparing all with all', () => {
    const many = Array.from({ length: 50_000 }, (_, i) => `dir/${i}`);
    expect(of({ configMap: { items: items(...many) } })).toEqual([]);
    expect(of({ configMap: { items: items(...many, 'dir') } }).length).toBeGreaterThan(100);
  });
});

it('warns of a name that is no hostname, in a new pod', () => {
  const it = { metadata: { name: 'a.b' }, spec: { containers: [] } } as never;
  expect(pod.warnings!(it, undefined, '')).toEqual([
    `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')]`,
  ]);
  expect(pod.warnings!(it, it, '')).toEqual([]);
});
