import { builtinKinds } from '@coracle/api/builtin';
import { pod } from '@coracle/api/core/v1/pod';
import type { KubeObject } from '@coracle/api/kind';
import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  encodeServed,
  encodeStored,
  headOf,
  readStored,
  replaceResourceVersion,
  withResourceVersion,
} from './encoding.ts';
import { imprintOf } from './imprint.ts';
import { withoutManagedFields } from './managed-part.ts';

const bare = (): KubeObject => {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'b', uid: 'c' },
    spec: { containers: [{ name: 'c', image: 'd', ports: [{ containerPort: 80 }] }] },
  };
  return object;
};

const whole = (): KubeObject => {
  const object = bare();
  pod.defaults!(object as never);
  return object;
};

describe('an object is read from the store', () => {
  test('and served in the bytes it was written in, where nothing is missing in it', () => {
    const stored = encodeStored(pod, whole());
    const { object, body } = readStored(pod, stored, 7);
    expect(body.toString()).toBe(encodeServed(pod, whole(), 7).toString());
    expect(object).toEqual({ ...whole(), metadata: { ...whole().metadata, resourceVersion: '7' } });
  });

  test('with the defaults that came after it was written', () => {
    const { body } = readStored(pod, encodeStored(pod, bare()), 7);
    expect(body.toString()).toBe(encodeServed(pod, whole(), 7).toString());
    expect(JSON.parse(body.toString()).spec.containers[0].ports[0].protocol).toBe('TCP');
  });

  const managed = [
    {
      manager: 'a',
      operation: 'Update',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'k:{"a":"}]"}': {}, '\\': {} } },
    },
  ];

  test('with managed fields in its bytes, whether defaults are missing in it or not', () => {
    for (const made of [whole(), bare()]) {
      made.metadata.managedFields = managed;
      const { object, body } = readStored(pod, encodeStored(pod, made), 7);
      const complete = { ...whole(), metadata: { ...whole().metadata, managedFields: managed } };
      expect(body.toString()).toBe(encodeServed(pod, complete, 7).toString());
      expect(object).toMatchObject({ spec: (whole() as Pod).spec });
    }
  });

  test.each([
    ['in another order', ({ metadata, ...rest }: KubeObject) => ({ metadata, ...rest })],
    [
      'with a resourceVersion',
      ({ metadata, ...rest }: KubeObject) => ({ ...headless(rest), metadata: { resourceVersion: '3', ...metadata } }),
    ],
    [
      'with a selfLink',
      ({ metadata, ...rest }: KubeObject) => ({ ...headless(rest), metadata: { selfLink: '/x', ...metadata } }),
    ],
  ])('and put in order where others wrote it %s', (_, write) => {
    const { body } = readStored(pod, Buffer.from(JSON.stringify(write(whole()))), 7);
    expect(body.toString()).toBe(encodeServed(pod, whole(), 7).toString());
  });

  test('and ends with its last brace, whatever stood behind it', () => {
    const stored = Buffer.concat([encodeStored(pod, whole()), Buffer.from('\n')]);
    expect(readStored(pod, stored, 7).body.toString()).toBe(encodeServed(pod, whole(), 7).toString());
  });

  test.each(builtinKinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind] as const))(
    '%s: the defaults of an object that has them change nothing',
    (_, kind) => {
      const object = { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name: 'a' } } as KubeObject;
      const first = readStored(kind, encodeStored(kind, object), 7);
      const again = readStored(kind, encodeStored(kind, first.object), 7);
      expect(again.body.toString()).toBe(first.body.toString());
    },
  );
});

test('bytes that a cache keeps are alone in their memory', () => {
  const stored = encodeStored(pod, whole());
  const made = withResourceVersion(pod, stored, 7);
  for (const bytes of [stored, made, replaceResourceVersion(pod, made, 1234), readStored(pod, stored, 7).body]) {
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  }
  expect(replaceResourceVersion(pod, made, 1234).toString()).toBe(encodeServed(pod, whole(), 1234).toString());
});

const headless = (object: object) => ({ kind: 'Pod', apiVersion: 'v1', ...object });

describe('imprintOf', () => {
  const filled = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.integer({ min: 1 }),
    fc.constant(true),
    fc.constant({}),
    fc.constant([]),
  );
  const empty = fc.constantFrom<unknown>(undefined, '', 0, false, null);
  const around = fc.dictionary(fc.string(), fc.jsonValue());

  test('differs where something was filled in', () => {
    fc.assert(
      fc.property(around, fc.string(), empty, filled, (others, key, before, after) => {
        const object = (value: unknown) => ({ ...others, spec: { before: 1, of: { [key]: value }, after: 2 } });
        expect(imprintOf(object(after))).not.toBe(imprintOf(object(before)));
      }),
    );
  });

  test('is the same for what was left alone, and what nests very deep is never like itself', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), (value) =>
        expect(imprintOf(value)).toBe(imprintOf(structuredClone(value))),
      ),
    );
    let deep: unknown = 1;
    for (let i = 0; i < 5_000; i++) deep = [deep];
    expect(imprintOf(deep)).not.toBe(imprintOf(deep));
  });
});

describe('withoutManagedFields', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('"', '\\', '}]', '"managedFields":[', 'é'));
  const value = fc.oneof(text, fc.array(text), fc.dictionary(text, fc.array(text)));
  const named = fc.record({ managedFields: fc.array(fc.dictionary(text, value)) }, { requiredKeys: [] });
  const fields = fc.tuple(fc.dictionary(text, value), named, fc.dictionary(text, value));

  test('leaves out the managed fields of the metadata, and nothing else of that name', () => {
    fc.assert(
      fc.property(fields, fc.oneof(value, named), ([before, own, after], spec) => {
        const metadata = { ...before, ...own, ...after };
        const stored = encodeStored(pod, { ...bare(), metadata, spec } as never);
        const { managedFields: _, ...rest } = metadata;
        const left = withoutManagedFields(stored, headOf(pod).length);
        expect(JSON.parse(left.toString())).toEqual(JSON.parse(JSON.stringify({ ...bare(), metadata: rest, spec })));
        expect(typeof left).toBe(own.managedFields ? 'string' : 'object');
      }),
    );
  });
});
