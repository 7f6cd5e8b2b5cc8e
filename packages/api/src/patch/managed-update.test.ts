import { describe, expect, it } from '@jest/globals';
import { decodeObject } from '../codec/strict.ts';
import type { ManagedFieldsEntry } from '../generated/meta/v1.ts';
import type { KubeObject } from '../kind.ts';
import { clone } from '../meta/object.ts';
import { objectSchemaOf } from '../schema.ts';
import { keepUnchangedTimes, type ManagedUpdate, setOfFields, updateManagedFields } from './apply.ts';

const schema = objectSchemaOf('apps/v1.Deployment');

// biome-ignore lint/suspicious/noExplicitAny: test objects are read and written at any depth.
type Loose = KubeObject & Record<string, any>;

function deployment(spec: unknown = {}, metadata: Record<string, unknown> = {}, status: unknown = {}): Loose {
  const value = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec,
    status,
  };
  return decodeObject<Loose>(value, schema).object;
}

const clock = (second: number): string => `2026-01-01T00:00:0${second}Z`;

function updated(
  old: Loose | undefined,
  next: Loose,
  manager: string,
  second: number,
  more: Partial<ManagedUpdate> = {},
): Loose {
  updateManagedFields({ old, updated: next, manager, apiVersion: 'apps/v1', schema, time: clock(second), ...more });
  return next;
}

function changed(
  old: Loose,
  change: (it: Loose) => void,
  manager: string,
  second: number,
  more: Partial<ManagedUpdate> = {},
): Loose {
  const next = clone(old);
  change(next);
  return updated(old, next, manager, second, more);
}

const entry = (object: Loose, manager: string): ManagedFieldsEntry | undefined =>
  object.metadata.managedFields?.find((each) => each.manager === manager);

describe('updateManagedFields', () => {
  const created = (): Loose =>
    updated(
      undefined,
      deployment(
        {
          replicas: 1,
          selector: { matchLabels: { app: 'web' } },
          strategy: { rollingUpdate: { maxSurge: 1 } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: {
              containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: 80, protocol: 'TCP' }] }],
              securityContext: {},
            },
          },
        },
        { uid: 'u', resourceVersion: '1', creationTimestamp: clock(0), generation: 1, labels: { app: 'web' } },
      ),
      'kubectl-create',
      0,
    );

  it('writes nothing down of an object whose managers were taken off', () => {
    const reset = changed(created(), (it) => (it.metadata.managedFields = [{}] as ManagedFieldsEntry[]), 'me', 1);
    expect(reset.metadata.managedFields).toBeUndefined();
    expect(changed(reset, (it) => (it['spec'].replicas = 5), 'me', 2).metadata.managedFields).toBeUndefined();
  });

  it('leaves what an endpoint resets to whoever owns it', () => {
    const live = updated(undefined, deployment({ replicas: 1 }), 'client', 1);
    const change = (it: Loose): void => {
      it['spec'].replicas = 9;
      it['status'].replicas = 2;
    };
    const next = changed(live, change, 'reporter', 2, { subresource: 'status', ignored: setOfFields(['spec']) });
    expect(entry(next, 'client')?.fieldsV1).toEqual(entry(live, 'client')?.fieldsV1);
    expect(entry(next, 'reporter')?.fieldsV1).toEqual({ 'f:status': { 'f:replicas': {} } });
  });

  it('gives the creator every field but identity and what the server writes', () => {
    expect(created().metadata.managedFields).toEqual([
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: clock(0),
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} } },
            'f:template': {
              'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"web"}': {
                    '.': {},
                    'f:image': {},
                    'f:name': {},
                    'f:ports': {
                      '.': {},
                      'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                    },
                    'f:resources': {},
                  },
                },
                'f:securityContext': {},
              },
            },
          },
        },
      },
    ]);
  });

  it('moves a changed field to who changed it', () => {
    const scaled = changed(
      created(),
      (it) => {
        it['spec'].replicas = 3;
      },
      'scaler',
      1,
    );
    expect(entry(scaled, 'scaler')).toMatchObject({ time: clock(1), fieldsV1: { 'f:spec': { 'f:replicas': {} } } });
    expect(entry(scaled, 'kubectl-create')?.fieldsV1).not.toHaveProperty(['f:spec', 'f:replicas']);
    expect(entry(scaled, 'kubectl-create')?.time).toBe(clock(0));
  });

  it('takes away fields that are gone, and managers that have none left', () => {
    const scaled = changed(
      created(),
      (it) => {
        it.metadata.annotations = { a: 'b' };
      },
      'annotator',
      1,
    );
    const cleaned = changed(
      scaled,
      (it) => {
        delete it.metadata.annotations;
      },
      'cleaner',
      2,
    );
    expect(cleaned.metadata.managedFields?.map((each) => each.manager)).toEqual(['kubectl-create']);
  });

  it('merges what one manager does into one entry and writes down the last time', () => {
    let it_ = changed(
      created(),
      (it) => {
        it['spec'].replicas = 3;
      },
      'me',
      1,
    );
    it_ = changed(
      it_,
      (it) => {
        it['spec'].paused = true;
      },
      'me',
      2,
    );
    expect(it_.metadata.managedFields).toHaveLength(2);
    expect(entry(it_, 'me')).toMatchObject({
      time: clock(2),
      fieldsV1: { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } },
    });
  });

  it('keeps versions and subresources apart', () => {
    let it_ = changed(
      created(),
      (it) => {
        it['spec'].replicas = 3;
      },
      'me',
      1,
    );
    it_ = changed(
      it_,
      (it) => {
        it['status'].replicas = 3;
      },
      'me',
      2,
      { subresource: 'status' },
    );
    it_ = changed(
      it_,
      (it) => {
        it['spec'].paused = true;
      },
      'me',
      3,
      { apiVersion: 'apps/v1beta9' },
    );
    expect(it_.metadata.managedFields?.filter((each) => each.manager === 'me')).toEqual([
      expect.objectContaining({ apiVersion: 'apps/v1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }),
      expect.objectContaining({ subresource: 'status', fieldsV1: { 'f:status': { 'f:replicas': {} } } }),
      expect.objectContaining({ apiVersion: 'apps/v1beta9', fieldsV1: { 'f:spec': { 'f:paused': {} } } }),
    ]);
  });

  it('changes nothing when nothing changed, whatever the client sends as managedFields', () => {
    const object = created();
    for (const managedFields of [undefined, [], object.metadata.managedFields, clone(object.metadata.managedFields)]) {
      const again = changed(
        object,
        (it) => {
          it.metadata.managedFields = managedFields;
        },
        'other',
        5,
      );
      expect(again.metadata.managedFields).toEqual(object.metadata.managedFields);
    }
  });

  it('forgets who managed what when the client resets managedFields', () => {
    const object = created();
    const reset = changed(
      object,
      (it) => {
        it.metadata.managedFields = [{}];
      },
      'other',
      5,
    );
    expect(reset.metadata.managedFields).toBeUndefined();
    const resetAndChanged = changed(
      object,
      (it) => {
        it.metadata.managedFields = [{}];
        it['spec'].replicas = 9;
      },
      'other',
      5,
    );
    expect(resetAndChanged.metadata.managedFields).toBeUndefined();
  });

  it('lets a client edit managedFields of the object, but not through a subresource', () => {
    const object = created();
    const edit = (it: Loose): void => {
      it.metadata.managedFields![0]!.manager = 'renamed';
    };
    expect(entry(changed(object, edit, 'x', 5), 'renamed')).toBeDefined();
    expect(entry(changed(object, edit, 'x', 5, { subresource: 'status' }), 'renamed')).toBeUndefined();
  });

  it('ignores managedFields it cannot understand', () => {
    const object = created();
    const bad = changed(
      object,
      (it) => {
        it.metadata.managedFields = [{ manager: 'x', operation: 'Dance' }];
      },
      'x',
      5,
    );
    expect(bad.metadata.managedFields).toEqual(object.metadata.managedFields);
  });

  it('gives nobody the fields that the endpoint resets', () => {
    const object = created();
    const next = changed(
      object,
      (it) => {
        it['status'].replicas = 3;
        it['spec'].replicas = 3;
      },
      'me',
      1,
      { ignored: setOfFields(['status']) },
    );
    expect(entry(next, 'me')?.fieldsV1).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('tells items of keyed lists and members of sets apart', () => {
    const object = updated(undefined, deployment({}, { finalizers: ['a/a', 'b/b'] }), 'one', 0);
    const next = changed(
      object,
      (it) => {
        it.metadata.finalizers = ['b/b', 'c/c'];
      },
      'two',
      1,
    );
    expect(entry(next, 'one')?.fieldsV1).toEqual({ 'f:metadata': { 'f:finalizers': { '.': {}, 'v:"b/b"': {} } } });
    expect(entry(next, 'two')?.fieldsV1).toEqual({ 'f:metadata': { 'f:finalizers': { 'v:"c/c"': {} } } });
  });

  it('keeps the number of updaters in bounds by joining the oldest', () => {
    let object = created();
    for (let i = 1; i <= 14; i++) {
      object = changed(
        object,
        (it) => {
          it.metadata.annotations = { ...it.metadata.annotations, [`a${i}`]: 'x' };
        },
        `m${i}`,
        1,
        {
          time: `2026-01-01T00:01:${String(i).padStart(2, '0')}Z`,
        },
      );
    }
    const managers = object.metadata.managedFields?.map((each) => each.manager);
    expect(managers).toHaveLength(10);
    expect(managers?.[0]).toBe('ancient-changes');
    expect(managers?.slice(1)).toEqual(Array.from({ length: 9 }, (_, i) => `m${i + 6}`));
    expect(entry(object, 'ancient-changes')?.fieldsV1).toHaveProperty(['f:metadata', 'f:annotations', 'f:a5']);
  });

  it('survives keys that every object inherits', () => {
    const labels = JSON.parse('{"constructor":"a","toString":"b"}');
    const object = updated(undefined, deployment({}, { labels }), 'one', 0);
    expect(entry(object, 'one')?.fieldsV1).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:constructor': {}, 'f:toString': {} } },
    });
    const next = changed(
      object,
      (it) => {
        it.metadata.labels = { x: 'y' };
      },
      'two',
      1,
    );
    expect(entry(next, 'one')?.fieldsV1).toEqual({ 'f:metadata': { 'f:labels': {} } });
  });
});

describe('keepUnchangedTimes', () => {
  it('undoes a change of times alone', () => {
    const old = updated(undefined, deployment({ replicas: 1 }), 'one', 0);
    const next = clone(old);
    next.metadata.managedFields![0]!.time = clock(7);
    keepUnchangedTimes(old, next);
    expect(next.metadata.managedFields![0]!.time).toBe(clock(0));
    next.metadata.managedFields = [{ ...next.metadata.managedFields![0]!, time: clock(7), manager: 'two' }];
    keepUnchangedTimes(old, next);
    expect(next.metadata.managedFields[0]!.time).toBe(clock(7));
  });
});
