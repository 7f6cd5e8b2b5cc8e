import { expect, it } from '@jest/globals';
import { podSpecWarnings } from './pod-warnings.ts';

it.each<[object, string[]]>([
  [{ env: [{ name: 'A' }, { name: 'B' }], ports: [{ containerPort: 80, protocol: 'TCP' }] }, []],
  [
    { env: [{ name: 'A' }, { name: 'A' }] },
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    { ports: [1, 2].map(() => ({ containerPort: 80, protocol: 'TCP' })) },
    ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]'],
  ],
  [
    { resources: { requests: { memory: '100m', cpu: '100m' } } },
    ['spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer'],
  ],
])('warns of the container %j', (container, warnings) =>
  expect(podSpecWarnings({ containers: [{ name: 'c', ...container }] }, 'spec')).toEqual(warnings),
);

it('warns of labels of nodes by their former names', () => {
  const key = 'beta.kubernetes.io/arch';
  const instead = 'deprecated since v1.14; use "kubernetes.io/arch" instead';
  const term = { matchExpressions: [{ key, operator: 'Exists' }] };
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } };
  const spec = { containers: [], nodeSelector: { [key]: 'arm' }, affinity: { nodeAffinity: required } };
  expect(podSpecWarnings(spec, 'spec')).toEqual([
    `spec.nodeSelector[${key}]: ${instead}`,
    `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: ${key} is ${instead}`,
  ]);
});

it('warns of values that nothing good comes of', () => {
  const spec = {
    containers: [],
    terminationGracePeriodSeconds: -1,
    imagePullSecrets: [{}, { name: 'a' }, { name: 'a' }],
    hostAliases: [{ ip: '10.0.0.1' }, { ip: '10.0.0.1' }],
  };
  expect(podSpecWarnings(spec, 'spec')).toEqual([
    'spec.imagePullSecrets[0].name: invalid empty name ""',
    'spec.imagePullSecrets[2].name: duplicate name "a"',
    'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"',
  ]);
});
