import { builtinKinds } from '@coracle/api/builtin';
import { decodeProtobuf, encodeProtobuf, protobufType } from '@coracle/api/codec/protobuf';
import { typeNamed } from '@coracle/api/schema';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const table = 'as=Table;g=meta.k8s.io;v=v1';
const metadata = 'as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const path = '/api/v1/namespaces/default/configmaps';
const events = `${path}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;

let server: TestServer;

beforeAll(async () => {
  server = await startApiServer();
  const call = callsTo(server.url);
  for (const name of ['a', 'b']) {
    await call('POST', path, { metadata: { name, labels: { is: name } }, data: { key: name } });
  }
});
afterAll(() => server.close());

interface Got {
  status: number;
  type: string | null;
  bytes: Buffer;
}

async function get(url: string, accept?: string, init: RequestInit = {}): Promise<Got> {
  const headers = { ...(accept === undefined ? {} : { accept }), ...(init.headers as Record<string, string>) };
  const response = await fetch(server.url + url, { ...init, headers });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: tests look at whatever the server answered.
const decoded = ({ bytes }: Got): any =>
  decodeProtobuf(bytes, (apiVersion, kind) => typeNamed(apiVersion || 'v1', kind));
// biome-ignore lint/suspicious/noExplicitAny: as above.
const parsed = ({ bytes }: Got): any => JSON.parse(bytes.toString());

describe('protobuf', () => {
  it('is what an object, a list, an error and discovery are answered in, equal to their JSON', async () => {
    for (const url of [`${path}/a`, `${path}/none`, '/api', '/apis', '/apis/apps', '/apis/apps/v1']) {
      const binary = await get(url, protobufType);
      expect(binary.type).toBe(protobufType);
      const json = await get(url);
      expect(binary.status).toBe(json.status);
      const { metadata: meta = {}, ...rest } = parsed(json);
      const { metadata: decodedMeta = {}, ...decodedRest } = decoded(binary);
      expect({ ...decodedRest, apiVersion: decodedRest.apiVersion || undefined }).toEqual(rest);
      expect(decodedMeta).toEqual(meta);
    }
  });

  it('carries lists of every kind, and their metadata', async () => {
    for (const kind of builtinKinds.filter(({ verbs }) => verbs.includes('list'))) {
      const url = `${kind.group === '' ? '/api' : '/apis'}/${kind.apiVersion}/${kind.plural}`;
      const binary = decoded(await get(url, protobufType));
      const json = parsed(await get(url, 'application/json'));
      expect(binary).toMatchObject({ kind: json.kind, apiVersion: json.apiVersion });
      const names = (list: { items?: { metadata: { name: string } }[] }) =>
        (list.items ?? []).map((it) => it.metadata.name);
      expect(names(binary)).toEqual(names(json));
      expect(decoded(await get(url, `${protobufType};${metadata}`))).toMatchObject({
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
      });
    }
    const { items } = decoded(await get(path, protobufType));
    expect(items).toEqual(parsed(await get(path)).items);
  });

  it('is read, and answers what was written', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { x: 'y' } };
    const written = await get(path, protobufType, {
      method: 'POST',
      body: encodeProtobuf(object, 'core/v1.ConfigMap'),
      headers: { 'content-type': protobufType },
    });
    expect(written.status).toBe(201);
    expect(decoded(written)).toMatchObject({ metadata: { name: 'c', uid: expect.any(String) }, data: { x: 'y' } });
    const gone = await get(`${path}/c`, protobufType, { method: 'DELETE' });
    expect(decoded(gone)).toMatchObject({ kind: 'Status', status: 'Success', details: { name: 'c' } });
  });

  it.each([
    ['whole objects', '', 'core/v1.ConfigMap', 'ConfigMap'],
    ['metadata', `;${metadata}`, 'meta/v1.PartialObjectMetadata', 'PartialObjectMetadata'],
  ])('streams watch events by length: %s', async (_what, parameters, type, kind) => {
    const stop = new AbortController();
    const headers = { accept: `${protobufType};stream=watch${parameters}` };
    const response = await fetch(server.url + events, { headers, signal: stop.signal });
    expect(response.headers.get('content-type')).toBe(`${protobufType};stream=watch`);
    const seen: unknown[] = [];
    let bytes: Buffer = Buffer.alloc(0);
    for await (const chunk of response.body!) {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
        const event = bytes.subarray(4, 4 + bytes.readUInt32BE(0));
        bytes = bytes.subarray(4 + event.length);
        // The event's first field is its type, its second the object in one more field.
        const object = decodeProtobuf(event.subarray(event.indexOf('k8s\0')), () => type);
        seen.push([event.subarray(2, 2 + event[1]!).toString(), object]);
      }
      if (seen.length >= 3) break;
    }
    stop.abort();
    expect(seen).toMatchObject([
      ['ADDED', { kind, metadata: { name: 'a', labels: { is: 'a' } } }],
      ['ADDED', { kind, metadata: { name: 'b' } }],
      ['BOOKMARK', { kind, metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } }],
    ]);
  });
});

const all = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

describe('negotiation', () => {
  it.each([
    ['nothing', '', 'application/json', 'ConfigMapList'],
    ['anything', '*/*', 'application/json', 'ConfigMapList'],
    ['the best by quality', `application/json;q=0.5, ${protobufType};q=0.9`, protobufType, 'ConfigMapList'],
    ['the more specific of equals', `*/*, ${protobufType}`, protobufType, 'ConfigMapList'],
    [
      'what fits, past what does not',
      `text/html, ${protobufType};${table}, application/json;${table}`,
      'application/json',
      'Table',
    ],
    ['the first where all are equal', `${protobufType}, application/json`, protobufType, 'ConfigMapList'],
    ['a table as YAML', `application/yaml;${table}`, 'application/yaml', 'Table'],
  ])('takes %s', async (_what, accept, type, kind) => {
    const got = await get(path, accept || undefined);
    expect(got.type).toBe(type);
    if (type === protobufType) expect(decoded(got).kind).toBe(kind);
    else if (type === 'application/json') expect(parsed(got).kind).toBe(kind);
    else expect(got.bytes.toString()).toContain(`kind: ${kind}`);
  });

  it.each([
    ['a type nobody writes', path, 'text/html', all],
    ['a table in protobuf', path, `${protobufType};${table}`, all],
    ['an unknown form', path, 'application/json;as=Chart;g=meta.k8s.io;v=v1', all],
    ['a table of another group', path, 'application/json;as=Table;g=example.com;v=v1', all],
    ['a table of what is not a resource', '/apis', `application/json;${table}`, all],
    ['a stream of something else', path, 'application/json;stream=other', all],
    ['only what is worth nothing', path, 'application/json;q=0, text/plain', all],
    [
      'a watch as YAML',
      events,
      'application/yaml',
      'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
    ],
  ])('answers 406 to %s', async (_what, url, accept, types) => {
    const got = await get(url, accept);
    expect(got.status).toBe(406);
    const status = accept.startsWith('application/yaml')
      ? got.bytes.toString().replace(/\n {2,}/g, ' ')
      : parsed(got).message;
    expect(status).toContain(`only the following media types are accepted: ${types}`);
  });

  it('answers errors in the type that is accepted, and in JSON where none is', async () => {
    expect((await get(`${path}/none`, 'application/yaml')).bytes.toString()).toContain('reason: NotFound');
    expect(parsed(await get(`${path}/none`, 'application/json'))).toMatchObject({ reason: 'NotFound' });
  });

  it('answers 415 to a body of an unknown type', async () => {
    const got = await get(path, undefined, { method: 'POST', body: 'x', headers: { 'content-type': 'text/csv' } });
    expect(parsed(got)).toMatchObject({
      code: 415,
      message: `the body of the request was in an unknown format - accepted media types include: ${all}`,
    });
  });

  it.each([
    ['the query', `${path}/a?pretty=1`, undefined, '', true],
    ['the media type', `${path}/a`, 'application/json;pretty=1', '', true],
    ['a list', `${path}?pretty=true`, undefined, '', true],
    ['an error', `${path}/none?pretty=true`, undefined, '', true],
    ['a tool for people', `${path}/a`, '*/*', 'curl/8.5.0', true],
    ['a tool for people that declines', `${path}/a?pretty=false`, '*/*', 'curl/8.5.0', false],
    ['nothing', `${path}/a`, undefined, '', false],
  ])('indents JSON where it is asked to by %s', async (_what, url, accept, agent, pretty) => {
    const got = await get(url, accept, { headers: { 'user-agent': agent } });
    const indented = JSON.stringify(parsed(got), undefined, 2);
    expect(got.bytes.toString() === indented).toBe(pretty);
  });
});
