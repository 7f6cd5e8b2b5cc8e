import { afterAll, beforeAll } from '@jest/globals';
import { startApiServer, type TestServer, type TestServerOptions } from '../testing.ts';
import { type Call, callsTo } from './http.ts';

/** Starts an API server in this process for the tests of a file, and ends it after them; returns what asks it. */
export function callsToOwnServer(options: TestServerOptions = {}): Call {
  let server: TestServer;
  beforeAll(async () => {
    server = await startApiServer(options);
  });
  afterAll(() => server.close());
  return (...request) => callsTo(server.url)(...request);
}

let made = 0;

/** Makes a namespace of a name of its own; resolves to the path below which its objects of the core group are. */
export async function freshNamespace(call: Call): Promise<string> {
  const name = `test-${made++}`;
  await call('POST', '/api/v1/namespaces', { metadata: { name } });
  return `/api/v1/namespaces/${name}`;
}
