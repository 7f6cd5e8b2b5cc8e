import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secret } from '@coracle/api/core/v1/secret';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { Secret, ServiceAccount } from '@coracle/api/types/core/v1';
import { makeServiceAccountKeys } from '@coracle/process/pki';
import { signingKey, signToken } from '@coracle/process/token-keys';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SecureServer, startSecureServer } from '../../../testing/secure-server.ts';

let folder: string;
let server: SecureServer;
let account: ServiceAccount;
let sign: (claims: object) => string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'legacy-'));
  const { privateKey, publicKey } = await makeServiceAccountKeys('rsa-2048');
  await writeFile(join(folder, 'sa.pub'), publicKey);
  await writeFile(
    join(folder, 'policy.yaml'),
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n',
  );
  const key = signingKey(privateKey);
  sign = (claims) => signToken(claims, key);
  server = await startSecureServer(
    `--service-account-key-file=${join(folder, 'sa.pub')}`,
    `--audit-policy-file=${join(folder, 'policy.yaml')}`,
    `--audit-log-path=${join(folder, 'audit.log')}`,
  );
  account = await server.admin.create(serviceAccount, { metadata: { name: 'robot', namespace: 'default' } });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const tokenOf = (name: string, change: object = {}) => {
  const prefix = 'kubernetes.io/serviceaccount';
  return sign({
    iss: 'kubernetes/serviceaccount',
    [`${prefix}/namespace`]: 'default',
    [`${prefix}/secret.name`]: name,
    [`${prefix}/service-account.name`]: 'robot',
    [`${prefix}/service-account.uid`]: account.metadata.uid,
    sub: 'system:serviceaccount:default:robot',
    ...change,
  });
};
const holding = (name: string, token = tokenOf(name), labels: Record<string, string> = {}): Promise<Secret> =>
  server.admin.create(secret, {
    metadata: {
      name,
      namespace: 'default',
      labels,
      annotations: { 'kubernetes.io/service-account.name': 'robot' },
    },
    type: 'kubernetes.io/service-account-token',
    data: { token: Buffer.from(token).toString('base64') },
  });
const whoAmI = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const ask = async (token: string) => {
  const answer = await server
    .with(token)
    .request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: whoAmI })
    .catch(({ status }: { status: { code: number } }) => ({ status: status.code, headers: {}, json: () => undefined }));
  const { status, headers } = answer as { status: number; headers: Record<string, string> };
  return { status, warning: headers['warning'], review: answer.json() as { status: { userInfo: object } } | undefined };
};
const labelsOf = async (name: string) => (await server.admin.get(secret, name, 'default')).metadata.labels ?? {};
const refusals = () => server.warnings.map((each) => (each as { reason?: string }).reason).filter(Boolean);

describe('a token that a Secret holds', () => {
  it('is its account, as long as the Secret holds it, which says the day of its last use', async () => {
    await holding('good');
    const { status, warning, review } = await ask(tokenOf('good'));
    expect({ status, warning }).toEqual({ status: 201, warning: undefined });
    expect(review?.status.userInfo).toEqual({
      username: 'system:serviceaccount:default:robot',
      uid: account.metadata.uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    const used = 'kubernetes.io/legacy-token-last-used';
    expect((await labelsOf('good'))[used]).toMatch(/^\d{4}-\d\d-\d\d$/);
    const events = (await readFile(join(folder, 'audit.log'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ annotations }) => annotations)).toContainEqual(
      expect.objectContaining({
        'authentication.k8s.io/legacy-token': 'system:serviceaccount:default:robot',
        'authentication.k8s.io/legacy-token-manual-secret': 'good',
      }),
    );
    await server.admin.delete(secret, 'good', 'default');
    expect((await ask(tokenOf('good'))).status).toBe(401);
    expect(refusals()).toContain('[invalid bearer token, Token has been invalidated]');
  });

  it.each<[string, () => Promise<string>, string]>([
    [
      'that is not the one the Secret holds',
      async () => holding('other', 'x').then(() => tokenOf('other')),
      "Token does not match server's copy",
    ],
    [
      'of an account of that name that was before',
      async () => {
        const token = tokenOf('former', { 'kubernetes.io/serviceaccount/service-account.uid': 'u' });
        await holding('former', token);
        return token;
      },
      'does not match claim (u)',
    ],
    ['that names no Secret', async () => tokenOf('', {}), 'secretName claim is missing'],
    [
      'of another subject',
      async () => tokenOf('good', { sub: 'system:serviceaccount:default:admin' }),
      'sub claim is invalid',
    ],
    [
      'that was marked invalid',
      async () => {
        await holding('stale', tokenOf('stale'), { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' });
        return tokenOf('stale');
      },
      'the token in secret default/stale for service account default/robot has been marked invalid. Use tokens from the TokenRequest API',
    ],
  ])('is refused: one %s', async (_, made, reason) => {
    const token = await made();
    expect((await ask(token)).status).toBe(401);
    expect(refusals().at(-1)).toContain(reason);
  });

  it('is warned of where it was made for its account and not by hand', async () => {
    await holding('auto');
    const { metadata } = await server.admin.get(serviceAccount, 'robot', 'default');
    await server.admin.update(serviceAccount, { metadata, secrets: [{ name: 'auto' }] });
    const answered = async () => {
      for (;;) {
        const { warning } = await ask(tokenOf('auto'));
        if (warning) return warning;
      }
    };
    expect(await answered()).toContain('Use tokens from the TokenRequest API or manually created secret-based tokens');
    const { body } = await server.admin.request('GET', '/metrics');
    for (const name of [
      'legacy_tokens',
      'legacy_auto_token_uses',
      'legacy_manual_token_uses',
      'invalid_legacy_auto_token_uses',
    ])
      expect(body.toString()).toMatch(new RegExp(`\nserviceaccount_${name}_total [1-9]`));
  });
});
