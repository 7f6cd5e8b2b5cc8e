import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Issued, issueCertificate, makeAuthority, makeServiceAccountKeys } from '@coracle/process/pki';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { startEtcd, type TestEtcd } from '../../testing/etcd.ts';
import { eventually } from '../../testing/expectations.ts';
import { type Answer, type Call, type ClientTls, secureCallsTo } from '../../testing/http.ts';
import { startProgram, type TestProgram } from '../../testing/program.ts';

const issuer = 'https://issuer.example';
const audience = 'https://api.example';
let folder: string;
let etcd: TestEtcd;
let program: TestProgram;
let proxies: Issued;
const closing: (() => void)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  proxies = await makeAuthority({ commonName: 'proxies', days: 1 });
  const keys = await makeServiceAccountKeys('rsa-2048');
  const files: Record<string, string> = {
    'tokens.csv': 'fixed-token,alice,7,"devs,ops"\n',
    'proxies.crt': proxies.certificate,
    'sa.key': keys.privateKey,
    'sa.pub': keys.publicKey,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  etcd = await startEtcd();
  program = await startProgram(etcd.url, [
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--enable-bootstrap-token-auth',
    `--requestheader-client-ca-file=${join(folder, 'proxies.crt')}`,
    '--requestheader-allowed-names=front-proxy',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-uid-headers=X-Remote-Uid',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--service-account-issuer=${issuer}`,
    `--api-audiences=${audience}`,
    `--service-account-key-file=${join(folder, 'sa.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
  ]);
});
afterAll(async () => {
  for (const close of closing) close();
  await program?.close();
  await etcd?.close();
  await rm(folder, { recursive: true });
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Asks a server with this certificate, or none. */
function asking(client?: Issued, { url, authority }: TestProgram = program): Call {
  const tls: ClientTls = {
    ca: authority.certificate,
    ...(client ? { cert: client.certificate, key: client.key } : {}),
  };
  const { call, close } = secureCallsTo(url, tls);
  closing.push(close);
  return call;
}

const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

/** Who the server takes somebody for; the code and message where it lets nobody in. */
async function whoIs(call: Call, headers: Record<string, string> = {}): Promise<unknown> {
  const { status, body } = await call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', review, headers);
  return status === 201 ? body.status.userInfo : `${status} ${body.message}`;
}

const certificateOf = (authority: Issued, commonName: string, organizations: string[] = []) =>
  issueCertificate({ authority, commonName, organizations, usages: ['client'], days: 1 });

async function done(answer: Promise<Answer>): Promise<Answer> {
  const it = await answer;
  if (it.status > 201) throw new Error(`${it.status} ${it.text}`);
  return it;
}

it('a client certificate names the user, and its groups', async () => {
  const call = asking(await certificateOf(program.authority, 'carol', ['devs']));
  expect(await whoIs(call)).toEqual({
    username: 'carol',
    groups: ['devs', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)] },
  });
  const stranger = await makeAuthority({ commonName: 'stranger', days: 1 });
  expect(await whoIs(asking(await certificateOf(stranger, 'carol')))).toBe('401 Unauthorized');
});

it('a token of the file of tokens is its user', async () => {
  expect(await whoIs(asking(), bearer('fixed-token'))).toEqual({
    username: 'alice',
    uid: '7',
    groups: ['devs', 'ops', 'system:authenticated'],
  });
  expect(await whoIs(asking(), bearer('other'))).toBe('401 Unauthorized');
});

it('a bootstrap token lets in while its Secret says so', async () => {
  const secrets = '/api/v1/namespaces/kube-system/secrets';
  const stringData = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:workers',
  };
  const type = 'bootstrap.kubernetes.io/token';
  const call = asking();
  const entering = () => whoIs(call, bearer('abcdef.0123456789abcdef'));
  expect(await entering()).toBe('401 Unauthorized');
  await done(program.call('POST', secrets, { metadata: { name: 'bootstrap-token-abcdef' }, type, stringData }));
  await eventually(async () => typeof (await entering()) === 'object');
  expect(await entering()).toEqual({
    username: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated'],
  });
  const expired = { stringData: { expiration: '2020-01-01T00:00:00Z' } };
  const merge = { 'content-type': 'application/merge-patch+json' };
  await done(program.call('PATCH', `${secrets}/bootstrap-token-abcdef`, expired, merge));
  await eventually(async () => (await entering()) === '401 Unauthorized');
});

describe('a front proxy', () => {
  const headers = {
    'x-remote-user': 'dave',
    'x-remote-uid': '9',
    'x-remote-group': 'devs',
    'x-remote-extra-scopes%2Fa': 'read',
  };

  it('says who asks', async () => {
    expect(await whoIs(asking(await certificateOf(proxies, 'front-proxy')), headers)).toEqual({
      username: 'dave',
      uid: '9',
      groups: ['devs', 'system:authenticated'],
      extra: { 'scopes/a': ['read'] },
    });
  });

  it('is believed by its certificate alone', async () => {
    expect(await whoIs(asking(await certificateOf(proxies, 'another')), headers)).toBe('401 Unauthorized');
    const client = asking(await certificateOf(program.authority, 'front-proxy'));
    expect(await whoIs(client, headers)).toMatchObject({ username: 'front-proxy' });
    expect(await whoIs(asking(), headers)).toMatch(/^403 .*User "system:anonymous" cannot create/);
  });

  it('is what extension servers are told of', async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    expect((await program.call('GET', path)).body.data).toMatchObject({
      'client-ca-file': program.authority.certificate,
      'requestheader-client-ca-file': proxies.certificate,
      'requestheader-allowed-names': '["front-proxy"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    });
  });
});

it('somebody who says nothing is anonymous, where --anonymous-auth lets them in', async () => {
  expect((await asking()('GET', '/healthz')).status).toBe(200);
  const closed = await startProgram(etcd.url, ['--anonymous-auth=false', '--endpoint-reconciler-type=none']);
  try {
    expect((await asking(undefined, closed)('GET', '/healthz')).body).toMatchObject({
      code: 401,
      message: 'Unauthorized',
    });
  } finally {
    await closed.close();
  }
});

it('who impersonates somebody is that one, by name, uid, groups and all else', async () => {
  const headers = {
    'impersonate-user': 'erin',
    'impersonate-uid': '3',
    'impersonate-group': 'devs',
    'impersonate-extra-scopes%2fa': 'read',
  };
  expect(await whoIs(program.call, headers)).toEqual({
    username: 'erin',
    uid: '3',
    groups: ['devs', 'system:authenticated'],
    extra: { 'scopes/a': ['read'] },
  });
  expect(await whoIs(asking(), { ...bearer('fixed-token'), ...headers })).toMatch(/^403 /);
});

describe('a token of a service account', () => {
  const account = '/api/v1/namespaces/default/serviceaccounts';
  let token: string;
  let uid: string;
  beforeAll(async () => {
    uid = (await done(program.call('POST', account, { metadata: { name: 'robot' } }))).body.metadata.uid;
    const { body } = await done(
      program.call('POST', `${account}/robot/token`, { spec: { audiences: [audience, 'vault'] } }),
    );
    token = body.status.token;
  });

  it('is its account here', async () => {
    expect(await whoIs(asking(), bearer(token))).toMatchObject({
      username: 'system:serviceaccount:default:robot',
      uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
  });

  it('can be checked by others, with the keys they find from the issuer on', async () => {
    const call = asking();
    const configuration = await call('GET', '/.well-known/openid-configuration', undefined, bearer(token));
    expect(configuration.body).toMatchObject({
      issuer,
      jwks_uri: expect.stringMatching(/^https:\/\/.+\/openid\/v1\/jwks$/),
      id_token_signing_alg_values_supported: ['RS256'],
    });
    const { pathname } = new URL(configuration.body.jwks_uri);
    const keys = await call('GET', pathname, undefined, bearer(token));
    expect(keys.headers.get('content-type')).toBe('application/jwk-set+json');
    const { payload } = await jwtVerify(token, createLocalJWKSet(JSON.parse(keys.text)), { issuer, audience: 'vault' });
    expect(payload).toMatchObject({
      sub: 'system:serviceaccount:default:robot',
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid } },
    });
    for (const path of ['/.well-known/openid-configuration', '/openid/v1/jwks']) {
      expect((await call('GET', path)).status).toBe(403);
    }
  });

  it('is nobody once its account is gone', async () => {
    await done(program.call('DELETE', `${account}/robot`));
    await eventually(async () => (await whoIs(asking(), bearer(token))) === '401 Unauthorized');
  });
});
