import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeJson } from '../codec/json.ts';
import { DecodeError, decodeObject } from '../codec/strict.ts';
import type { ManagedFieldsEntry } from '../generated/meta/v1.ts';
import type { KubeObject } from '../kind.ts';
import { clone } from '../meta/object.ts';
import { StatusError } from '../meta/status.ts';
import { objectSchemaOf } from '../schema.ts';
import { applyObject, updateManagedFields } from './apply.ts';
import { applyJsonPatch, JsonPatchError } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicPatch, StrategicPatchError } from './strategic.ts';

/*
 * Patches are written by anybody. Whatever they hold, the answer is a result or an error that is meant for the client, never a bug's.
 */

const schema = objectSchemaOf('apps/v1.Deployment');

const live = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { a: 'b' }, finalizers: ['x/y'] },
  spec: {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      spec: {
        containers: [{ name: 'a', image: 'x', env: [{ name: 'E', value: '1' }], ports: [{ containerPort: 80 }] }],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
  },
} as unknown as KubeObject;

/** JSON whose keys are mostly those the type has, and instructions, at the wrong places. */
const keys = fc.constantFrom(
  ...[
    'metadata',
    'labels',
    'finalizers',
    'spec',
    'template',
    'containers',
    'name',
    'image',
    'env',
    'ports',
    'containerPort',
  ],
  ...[
    'volumes',
    'strategy',
    'rollingUpdate',
    'replicas',
    '$patch',
    '$retainKeys',
    '$setElementOrder/containers',
    'resources',
  ],
  ...[
    '$deleteFromPrimitiveList/finalizers',
    '$setElementOrder/finalizers',
    '__proto__',
    'constructor',
    'bogus',
    'limits',
  ],
);
const values = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constantFrom<unknown>(null, 1, 'a', 'replace', 'delete', 'merge', true, 2n ** 60n),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(keys, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;
const patches = fc.oneof(
  values,
  fc.record({
    spec: fc.record({
      template: fc.record({ spec: fc.dictionary(keys, values, { maxKeys: 4, noNullPrototype: true }) }),
    }),
  }),
  fc.record({ metadata: fc.dictionary(keys, values, { maxKeys: 4, noNullPrototype: true }) }),
);

/** Runs what may fail for the client's fault; anything else that is thrown fails the test. */
function allows(errors: readonly (new (...args: never[]) => Error)[], act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!errors.some((each) => error instanceof each)) throw error;
  }
}

const runs = { numRuns: 2000 };

describe('hostile input', () => {
  it('strategic merge patches', () => {
    const before = clone(live);
    fc.assert(
      fc.property(patches, (patch) => allows([StrategicPatchError], () => applyStrategicPatch(live, patch, schema))),
      runs,
    );
    expect(live).toEqual(before);
  });

  it('merge patches', () => {
    fc.assert(
      fc.property(patches, (patch) => allows([], () => applyMergePatch(live, patch))),
      runs,
    );
  });

  it('JSON patches', () => {
    const path = fc
      .array(fc.oneof(keys, fc.constantFrom('0', '-', '-1', '99', '~', '')), { maxLength: 5 })
      .map((steps) => steps.map((step) => `/${step}`).join(''));
    const operation = fc.oneof(
      fc.record(
        { op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'), path, from: path, value: values },
        { requiredKeys: ['op', 'path'] },
      ),
      values,
    );
    fc.assert(
      fc.property(fc.oneof(fc.array(operation, { maxLength: 4 }), values), (patch) =>
        allows([JsonPatchError], () => applyJsonPatch(live, patch)),
      ),
      runs,
    );
  });

  it('typed decoding', () => {
    fc.assert(
      fc.property(patches, (value) => allows([DecodeError], () => decodeObject(value, schema))),
      runs,
    );
  });

  it('applied objects', () => {
    const object = (value: object): KubeObject =>
      ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, ...value }) as KubeObject;
    const applied = fc.oneof(
      fc.dictionary(keys, values, { maxKeys: 4, noNullPrototype: true }),
      fc.record({
        spec: fc.record({
          template: fc.record({ spec: fc.dictionary(keys, values, { maxKeys: 4, noNullPrototype: true }) }),
        }),
      }),
    );
    fc.assert(
      fc.property(applied, fc.boolean(), (value, force) =>
        allows([StatusError, DecodeError], () =>
          decodeObject(
            applyObject({ live, applied: object(value), manager: 'me', force, schema, apiVersion: 'apps/v1' }),
            schema,
          ),
        ),
      ),
      runs,
    );
  });

  it('managed fields', () => {
    const elements = fc.constantFrom(
      'f:spec',
      'f:metadata',
      'f:labels',
      'f:a',
      'f:template',
      'f:containers',
      'k:{"name":"a"}',
      'k:nonsense',
      'v:"x/y"',
      '.',
      'i:0',
      'x',
      '',
    );
    const sets = fc.letrec((tie) => ({
      set: fc.oneof(
        { maxDepth: 5 },
        fc.constant({}),
        fc.dictionary(elements, tie('set'), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).set;
    const entries = fc.array(
      fc.record(
        {
          manager: fc.constantFrom('me', 'you'),
          operation: fc.constantFrom('Apply', 'Update', 'x'),
          apiVersion: fc.constantFrom('apps/v1', 'v9'),
          fieldsV1: fc.oneof(sets, values),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(entries, entries, (old, sent) => {
        const withEntries = (managedFields: unknown): KubeObject => ({
          ...clone(live),
          metadata: { ...live.metadata, managedFields: managedFields as ManagedFieldsEntry[] },
        });
        // What is stored was checked when it was written.
        const before = withEntries(old);
        updateManagedFields({ old: undefined, updated: before, manager: 'me', apiVersion: 'apps/v1', schema });
        const updated = withEntries(sent);
        (updated as unknown as { spec: { replicas: number } }).spec.replicas = 7;
        updateManagedFields({ old: before, updated, manager: 'me', apiVersion: 'apps/v1', schema });
        // One entry that says nothing takes all managers off.
        const isReset = sent.length === 1 && Object.values(sent[0]!).every((each) => each === null);
        if (isReset) expect(updated.metadata.managedFields).toBeUndefined();
        else expect(encodeJson(updated.metadata.managedFields)).toContain('f:replicas');
        allows([StatusError], () =>
          applyObject({
            live: before,
            applied: { ...clone(live), metadata: { name: 'web' } } as KubeObject,
            manager: 'me',
            force: false,
            schema,
            apiVersion: 'apps/v1',
          }),
        );
      }),
      runs,
    );
  });
});
