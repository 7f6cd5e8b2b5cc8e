import type { CustomResourceDefinitionVersion, JSONSchemaProps } from '@coracle/api/types/apiextensions/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { define, definitionOf } from '../testing/definitions.ts';
import { type Answer, type Call, callsTo, openWatch } from '../testing/http.ts';
import { type HttpsServer, startHttpsServer } from '../testing/https-server.ts';
import { startApiServer, type TestServer } from '../testing.ts';

let server: TestServer;
let call: Call;
beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
});
afterAll(() => server.close());

// biome-ignore lint/suspicious/noExplicitAny: the webhook looks into objects of any form.
type Loose = Record<string, any>;

const text: JSONSchemaProps = { type: 'string' };
const version = (
  name: string,
  fields: Record<string, JSONSchemaProps>,
  more: Partial<CustomResourceDefinitionVersion> = {},
): CustomResourceDefinitionVersion => ({
  name,
  served: true,
  storage: false,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } } },
  ...more,
});
const merge = { 'content-type': 'application/merge-patch+json' };

describe('versions that differ in name only', () => {
  const path = (name: string) => `/apis/none.example.com/${name}/namespaces/default/things`;
  const thing = (name: string) => ({ apiVersion: `none.example.com/${name}`, kind: 'Thing' });
  const definition = (storage: string) =>
    definitionOf(
      'Thing',
      [
        version('v1', { both: text, fresh: { ...text, default: 'new' } }, { storage: storage === 'v1' }),
        version('v1beta1', { both: text, old: text }, { storage: storage === 'v1beta1', deprecated: true }),
        version('v1alpha1', { both: text }, { served: false }),
      ],
      { group: 'none.example.com' },
    );

  it('are converted by their schemas, and the storage version can change', async () => {
    await define(call, definition('v1beta1'));
    const made = await call('POST', path('v1beta1'), {
      ...thing('v1beta1'),
      metadata: { name: 'a' },
      spec: { both: 'x', old: 'y' },
    });
    expect(made.headers.get('warning')).toBe(
      '299 - "none.example.com/v1beta1 Thing is deprecated; use none.example.com/v1 Thing"',
    );
    expect((await call('GET', `${path('v1')}/a`)).body).toMatchObject({
      apiVersion: 'none.example.com/v1',
      spec: { both: 'x' },
    });
    expect((await call('GET', `${path('v1')}/a`)).body.spec).toEqual({ both: 'x' });
    expect((await call('GET', path('v1alpha1'))).status).toBe(404);
    const elsewhere = { ...thing('v1beta1'), metadata: { name: 'b' } };
    expect((await call('POST', path('v1'), elsewhere)).body.message).toBe(
      'the API version in the data (none.example.com/v1beta1) does not match the expected API version (none.example.com/v1)',
    );

    await define(call, definition('v1'));
    const crd = await call('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.none.example.com');
    expect(crd.body.status.storedVersions).toEqual(['v1beta1', 'v1']);
    expect((await call('GET', `${path('v1beta1')}/a`)).body.spec).toEqual({ both: 'x', old: 'y' });
    const list = await call('GET', path('v1'));
    expect(list.body.items[0]).toMatchObject({ metadata: { name: 'a' }, spec: { both: 'x' } });
    await call('PATCH', `${path('v1')}/a`, { spec: { both: 'z' } }, merge);
    // Rewritten in the new version, what that does not have is gone.
    expect((await call('GET', `${path('v1beta1')}/a`)).body.spec).toEqual({ both: 'z' });
  });

  it('end their watches and show what a new schema keeps when the definition changes', async () => {
    await define(call, definition('v1'));
    await call('POST', path('v1'), { ...thing('v1'), metadata: { name: 'w' }, spec: { both: 'x' } });
    const watch = await openWatch(
      server.url,
      `${path('v1')}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3Dw`,
    );
    expect(await watch.take(1)).toEqual(['ADDED w']);
    const changed = definition('v1');
    changed.spec.versions[0] = version(
      'v1',
      { both: text, fresh: { ...text, default: 'newer' }, extra: { ...text, default: 'e' } },
      { storage: true },
    );
    await define(call, changed);
    while (await watch.next()) {
      // until the server ends it
    }
    expect((await call('GET', `${path('v1')}/w`)).body.spec).toEqual({ both: 'x', fresh: 'new', extra: 'e' });
  });
});

describe('versions that a webhook converts', () => {
  let webhook: HttpsServer;
  /** What the webhook makes of an object; tests replace it. */
  let convert: (object: Loose, to: string) => unknown;
  let asked: number[] = [];
  /** What it answers in place of a review. */
  let answer: ((review: Loose) => ReturnType<HttpsServer['respond']>) | undefined;
  const path = (name: string) => `/apis/hook.example.com/${name}/namespaces/default/hosts`;
  const host = (name: string) => ({ apiVersion: `hook.example.com/${name}`, kind: 'Host' });
  const working = (object: Loose, to: string) => {
    const { host, port, hostPort } = object['spec'];
    const [h, p] = (hostPort ?? '').split(':');
    const spec = to.endsWith('/v1') ? { host: h, port: p } : { hostPort: `${host}:${port}` };
    return { ...object, apiVersion: to, spec: object['apiVersion'] === to ? object['spec'] : spec };
  };

  beforeAll(async () => {
    convert = working;
    webhook = await startHttpsServer(({ body }) => {
      if (!body) return answer?.({});
      const { uid, objects, desiredAPIVersion } = body.request;
      asked.push(objects.length);
      const convertedObjects = objects.map((each: Record<string, unknown>) => convert(each, desiredAPIVersion));
      const review = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'ConversionReview',
        response: { uid, result: { status: 'Success' }, convertedObjects },
      };
      return answer?.(review) ?? review;
    });
    await define(
      call,
      definitionOf(
        'Host',
        [
          version('v1', {
            host: text,
            port: text,
            inner: {
              type: 'object',
              'x-kubernetes-embedded-resource': true,
              'x-kubernetes-preserve-unknown-fields': true,
            },
          }),
          version('v1beta1', { hostPort: text }, { storage: true }),
        ],
        {
          group: 'hook.example.com',
          conversion: {
            strategy: 'Webhook',
            webhook: {
              conversionReviewVersions: ['v1'],
              clientConfig: { url: `${webhook.url}/convert`, caBundle: webhook.caBundle },
            },
          },
        },
      ),
    );
  });
  afterAll(() => webhook.close());

  it('are written and read in both forms, lists in one question', async () => {
    for (const name of ['a', 'b', 'c'])
      await call('POST', path('v1'), { ...host('v1'), metadata: { name }, spec: { host: name, port: '1' } });
    expect((await call('GET', `${path('v1beta1')}/a`)).body.spec).toEqual({ hostPort: 'a:1' });
    for (const { body } of webhook.received)
      expect(body.request.objects[0].metadata).not.toHaveProperty('resourceVersion');
    expect(webhook.received[0]!.body.response).toEqual({ uid: '', convertedObjects: null, result: { metadata: {} } });
    expect((await call('GET', `${path('v1')}/a`)).body.spec).toEqual({ host: 'a', port: '1' });
    await call('PATCH', `${path('v1')}/a`, { spec: { port: '2' } }, merge);
    expect((await call('GET', `${path('v1beta1')}/a`)).body.spec).toEqual({ hostPort: 'a:2' });
    await call('POST', path('v1beta1'), { ...host('v1beta1'), metadata: { name: 'd' }, spec: { hostPort: 'd:9' } });
    await call('POST', path('v1beta1'), { ...host('v1beta1'), metadata: { name: 'e' }, spec: { hostPort: 'e:9' } });
    asked = [];
    const list = await call('GET', path('v1'));
    expect(list.body.items.map((each: { spec: { host: string } }) => each.spec.host)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
    expect(asked.filter((count) => count > 1).length).toBeLessThanOrEqual(1);
  });

  it('are watched in the form that is asked for', async () => {
    const { body } = await call('GET', path('v1'));
    const watch = await openWatch(server.url, `${path('v1')}?watch=1&resourceVersion=${body.metadata.resourceVersion}`);
    await call('POST', path('v1beta1'), {
      ...host('v1beta1'),
      metadata: { name: 'seen' },
      spec: { hostPort: 'seen:1' },
    });
    await call('DELETE', `${path('v1beta1')}/seen`);
    expect((await watch.next())?.object.spec).toEqual({ host: 'seen', port: '1' });
    expect(await watch.next()).toMatchObject({
      type: 'DELETED',
      object: { apiVersion: 'hook.example.com/v1', spec: { host: 'seen' } },
    });
    watch.close();
  });

  const of = 'conversion webhook for hook.example.com/v1beta1, Kind=Host';
  it.each<[string, (object: Loose, to: string) => unknown, string]>([
    [
      'another version',
      (it) => it,
      `${of} returned invalid object at index 0: invalid groupVersion (expected hook.example.com/v1, received hook.example.com/v1beta1)`,
    ],
    [
      'another name',
      (it, to) => ({ ...it, apiVersion: to, metadata: { ...it['metadata'], name: 'z' } }),
      `${of} returned invalid object: must have the same name: bad != z`,
    ],
    [
      'labels that are none',
      (it, to) => ({ ...it, apiVersion: to, metadata: { ...it['metadata'], labels: { a: 1 } } }),
      `${of} returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object`,
    ],
    ['nothing', () => null, 'unexpected end of JSON input'],
    ['a number', () => 5, 'json: cannot unmarshal number into Go value of type map[string]interface {}'],
    ['an object of no kind', () => ({ apiVersion: 'a/b' }), `Object 'Kind' is missing in '{"apiVersion":"a/b"}'`],
    [
      'an object without metadata',
      (it, to) => ({ ...it, apiVersion: to, metadata: undefined }),
      `${of} returned invalid object: must have the same name: bad != `,
    ],
    [
      'a list of labels',
      (it, to) => ({ ...it, apiVersion: to, metadata: { ...it['metadata'], labels: [] } }),
      `${of} returned invalid metadata: invalid metadata.labels of type []interface {} in converted object`,
    ],
    [
      'a resource whose metadata is none',
      (it, to) => ({ ...it, apiVersion: to, spec: { inner: { metadata: { name: 5 } } } }),
      'spec.inner.metadata: Invalid value: {"name":5}: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
    ],
  ])('are an error where the webhook answers with %s', async (_what, answer, message) => {
    await call('DELETE', `${path('v1beta1')}/bad`);
    await call('POST', path('v1beta1'), { ...host('v1beta1'), metadata: { name: 'bad' }, spec: { hostPort: 'bad:1' } });
    convert = answer;
    let read: Answer;
    try {
      read = await call('GET', `${path('v1')}/bad`);
    } finally {
      convert = working;
    }
    expect(read).toMatchObject({ status: 500, body: { message } });
    expect((await call('GET', `${path('v1')}/bad`)).status).toBe(200);
  });

  const raw = (body: string, code = 200, headers: Record<string, string> = {}) => ({ raw: body, code, headers });
  const unread = "couldn't get version/kind; json parse error";
  it.each<[string, (review: Loose) => ReturnType<HttpsServer['respond']>, string]>([
    [
      'an error that is no text',
      () => raw('boom', 500),
      'an error on the server ("unknown") has prevented the request from succeeding',
    ],
    [
      'an error in words',
      () => raw('boom', 500, { 'content-type': 'text/plain' }),
      'an error on the server ("boom") has prevented the request from succeeding',
    ],
    ['a Status', () => raw('{"kind":"Status","apiVersion":"v1","status":"Failure","message":"sorry"}', 500), 'sorry'],
    [
      'nothing at all',
      () => raw('', 204),
      '0-length response with status code: 204 and content type: application/json',
    ],
    ['words', () => raw('hello'), `${unread}: json: cannot unmarshal string into Go value of type struct {`],
    ['half of it', () => raw('{"kind":"Conv'), `${unread}: unexpected end of JSON input`],
    [
      'another kind',
      (it) => ({ ...it, kind: 'Other' }),
      'no kind "Other" is registered for version "apiextensions.k8s.io/v1" in scheme "k8s.io/apiserver/pkg/util/webhook/client.go:71"',
    ],
    [
      'the older form',
      (it) => ({ ...it, apiVersion: 'apiextensions.k8s.io/v1beta1' }),
      'converting (v1beta1.ConversionReview) to (v1.ConversionReview): unknown conversion',
    ],
    [
      'no kind and version',
      ({ response }) => ({ response }),
      'expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /, Kind=',
    ],
    [
      'a result that is a text',
      (it) => ({ ...it, response: { ...it['response'], result: 'Success' } }),
      'json: cannot unmarshal string into Go struct field ConversionResponse.response.result of type v1.Status',
    ],
    [
      'another place, over and over',
      () => raw('', 302, { location: '/other' }),
      'Post "/other": stopped after 10 redirects',
    ],
    [
      'another place, without saying which',
      () => raw('', 302),
      'the server responded with the status code 302 but did not',
    ],
  ])('are an error where the webhook answers with %s', async (_what, given, message) => {
    await call('DELETE', `${path('v1beta1')}/bad`);
    await call('POST', path('v1beta1'), { ...host('v1beta1'), metadata: { name: 'bad' }, spec: { hostPort: 'bad:1' } });
    answer = given;
    let read: Answer;
    let watched: { type: string; object: Loose } | undefined;
    try {
      read = await call('GET', `${path('v1')}/bad`);
      const watch = await openWatch(server.url, `${path('v1')}?watch=1&fieldSelector=metadata.name%3Dbad`);
      watched = await watch.next();
      expect(await watch.next()).toBeUndefined();
    } finally {
      answer = undefined;
    }
    expect(read.status).toBe(500);
    expect(read.body.message).toContain(
      `conversion webhook for hook.example.com/v1beta1, Kind=Host failed: ${message}`,
    );
    expect(watched).toEqual({ type: 'ERROR', object: read.body });
    expect((await call('GET', `${path('v1')}/bad`)).status).toBe(200);
  });

  it('are asked for where the webhook says, with what it was asked', async () => {
    await call('POST', path('v1beta1'), { ...host('v1beta1'), metadata: { name: 'moved' }, spec: { hostPort: 'm:1' } });
    const before = webhook.received.length;
    answer = () =>
      webhook.received.at(-1)!.path.startsWith('/convert')
        ? raw('', 307, { location: '/moved?a=b' })
        : (undefined as never);
    try {
      expect((await call('GET', `${path('v1')}/moved`)).body.spec).toEqual({ host: 'm', port: '1' });
    } finally {
      answer = undefined;
    }
    expect(webhook.received.slice(before).map((each) => each.path)).toEqual(['/convert?timeout=30s', '/moved?a=b']);
  });

  it('have no nulls where there are to be none, whatever the webhook answers', async () => {
    await call('POST', path('v1beta1'), { ...host('v1beta1'), metadata: { name: 'nulls' }, spec: { hostPort: 'n:1' } });
    convert = (it, to) => ({
      ...it,
      apiVersion: to,
      metadata: { ...it['metadata'], labels: {} },
      spec: { host: null, port: '2' },
    });
    let read: Answer;
    try {
      read = await call('GET', `${path('v1')}/nulls`);
    } finally {
      convert = working;
    }
    expect(read.body.spec).toEqual({ port: '2' });
    expect(read.body.metadata).not.toHaveProperty('labels');
  });
});
