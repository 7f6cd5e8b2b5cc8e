import { version } from '@coracle/api/version';
import { describe, expect, it } from '@jest/globals';
import { callsToOwnServer } from './testing/own-server.ts';

const call = callsToOwnServer();
const refused = 'only the following media types are accepted: application/json, application/yaml, text/plain';

describe('/statusz', () => {
  it.each([undefined, '*/*', 'text/plain', 'text/*', 'application/json, text/plain'])(
    'is text for who accepts %s',
    async (accept) => {
      const { status, text, headers } = await call('GET', '/statusz', undefined, accept ? { accept } : {});
      expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
      expect(text).toMatch(/^\napiserver statusz\nWarning: This endpoint is not meant to be machine parseable, /);
      expect(text).toMatch(
        /\n\nStarted(: |:|=| ) ?\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}\nUp(: |:|=| ) ?\d+ hr \d\d min \d\d sec\n/,
      );
      expect(text).toMatch(/\nBinary version(: |:|=| ) ?1\.36\.0\nEmulation version(: |:|=| ) ?1\.36\nPaths.*\n$/);
    },
  );

  it('is an object for who names its version', async () => {
    const accept = 'application/json;v=v1beta1;g=config.k8s.io;as=Statusz';
    const { status, body, headers } = await call('GET', '/statusz', undefined, { accept });
    expect([status, headers.get('content-type'), headers.get('warning')]).toEqual([
      200,
      'application/json;g=config.k8s.io;v=v1beta1;as=Statusz',
      null,
    ]);
    expect(body).toEqual({
      kind: 'Statusz',
      apiVersion: 'config.k8s.io/v1beta1',
      metadata: { name: 'apiserver' },
      startTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      uptimeSeconds: expect.any(Number),
      goVersion: version.goVersion,
      binaryVersion: '1.36.0',
      emulationVersion: '1.36',
      paths: ['/flagz', '/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version'],
    });
  });

  it('is YAML for who wants that, and warns of the version that is on its way out', async () => {
    const accept = 'application/yaml;v=v1alpha1;g=config.k8s.io;as=Statusz';
    const { status, text, headers } = await call('GET', '/statusz', undefined, { accept });
    expect([status, headers.get('content-type')]).toEqual([
      200,
      'application/yaml;g=config.k8s.io;v=v1alpha1;as=Statusz',
    ]);
    expect(text).toContain('apiVersion: config.k8s.io/v1alpha1\n');
    expect(headers.get('warning')).toBe(
      '299 - "This version of the statusz endpoint is deprecated. Please use a newer version."',
    );
  });

  it.each([
    'application/json',
    'text/html',
    'application/json;v=v1;g=config.k8s.io;as=Statusz',
    'application/json;v=v1beta1;g=config.k8s.io;as=Flagz',
    'application/vnd.kubernetes.protobuf;v=v1beta1;g=config.k8s.io;as=Statusz',
    'text/plain;v=v1beta1;g=config.k8s.io;as=Statusz',
  ])('has no other form: %s', async (accept) => {
    const { status, body } = await call('GET', '/statusz', undefined, { accept });
    expect([status, body.message, body.reason]).toEqual([406, refused, 'NotAcceptable']);
  });

  it('ends where its path does, and answers any method', async () => {
    expect((await call('GET', '/statusz/')).status).toBe(404);
    expect((await call('POST', '/statusz')).status).toBe(200);
  });
});

describe('/flagz', () => {
  it('has all flags in order, as text', async () => {
    const { text } = await call('GET', '/flagz');
    expect(text).toMatch(/^\napiserver flagz\nWarning: This endpoint .*\n\w/);
    const [, , , ...lines] = text.trimEnd().split('\n');
    const names = lines.map((line) => /^[\w-]+/.exec(line)![0]);
    expect(names).toEqual([...names].sort());
    expect(text).toMatch(/\nallow-privileged(: |:|=| )true\n/);
  });

  it('has them as an object by name, in the form they are written in', async () => {
    const accept = 'application/json;v=v1beta1;g=config.k8s.io;as=Flagz';
    const { body } = await call('GET', '/flagz', undefined, { accept });
    expect(body).toMatchObject({
      kind: 'Flagz',
      apiVersion: 'config.k8s.io/v1beta1',
      metadata: { name: 'apiserver' },
      flags: {
        'secure-port': '6443',
        'etcd-compaction-interval': '5m0s',
        'service-account-issuer': '[https://kubernetes.default.svc]',
        profiling: 'true',
        'etcd-cafile': '',
      },
    });
  });
});

describe('/debug/flags/v', () => {
  const set = (body: string) => call('PUT', '/debug/flags/v', body, { 'content-type': 'text/plain' });

  it('sets how much is logged', async () => {
    const { status, text, headers } = await set('0');
    expect([status, text]).toEqual([200, 'successfully set klog.logging.verbosity to 0\n']);
    expect([headers.get('content-type'), headers.get('x-content-type-options')]).toEqual(['text/plain', 'nosniff']);
  });

  it.each([
    ['abc', 'strconv.ParseUint: parsing "abc": invalid syntax\n'],
    ['', 'strconv.ParseUint: parsing "": invalid syntax\n'],
    ['-1', 'strconv.ParseUint: parsing "-1": invalid syntax\n'],
    ['99999999999', 'strconv.ParseUint: parsing "99999999999": value out of range\n'],
  ])('refuses what is no number: %j', async (body, message) => {
    const { status, text } = await set(body);
    expect([status, text]).toEqual([400, message]);
  });

  it('takes PUT alone; what is beside it names the flags there are', async () => {
    const { status, text } = await call('GET', '/debug/flags/v');
    expect([status, text]).toEqual([406, 'unsupported http method\n']);
    for (const path of ['/debug/flags', '/debug/flags/', '/debug/flags/x']) {
      const index = await call('GET', path);
      expect([index.status, index.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    }
  });
});
