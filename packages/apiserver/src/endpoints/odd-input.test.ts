import { builtinKinds } from '@coracle/api/builtin';
import type { AnyKind } from '@coracle/api/kind';
import { objectSchemaOf, type Schema } from '@coracle/api/schema';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { callsToOwnServer } from '../testing/own-server.ts';

const call = callsToOwnServer();

const stored = builtinKinds.filter((kind) => kind.verbs.includes('get') && !kind.isComputed);
const collection = (kind: AnyKind) =>
  `${kind.group === '' ? '/api' : '/apis'}/${kind.apiVersion}${kind.namespaced ? '/namespaces/default' : ''}/${kind.plural}`;

/** Values of a type, mostly right, some odd, some wrong. */
function valuesOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.is === 'list') return fc.array(valuesOf(schema.items, depth - 1), { maxLength: 2 });
  if (schema.is === 'map') {
    return fc.dictionary(fc.constantFrom('a', 'b.c/d', '__proto__', ''), valuesOf(schema.values, depth - 1), {
      maxKeys: 2,
    });
  }
  if (schema.is === 'object') {
    if (depth <= 0) return fc.constantFrom({}, null, undefined);
    const fields: Record<string, fc.Arbitrary<unknown>> = {};
    for (const [name, field] of schema.fields) {
      if (name === 'managedFields') continue;
      // Made when it is drawn: a pod has thousands of fields, few of which a value has.
      fields[name] = fc.boolean().chain((is) => (is ? valuesOf(field.schema, depth - 1) : fc.constant(undefined)));
    }
    return fc.record(fields, { requiredKeys: [] });
  }
  switch (schema.scalar) {
    case 'bool':
      return fc.boolean();
    case 'int32':
    case 'int64':
      return fc.constantFrom(0, 1, -1, 80, 65536, 2147483647);
    case 'double':
      return fc.constantFrom(0, 1.5);
    case 'quantity':
      return fc.constantFrom('1', '100m', '1Gi', '-1', 2);
    case 'intOrString':
      return fc.constantFrom(1, '25%', 'x');
    case 'time':
    case 'microTime':
      return fc.constantFrom('2026-01-01T00:00:00Z', null);
    case 'bytes':
      return fc.constantFrom('', 'eA==', '!');
    default:
      return fc.constantFrom('', 'a', 'A_b', 'TCP', 'ClusterIP', '10.0.0.1', 'Always', 'x'.repeat(300), '\u0000', '☃');
  }
}

describe.each(stored.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind] as const))('%s', (_, kind) => {
  it.each([
    {},
    { metadata: { name: 'odd' } },
    { metadata: null, spec: null, status: null },
    { spec: {}, metadata: { name: 'odd' } },
  ])('is no trouble when all it says is %j', async (body) => {
    const made = await call('POST', collection(kind), body);
    expect(made.status).toBeLessThan(500);
    expect((await call('PUT', `${collection(kind)}/odd`, body)).status).toBeLessThan(500);
    await call('DELETE', `${collection(kind)}/odd`);
  });

  it('is no trouble whatever it says', async () => {
    const values = valuesOf(objectSchemaOf(kind.type), 6);
    await fc.assert(
      fc.asyncProperty(values, fc.boolean(), async (value, named) => {
        const object = { ...(value as object) } as { metadata?: object; kind?: string; apiVersion?: string };
        delete object.kind;
        delete object.apiVersion;
        if (named)
          object.metadata = {
            ...object.metadata,
            name: 'odd',
            namespace: undefined,
            resourceVersion: undefined,
            generateName: undefined,
          };
        const made = await call('POST', `${collection(kind)}`, object);
        if (made.status >= 500)
          expect(made.body.message).toBe('resourceVersion should not be set on objects to be created');
        const patched = await call('PATCH', `${collection(kind)}/odd`, object, {
          'content-type': 'application/merge-patch+json',
        });
        expect(patched.status === 500 ? patched.text : '').toBe('');
        const table = await call('GET', collection(kind), undefined, {
          accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
        });
        expect(table.status === 500 ? table.text : '').toBe('');
        if (made.status === 201 || patched.status === 200) {
          await call('DELETE', `${collection(kind)}/${made.body.metadata?.name ?? 'odd'}?gracePeriodSeconds=0`);
          await call('DELETE', `${collection(kind)}/odd?gracePeriodSeconds=0`);
        }
      }),
      { numRuns: 60 },
    );
  });
});
