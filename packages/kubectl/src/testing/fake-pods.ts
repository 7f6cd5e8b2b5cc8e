import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a fake server answers: enough of an API server to stream from one pod. */
export interface FakePods {
  readonly url: string;
  /** The queries of exec, attach and log requests, in order. */
  readonly asked: URLSearchParams[];
  close(): Promise<void>;
}

export interface FakeOptions {
  readonly pods: readonly object[];
  /** Plays the container of an exec or attach: sees what comes on stdin, writes, and ends with a Status. */
  remote?(socket: WebSocket, query: URLSearchParams): void;
  /** The log of a container. */
  log?(query: URLSearchParams): string;
  /** What the port in the pod answers to bytes. */
  port?(bytes: Buffer): Buffer;
}

const resources = {
  kind: 'APIGroupDiscoveryList',
  items: [
    {
      metadata: { name: '' },
      versions: [
        {
          version: 'v1',
          resources: ['pods', 'services'].map((resource) => ({
            resource,
            responseKind: { group: '', version: 'v1', kind: resource === 'pods' ? 'Pod' : 'Service' },
            scope: 'Namespaced',
            singularResource: resource.slice(0, -1),
            verbs: ['get', 'list', 'watch'],
          })),
        },
      ],
    },
  ],
};

/** Starts a fake on a random loopback port. */
export async function startFakePods(options: FakeOptions): Promise<FakePods> {
  const asked: URLSearchParams[] = [];
  const server = createServer((request, response) => answer(request, response, options, asked));
  const sockets = new WebSocketServer({
    server,
    handleProtocols: (protocols) => (protocols.has('v5.channel.k8s.io') ? 'v5.channel.k8s.io' : 'v4.channel.k8s.io'),
  });
  sockets.on('connection', (socket, request) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    asked.push(searchParams);
    if (!pathname.endsWith('/portforward')) {
      options.remote?.(socket, searchParams);
      return;
    }
    const port = Buffer.alloc(2);
    port.writeUInt16LE(Number(searchParams.get('ports')));
    for (const channel of [0, 1]) socket.send(Buffer.concat([Buffer.from([channel]), port]));
    socket.on('message', (data: Buffer) => {
      if (data[0] === 0) socket.send(Buffer.concat([Buffer.from([0]), options.port!(data.subarray(1))]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: FakeOptions,
  asked: URLSearchParams[],
): void {
  const { pathname, searchParams } = new URL(request.url!, 'http://x');
  const [, name, sub] = /^\/api\/v1\/namespaces\/default\/pods(?:\/([^/]+))?(?:\/(\w+))?$/.exec(pathname) ?? [];
  if (sub === 'log') {
    asked.push(searchParams);
    response.writeHead(200, { 'content-type': 'text/plain' }).end(options.log!(searchParams));
    return;
  }
  const [code, body] = objectAt(pathname, name, options.pods as { metadata: { name: string } }[]);
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function objectAt(path: string, name: string | undefined, pods: { metadata: { name: string } }[]): [number, object] {
  if (path === '/api') return [200, resources];
  if (path === '/apis') return [200, { kind: 'APIGroupDiscoveryList', items: [] }];
  if (path.endsWith('/pods')) return [200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: pods }];
  const pod = pods.find((each) => each.metadata.name === name);
  if (pod) return [200, pod];
  const message = `pods "${name}" not found`;
  return [404, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', message, code: 404 }];
}
