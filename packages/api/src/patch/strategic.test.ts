import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deepEqual } from '../meta/object.ts';
import { objectSchemaOf } from '../schema.ts';
import {
  applyStrategicPatch,
  createThreeWayStrategicPatch,
  createTwoWayStrategicPatch,
  StrategicConflictError,
} from './strategic.ts';

const schema = objectSchemaOf('apps/v1.Deployment');

type Json = Record<string, unknown>;

const deployment = (podSpec: unknown, spec: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec: { ...spec, template: { spec: podSpec } },
});

const containers = (...list: Json[]): unknown => ({ containers: list });

describe('createTwoWayStrategicPatch', () => {
  it('names an item by its key and only what changed in it', () => {
    const from = deployment(containers({ name: 'a', image: 'x', args: ['1'] }, { name: 'b', image: 'y' }));
    const to = deployment(containers({ name: 'a', image: 'z', args: ['1'] }, { name: 'b', image: 'y' }));
    expect(createTwoWayStrategicPatch(from, to, schema)).toEqual({
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }],
            containers: [{ name: 'a', image: 'z' }],
          },
        },
      },
    });
  });

  it('deletes items by instruction', () => {
    const from = deployment(containers({ name: 'b' }, { name: 'a' }, { name: 'c' }));
    const to = deployment(containers({ name: 'c' }));
    expect(createTwoWayStrategicPatch(from, to, schema)).toMatchObject({
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'c' }],
            containers: [
              { $patch: 'delete', name: 'a' },
              { $patch: 'delete', name: 'b' },
            ],
          },
        },
      },
    });
  });

  it('compares items that share a key each with its like: one port for UDP and TCP is no change', () => {
    const listening = (tcp: string): Json =>
      deployment(
        containers({
          name: 'dns',
          ports: [
            { containerPort: 53, name: 'dns', protocol: 'UDP' },
            { containerPort: 53, name: tcp, protocol: 'TCP' },
          ],
        }),
      );
    expect(createTwoWayStrategicPatch(listening('dns-tcp'), listening('dns-tcp'), schema)).toEqual({});
    expect(createTwoWayStrategicPatch(listening('dns-tcp'), listening('other'), schema)).toMatchObject({
      spec: {
        template: { spec: { containers: [{ name: 'dns', ports: [{ containerPort: 53, name: 'other' }] }] } },
      },
    });
  });

  it('says a new order, and nothing else, when only the order changed', () => {
    const from = deployment(containers({ name: 'a' }, { name: 'b' }));
    const to = deployment(containers({ name: 'b' }, { name: 'a' }));
    expect(createTwoWayStrategicPatch(from, to, schema)).toEqual({
      spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } } },
    });
  });

  it('deletes from lists of scalars in a list of its own', () => {
    const from = deployment({}, {}, { finalizers: ['a/a', 'b/b', 'c/c'] });
    const to = deployment({}, {}, { finalizers: ['d/d', 'b/b'] });
    expect(createTwoWayStrategicPatch(from, to, schema)).toEqual({
      metadata: {
        '$deleteFromPrimitiveList/finalizers': ['a/a', 'c/c'],
        '$setElementOrder/finalizers': ['d/d', 'b/b'],
        finalizers: ['d/d'],
      },
    });
  });

  it('replaces lists that do not merge', () => {
    const from = deployment({ tolerations: [{ key: 'a' }] });
    const to = deployment({ tolerations: [{ key: 'a' }, { key: 'b' }] });
    expect(createTwoWayStrategicPatch(from, to, schema)).toEqual({
      spec: { template: { spec: { tolerations: [{ key: 'a' }, { key: 'b' }] } } },
    });
  });

  it('states which keys of a union stay', () => {
    const from = deployment({}, { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } });
    const to = deployment({}, { strategy: { type: 'Recreate' } });
    const patch = createTwoWayStrategicPatch(from, to, schema);
    expect(patch).toEqual({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate', rollingUpdate: null } } });
    expect(applyStrategicPatch(from, patch, schema)).toEqual(to);
  });

  it('fails on a changed field the type does not have, and ignores one that is the same', () => {
    const odd = (value: unknown): Json => deployment({ bogus: { value } });
    expect(createTwoWayStrategicPatch(odd(1), odd(1), schema)).toEqual({});
    expect(() => createTwoWayStrategicPatch(odd(1), odd(2), schema)).toThrow(
      'unable to find api field in struct PodSpec for the json field "bogus"',
    );
  });

  it('needs the merge key', () => {
    const from = deployment(containers({ name: 'a' }));
    expect(() => createTwoWayStrategicPatch(from, deployment(containers({ image: 'x' })), schema)).toThrow(
      'map: map[image:x] does not contain declared merge key: name',
    );
  });
});

/** Deployments that differ where strategic patches have something to do: keyed lists, scalar lists, maps, unions. */
const words = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const container = fc.record(
  {
    image: words,
    args: fc.array(words, { minLength: 1, maxLength: 3 }),
    env: fc.uniqueArray(fc.record({ name: words, value: words }), { selector: (each) => each.name, minLength: 1 }),
    ports: fc.uniqueArray(fc.record({ containerPort: fc.integer({ min: 1, max: 4 }), name: words }), {
      selector: (each) => each.containerPort,
      minLength: 1,
    }),
  },
  { requiredKeys: [] },
);
const podSpec = fc.record(
  {
    containers: fc.uniqueArray(
      fc.tuple(words, container).map(([name, rest]) => ({ name, ...rest })),
      {
        selector: (each) => each.name,
        minLength: 1,
      },
    ),
    volumes: fc.uniqueArray(
      fc
        .tuple(words, fc.constantFrom({ emptyDir: {} }, { hostPath: { path: '/x' } }, { secret: { secretName: 's' } }))
        .map(([name, source]) => ({ name, ...source })),
      { selector: (each) => each.name, minLength: 1 },
    ),
    tolerations: fc.array(fc.record({ key: words }), { minLength: 1 }),
    nodeSelector: fc.dictionary(words, words, { minKeys: 1 }),
  },
  { requiredKeys: ['containers'] },
);
const deployments = fc
  .record({
    podSpec,
    labels: fc.dictionary(fc.oneof(words, fc.constant('__proto__')), words, { minKeys: 1 }),
    finalizers: fc.uniqueArray(words, { minLength: 1 }),
    strategy: fc.constantFrom({ type: 'Recreate' }, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }),
  })
  .map(({ podSpec, labels, finalizers, strategy }) => deployment(podSpec, { strategy }, { labels, finalizers }));

describe('laws of strategic merge patches', () => {
  it('leads from any object to any other', () => {
    fc.assert(
      fc.property(deployments, deployments, (from, to) => {
        const patched = applyStrategicPatch(from, createTwoWayStrategicPatch(from, to, schema), schema);
        expect(patched).toEqual(to);
      }),
    );
  });

  it('is empty between equal objects', () => {
    fc.assert(
      fc.property(deployments, (object) => {
        expect(createTwoWayStrategicPatch(object, structuredClone(object), schema)).toEqual({});
        expect(createThreeWayStrategicPatch(object, object, object, schema)).toEqual({});
      }),
    );
  });

  it('can be applied twice', () => {
    fc.assert(
      fc.property(deployments, deployments, (from, to) => {
        const patch = createTwoWayStrategicPatch(from, to, schema);
        const once = applyStrategicPatch(from, patch, schema);
        expect(applyStrategicPatch(once, patch, schema)).toEqual(once);
      }),
    );
  });

  it('three-way: what was applied becomes what is wanted when nobody else interfered', () => {
    fc.assert(
      fc.property(deployments, deployments, (original, modified) => {
        const patch = createThreeWayStrategicPatch(original, modified, original, schema, { overwrite: false });
        expect(applyStrategicPatch(original, patch, schema)).toEqual(modified);
      }),
    );
  });

  it('three-way: applying the same again changes nothing', () => {
    fc.assert(
      fc.property(deployments, deployments, deployments, (original, modified, current) => {
        const patch = createThreeWayStrategicPatch(original, modified, current, schema);
        const result = applyStrategicPatch(current, patch, schema);
        const again = createThreeWayStrategicPatch(modified, modified, result, schema);
        expect(applyStrategicPatch(result, again, schema)).toEqual(result);
      }),
    );
  });

  it('does not change its arguments', () => {
    fc.assert(
      fc.property(deployments, deployments, deployments, (original, modified, current) => {
        const before = structuredClone([original, modified, current]);
        const patch = createThreeWayStrategicPatch(original, modified, current, schema);
        const patchBefore = structuredClone(patch);
        applyStrategicPatch(current, patch, schema);
        expect(deepEqual([original, modified, current, patch], [...before, patchBefore])).toBe(true);
      }),
    );
  });
});

describe('createThreeWayStrategicPatch', () => {
  const applied = deployment(containers({ name: 'app', image: 'v1' }), { replicas: 1 });

  it('keeps what others added, and removes what is no longer wanted', () => {
    const current = deployment(
      containers({ name: 'app', image: 'v1', imagePullPolicy: 'Always' }, { name: 'sidecar', image: 's' }),
      { replicas: 5, revisionHistoryLimit: 10 },
      { labels: { theirs: 'x' } },
    );
    const modified = deployment(containers({ name: 'app', image: 'v2' }));
    const patch = createThreeWayStrategicPatch(applied, modified, current, schema);
    expect(patch).toEqual({
      spec: {
        replicas: null,
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'app' }],
            containers: [{ name: 'app', image: 'v2' }],
          },
        },
      },
    });
    expect(applyStrategicPatch(current, patch, schema)).toEqual(
      deployment(
        containers({ name: 'app', image: 'v2', imagePullPolicy: 'Always' }, { name: 'sidecar', image: 's' }),
        { revisionHistoryLimit: 10 },
        { labels: { theirs: 'x' } },
      ),
    );
  });

  it('deletes an item it applied before, while adding another', () => {
    const modified = deployment(containers({ name: 'new', image: 'n' }), { replicas: 1 });
    const patch = createThreeWayStrategicPatch(applied, modified, applied, schema);
    expect(patch).toEqual({
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'new' }],
            containers: [
              { name: 'new', image: 'n' },
              { $patch: 'delete', name: 'app' },
            ],
          },
        },
      },
    });
    expect(applyStrategicPatch(applied, patch, schema)).toEqual(modified);
  });

  it('reports what both sides changed differently, unless it may overwrite', () => {
    const current = deployment(containers({ name: 'app', image: 'theirs' }), { replicas: 1 });
    const modified = deployment(containers({ name: 'app', image: 'ours' }), { replicas: 1 });
    expect(() => createThreeWayStrategicPatch(applied, modified, current, schema, { overwrite: false })).toThrow(
      StrategicConflictError,
    );
    expect(createThreeWayStrategicPatch(applied, modified, current, schema)).toMatchObject({
      spec: { template: { spec: { containers: [{ name: 'app', image: 'ours' }] } } },
    });
  });

  it.each([
    ['a field', deployment(containers({ name: 'app', image: 'v1' }), { replicas: 7 })],
    ['another item of the list', deployment(containers({ name: 'app', image: 'v1' }, { name: 'b' }), { replicas: 1 })],
    ['labels', deployment(containers({ name: 'app', image: 'v1' }), { replicas: 1 }, { labels: { a: 'b' } })],
  ])('does not call it a conflict when somebody else changed %s', (_, current) => {
    const modified = deployment(containers({ name: 'app', image: 'v2' }), { replicas: 1 });
    const onlyImage = (): Json =>
      createThreeWayStrategicPatch(
        deployment(containers({ name: 'app', image: 'v1' })),
        deployment(containers({ name: 'app', image: 'v2' })),
        current,
        schema,
        { overwrite: false },
      );
    expect(onlyImage()).toMatchObject({ spec: { template: { spec: { containers: [{ name: 'app', image: 'v2' }] } } } });
    expect(createThreeWayStrategicPatch(applied, modified, current, schema)).toMatchObject({ spec: {} });
  });
});
