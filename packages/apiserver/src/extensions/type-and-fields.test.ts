import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf, versionOf } from '../testing/definitions.ts';
import { type Call, callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const mugs = '/apis/example.com/v1/namespaces/default/mugs';
const merge = { 'content-type': 'application/merge-patch+json' };
const jsonPatch = { 'content-type': 'application/json-patch+json' };

let server: TestServer;
let call: Call;

beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
  const spec = {
    type: 'object',
    properties: { size: { type: 'integer' }, parts: { type: 'array', items: { type: 'string' } } },
  };
  const status = { type: 'object', properties: { phase: { type: 'string' } } };
  await define(call, definitionOf('Mug', [versionOf({ spec, status }, { subresources: { status: {} } })]));
  await call('POST', mugs, mug({}));
});
afterAll(() => server.close());

const mug = (more: object) => ({ apiVersion: 'example.com/v1', kind: 'Mug', metadata: { name: 'it' }, ...more });

/** A message without the object that it shows. */
const problemOf = (message: string): string => message.replace(/"\{.*\}": /, '"…": ');

describe('what a custom resource says it is', () => {
  it.each([
    [
      { kind: 3 },
      "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
    ],
    [
      { apiVersion: 3 },
      "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .apiVersion of type string",
    ],
    [{ apiVersion: 'a/b/c' }, 'unexpected GroupVersion string: a/b/c'],
  ])('a patch that makes it %j is refused', async (patch, problem) => {
    for (const path of [`${mugs}/it`, `${mugs}/it/status`]) {
      const { status, body } = await call('PATCH', path, patch, merge);
      expect([status, problemOf(body.message)]).toEqual([422, ` "" is invalid: patch: Invalid value: "…": ${problem}`]);
    }
  });

  it('an apiVersion of null is none', async () => {
    const problem = '.apiVersion accessor error: <nil> is of the type <nil>, expected string';
    const patched = await call('PATCH', `${mugs}/it`, [{ op: 'replace', path: '/apiVersion', value: null }], jsonPatch);
    expect([patched.status, problemOf(patched.body.message)]).toEqual([
      422,
      ` "" is invalid: patch: Invalid value: "…": ${problem}`,
    ]);
    const sent = await call('POST', mugs, mug({ apiVersion: null }));
    expect([sent.status, sent.body.message]).toEqual([400, `Mug in version "" cannot be handled as a Mug: ${problem}`]);
  });

  it('a patch that makes another kind of it is refused', async () => {
    const { status, body } = await call('PATCH', `${mugs}/it`, { kind: 'Cup', apiVersion: 'v1' }, merge);
    expect([status, body.message]).toEqual([
      422,
      'Cup "it" is invalid: [kind: Invalid value: "Cup": must be Mug, apiVersion: Invalid value: "v1": must be example.com/v1]',
    ]);
  });

  it('does not count in a write of the status', async () => {
    const patched = await call(
      'PATCH',
      `${mugs}/it/status`,
      { kind: 'Cup', apiVersion: 'v1', status: { phase: 'a' } },
      merge,
    );
    expect(patched).toMatchObject({ status: 200, body: { ...mug({}), status: { phase: 'a' } } });
    const updated = await call('PUT', `${mugs}/it/status`, { ...patched.body, kind: 'Cup', status: { phase: 'b' } });
    expect(updated).toMatchObject({ status: 200, body: { ...mug({}), status: { phase: 'b' } } });
    expect((await call('PUT', `${mugs}/it/status`, { ...updated.body, apiVersion: 'v1' })).status).toBe(400);
  });

  it('an apply of what is nothing that can be named is refused', async () => {
    const { body } = await call('PATCH', `${mugs}/it?fieldManager=me`, mug({ apiVersion: 'a/b/c' }), {
      'content-type': 'application/apply-patch+yaml',
    });
    expect(body.message).toBe('invalid object type: /, Kind=');
  });
});

describe('fields a custom resource does not have', () => {
  it('are named in order, as they are written, and also in lists where none should be', async () => {
    const odd = mug({
      metadata: { name: 'odd', zz: 1, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', q: 1 }] },
      spec: { 'a"b': 1 },
      status: [{ a: 1 }],
      above: 1,
    });
    const { status, body } = await call('POST', `${mugs}?fieldValidation=Strict`, odd);
    expect([status, body.message]).toEqual([
      400,
      'Mug in version "v1" cannot be handled as a Mug: strict decoding error: unknown field "metadata.ownerReferences[0].q", unknown field "metadata.zz", unknown field "above", unknown field "spec.a"b", unknown field "status[0].a"',
    ]);
  });

  it('are told of a patch together with the object it makes, its keys in order', async () => {
    const patch = { spec: { size: 1, odd: 1 }, metadata: { labels: { b: 'c' } } };
    const { body } = await call('PATCH', `${mugs}/it?fieldValidation=Strict`, patch, merge);
    const shown =
      /^ "" is invalid: patch: Invalid value: (".*"): strict decoding error: unknown field "spec.odd"$/.exec(
        body.message,
      );
    const text: string = JSON.parse(shown![1]!);
    const object = JSON.parse(text);
    expect(object.spec).toEqual(patch.spec);
    const inOrder = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Array.isArray(value)
        ? value.every(inOrder)
        : Object.keys(value).join() === Object.keys(value).sort().join() && Object.values(value).every(inOrder));
    expect(inOrder(object)).toBe(true);
  });
});

describe('a request of a custom resource', () => {
  it('by a method that it does not have is told so', async () => {
    for (const path of [mugs, `${mugs}/it`]) {
      const { status, body } = await call('OPTIONS', path);
      expect([status, body.message]).toEqual([405, ' is not supported on resources of kind "mugs.example.com"']);
    }
  });

  it('that accepts what there is not is told so before the object is looked for', async () => {
    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v2';
    expect((await call('GET', `${mugs}/none`, undefined, { accept })).status).toBe(406);
  });

  it('that patches what there is not is told so, whatever the patch', async () => {
    for (const headers of [merge, jsonPatch]) {
      expect((await call('PATCH', `${mugs}/none`, 'x', headers)).status).toBe(404);
      expect((await call('PATCH', `${mugs}/it`, 'x', headers)).status).toBe(400);
    }
    const odd = { 'content-type': 'application/Merge-Patch+json' };
    expect((await call('PATCH', `${mugs}/it`, {}, odd)).status).toBe(415);
  });

  it('names all the fields that it does not have', async () => {
    const spec = Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`u${i}`, 1]));
    const { body } = await call('POST', `${mugs}?fieldValidation=Strict`, mug({ spec }));
    expect(body.message.match(/unknown field/g)).toHaveLength(130);
  });
});
