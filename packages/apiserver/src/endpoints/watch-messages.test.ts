import { once } from 'node:events';
import { configMap } from '@coracle/api/core/v1/configmap';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { eventually } from '../testing/expectations.ts';
import { startApiServer, type TestServer } from '../testing.ts';

const maps = '/api/v1/namespaces/default/configmaps';
let server: TestServer;

beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.close());

const origin = 'https://dashboard.example.com';

interface Heard {
  readonly client: WebSocket;
  /** Messages so far; those in text as such. */
  readonly messages: (string | Buffer)[];
}

function listen(query: string, headers: Record<string, string> = {}, protocols: string[] = []): Heard {
  const url = `${server.url.replace('http', 'ws')}${maps}?watch=true&${query}`;
  const client = new WebSocket(url, protocols, { headers: { origin, ...headers } });
  const messages: (string | Buffer)[] = [];
  client.on('message', (data: Buffer, isBinary) => messages.push(isBinary ? data : data.toString()));
  return { client, messages };
}

const make = (name: string) =>
  server.client.create(configMap, { metadata: { name, namespace: 'default' }, data: { name } });

it('a watch over a WebSocket brings an event a message, and ends with its time', async () => {
  await make('a');
  await make('b');
  const { client, messages } = listen('');
  await eventually(async () => messages.length === 2);
  await make('c');
  await eventually(async () => messages.length === 3);
  const events = messages.map((each) => JSON.parse(each as string) as { type: string; object: { data: object } });
  expect(events.map(({ type, object }) => [type, object.data])).toEqual([
    ['ADDED', { name: 'a' }],
    ['ADDED', { name: 'b' }],
    ['ADDED', { name: 'c' }],
  ]);
  client.close();
  const short = listen('timeoutSeconds=1');
  const [code] = await once(short.client, 'close');
  expect(code).toBe(1000);
});

it('brings messages in protobuf as bytes', async () => {
  const { client, messages } = listen('fieldSelector=metadata.name=a', {
    accept: 'application/vnd.kubernetes.protobuf;stream=watch',
  });
  await eventually(async () => messages.length === 1);
  expect((messages[0] as Buffer).subarray(0, 7)).toEqual(Buffer.from('\n\u0005ADDED'));
  client.close();
});

it('tells what is wrong with the revision in a message', async () => {
  const { client, messages } = listen('resourceVersion=999999999');
  await once(client, 'close');
  expect(messages.map((each) => JSON.parse(each as string))).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
});

it.each<[string, Record<string, string>, string[], number]>([
  ['no page that it comes from', { origin: '' }, [], 403],
  ['several subprotocols', { origin }, ['a', 'b'], 400],
  ['a query that is wrong', { origin }, [], 400],
])('is refused with %s', async (what, headers, protocols, code) => {
  const url = `${server.url.replace('http', 'ws')}${maps}?watch=true${what.includes('query') ? '&timeoutSeconds=x' : ''}`;
  const client = new WebSocket(url, protocols, { headers: headers.origin ? headers : {} });
  client.on('error', () => undefined); // that there is no WebSocket
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(code);
  client.terminate();
});
