import { describe, expect, it } from '@jest/globals';
import { podTemplate } from '../../core/v1/podtemplate.ts';
import { replicationController } from '../../core/v1/replicationcontroller.ts';
import type { DaemonSet, Deployment, StatefulSet } from '../../generated/apps/v1.ts';
import type { ReplicationController } from '../../generated/core/v1.ts';
import type { Kind, KubeObject } from '../../kind.ts';
import { clone } from '../../meta/object.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { daemonSet } from './daemonset.ts';
import { deployment } from './deployment.ts';
import { statefulSet } from './statefulset.ts';

const messages = (errors: { field: string; message: string }[]) =>
  errors.map((each) => `${each.field}: ${each.message}`);

/** An object as it is after decoding. */
function defaulted<T extends KubeObject>(kind: Kind<T>, spec: object): T {
  const object = { metadata: { name: 'web', namespace: 'n' }, spec: clone(spec) } as unknown as T;
  kind.defaults?.(object);
  return object;
}

const container = { name: 'c', image: 'i' };
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } };
const selector = { matchLabels: { app: 'web' } };
const hasty = { ...template, spec: { ...template.spec, activeDeadlineSeconds: 1 } };

describe('a daemon set', () => {
  const of = (spec: object = {}) => defaulted<DaemonSet>(daemonSet, { selector, template, ...spec });
  const rolling = (rollingUpdate: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });

  it('replaces one pod at a time by default', () => {
    expect(of().spec).toMatchObject({
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    });
  });

  it.each<[object, string[]]>([
    [{}, []],
    [{ updateStrategy: { type: 'OnDelete' } }, []],
    [
      rolling({ maxUnavailable: 0 }),
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
    ],
    [
      rolling({ maxUnavailable: 1, maxSurge: '10%' }),
      [
        'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "10%": may not be set when maxUnavailable is non-zero',
      ],
    ],
    [
      rolling({ maxUnavailable: '101%' }),
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [{ selector: {} }, ['spec.selector: Invalid value: {}: empty selector is invalid for daemonset']],
    [
      { template: hasty },
      ['spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported'],
    ],
  ])('%j', (spec, errors) => expect(messages(validateCreate(daemonSet, of(spec)))).toEqual(errors));

  it('counts its templates', () => {
    const old = of();
    daemonSet.prepareForCreate!(old);
    const same = clone(old);
    daemonSet.prepareForUpdate!(same, old);
    const changed = clone(old);
    changed.spec.template.spec.containers[0]!.image = 'j';
    daemonSet.prepareForUpdate!(changed, old);
    expect([old, same, changed].map(({ metadata }) => Object.values(metadata.annotations ?? {}))).toEqual([
      ['1'],
      ['1'],
      ['2'],
    ]);
  });

  it('reports no counts below zero and never fewer collisions', () => {
    const status = (it: object) => ({ ...of(), status: it }) as DaemonSet;
    expect(
      messages(
        validateStatusUpdate(daemonSet, status({ numberReady: -1, collisionCount: 1 }), status({ collisionCount: 2 })),
      ),
    ).toEqual([
      'status.numberReady: Invalid value: -1: must be greater than or equal to 0',
      'status.collisionCount: Invalid value: 1: cannot be decremented',
    ]);
  });
});

describe('a stateful set', () => {
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const mounting = {
    ...template,
    spec: { containers: [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
  };
  const of = (spec: object = {}) =>
    defaulted<StatefulSet>(statefulSet, {
      selector,
      template: mounting,
      volumeClaimTemplates: [claim],
      serviceName: 'web',
      ...spec,
    });

  it('gets upstream defaults, its claims included', () => {
    expect(of().spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      volumeClaimTemplates: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          spec: { volumeMode: 'Filesystem' },
          status: { phase: 'Pending' },
        },
      ],
    });
  });

  it.each<[object, string[]]>([
    [{}, []],
    [{ volumeClaimTemplates: [] }, ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"']],
    [
      { podManagementPolicy: 'Any' },
      ["spec.podManagementPolicy: Invalid value: \"Any\": must be 'OrderedReady' or 'Parallel'"],
    ],
    [
      { updateStrategy: { type: 'Never' } },
      [
        `spec.updateStrategy: Invalid value: {"Type":"Never","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'`,
      ],
    ],
    [
      { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
      [
        'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy \'RollingUpdate\'',
      ],
    ],
    [
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: -1, maxUnavailable: 2 } } },
      ['spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Keep' } },
      [
        'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"',
      ],
    ],
    [{ ordinals: { start: -1 } }, ['spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0']],
  ])('%j', (spec, errors) => expect(messages(validateCreate(statefulSet, of(spec)))).toEqual(errors));

  it('changes only where it can be changed', () => {
    const changes = { replicas: 3, minReadySeconds: 2, ordinals: { start: 1 }, revisionHistoryLimit: 2 };
    expect(messages(validateUpdate(statefulSet, of(changes), of()))).toEqual([]);
    expect(messages(validateUpdate(statefulSet, of({ serviceName: 'other' }), of()))).toEqual([
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ]);
  });

  it('reports no more parts than there are', () => {
    const status = { replicas: 1, readyReplicas: 2, availableReplicas: 1 };
    expect(messages(validateStatusUpdate(statefulSet, { ...of(), status }, of()))).toEqual([
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ]);
  });
});

describe('who writes a deployment', () => {
  const of = (generation: number, annotations?: Record<string, string>) => {
    const it = defaulted<Deployment>(deployment, {
      selector,
      template: { ...template, spec: { ...template.spec, terminationGracePeriodSeconds: -1 } },
    });
    it.metadata = { ...it.metadata, generation, ...(annotations ? { annotations } : {}) };
    return it;
  };
  const grace =
    'spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1';

  it('is warned of its template whatever of the spec is changed', () => {
    expect(deployment.warnings!(of(1), undefined, '')).toEqual([grace]);
    expect(deployment.warnings!(of(2), of(1), '')).toEqual([grace]);
    expect(deployment.warnings!(of(1), of(1), '')).toEqual([]);
  });

  it('makes another generation of it by annotations, which its ReplicaSets get', () => {
    const [same, changed] = [of(1, { a: 'b' }), of(1, { a: 'c' })];
    deployment.prepareForUpdate!(same, of(1, { a: 'b' }));
    deployment.prepareForUpdate!(changed, of(1, { a: 'b' }));
    expect([same.metadata.generation, changed.metadata.generation]).toEqual([1, 2]);
  });
});

describe('who writes a stateful set', () => {
  const of = (spec: object) => defaulted<StatefulSet>(statefulSet, { selector, template, ...spec });

  it('is warned of revisions that are kept for ever', () => {
    const it = of({ revisionHistoryLimit: -2 });
    const text =
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';
    expect(statefulSet.warnings!(it, undefined, '')).toEqual([text]);
    expect(statefulSet.warnings!(it, it, '')).toEqual([text]);
    expect(statefulSet.warnings!(it, it, 'status')).toEqual([]);
  });

  it('is warned of claims for parts of a byte', () => {
    const claim = { metadata: { name: 'a' }, spec: { resources: { requests: { storage: '1m' } } } };
    const it = of({ volumeClaimTemplates: [claim] });
    const text = 'resources.requests[storage]: fractional byte value "1m" is invalid, must be an integer';
    expect(statefulSet.warnings!(it, undefined, '')).toEqual([`spec.volumeClaimTemplates[0].${text}`]);
    expect(statefulSet.warnings!(it, it, '')).toEqual([`spec.volumeClaimTemplates[0].Spec.${text}`]);
  });
});

describe('a replication controller', () => {
  const of = (spec: object) => defaulted<ReplicationController>(replicationController, spec);

  it('takes labels and selector from its template', () => {
    expect(of({ template })).toMatchObject({
      metadata: { labels: { app: 'web' } },
      spec: { replicas: 1, selector: { app: 'web' } },
    });
  });

  it.each<[object, string[]]>([
    [{ template }, []],
    [{}, ['spec.selector: Required value', 'spec.template: Required value']],
    [
      { template, selector: { app: 'other' } },
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    [{ template, replicas: -1 }, ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
  ])('%j', (spec, errors) => expect(messages(validateCreate(replicationController, of(spec)))).toEqual(errors));
});

describe('a pod template', () => {
  it('is checked as a template of any workload', () => {
    const it = { metadata: { name: 't', namespace: 'n' }, template: clone(template) };
    podTemplate.defaults!(it);
    expect(messages(validateCreate(podTemplate, it))).toEqual([]);
    expect(it.template.spec).toMatchObject({ restartPolicy: 'Always' });
  });
});
