import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { objectSchemaOf, type Schema } from '../schema.ts';
import { decodeProtobuf, encodeProtobuf } from './protobuf.ts';
import { ProtobufError } from './protobuf-wire.ts';

const types: Record<string, string> = {
  'v1/Pod': 'core/v1.Pod',
  'apps/v1/Deployment': 'apps/v1.Deployment',
  'v1/DeleteOptions': 'meta/v1.DeleteOptions',
};
const typeOf = (apiVersion: string, kind: string) => types[`${apiVersion}/${kind}`];

describe('protobuf', () => {
  it('reads what an independent encoder wrote: a delete with a grace period', () => {
    // magic, typeMeta {apiVersion: "v1", kind: "DeleteOptions"}, raw {gracePeriodSeconds: 5}
    const bytes = Buffer.from(
      '6b387300' +
        '0a13' +
        '0a02' +
        '7631' +
        '120d' +
        Buffer.from('DeleteOptions').toString('hex') +
        '1202' +
        '0805' +
        '1a00' +
        '2200',
      'hex',
    );
    expect(decodeProtobuf(bytes, typeOf)).toEqual({ apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 5 });
  });

  it('leaves out what is zero and optional, and keeps what is zero and pointed to', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', generation: 0 },
      spec: { containers: [], hostNetwork: false, terminationGracePeriodSeconds: 0 },
      status: {},
    };
    expect(decodeProtobuf(encodeProtobuf(pod, 'core/v1.Pod'), typeOf)).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { terminationGracePeriodSeconds: 0 },
    });
  });

  it('carries maps, inlined structs, quantities, times, ports by name and odd keys', () => {
    const labels = JSON.parse('{"__proto__": "kept", "a": "b"}') as Record<string, string>;
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', labels, creationTimestamp: '2026-01-02T03:04:05Z' },
      spec: {
        containers: [
          {
            name: 'c',
            resources: { limits: { cpu: '100m', memory: '1Gi' } },
            livenessProbe: { httpGet: { path: '/x', port: 'http' }, periodSeconds: 3 },
            readinessProbe: { tcpSocket: { port: 80 } },
          },
        ],
        volumes: [{ name: 'v', configMap: { name: 'm', items: [{ key: 'k', path: 'p', mode: 0o400 }] } }],
      },
    };
    expect(decodeProtobuf(encodeProtobuf(pod, 'core/v1.Pod'), typeOf)).toEqual(pod);
  });

  it('keeps every deployment of its type through both directions', () => {
    fc.assert(
      fc.property(anyOf(objectSchemaOf('apps/v1.Deployment'), 5), (value) => {
        const object = { ...(value as object), apiVersion: 'apps/v1', kind: 'Deployment' };
        const once = decodeProtobuf(encodeProtobuf(object, 'apps/v1.Deployment'), typeOf);
        expect(decodeProtobuf(encodeProtobuf(once, 'apps/v1.Deployment'), typeOf)).toEqual(once);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses damaged input with an error of its own, whatever it is', () => {
    const good = encodeProtobuf(
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }] } } as object,
      'core/v1.Pod',
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bad = Buffer.from(good);
        bad[at] = byte;
        try {
          decodeProtobuf(bad, typeOf);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }),
    );
    expect(() => decodeProtobuf(good.subarray(0, good.length - 9), typeOf)).toThrow('unexpected EOF');
    expect(() => decodeProtobuf(Buffer.from('{}'), typeOf)).toThrow(
      'provided data does not appear to be a protobuf message',
    );
  });
});

/** Any value of a schema, at most so many levels deep; only what has one way to be written. */
function anyOf(schema: Schema, levels: number): fc.Arbitrary<unknown> {
  switch (schema.is) {
    case 'list':
      return fc.array(anyOf(schema.items, levels - 1), { minLength: 1, maxLength: 2 });
    case 'map':
      return fc.dictionary(fc.string({ minLength: 1 }), anyOf(schema.values, levels - 1), { minKeys: 1, maxKeys: 2 });
    case 'object': {
      const fields = [...schema.fields.values()].filter(({ schema: inner }) => levels > 0 || inner.is === 'scalar');
      const shape = Object.fromEntries(fields.map((field) => [field.name, anyOf(field.schema, levels - 1)]));
      return fc.record(shape, { requiredKeys: [] });
    }
    case 'scalar':
      switch (schema.scalar) {
        case 'string':
          return fc.string();
        case 'bool':
          return fc.boolean();
        case 'int32':
          return fc.integer();
        case 'int64':
          return fc.maxSafeInteger();
        case 'double':
          return fc.double({ noNaN: true });
        case 'bytes':
          return fc.base64String();
        case 'time':
          return fc.constant('2026-01-02T03:04:05Z');
        case 'microTime':
          return fc.constant('2026-01-02T03:04:05.000006Z');
        case 'duration':
          return fc.constant('1m30s');
        case 'quantity':
          return fc.constantFrom('1', '500m', '2Gi');
        case 'intOrString':
          return fc.oneof(fc.nat(65_535), fc.constant('25%'));
        case 'any':
          return fc.constantFrom({ a: 1 }, { b: 'c' });
      }
  }
}
