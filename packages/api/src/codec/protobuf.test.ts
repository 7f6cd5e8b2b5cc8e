import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { builtinKinds } from '../builtin.ts';
import { objectSchemaOf, type Schema } from '../schema.ts';
import { decodeProtobuf, encodeMessage, encodeProtobuf, encodeWatchEvent, inEnvelope } from './protobuf.ts';
import { ProtobufError } from './protobuf-wire.ts';

const types: Record<string, string> = {
  'v1/Pod': 'core/v1.Pod',
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

  it.each(builtinKinds.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind] as const))(
    'loses nothing of any %s',
    (_name, { apiVersion, kind, type }) => {
      fc.assert(
        fc.property(anyOf(objectSchemaOf(type), 5), (value) => {
          const object = { ...(canonical(value, objectSchemaOf(type)) as object), apiVersion, kind };
          expect(decodeProtobuf(encodeProtobuf(object, type), () => type)).toEqual(object);
        }),
        { numRuns: 40 },
      );
    },
  );

  it('carries a time that is none as the value of a map', () => {
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', status: { disruptedPods: { a: null } } };
    const bytes = encodeProtobuf(budget, 'policy/v1.PodDisruptionBudget');
    expect(decodeProtobuf(bytes, () => 'policy/v1.PodDisruptionBudget')).toMatchObject(budget);
  });

  it('reads of a finer time the microseconds', () => {
    // {spec: {acquireTime: {seconds: 1, nanos: 2999}}}
    const message = Buffer.from('1207' + '1a05' + '0801' + '10b717', 'hex');
    const bytes = inEnvelope('coordination.k8s.io/v1', 'Lease', message);
    expect(decodeProtobuf(bytes, () => 'coordination/v1.Lease')).toMatchObject({
      spec: { acquireTime: '1970-01-01T00:00:01.000002Z' },
    });
  });

  it('writes each form of a schema within a schema as a message of its own', () => {
    const props = {
      type: 'object',
      items: { type: 'string' },
      additionalProperties: false,
      additionalItems: { type: 'integer' },
      properties: { a: { items: [{ type: 'string' }, { default: { x: null } }], additionalProperties: true } },
      dependencies: { b: ['c', 'd'], e: { required: ['f'] }, __proto__x: [] },
    };
    const type = 'apiextensions/v1.CustomResourceValidation';
    const object: object = { openAPIV3Schema: props };
    const decoded = decodeProtobuf(encodeProtobuf(object, type), () => type);
    expect(decoded).toEqual({ apiVersion: '', kind: '', ...object });
    const only = (schema: object) => encodeMessage(schema, 'apiextensions/v1.JSONSchemaProps').toString('hex');
    // Field 30: {allows: true, schema: {type: "x"}}, and {allows: false}; field 24: {jsonSchemas: [{type: "x"}]}.
    expect(only({ additionalProperties: { type: 'x' } })).toBe('f2010708011203' + '2a0178');
    expect(only({ additionalProperties: false })).toBe('f201020800');
    expect(only({ items: [{ type: 'x' }] })).toBe('c2010512032a0178');
  });

  it('frames a watch event by its length', () => {
    const object = encodeProtobuf({ apiVersion: 'v1', kind: 'Pod' }, 'core/v1.Pod');
    const event = encodeWatchEvent('ADDED', object);
    expect(event.readUInt32BE(0)).toBe(event.length - 4);
    expect(event.subarray(4, 11).toString('latin1')).toBe('\n\u0005ADDED');
    expect(event.subarray(-object.length)).toEqual(object);
  });

  it('reads no more items of lists than are wanted, those of lists in them included', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', finalizers: ['a'] },
      spec: { containers: [{ name: 'a', args: ['x', 'y'] }, { name: 'b' }] },
      status: {},
    };
    const bytes = encodeProtobuf(pod, 'core/v1.Pod');
    expect(decodeProtobuf(bytes, typeOf, 5)).toMatchObject({ spec: { containers: [{ name: 'a' }, { name: 'b' }] } });
    expect(() => decodeProtobuf(bytes, typeOf, 4)).toThrow(new ProtobufError('message contains more than 4 items'));
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

/** An object as JSON shows it: what is zero and optional is left out, unless zero and unset differ. */
function canonical(value: unknown, schema: Schema): unknown {
  if (schema.is === 'list') return (value as unknown[]).map((each) => canonical(each, schema.items));
  if (schema.is === 'map')
    return Object.fromEntries(
      Object.entries(value as object).map(([key, each]) => [key, canonical(each, schema.values)]),
    );
  if (schema.is === 'scalar') return value;
  const kept: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value as object)) {
    const { row, schema: inner } = schema.fields.get(name)!;
    const shown = canonical(each, inner);
    const zero =
      shown === '' ||
      shown === 0 ||
      shown === false ||
      (inner.is === 'object' && Object.keys(shown as object).length === 0);
    if (!(zero && row.optional && !row.pointer)) kept[name] = shown;
  }
  return kept;
}

const known = new Map<Schema, fc.Arbitrary<unknown>[]>();

/** Any value of a schema, at most so many levels deep; only what has one way to be written. */
function anyOf(schema: Schema, levels: number): fc.Arbitrary<unknown> {
  const made = known.get(schema) ?? [];
  known.set(schema, made);
  made[levels] ??= build(schema, levels);
  return made[levels];
}

const unions: Record<string, unknown[]> = {
  items: [{ type: 'string' }, [{ type: 'string' }, { format: 'x' }]],
  additionalProperties: [true, false, { type: 'string' }],
  additionalItems: [true, false, { type: 'string' }],
  dependencies: [{ a: ['b'], c: { type: 'string' } }],
  status: [{}],
};

function build(schema: Schema, levels: number): fc.Arbitrary<unknown> {
  switch (schema.is) {
    case 'list':
      return fc.array(anyOf(schema.items, levels - 1), { minLength: 1, maxLength: 2 });
    case 'map':
      return fc.dictionary(fc.string({ minLength: 1 }), anyOf(schema.values, levels - 1), { minKeys: 1, maxKeys: 2 });
    case 'object': {
      const fields = [...schema.fields.values()].filter(
        ({ schema: inner, row }) => row.tag !== undefined && (levels > 0 || inner.is === 'scalar'),
      );
      const isUnion = schema.name.startsWith('apiextensions/v1.');
      const shape = Object.fromEntries(
        fields.map(({ name, row, schema: inner }) => [
          name,
          isUnion && /any$/.test(row.type) && unions[name]
            ? fc.constantFrom(...unions[name])
            : anyOf(inner, levels - 1),
        ]),
      );
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
          return fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }));
        case 'double':
          return fc.double({ noNaN: true });
        case 'bytes':
          return fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString('base64'));
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
