import type { JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { type Call, callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const pages = '/apis/example.com/v1/namespaces/default/pages';
const text: JSONSchemaProps = { type: 'string' };
const nullable: JSONSchemaProps = { type: 'string', nullable: true };
const spec: JSONSchemaProps = {
  type: 'object',
  properties: {
    title: text,
    theme: { type: 'string', default: 'light' },
    note: nullable,
    author: { type: 'object', nullable: true, properties: { name: text, note: nullable } },
    labels: { type: 'object', additionalProperties: nullable },
    any: { 'x-kubernetes-preserve-unknown-fields': true },
    parts: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
      items: { type: 'object', required: ['id'], properties: { id: text, note: nullable } },
    },
  },
};

let server: TestServer;
let call: Call;

beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
  await define(call, definitionOf('Page', [versionOf({ spec })]));
});
afterAll(() => server.close());

const page = (name: string, it: object) => ({
  apiVersion: 'example.com/v1',
  kind: 'Page',
  metadata: { name },
  spec: it,
});

const apply = (name: string, it: object, manager = 'me') =>
  call('PATCH', `${pages}/${name}?fieldManager=${manager}`, page(name, it), {
    'content-type': 'application/apply-patch+yaml',
  });

/** What a manager owns below spec. */
const owned = (
  body: { metadata: { managedFields: { manager: string; fieldsV1: Record<string, unknown> }[] } },
  by: string,
) => body.metadata.managedFields.find(({ manager }) => manager === by)?.fieldsV1['f:spec'];

describe('a null in a custom resource', () => {
  it('is owned by who wrote it', async () => {
    const wrote = page('written', {
      note: null,
      author: { name: null, note: null },
      labels: { a: null },
      any: { x: null, y: [null] },
      parts: [{ id: 'p', note: null }],
    });
    const { body } = await call('POST', `${pages}?fieldManager=me`, wrote);
    expect(body.spec).toEqual({
      note: null,
      author: { note: null },
      labels: { a: null },
      any: { x: null, y: [null] },
      parts: [{ id: 'p', note: null }],
      theme: 'light',
    });
    expect(owned(body, 'me')).toEqual({
      '.': {},
      'f:note': {},
      'f:author': { '.': {}, 'f:note': {} },
      'f:labels': { '.': {}, 'f:a': {} },
      'f:any': { '.': {}, 'f:x': {}, 'f:y': {} },
      'f:parts': { '.': {}, 'k:{"id":"p"}': { '.': {}, 'f:id': {}, 'f:note': {} } },
      'f:theme': {},
    });
  });

  it('is a change of a value, and is changed by one', async () => {
    await call('POST', `${pages}?fieldManager=a`, page('changed', { note: 'x' }));
    const patch = (note: string | null, by: string) =>
      call('PATCH', `${pages}/changed?fieldManager=${by}`, [{ op: 'add', path: '/spec/note', value: note }], {
        'content-type': 'application/json-patch+json',
      });
    const emptied = await patch(null, 'b');
    expect([owned(emptied.body, 'a'), owned(emptied.body, 'b')]).toEqual([
      { '.': {}, 'f:theme': {} },
      { 'f:note': {} },
    ]);
    const filled = await patch('y', 'a');
    expect([owned(filled.body, 'a'), owned(filled.body, 'b')]).toEqual([
      { '.': {}, 'f:theme': {}, 'f:note': {} },
      undefined,
    ]);
  });

  it('is dropped where none is allowed, unless it was applied', async () => {
    const created = await call('POST', pages, page('dropped', { title: null, author: { name: null } }));
    expect(created.body.spec).toEqual({ author: {}, theme: 'light' });
    const refused = await apply('applied', { title: null });
    expect(refused).toMatchObject({
      status: 422,
      body: {
        message:
          'Page.example.com "applied" is invalid: spec.title: Invalid value: "null": spec.title in body must be of type string: "null"',
      },
    });
    const filled = await apply('applied', { theme: null, note: null });
    expect(filled).toMatchObject({ status: 201, body: { spec: { theme: 'light', note: null } } });
    expect(owned(filled.body, 'me')).toEqual({ 'f:theme': {}, 'f:note': {} });
    const untyped = await apply('untyped', { any: null });
    expect(untyped.body.spec).toEqual({ theme: 'light' });
    expect(owned(untyped.body, 'me')).toEqual({ 'f:any': {} });
  });
});

describe('a status of null', () => {
  const parts = '/apis/example.com/v1/namespaces/default/parts';
  const report = (name: string, status: unknown) =>
    call(
      'PATCH',
      `${parts}/${name}/status?fieldManager=me&force=true`,
      { apiVersion: 'example.com/v1', kind: 'Part', metadata: { name }, status },
      { 'content-type': 'application/apply-patch+yaml' },
    );

  beforeAll(async () => {
    const status: JSONSchemaProps = { type: 'object', required: ['phase'], properties: { phase: text } };
    await define(call, definitionOf('Part', [{ ...versionOf({ status }), subresources: { status: {} } }]));
    for (const name of ['new', 'old']) {
      await call('POST', parts, { apiVersion: 'example.com/v1', kind: 'Part', metadata: { name } });
    }
  });

  it('is as none where there was none, and is owned', async () => {
    const { status, body } = await report('new', null);
    expect([status, body.status]).toEqual([200, undefined]);
    expect(body.metadata.managedFields).toEqual([
      expect.objectContaining({ manager: 'me', subresource: 'status', fieldsV1: { 'f:status': {} } }),
    ]);
  });

  it('is refused where there was one', async () => {
    await call(
      'PATCH',
      `${parts}/old/status`,
      { status: { phase: 'x' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    const { status, body } = await report('old', null);
    expect([status, body.status?.phase ?? body.message]).toEqual([200, 'x']);
  });
});
