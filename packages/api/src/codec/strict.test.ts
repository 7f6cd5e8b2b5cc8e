import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { objectSchemaOf } from '../schema.ts';
import { decodeJson } from './json.ts';
import { checkObject, DecodeError, decodeObject } from './strict.ts';

const deployment = objectSchemaOf('apps/v1.Deployment');
const podSchema = objectSchemaOf('core/v1.Pod');
const secret = objectSchemaOf('core/v1.Secret');

const withSpec = (spec: unknown): unknown => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a' },
  spec,
});
const withPod = (spec: unknown): unknown => withSpec({ template: { spec } });
const pod = (spec: unknown, metadata: unknown = {}): unknown => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec });

describe('checkObject', () => {
  it.each([
    ['no object', [], 'json: cannot unmarshal array into Go value of type v1.Deployment'],
    [
      'a string for a number',
      withSpec({ replicas: '3' }),
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a fraction',
      withSpec({ replicas: 1.5 }),
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'too much for 32 bits',
      withSpec({ replicas: 2147483648 }),
      'json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'too much for 64 bits',
      withPod({ activeDeadlineSeconds: 2n ** 63n }),
      'json: cannot unmarshal number 9223372036854775808 into Go struct field PodSpec.spec.template.spec.activeDeadlineSeconds of type int64',
    ],
    [
      'a number for a string',
      withPod({ nodeName: 1 }),
      'json: cannot unmarshal number into Go struct field PodSpec.spec.template.spec.nodeName of type string',
    ],
    [
      'a string for a bool',
      withSpec({ paused: 'true' }),
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool',
    ],
    [
      'an object for a list',
      withPod({ containers: {} }),
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    [
      'a string for a struct',
      withSpec({ template: 'x' }),
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec',
    ],
    [
      'a list for a map',
      { metadata: { labels: [] } },
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      'a number in a map',
      { metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'a field deep in lists',
      withPod({ containers: [{ name: 'a' }, { ports: [{ containerPort: '80' }] }] }),
      'json: cannot unmarshal string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32',
    ],
    [
      'a bad quantity',
      withPod({ containers: [{ resources: { limits: { cpu: 'many' } } }] }),
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      'a quantity of another kind',
      withPod({ containers: [{ resources: { limits: { cpu: true } } }] }),
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      'a bad time',
      { metadata: { creationTimestamp: 'now' } },
      'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
    ],
    [
      'a time of another kind',
      { metadata: { creationTimestamp: 5 } },
      'json: cannot unmarshal number into Go value of type string',
    ],
    [
      'a bad int-or-string',
      withSpec({ strategy: { rollingUpdate: { maxSurge: true } } }),
      'json: cannot unmarshal bool into Go value of type int32',
    ],
    [
      'a fraction for an int-or-string',
      withSpec({ strategy: { rollingUpdate: { maxSurge: 0.5 } } }),
      'json: cannot unmarshal number 0.5 into Go value of type int32',
    ],
  ])('refuses %s', (_, value, message) => {
    expect(() => checkObject(value, deployment)).toThrow(new DecodeError(message));
  });

  it.each([
    ['YWJ', 0],
    ['Y', 0],
    ['YWJjY', 4],
    ['YW=', 3],
    ['YWJj!', 4],
    ['YW==x', 4],
    ['YWJjYWJj=', 8],
    ['YW J', 2],
  ])('refuses %j, which is no base64', (data, at) => {
    expect(() => checkObject({ data: { a: data } }, secret)).toThrow(
      new DecodeError(`illegal base64 data at input byte ${at}`),
    );
  });

  it('names unknown fields by their path, and only those', () => {
    const value = {
      ...(withPod({
        containers: [
          { name: 'a', foo: 1 },
          { name: 'b', Image: 'x' },
        ],
        hostname: 'h',
      }) as object),
      extra: { a: { b: 1 } },
      metadata: { labels: { anything: 'goes' }, managedFields: [{ fieldsV1: { 'f:x': {} } }], Name: 'x' },
    };
    expect(checkObject(value, deployment).unknown.sort()).toEqual([
      'extra',
      'metadata.Name',
      'spec.template.spec.containers[0].foo',
      'spec.template.spec.containers[1].Image',
    ]);
  });

  it('names fields that every object inherits', () => {
    const value = decodeJson('{"metadata":{"__proto__":1,"constructor":2}}').value;
    expect(checkObject(value, deployment).unknown).toEqual(['metadata.__proto__', 'metadata.constructor']);
  });
});

describe('decodeObject', () => {
  const decoded = (spec: unknown, metadata: unknown = {}): Record<string, unknown> =>
    decodeObject<Record<string, unknown>>(pod(spec, metadata), podSchema).object;

  it('drops unknown fields, nulls and optional zero values', () => {
    const spec = {
      hostNetwork: false,
      nodeName: '',
      volumes: [],
      nodeSelector: {},
      priority: null,
      bogus: 1,
      containers: [],
    };
    expect(decoded(spec, { generation: 0, labels: null })).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {},
      spec: { containers: [] },
      status: {},
    });
  });

  it('keeps zero values that differ from unset, and required ones', () => {
    const spec = {
      terminationGracePeriodSeconds: 0,
      shareProcessNamespace: false,
      containers: [{ name: '', env: [{ name: 'A', value: '' }] }],
    };
    expect(decoded(spec)['spec']).toEqual({
      terminationGracePeriodSeconds: 0,
      shareProcessNamespace: false,
      containers: [{ name: '', env: [{ name: 'A' }], resources: {} }],
    });
  });

  it('fills in structs that are always there, at every depth', () => {
    expect(decodeObject({ kind: 'Deployment' }, deployment).object).toEqual({
      kind: 'Deployment',
      metadata: {},
      spec: { strategy: {}, template: { metadata: {}, spec: {} } },
      status: {},
    });
    expect(decodeObject({ metadata: {} }, objectSchemaOf('core/v1.Service')).object).toEqual({
      metadata: {},
      spec: {},
      status: { loadBalancer: {} },
    });
  });

  it('writes quantities and times canonically', () => {
    const spec = { containers: [{ name: 'a', resources: { limits: { cpu: 0.5, memory: '1024Mi', 'x/y': '1e3' } } }] };
    const object = decoded(spec, { creationTimestamp: '2026-01-01T01:00:00.5+01:00' });
    expect(object).toMatchObject({
      metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { containers: [{ resources: { limits: { cpu: '500m', memory: '1Gi', 'x/y': '1e3' } } }] },
    });
    const lease = decodeObject(
      { spec: { renewTime: '2026-01-01T00:00:00.5Z' } },
      objectSchemaOf('coordination/v1.Lease'),
    ).object;
    expect(lease).toMatchObject({ spec: { renewTime: '2026-01-01T00:00:00.500000Z' } });
  });

  it('reads null in a list or map as the zero value', () => {
    expect(decoded({ containers: [null] }, { labels: { a: null }, finalizers: [null] })).toMatchObject({
      metadata: { labels: { a: '' }, finalizers: [''] },
      spec: { containers: [{ resources: {} }] },
    });
  });

  it('keeps integers of 64 bits', () => {
    expect(decoded({ activeDeadlineSeconds: 2n ** 63n - 1n })['spec']).toEqual({
      activeDeadlineSeconds: 2n ** 63n - 1n,
    });
  });

  it('keeps what has no type as it is', () => {
    const data = { replicas: '3', nested: [null, { a: 0 }], __proto: 1 };
    expect(decodeObject({ data }, objectSchemaOf('apps/v1.ControllerRevision')).object).toMatchObject({ data });
  });

  it('keeps keys of maps that JavaScript objects treat specially', () => {
    const { value } = decodeJson('{"metadata":{},"data":{"__proto__":"x","a":null}}');
    const { object } = decodeObject(value, objectSchemaOf('core/v1.ConfigMap'));
    expect(JSON.stringify(object)).toBe('{"metadata":{},"data":{"__proto__":"x","a":""}}');
  });

  it('accepts bytes as a list of numbers and base64 over several lines', () => {
    expect(decodeObject({ data: { a: [97, 98], b: 'YW\nJj' } }, secret).object).toMatchObject({
      data: { a: 'YWI=', b: 'YWJj' },
    });
  });

  it('does not change the value, and shares what needs no change', () => {
    const value = pod({ containers: [{ name: 'a', resources: {}, bogus: 1 }], tolerations: [{ key: 'k' }] }) as {
      spec: { tolerations: unknown };
    };
    const before = structuredClone(value);
    const { object } = decodeObject<typeof value>(value, podSchema);
    expect(value).toEqual(before);
    expect(object.spec.tolerations).toBe(value.spec.tolerations);
  });

  it('is idempotent', () => {
    const values = fc.letrec((tie) => ({
      spec: fc.record(
        {
          containers: fc.array(tie('container'), { maxLength: 3 }),
          hostNetwork: fc.option(fc.boolean()),
          nodeName: fc.option(fc.string()),
          nodeSelector: fc.option(fc.dictionary(fc.string(), fc.option(fc.string()))),
          priority: fc.option(fc.integer({ min: -5, max: 5 })),
          unknown: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
      container: fc.option(
        fc.record(
          {
            name: fc.string(),
            args: fc.option(fc.array(fc.option(fc.string()))),
            resources: fc.option(
              fc.record({
                limits: fc.option(fc.dictionary(fc.string(), fc.constantFrom('0.5', 1, '1000m', '2Gi', null))),
              }),
            ),
          },
          { requiredKeys: [] },
        ),
      ),
    })).spec;
    fc.assert(
      fc.property(values, (spec) => {
        const once = decodeObject(pod(spec), podSchema).object;
        const twice = decodeObject(once, podSchema);
        expect(twice).toEqual({ object: once, unknown: [] });
        expect(twice.object).toBe(once);
      }),
    );
  });
});
