import { describe, expect, it } from '@jest/globals';
import type { Pod } from '../../generated/core/v1.ts';
import { clone } from '../../meta/object.ts';
import { validateCreate, validateUpdate } from '../../validate.ts';
import { pod } from './pod.ts';

/** A valid pod, defaulted, changed by the case. */
function podWith(change: (it: Pod) => void = () => {}): Pod {
  const it: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'nginx' }] },
  };
  change(it);
  pod.defaults!(it);
  return it;
}

const errorsOf = (it: Pod) => validateCreate(pod, it).map((each) => `${each.field}: ${each.message}`);

describe('a new pod', () => {
  it('passes when it has a container', () => expect(errorsOf(podWith())).toEqual([]));

  const cases: [string, (it: Pod) => void, string[]][] = [
    ['no containers', (it) => (it.spec.containers = []), ['spec.containers: Required value']],
    [
      'an unnamed container without an image',
      (it) => (it.spec.containers = [{} as never]),
      ['spec.containers[0].name: Required value', 'spec.containers[0].image: Required value'],
    ],
    [
      'two containers of one name',
      (it) => it.spec.containers.push({ name: 'main', image: 'nginx' }),
      ['spec.containers[1].name: Duplicate value: "main"'],
    ],
    [
      'a mount of no volume',
      (it) => (it.spec.containers[0]!.volumeMounts = [{ name: 'data', mountPath: '/data' }]),
      ['spec.containers[0].volumeMounts[0].name: Not found: "data"'],
    ],
    [
      'an unknown restart policy',
      (it) => (it.spec.restartPolicy = 'Sometimes'),
      ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'],
    ],
    [
      'a request above its limit',
      (it) => (it.spec.containers[0]!.resources = { requests: { cpu: '2' }, limits: { cpu: '1' } }),
      ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ],
    [
      'a port out of range',
      (it) => (it.spec.containers[0]!.ports = [{ containerPort: 70_000 }]),
      ['spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
    ],
    [
      'two sources in a volume',
      (it) => (it.spec.volumes = [{ name: 'both', emptyDir: {}, hostPath: { path: '/x' } }]),
      ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'a liveness probe that needs two successes',
      (it) => (it.spec.containers[0]!.livenessProbe = { exec: { command: ['true'] }, successThreshold: 2 }),
      ['spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1'],
    ],
    [
      'a probe without a handler',
      (it) => (it.spec.containers[0]!.readinessProbe = {}),
      ['spec.containers[0].readinessProbe: Required value: must specify a handler type'],
    ],
    [
      'a toleration with an operator nobody knows',
      (it) => (it.spec.tolerations = [{ key: 'a', operator: 'Like' }]),
      ['spec.tolerations[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists"'],
    ],
    [
      'a downward field that is not offered',
      (it) => (it.spec.containers[0]!.env = [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.colour' } } }]),
      [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.colour": error converting fieldPath: field label not supported: spec.colour',
      ],
    ],
  ];
  it.each(cases)('is refused with %s', (_name, change, expected) => {
    expect(errorsOf(podWith(change))).toEqual(expected);
  });
});

describe('a changed pod', () => {
  const changed = (change: (it: Pod) => void) => {
    const old = podWith();
    const it = clone(old);
    change(it);
    return validateUpdate(pod, it, old).map((each) => each.message.split('\n')[0]);
  };

  it('may get another image', () => expect(changed((it) => (it.spec.containers[0]!.image = 'nginx:2'))).toEqual([]));
  it('may get another toleration', () =>
    expect(changed((it) => (it.spec.tolerations = [{ key: 'a', operator: 'Exists' }]))).toEqual([]));
  it('may not move', () =>
    expect(changed((it) => (it.spec.nodeName = 'other'))[0]).toMatch(
      /^Forbidden: pod updates may not change fields other than/,
    ));
});
