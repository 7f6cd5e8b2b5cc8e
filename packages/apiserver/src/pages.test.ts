import { describe, expect, it } from '@jest/globals';
import { define } from './testing/definitions.ts';
import { callsToOwnServer } from './testing/own-server.ts';
import { widgetDefinition } from './testing/widgets.ts';

const call = callsToOwnServer();

describe('a path that nothing is served at', () => {
  it.each([
    '/nothing',
    '/Version',
    '/healthz/nothing',
    '/healthz/',
    '/metrics/',
    '/openapi',
    '//api/v1',
    '/apis/nothing.io',
    '/apis/nothing.io/v1',
    '/apis/nothing.io/v1/things',
  ])('is plain text where no group is: %s', async (path) => {
    const { status, text, headers } = await call('GET', path);
    expect([status, text]).toEqual([404, '404 page not found\n']);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    '/api/v2',
    '/version/nothing',
    '/api/v1/nothings',
    '/apis/apps/v2',
    '/apis/apps/v1/nothings',
    '/api/v1/proxy/nodes/a',
  ])('is a Status below the groups that are built in: %s', async (path) => {
    const { status, body } = await call('GET', path);
    expect(status).toBe(404);
    expect(body).toMatchObject({ kind: 'Status', message: 'the server could not find the requested resource' });
  });

  it('is a code alone where a document of OpenAPI would be', async () => {
    const { status, text, headers } = await call('GET', '/openapi/v3/apis/nothing.io/v1');
    expect([status, text, headers.get('content-type')]).toEqual([404, '', null]);
  });
});

it('a document of OpenAPI with its hash in the path may be kept for a year', async () => {
  const { paths } = (await call('GET', '/openapi/v3')).body;
  const { headers } = await call('GET', paths['apis/apps/v1'].serverRelativeURL);
  expect(headers.get('cache-control')).toBe('public, immutable');
  const days = (Date.parse(headers.get('expires') ?? '') - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(364);
  expect((await call('GET', '/openapi/v3/apis/apps/v1')).headers.get('expires')).toBe(null);
});

it('a document of OpenAPI is protobuf for who asks for that, by either name, and no other form', async () => {
  const type = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';
  for (const accept of [type, `${type.replace('.v1.0', '@v1.0')}, application/json`]) {
    const { status, headers } = await call('GET', '/openapi/v3/apis/apps/v1', undefined, { accept });
    expect([status, headers.get('content-type'), headers.get('vary')]).toEqual([200, type, 'Accept, Accept-Encoding']);
  }
  const refused = await call('GET', '/openapi/v3/apis/apps/v1', undefined, { accept: 'text/html' });
  expect([refused.status, refused.text]).toEqual([406, '']);
});

describe('a method', () => {
  it.each(['/', '/index.html', '/healthz', '/readyz/ping', '/metrics', '/apis', '/apis/', '/apis/apps', '/openapi/v2'])(
    'does not matter to %s',
    async (path) => {
      const [got, posted] = [await call('GET', path), await call('POST', path)];
      expect([got.status, posted.status]).toEqual([200, 200]);
      expect((await call('HEAD', path)).status).toBe(200);
    },
  );

  it.each(['/version', '/api', '/api/', '/api/v1', '/apis/apps/v1', '/apis/apps/v1/'])(
    'is GET for %s',
    async (path) => {
      expect((await call('GET', path)).status).toBe(200);
      for (const method of ['POST', 'DELETE', 'OPTIONS']) {
        const { status, body } = await call(method, path);
        expect([status, body.message]).toEqual([
          405,
          'the server does not allow this method on the requested resource',
        ]);
      }
      expect((await call('HEAD', path)).status).toBe(405);
    },
  );

  it('does not matter where nothing is, nor to what custom resources declare alone', async () => {
    for (const method of ['POST', 'DELETE', 'HEAD']) {
      expect((await call(method, '/apis/nothing.io/v1')).status).toBe(404);
      expect((await call(method, '/apis/apps/v2')).status).toBe(404);
    }
    await define(call, widgetDefinition);
    expect((await call('POST', '/apis/example.com/v1')).body.kind).toBe('APIResourceList');
  });

  it('HEAD is none that kinds have', async () => {
    for (const path of ['/api/v1/namespaces', '/api/v1/namespaces/default', '/api/v1/namespaces/default/status']) {
      expect((await call('HEAD', path)).status).toBe(405);
    }
  });
});

it('the index and the version are indented for everybody', async () => {
  for (const path of ['/', '/index.html', '/version']) {
    const { text, body } = await call('GET', path);
    expect(text).toBe(JSON.stringify(body, undefined, 2));
  }
  expect((await call('GET', '/index.html')).body.paths).toContain('/api/v1');
});
