import { encodeJson } from '@coracle/api/codec/json';
import type { JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { type Call, callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const path = '/apis/example.com/v1/namespaces/default/odds';
const apply = { 'content-type': 'application/apply-patch+yaml' };

let server: TestServer;
let call: Call;
/** What the server said of bugs. */
const said: string[] = [];

const any: JSONSchemaProps = { 'x-kubernetes-preserve-unknown-fields': true };
const spec: JSONSchemaProps = {
  type: 'object',
  properties: {
    text: { type: 'string', pattern: '^(a+)+$', maxLength: 20, format: 'hostname', default: 'aaa' },
    number: { type: 'integer', minimum: 1, multipleOf: 2 },
    list: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', required: ['k'], properties: { k: { type: 'string' }, v: any } },
    },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    map: { type: 'object', additionalProperties: { type: 'integer', nullable: true } },
    one: { type: 'object', properties: { a: any, b: any }, oneOf: [{ required: ['a'] }, { required: ['b'] }] },
    raw: any,
    pod: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  },
};

beforeAll(async () => {
  const log = { error: (_: object, message: string) => void said.push(message), warn: () => undefined };
  server = await startApiServer({ log });
  call = callsTo(server.url);
  await define(
    call,
    definitionOf('Odd', [
      versionOf(
        { spec, status: any },
        { subresources: { status: {}, scale: { specReplicasPath: '.spec.number', statusReplicasPath: '.status.n' } } },
      ),
    ]),
  );
});
afterAll(() => server.close());

describe('custom resources', () => {
  it('take any content without trouble', async () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('a', 2, null, ['x', 'x'], [{ k: 'a' }, { k: 'a' }], { a: 1 }),
    );
    const content = fc.dictionary(fc.constantFrom(...Object.keys(spec.properties!), '__proto__', 'odd'), value);
    await fc.assert(
      fc.asyncProperty(content, fc.constantFrom('spec', 'status', 'metadata'), async (part, field) => {
        const object = { apiVersion: 'example.com/v1', kind: 'Odd', metadata: { name: 'odd' }, [field]: part };
        for (const answer of [
          await call('POST', path, object),
          await call('PATCH', `${path}/odd?fieldManager=a&force=true`, object, apply),
          await call('PATCH', `${path}/odd?fieldManager=b`, object, apply),
          await call('PUT', `${path}/odd`, object),
          await call('PATCH', `${path}/odd/status`, object, { 'content-type': 'application/merge-patch+json' }),
          await call('GET', `${path}/odd/scale`),
        ]) {
          // What does not fit a type when it is applied is upstream's 500, and so is a scale without replicas.
          if (answer.status >= 500) {
            expect(answer.body.message).toMatch(
              /^failed to create typed patch object|the spec replicas field .* does not exist$/,
            );
          }
        }
        await call('DELETE', `${path}/odd`);
      }),
      { numRuns: 60 },
    );
  });

  it('are held to evil patterns, however long they are', async () => {
    const evil: readonly [pattern: string, part: string, end: string, matches: boolean][] = [
      ['^(a+)+$', 'a', '!', false],
      ['^(a|aa)+$', 'a', '!', false],
      ['^(a|a?)+$', 'a', '!', false],
      ['^([a-z]+)*[0-9]$', 'a', '!', false],
      ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a', '', false],
      ['^(.*)(.*)(.*)(.*)(.*)=$', 'a', '!', false],
      ['^((a?){30}a{30})+$', 'a', '!', false],
      ['(x+x+)+y', 'x', '', false],
      ['^([a-z0-9]([-a-z0-9]*[a-z0-9])?)+([.][a-z]+)*$', 'a-a', '!', false],
      ['^(a+)+b$', 'a', 'b', true],
    ];
    const properties = Object.fromEntries(evil.map(([pattern], i) => [`p${i}`, { type: 'string', pattern }]));
    await define(call, definitionOf('Evil', [versionOf({ spec: { type: 'object', properties } })]));
    const where = '/apis/example.com/v1/namespaces/default/evils';
    for (const [i, [pattern, part, end, matches]] of evil.entries()) {
      const text = part.repeat(300_000 / part.length) + end;
      const send = (metadata: object, value: string) =>
        call('POST', where, { apiVersion: 'example.com/v1', kind: 'Evil', metadata, spec: { [`p${i}`]: value } });
      const { status, body } = await send({ name: `evil-${i}` }, text);
      expect([pattern, status]).toEqual([pattern, matches ? 201 : 422]);
      if (!matches) expect(body.message).toContain(`in body should match '${pattern}'`);
      expect((await send({ generateName: 'short-' }, '!'.repeat(40))).status).toBe(422);
    }
  });

  it('are refused where a pattern would hold the server for too long over their text', async () => {
    const pattern = '^((a?){490}a{490})+$';
    const text = { type: 'string', pattern };
    const properties = { text, list: { type: 'array', items: text } };
    await define(call, definitionOf('Vast', [versionOf({ spec: { type: 'object', properties } })]));
    const send = (spec: object) =>
      call('POST', '/apis/example.com/v1/namespaces/default/vasts', {
        apiVersion: 'example.com/v1',
        kind: 'Vast',
        metadata: { name: 'vast' },
        spec,
      });
    const long = await send({ text: 'a'.repeat(2_900_000) });
    expect([long.status, long.body.message]).toEqual([
      422,
      expect.stringContaining(`spec.text in body is too long to be matched with '${pattern}'`),
    ]);
    const many = await send({ list: Array.from({ length: 2_900 }, () => 'a'.repeat(999)) });
    expect([many.status, many.body.details.causes.at(-1).message]).toEqual([
      422,
      expect.stringMatching(/ spec\.list\[\d+\] in body is too long to be matched with /),
    ]);
    expect((await send({ text: 'a'.repeat(980), list: ['a'.repeat(490)] })).status).toBe(201);
  });

  it('keep integers that JavaScript cannot count', async () => {
    const huge = 2n ** 62n;
    const props = { n: { type: 'integer', default: huge, enum: [huge, 1] } } as unknown as Record<
      string,
      JSONSchemaProps
    >;
    const crd = definitionOf('Huge', [versionOf({ spec: { type: 'object', properties: props } })], {
      names: { plural: 'huges', kind: 'Huge' },
    });
    const made = await call('POST', definitions, encodeJson(crd));
    expect(made.status).toBe(201);
    const where = '/apis/example.com/v1/namespaces/default/huges';
    while ((await call('GET', where)).status === 404) {
      // until it is served
    }
    const huger = { apiVersion: 'example.com/v1', kind: 'Huge', metadata: { name: 'a' }, spec: {} };
    const object = await call('POST', where, huger);
    expect(object.text).toContain(`"n":${huge}`);
    expect((await call('GET', '/openapi/v3/apis/example.com/v1')).text).toContain(`"default":${huge}`);
    expect((await call('GET', '/openapi/v2')).status).toBe(200);
  });
});

describe('a custom resource', () => {
  const nested = (depth: number): string =>
    `{"apiVersion":"example.com/v1","kind":"Odd","metadata":{"name":"deep"},"spec":{"raw":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}}`;

  it.each([1_000, 2_000, 5_000, 9_900])('may nest %d deep, or is refused', async (depth) => {
    const created = await call('POST', `${path}?dryRun=All`, nested(depth));
    expect([201, 400]).toContain(created.status);
    const applied = await call('PATCH', `${path}/deep?fieldManager=a&dryRun=All`, nested(depth), apply);
    expect([201, 400]).toContain(applied.status);
    expect(said).toEqual([]);
  });
});

describe('definitions', () => {
  it.each([100, 1_000, 3_000, 9_000])('may nest %d deep, or are refused', async (depth) => {
    const open = '{"type":"object","properties":{"a":'.repeat(depth);
    const schema = `${open}{"type":"string"}${'}}'.repeat(depth)}`;
    const crd = JSON.stringify(definitionOf('Deep', [versionOf({ spec: { type: 'SCHEMA' } })]));
    const { status } = await call('POST', `${definitions}?dryRun=All`, crd.replace('{"type":"SCHEMA"}', schema));
    expect([201, 400, 422]).toContain(status);
  });
});
