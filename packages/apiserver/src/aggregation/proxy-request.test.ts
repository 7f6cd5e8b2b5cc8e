import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { apiService } from '@coracle/api/apiregistration/v1/apiservice';
import { namespace } from '@coracle/api/core/v1/namespace';
import { isConditionTrue } from '@coracle/api/meta/conditions';
import { clusterRole } from '@coracle/api/rbac/v1/clusterrole';
import { clusterRoleBinding } from '@coracle/api/rbac/v1/clusterrolebinding';
import type { RestConfig } from '@coracle/client/config';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/expectations.ts';
import { type ExtensionServer, ownAddress, startExtensionServer } from '../testing/extension-server.ts';
import { type SecureServer, startSecureServer } from '../testing/secure-server.ts';

const root = '/apis/wardle.example.com/v1';
const flunders = `${root}/namespaces/default/flunders`;

let extension: ExtensionServer;
let server: SecureServer;
let config: RestConfig;

beforeAll(async () => {
  extension = await startExtensionServer();
  server = await startSecureServer(...extension.flags);
  const { admin } = server;
  config = await server.configOf('jane', 'crew');
  await admin.create(namespace, { metadata: { name: 'wardle' }, spec: {} });
  const metadata = { name: 'crew' };
  const rules = [
    { apiGroups: ['wardle.example.com'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ];
  await admin.create(clusterRole, { metadata, rules });
  await admin.create(clusterRoleBinding, {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'crew' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'crew' }],
  });
  await extension.register(admin);
  await eventually(async () => {
    const { status } = await admin.get(apiService, 'v1.wardle.example.com');
    return isConditionTrue(status?.conditions, 'Available');
  });
});
afterAll(async () => {
  await server.close();
  await extension.close();
});

function open(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const tls = { ca: config.caData!, cert: config.certData!, key: config.keyData! };
  return new Promise((resolve, reject) => {
    const outgoing = request(server.url + path, { ...tls, headers, agent: false }, resolve);
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await open(path, headers);
  return { code: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('an extension server', () => {
  it.each([
    [`${flunders}?z=1&a=%20x&b&bad=%zz`, `${flunders}?a=+x&b=&z=1`],
    [`${flunders}?`, flunders],
    [`${flunders}/a(1)%41`, `${flunders}/a%281%29A`],
  ])('is asked for %s as %s', async (asked, passed) => {
    await get(asked);
    expect(extension.received.at(-1)?.url).toBe(passed);
  });

  it('is told by what way it was asked, as the server that it is', async () => {
    await get(`${flunders}//a/`, { 'X-Forwarded-Host': 'me', 'X-Forwarded-Proto': 'gopher', 'X-Forwarded-Uri': '/x' });
    const host = `${ownAddress}:${extension.port}`;
    expect(extension.received.at(-1)?.headers).toMatchObject({
      host,
      'x-forwarded-host': host,
      'x-forwarded-proto': 'https',
      'x-forwarded-uri': `${flunders}/a/`,
      'x-forwarded-for': '127.0.0.1',
    });
  });

  it('is not asked for something else than what was authorized', async () => {
    const before = extension.received.length;
    expect(await get(`${flunders}/a%2Fstatus`)).toMatchObject({ code: 400 });
    expect(extension.received.slice(before)).toEqual([]);
  });

  it('says where things are, which is told as it is reached here', async () => {
    extension.instead.set(`${flunders}/a`, (_req, res) => res.writeHead(201, { Location: '/b?c' }).end());
    const { code, headers } = await get(`${flunders}/a`);
    expect([code, headers.location]).toEqual([201, `https://${ownAddress}:${extension.port}/b?c`]);
  });

  it('has 5 s to say what it serves', async () => {
    extension.instead.set(root, () => undefined);
    expect(await get(root)).toMatchObject({
      code: 503,
      body: 'error trying to reach service: context deadline exceeded\n',
    });
    extension.instead.delete(root);
  }, 20_000);
});

it('a watch that is passed on takes no seat of this server', async () => {
  const watch = await open(`${flunders}?watch=1`);
  expect(watch.statusCode).toBe(200);
  const { body } = await get('/metrics');
  const executing = /^apiserver_flowcontrol_current_executing_requests\{.*\} [1-9]\d*$/gm;
  // The scrape itself has a seat.
  expect(body.match(executing)).toEqual([expect.stringMatching(/ 1$/)]);
  watch.destroy();
});
