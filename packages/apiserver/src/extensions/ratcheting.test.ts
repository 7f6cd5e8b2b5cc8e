import type { JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { type Call, callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const merge = { 'content-type': 'application/merge-patch+json' };

let server: TestServer;
let call: Call;

beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
});
afterAll(() => server.close());

/** Keeps an object under a schema that takes anything, then holds it to another one; gives the path of the object. */
async function tightened(kind: string, fields: object, schema: JSONSchemaProps): Promise<string> {
  const open: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const under = (openAPIV3Schema: JSONSchemaProps) =>
    define(call, definitionOf(kind, [versionOf({}, { schema: { openAPIV3Schema } })]));
  await under(open);
  const path = `/apis/example.com/v1/namespaces/default/${kind.toLowerCase()}s`;
  await call('POST', path, { apiVersion: 'example.com/v1', kind, metadata: { name: 'it' }, ...fields });
  await under(schema);
  return `${path}/it`;
}

describe('a change of an object that has become invalid', () => {
  it('is refused where the error is of the whole object, even if it changes nothing', async () => {
    const required = await tightened(
      'Reqd',
      {},
      { type: 'object', required: ['size'], properties: { size: { type: 'integer' } } },
    );
    expect(await call('PATCH', required, {}, merge)).toMatchObject({
      status: 422,
      body: { message: 'Reqd.example.com "it" is invalid: size: Required value' },
    });
    const ruled = await tightened(
      'Ruled',
      {},
      {
        type: 'object',
        properties: { size: { type: 'integer' } },
        'x-kubernetes-validations': [{ rule: 'has(self.size)' }],
      },
    );
    expect(await call('PATCH', ruled, {}, merge)).toMatchObject({
      status: 422,
      body: {
        message: 'Ruled.example.com "it" is invalid: <nil>: Invalid value: failed rule: has(self.size)',
        details: { causes: [{ field: '<nil>' }] },
      },
    });
  });

  it('is let through where a part that the schema describes is as it was', async () => {
    const spec: JSONSchemaProps = {
      type: 'object',
      required: ['b'],
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    };
    const path = await tightened('Part', { spec: { a: 'x' } }, { type: 'object', properties: { spec } });
    expect((await call('PATCH', path, { metadata: { labels: { a: 'b' } } }, merge)).status).toBe(200);
    expect((await call('PATCH', path, { spec: { a: 'y' } }, merge)).status).toBe(422);
  });

  it('is refused where a part has fields that its schema keeps without describing them', async () => {
    const spec: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, minProperties: 2 };
    const path = await tightened('Loose', { spec: { a: 'x' } }, { type: 'object', properties: { spec } });
    expect(await call('PATCH', path, { metadata: { labels: { a: 'b' } } }, merge)).toMatchObject({
      status: 422,
      body: {
        message:
          'Loose.example.com "it" is invalid: spec: Invalid value: 1: spec in body should have at least 2 properties',
      },
    });
  });
});
