import { connect } from 'node:net';
import { encodeProtobuf } from '@coracle/api/codec/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Call, callsTo } from '../testing/http.ts';
import { freshNamespace } from '../testing/own-server.ts';
import { startApiServer, type TestServer } from '../testing.ts';

let server: TestServer;
let call: Call;
let path: string;
beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
});
afterAll(() => server.close());
beforeEach(async () => {
  path = await freshNamespace(call);
});

describe('field validation', () => {
  const odd = '{"metadata":{"name":"a"},"data":{"x":"1","x":"2"},"nothing":1}';

  it('warns by default', async () => {
    const { status, headers, body } = await call('POST', `${path}/configmaps`, odd);
    expect(status).toBe(201);
    expect(headers.get('warning')).toBe('299 - "duplicate field \\"data.x\\"", 299 - "unknown field \\"nothing\\""');
    expect(body.data).toEqual({ x: '2' });
    expect(body.nothing).toBeUndefined();
  });

  it('refuses with Strict, and changes nothing', async () => {
    const { status, body } = await call('POST', `${path}/configmaps?fieldValidation=Strict`, odd);
    expect(status).toBe(400);
    expect(body.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.x", unknown field "nothing"',
    );
    expect((await call('GET', `${path}/configmaps/a`)).status).toBe(404);
  });

  it('says duplicate and unknown fields in the order of the body', async () => {
    const mixed =
      '{"metadata":{"name":"mixed","b":1,"labels":{"l":"1","l":"2"}},"z":1,"z":2,"data":{"y":"1","x":"1","x":"2","y":"2"},"a":{"n":1,"n":2}}';
    const problems = [
      'unknown field "metadata.b"',
      'duplicate field "metadata.labels.l"',
      'unknown field "z"',
      'duplicate field "data.x"',
      'duplicate field "data.y"',
      'unknown field "a"',
    ];
    const strict = await call('POST', `${path}/configmaps?fieldValidation=Strict`, mixed);
    expect([strict.status, strict.body.message]).toEqual([
      400,
      `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ${problems.join(', ')}`,
    ]);
    const warned = await call('POST', `${path}/configmaps?fieldValidation=Warn`, mixed);
    expect(warned.status).toBe(201);
    expect(warned.headers.get('warning')).toBe(
      problems.map((problem) => `299 - "${problem.replaceAll('"', '\\"')}"`).join(', '),
    );
    expect(warned.body.data).toEqual({ x: '2', y: '2' });
  });

  it('keeps quiet with Ignore', async () => {
    const { status, headers } = await call('POST', `${path}/configmaps?fieldValidation=Ignore`, odd);
    expect(status).toBe(201);
    expect(headers.get('warning')).toBeNull();
  });

  it('says of YAML which line repeats a key', async () => {
    const text = 'metadata:\n  name: a\ndata:\n  x: "1"\n  x: "2"\nnothing: 1\n';
    const yaml = { 'content-type': 'application/yaml' };
    const strict = await call('POST', `${path}/configmaps?fieldValidation=Strict`, text, yaml);
    expect(strict.body.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 5: key "x" already set in map, unknown field "nothing"',
    );
    const warned = await call('POST', `${path}/configmaps`, text, yaml);
    expect(warned.headers.get('warning')).toBe(
      '299 - "line 5: key \\"x\\" already set in map", 299 - "unknown field \\"nothing\\""',
    );
  });

  it('says of a field that is both unknown and repeated that it is unknown', async () => {
    const text = '{"metadata":{"name":"a"},"nothing":{"x":1,"x":2},"nothing":1}';
    expect((await call('POST', `${path}/configmaps`, text)).headers.get('warning')).toBe(
      '299 - "unknown field \\"nothing\\""',
    );
  });

  it('knows no other directive', async () => {
    const { status, body } = await call('POST', `${path}/configmaps?fieldValidation=Maybe`, odd);
    expect(status).toBe(422);
    expect(body.message).toBe(
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Maybe": supported values: "", "Ignore", "Strict", "Warn"',
    );
  });

  it('nor managers that cannot be printed', async () => {
    const { status, body } = await call('POST', `${path}/configmaps?fieldManager=%C3%A4%0A`, odd);
    expect([status, body.message]).toEqual([
      422,
      'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "ä\\n": invalid character U+000A (at position 2)',
    ]);
  });
});

describe('bodies', () => {
  it('of more than 3 MiB are refused', async () => {
    const body = JSON.stringify({ metadata: { name: 'a' }, data: { x: 'y'.repeat(3 << 20) } });
    const answer = await call('POST', `${path}/configmaps`, body);
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    });
  });

  it('that end too early change nothing', async () => {
    const body = JSON.stringify({ metadata: { name: 'cut' } });
    const { port } = new URL(server.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.end(
          `POST ${path}/configmaps HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length + 50}\r\n\r\n${body}`,
        );
      });
      socket.on('close', () => resolve());
      socket.resume();
    });
    expect((await call('GET', `${path}/configmaps`)).body.items).toEqual([]);
  });

  it('keep __proto__ and integers above 2^53 as they are', async () => {
    const text = '{"metadata":{"name":"a"},"data":{"__proto__":"kept","constructor":"too"}}';
    await call('POST', `${path}/configmaps`, text);
    expect((await call('GET', `${path}/configmaps/a`)).text).toContain(
      '"data":{"__proto__":"kept","constructor":"too"}',
    );
    const revision = `/apis/apps/v1${path.slice(7)}/controllerrevisions`;
    const made = await call('POST', revision, '{"metadata":{"name":"r"},"revision":1,"data":{"big":9007199254740993}}');
    expect(made.text).toContain('"big":9007199254740993');
    expect((await call('GET', `${revision}/r`)).text).toContain('"big":9007199254740993');
  });

  it('may be YAML or protobuf, and nothing else', async () => {
    const yaml = await call('POST', `${path}/configmaps`, 'metadata: {name: a}\ndata: {x: "1"}\n', {
      'content-type': 'application/yaml',
    });
    expect(yaml.status).toBe(201);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' }, data: { x: '1' } };
    const binary = await call('POST', `${path}/configmaps`, encodeProtobuf(object, 'core/v1.ConfigMap'), {
      'content-type': 'application/vnd.kubernetes.protobuf',
    });
    expect([binary.status, binary.body.data]).toEqual([201, { x: '1' }]);
    const other = await call('POST', `${path}/configmaps`, 'x', { 'content-type': 'text/plain' });
    expect(other.status).toBe(415);
    expect(other.body.message).toBe(
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  });

  it('nested too deeply are refused', async () => {
    const deep = `{"metadata":{"name":"r"},"revision":1,"data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`;
    const answer = await call('POST', `/apis/apps/v1${path.slice(7)}/controllerrevisions`, deep);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain('exceeded max depth');
  });
});
