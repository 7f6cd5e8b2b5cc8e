import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeObject } from '../codec/strict.ts';
import type { ManagedFieldsEntry } from '../generated/meta/v1.ts';
import type { KubeObject } from '../kind.ts';
import { clone } from '../meta/object.ts';
import { StatusError } from '../meta/status.ts';
import { objectSchemaOf } from '../schema.ts';
import { type ApplyRequest, applyObject, setOfFields, updateManagedFields } from './apply.ts';
import { fieldsOf } from './typed-fields.ts';

const schema = objectSchemaOf('apps/v1.Deployment');

// biome-ignore lint/suspicious/noExplicitAny: test objects are read and written at any depth.
type Loose = KubeObject & Record<string, any>;

const clock = (second: number): string => `2026-01-01T00:00:0${second}Z`;

function deployment(spec: unknown, metadata: Record<string, unknown> = {}): Loose {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec,
  } as Loose;
}

const pod = (...containers: unknown[]): unknown => ({ template: { spec: { containers } } });

function apply(
  live: Loose | undefined,
  applied: Loose,
  manager: string,
  second: number,
  more: Partial<ApplyRequest> = {},
): Loose {
  const result = applyObject({
    live,
    applied,
    manager,
    force: false,
    schema,
    apiVersion: 'apps/v1',
    time: clock(second),
    ...more,
  });
  const { object } = decodeObject<Loose>(result, schema);
  return object;
}

function update(live: Loose | undefined, next: Loose, manager: string, second: number): Loose {
  const updated = decodeObject<Loose>(clone(next), schema).object;
  const metadata = { ...updated.metadata };
  updated.metadata = metadata;
  updateManagedFields({ old: live, updated, manager, apiVersion: 'apps/v1', schema, time: clock(second) });
  return updated;
}

const entry = (object: Loose, manager: string): ManagedFieldsEntry | undefined =>
  object.metadata.managedFields?.find((each) => each.manager === manager);

function conflictOf(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('there was no conflict');
}

describe('applyObject', () => {
  it('creates what is applied and makes the applier its manager', () => {
    const object = apply(
      undefined,
      deployment({ replicas: 2, ...(pod({ name: 'a', image: 'x', env: [] }) as object) }, { labels: { l: '1' } }),
      'me',
      1,
    );
    expect(object).toMatchObject({ metadata: { name: 'web', labels: { l: '1' } }, spec: { replicas: 2 } });
    expect(object.metadata.managedFields).toEqual([
      {
        manager: 'me',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: clock(1),
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { 'f:l': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:template': {
              'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
            },
          },
        },
      },
    ]);
  });

  it('takes a key that is not said for the one of nothing', () => {
    const item = { ports: [{ protocol: 'UDP' }], env: [{ value: '1' }] };
    const { managedFields } = apply(undefined, deployment(pod(item) as object), 'me', 1).metadata;
    const node = {
      '.': {},
      'f:env': { 'k:{"name":""}': { '.': {}, 'f:value': {} } },
      'f:ports': { 'k:{"containerPort":0,"protocol":"UDP"}': { '.': {}, 'f:protocol': {} } },
    };
    const containers = { 'f:containers': { 'k:{"name":""}': node } };
    expect(managedFields?.[0]?.fieldsV1).toEqual({ 'f:spec': { 'f:template': { 'f:spec': containers } } });
  });

  it('lets several own parts of what a volume is bound to, which other references are not made of', () => {
    const fields = fieldsOf(
      { spec: { claimRef: { name: 'data' }, csi: { controllerPublishSecretRef: { name: 'key' } } } },
      objectSchemaOf('core/v1.PersistentVolume'),
    );
    expect(fields).toEqual({
      'f:spec': { 'f:claimRef': { 'f:name': {} }, 'f:csi': { 'f:controllerPublishSecretRef': {} } },
    });
  });

  it('changes nothing, not even a time, when the same is applied again', () => {
    const config = deployment({ replicas: 2, ...(pod({ name: 'a', image: 'x' }) as object) });
    const once = apply(undefined, config, 'me', 1);
    expect(apply(once, config, 'me', 2)).toEqual(once);
  });

  it('lets who applies what is there own it besides the one who wrote it', () => {
    const live = update(undefined, deployment({ replicas: 2 }), 'creator', 0);
    const once = apply(live, deployment({ replicas: 2 }), 'me', 1);
    expect(once['spec']).toEqual(live['spec']);
    expect(entry(once, 'me')).toMatchObject({ fieldsV1: { 'f:spec': { 'f:replicas': {} } } });
    expect(entry(once, 'creator')?.fieldsV1).toHaveProperty(['f:spec', 'f:replicas']);
  });

  it('removes what it no longer sends', () => {
    const once = apply(
      undefined,
      deployment({
        replicas: 2,
        paused: true,
        ...(pod({ name: 'a', image: 'x' }, { name: 'b', image: 'y' }) as object),
      }),
      'me',
      1,
    );
    const twice = apply(once, deployment({ replicas: 2, ...(pod({ name: 'b', image: 'y' }) as object) }), 'me', 2);
    expect(twice['spec'].paused).toBeUndefined();
    expect(twice['spec'].template.spec.containers).toEqual([{ name: 'b', image: 'y', resources: {} }]);
  });

  it('leaves what it no longer sends when somebody else owns it', () => {
    let live = apply(undefined, deployment({ replicas: 2, paused: true }, { labels: { a: '1', b: '2' } }), 'one', 1);
    live = apply(live, deployment({ paused: true }, { labels: { b: '2' } }), 'two', 2);
    live = apply(live, deployment({ replicas: 2 }), 'one', 3);
    expect(live['spec']).toMatchObject({ replicas: 2, paused: true });
    expect(live.metadata.labels).toEqual({ b: '2' });
    expect(entry(live, 'one')?.fieldsV1).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('never removes what it never applied', () => {
    let live = update(undefined, deployment({ replicas: 2, paused: true }, { labels: { theirs: 'x' } }), 'creator', 0);
    live = apply(live, deployment({ revisionHistoryLimit: 3 }, { labels: { mine: 'y' } }), 'me', 1);
    live = apply(live, deployment(undefined), 'me', 2);
    expect(live['spec']).toMatchObject({ replicas: 2, paused: true });
    expect(live['spec'].revisionHistoryLimit).toBeUndefined();
    expect(live.metadata.labels).toEqual({ theirs: 'x' });
    expect(entry(live, 'me')).toBeUndefined();
  });

  it('writes down no time for who applies what is there already', () => {
    const live = apply(undefined, deployment({ replicas: 2 }), 'one', 1);
    const both = apply(live, deployment({ replicas: 2 }), 'two', 2);
    expect(entry(both, 'one')?.time).toBe(clock(1));
    expect(entry(both, 'two')).toMatchObject({ operation: 'Apply', fieldsV1: { 'f:spec': { 'f:replicas': {} } } });
    expect(entry(both, 'two')?.time).toBeUndefined();
  });

  it('writes down a time for who would change a field that the endpoint resets', () => {
    const reported = (replicas: number): Loose => ({ ...deployment({ replicas }), status: { replicas: 1 } }) as Loose;
    const live = apply(undefined, reported(2), 'one', 1);
    const ignored = setOfFields(['spec', 'metadata']);
    const report = (replicas: number) => apply(live, reported(replicas), 'two', 2, { ignored, subresource: 'status' });
    expect(entry(report(3), 'two')).toMatchObject({ time: clock(2), fieldsV1: { 'f:status': { 'f:replicas': {} } } });
    expect(report(3)['spec']).toEqual(live['spec']);
    expect(entry(report(2), 'two')?.time).toBeUndefined();
  });

  it('names conflicts level by level', () => {
    const live = apply(undefined, deployment({ ...(pod({ name: 'a', image: 'x' }) as object), replicas: 2 }), 'one', 1);
    const wanted = deployment({ ...(pod({ name: 'a', image: 'y' }) as object), replicas: 3 });
    const { status } = conflictOf(() => apply(live, wanted, 'two', 2));
    expect(status.details?.causes?.map(({ field }) => field)).toEqual([
      '.spec.replicas',
      '.spec.template.spec.containers[name="a"].image',
    ]);
  });

  it('keeps what the object is called when it stops naming all else that metadata has', () => {
    const server = { uid: '1', resourceVersion: '2', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
    let live = apply(undefined, deployment({ replicas: 2 }, { labels: { a: '1' } }), 'me', 1);
    Object.assign(live.metadata, server);
    live = apply(live, deployment({ replicas: 2 }), 'me', 2);
    expect(live.metadata).toMatchObject({ name: 'web', namespace: 'default', ...server });
    expect(live.metadata.labels).toBeUndefined();
    expect(entry(live, 'me')?.fieldsV1).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('keeps fields of an item that others set, when it stops naming the item', () => {
    let live = update(undefined, deployment(pod({ name: 'a', image: 'x' })), 'creator', 0);
    live = apply(live, deployment(pod({ name: 'a', workingDir: '/tmp' })), 'me', 1);
    live = apply(live, deployment(pod()), 'me', 2);
    expect(live['spec'].template.spec.containers).toEqual([{ name: 'a', image: 'x', resources: {} }]);
  });

  it('fails with one conflict', () => {
    const live = update(undefined, deployment({ replicas: 3 }), 'kubectl', 0);
    const conflict = conflictOf(() => apply(live, deployment({ replicas: 5 }), 'me', 1));
    expect(conflict.status).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
      reason: 'Conflict',
      details: {
        causes: [
          { reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using apps/v1', field: '.spec.replicas' },
        ],
      },
      code: 409,
    });
  });

  it('fails with several conflicts, by manager', () => {
    let live = update(
      undefined,
      deployment({ replicas: 3, paused: true, ...(pod({ name: 'a', image: 'x' }) as object) }),
      'kubectl',
      0,
    );
    live = apply(live, deployment({ minReadySeconds: 4 }), 'applier', 1);
    const conflict = conflictOf(() =>
      apply(
        live,
        deployment({ replicas: 5, minReadySeconds: 5, ...(pod({ name: 'a', image: 'y' }) as object) }),
        'me',
        2,
      ),
    );
    expect(conflict.message).toBe(
      [
        'Apply failed with 3 conflicts: conflicts with "applier":',
        '- .spec.minReadySeconds',
        'conflicts with "kubectl" using apps/v1:',
        '- .spec.replicas',
        '- .spec.template.spec.containers[name="a"].image',
      ].join('\n'),
    );
  });

  it('names the subresource through which the other manager wrote', () => {
    const live = update(undefined, deployment({ replicas: 3 }), 'creator', 0);
    const scaled = clone(live);
    scaled['spec'].replicas = 4;
    updateManagedFields({
      old: live,
      updated: scaled,
      manager: 'hpa',
      subresource: 'scale',
      apiVersion: 'apps/v1',
      schema,
      time: clock(1),
    });
    expect(conflictOf(() => apply(scaled, deployment({ replicas: 5 }), 'me', 2)).message).toBe(
      'Apply failed with 1 conflict: conflict with "hpa" with subresource "scale" using apps/v1: .spec.replicas',
    );
  });

  it('shares a field that has the value it applies', () => {
    const live = apply(undefined, deployment({ replicas: 3 }), 'one', 1);
    const shared = apply(live, deployment({ replicas: 3 }), 'two', 2);
    expect(entry(shared, 'one')?.fieldsV1).toEqual(entry(shared, 'two')?.fieldsV1);
    expect(conflictOf(() => apply(shared, deployment({ replicas: 4 }), 'two', 3)).message).toBe(
      'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
    );
  });

  it('takes a field over by force', () => {
    const live = update(undefined, deployment({ replicas: 3, paused: true }), 'kubectl', 0);
    const forced = apply(live, deployment({ replicas: 5 }), 'me', 1, { force: true });
    expect(forced['spec'].replicas).toBe(5);
    expect(entry(forced, 'kubectl')?.fieldsV1).toEqual({ 'f:spec': { 'f:paused': {} } });
    expect(entry(forced, 'me')?.fieldsV1).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('takes atomic values as a whole', () => {
    const live = update(
      undefined,
      deployment({
        selector: { matchLabels: { a: '1' } },
        template: { spec: { containers: [], nodeSelector: { a: '1' } } },
      }),
      'kubectl',
      0,
    );
    const conflict = conflictOf(() =>
      apply(live, deployment({ template: { spec: { nodeSelector: { b: '2' } } } }), 'me', 1),
    );
    expect(conflict.message).toContain('.spec.template.spec.nodeSelector');
    const forced = apply(live, deployment({ template: { spec: { nodeSelector: { b: '2' } } } }), 'me', 1, {
      force: true,
    });
    expect(forced['spec'].template.spec.nodeSelector).toEqual({ b: '2' });
  });

  it('orders merged lists as applied, others in their place', () => {
    const live = update(
      undefined,
      deployment(pod({ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' })),
      'creator',
      0,
    );
    const names = (...applied: string[]): string[] =>
      apply(live, deployment(pod(...applied.map((name) => ({ name })))), 'me', 1)['spec'].template.spec.containers.map(
        (each: { name: string }) => each.name,
      );
    expect(names('c', 'a')).toEqual(['b', 'c', 'd', 'a']);
    expect(names('x')).toEqual(['a', 'b', 'c', 'd', 'x']);
    expect(names('a', 'x', 'c')).toEqual(['a', 'b', 'x', 'c', 'd']);
    expect(names('d', 'c', 'b', 'a')).toEqual(['d', 'c', 'b', 'a']);
  });

  it('gives an object that was never applied to a manager for what was before', () => {
    const live = deployment({ replicas: 3 }, { uid: 'u' });
    const applied = apply(live, deployment({ paused: true }), 'me', 1);
    expect(applied.metadata.managedFields).toEqual([
      expect.objectContaining({ manager: 'me', operation: 'Apply' }),
      {
        manager: 'before-first-apply',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: clock(1),
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      },
    ]);
    expect(conflictOf(() => apply(live, deployment({ replicas: 4 }), 'me', 1)).message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas',
    );
  });

  it('gives that manager no fields that the endpoint resets', () => {
    const live = { ...deployment({ replicas: 3 }, { uid: 'u' }), status: { replicas: 1 } } as Loose;
    const wanted = { ...deployment({}), status: { readyReplicas: 1 } } as Loose;
    const owners = (ignored: string[]) =>
      apply(live, wanted, 'me', 1, { ignored: setOfFields(ignored), subresource: 'status' }).metadata.managedFields;
    expect(owners(['metadata', 'spec'])?.map(({ manager, fieldsV1 }) => [manager, fieldsV1])).toEqual([
      ['me', { 'f:status': { 'f:readyReplicas': {} } }],
      ['before-first-apply', { 'f:status': { 'f:replicas': {} } }],
    ]);
    expect(owners(['metadata', 'spec', 'status'])).toBeUndefined();
  });

  it('does not own fields that the endpoint resets', () => {
    const object = apply(undefined, { ...deployment({ replicas: 1 }), status: { replicas: 9 } } as Loose, 'me', 1, {
      ignored: setOfFields(['status']),
    });
    expect(object['status']).toEqual({});
    expect(entry(object, 'me')?.fieldsV1).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });

  it('does not change its arguments', () => {
    const live = update(
      undefined,
      deployment({ replicas: 3, ...(pod({ name: 'a', image: 'x' }) as object) }),
      'kubectl',
      0,
    );
    const config = deployment({ replicas: 5, ...(pod({ name: 'a', image: 'y' }, { name: 'b' }) as object) });
    const before = structuredClone([live, config]);
    apply(live, config, 'me', 1, { force: true });
    expect([live, config]).toEqual(before);
  });

  it.each([
    [
      'managed fields',
      { ...deployment({}), metadata: { name: 'web', managedFields: [] } },
      400,
      'metadata.managedFields must be nil',
    ],
    [
      'another version',
      { ...deployment({}), apiVersion: 'apps/v1beta1' },
      400,
      'invalid object type: apps/v1beta1, Kind=Deployment',
    ],
    [
      'an unknown field',
      deployment({ foo: 1 }),
      500,
      'failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema',
    ],
    [
      'an unknown field of an owner',
      deployment({}, { ownerReferences: [{ uid: 'u', foo: 1 }] }),
      500,
      'failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .metadata.ownerReferences[uid="u"].foo: field not declared in schema',
    ],
    [
      'an item that is one thing and of another type',
      deployment({ template: { spec: { imagePullSecrets: [{ name: 5 }] } } }),
      500,
      'failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.template.spec.imagePullSecrets[name=5].name: expected string, got &value.valueUnstructured{Value:5}',
    ],
    [
      'several errors',
      deployment({ replicas: 'x', ...(pod({ image: 'x' }, { name: '', image: 'y' }) as object) }),
      500,
      [
        'failed to create typed patch object (default/web; apps/v1, Kind=Deployment): errors:',
        '  .spec.replicas: expected numeric (int or float), got string',
        '  .spec.template.spec.containers: duplicate entries for key [name=""]',
      ].join('\n'),
    ],
  ])('refuses %s', (_, applied, code, message) => {
    const error = conflictOf(() => apply(undefined, applied as Loose, 'me', 1));
    expect([error.code, error.message]).toEqual([code, message]);
  });

  it('looks for no more errors than are told', () => {
    let looked = 0;
    const containers = Array.from({ length: 100_000 }, (_, i) => ({
      name: `c${i}`,
      get image() {
        looked++;
        return 5;
      },
    }));
    const error = conflictOf(() => apply(undefined, deployment(pod(...containers)) as Loose, 'me', 1));
    expect(error.message!.length).toBeLessThan(2 << 20);
    expect(looked).toBeGreaterThan(1000);
    expect(looked).toBeLessThan(20_000);
  });
});

describe('moving from client-side apply', () => {
  const config = deployment({ replicas: 3 });
  const annotated = (): Loose =>
    deployment(
      { replicas: 3 },
      { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(config) } },
    );

  it('lets kubectl change what it applied last, and keeps the annotation', () => {
    const live = update(undefined, annotated(), 'kubectl-client-side-apply', 0);
    const applied = apply(live, deployment({ replicas: 5 }), 'kubectl', 1);
    expect(applied['spec'].replicas).toBe(5);
    expect(JSON.parse(applied.metadata.annotations!['kubectl.kubernetes.io/last-applied-configuration']!)).toEqual(
      deployment({ replicas: 5 }),
    );
  });

  it('still reports what others changed since', () => {
    const live = update(undefined, annotated(), 'kubectl-client-side-apply', 0);
    const scaled = clone(live);
    scaled['spec'].replicas = 4;
    const next = update(live, scaled, 'hpa', 1);
    expect(conflictOf(() => apply(next, deployment({ replicas: 5 }), 'kubectl', 2)).message).toContain(
      'conflict with "hpa"',
    );
  });

  it('does so for kubectl only', () => {
    const live = update(undefined, annotated(), 'kubectl-client-side-apply', 0);
    expect(() => apply(live, deployment({ replicas: 5 }), 'me', 1)).toThrow('Apply failed with 1 conflict');
  });
});

describe('laws of apply', () => {
  const words = fc.constantFrom('a', 'b', 'c', 'd');
  const configs = fc
    .record({
      spec: fc.record(
        {
          replicas: fc.integer({ min: 0, max: 3 }),
          paused: fc.constant(true),
          template: fc.record({
            spec: fc.record({
              containers: fc.uniqueArray(fc.record({ name: words, image: words }), {
                selector: (each) => each.name,
                minLength: 1,
              }),
            }),
          }),
        },
        { requiredKeys: [] },
      ),
      labels: fc.dictionary(words, words, { minKeys: 1 }),
    })
    .map(({ spec, labels }) => deployment(spec, { labels }));

  it('applying twice is applying once', () => {
    fc.assert(
      fc.property(configs, configs, (first, second) => {
        const live = apply(undefined, first, 'other', 1);
        const once = apply(live, second, 'me', 2, { force: true });
        expect(apply(once, second, 'me', 3, { force: true })).toEqual(once);
      }),
    );
  });

  it('a lone applier gets exactly what it sends', () => {
    fc.assert(
      fc.property(configs, configs, (first, second) => {
        const live = apply(undefined, first, 'me', 1);
        const next = apply(live, second, 'me', 2);
        const { managedFields: _, ...metadata } = next.metadata;
        expect({ ...next, metadata }).toEqual(decodeObject(second, schema).object);
      }),
    );
  });

  it('withdrawing leaves what the others apply', () => {
    fc.assert(
      fc.property(configs, configs, (theirs, mine) => {
        const live = apply(undefined, theirs, 'other', 1);
        let next: Loose;
        try {
          next = apply(live, mine, 'me', 2);
        } catch (error) {
          if (error instanceof StatusError && error.reason === 'Conflict') return;
          throw error;
        }
        const withdrawn = apply(
          next,
          { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' } } as Loose,
          'me',
          3,
        );
        expect(entry(withdrawn, 'me')).toBeUndefined();
        expect(withdrawn.metadata.labels).toEqual(live.metadata.labels);
        expect(withdrawn['spec'].replicas).toEqual(live['spec'].replicas);
        const names = (it: Loose): string[] =>
          (it['spec'].template?.spec?.containers ?? []).map((each: { name: string }) => each.name).sort();
        expect(names(withdrawn)).toEqual(names(live));
      }),
    );
  });
});
