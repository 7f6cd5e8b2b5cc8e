import { describe, expect, it } from '@jest/globals';
import type { Pod } from '../../generated/core/v1.ts';
import { isLabelValue } from '../../meta/names.ts';
import { validateCreate } from '../../validate.ts';
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

const [labelValue] = isLabelValue('-');
const errorsOf = (it: Pod) => validateCreate(pod, it).map((each) => `${each.field}: ${each.message}`);

const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

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
      'a claim of no name, a driver of no name, a template that asks for nothing',
      (it) =>
        (it.spec.volumes = [
          { name: 'a', persistentVolumeClaim: { claimName: '' } },
          { name: 'b', csi: { driver: '', nodePublishSecretRef: {} } },
          { name: 'c', ephemeral: { volumeClaimTemplate: { metadata: { name: 'x', labels: { a: '-' } }, spec: {} } } },
          { name: 'd', ephemeral: {} },
          { name: 'e', csi: { driver: 'csi.example.com' }, hostPath: { path: '/x' } },
          { name: 'f', emptyDir: {}, downwardAPI: {} },
        ]),
      [
        'spec.volumes[0].persistentVolumeClaim.claimName: Required value',
        'spec.volumes[1].csi.driver: Required value',
        'spec.volumes[1].csi.nodePublishSecretRef.name: Required value',
        `spec.volumes[2].ephemeral.volumeClaimTemplate.metadata.labels: Invalid value: "-": ${labelValue}`,
        'spec.volumes[2].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set',
        'spec.volumes[2].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required',
        'spec.volumes[2].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value',
        'spec.volumes[3].ephemeral.volumeClaimTemplate: Required value',
        'spec.volumes[4].csi: Forbidden: may not specify more than 1 volume type',
        'spec.volumes[5].downwarAPI: Forbidden: may not specify more than 1 volume type',
      ],
    ],
    [
      'a volume that is wrong, and so cannot be mounted; one of no name; the claim of another volume',
      (it) => {
        it.spec.volumes = [
          { name: 'a', hostPath: { path: '' } },
          { name: '', emptyDir: {} },
          { name: 'c', persistentVolumeClaim: { claimName: `${it.metadata.name}-d` } },
          { name: 'd', ephemeral: { volumeClaimTemplate: { spec: claim } } },
          { name: 'e', secret: { secretName: 's', items: [{ key: 'any key', path: 'x' }] } },
        ];
        it.spec.containers[0]!.volumeMounts = [{ name: 'a', mountPath: '/a' }];
      },
      [
        'spec.volumes[0].hostPath.path: Required value',
        'spec.volumes[1].name: Required value',
        'spec.volumes[2].persistentVolumeClaim.claimName: Invalid value: "web-d": must not reference a PVC that gets created for an ephemeral volume',
        'spec.containers[0].volumeMounts[0].name: Not found: "a"',
      ],
    ],
    [
      'nodes of labels that cannot be',
      (it) => {
        const terms = [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] }];
        const preference = { weight: 1, preference: terms[0]! };
        it.spec.affinity = {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
            preferredDuringSchedulingIgnoredDuringExecution: [preference],
          },
        };
      },
      [
        `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: "-": ${labelValue}`,
      ],
    ],
    [
      'devices that are mounts, or no claims',
      (it) => {
        it.spec.volumes = [
          { name: 'a', persistentVolumeClaim: { claimName: 'a' } },
          { name: 'b', emptyDir: {} },
        ];
        it.spec.containers[0]!.volumeMounts = [{ name: 'a', mountPath: '/x' }];
        it.spec.containers[0]!.volumeDevices = [
          { name: 'a', devicePath: '/x' },
          { name: 'b', devicePath: '/../y' },
        ];
      },
      [
        'spec.containers[0].volumeMounts[0].name: Invalid value: "a": must not already exist in volumeDevices',
        'spec.containers[0].volumeMounts[0].mountPath: Invalid value: "/x": must not already exist as a path in volumeDevices',
        'spec.containers[0].volumeDevices[0].name: Invalid value: "a": must not already exist in volumeMounts',
        'spec.containers[0].volumeDevices[0].devicePath: Invalid value: "/x": must not already exist as a path in volumeMounts',
        'spec.containers[0].volumeDevices[1].name: Invalid value: "b": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        `spec.containers[0].volumeDevices[1].devicePath: Invalid value: "/../y": can not contain backsteps ('..')`,
      ],
    ],
    [
      'an unknown restart policy',
      (it) => (it.spec.restartPolicy = 'Sometimes'),
      ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
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
