import type { KubeObject } from '@coracle/api/kind';
import type { Secret } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { bootstrapTokens } from './bootstrap-token.ts';

const token = 'abcdef.0123456789abcdef';
const at = Date.parse('2026-06-01T12:00:00Z');

const secretOf = (data: Record<string, string> = {}, more: Partial<Secret> = {}): Secret => ({
  metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
  type: 'bootstrap.kubernetes.io/token',
  data: Object.fromEntries(
    Object.entries({
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      ...data,
    }).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  ),
  ...more,
});

async function authenticate(secret: Secret | undefined, text = token) {
  const logged: string[] = [];
  const tokens = bootstrapTokens({
    objects: {
      cached: <T extends KubeObject>(_kind: unknown, name: string, namespace?: string) =>
        (name === secret?.metadata.name && namespace === 'kube-system' ? secret : undefined) as T | undefined,
    },
    log: { warn: (_details, message) => void logged.push(message) },
    now: () => at,
  });
  return { user: (await tokens.authenticateToken(text, []))?.user, logged };
}

describe('a bootstrap token', () => {
  it('names its user by its id, in the group of bootstrappers', async () => {
    expect((await authenticate(secretOf())).user).toEqual({
      name: 'system:bootstrap:abcdef',
      uid: '',
      groups: ['system:bootstrappers'],
      extra: {},
    });
  });

  it('adds the groups its Secret says, each once and sorted', async () => {
    const groups = 'system:bootstrappers:worker,system:bootstrappers:coracle:default-node-token';
    expect((await authenticate(secretOf({ 'auth-extra-groups': groups }))).user?.groups).toEqual([
      'system:bootstrappers',
      'system:bootstrappers:coracle:default-node-token',
      'system:bootstrappers:worker',
    ]);
  });

  it('is good until the very moment it expires', async () => {
    expect((await authenticate(secretOf({ expiration: '2026-06-01T12:00:00Z' }))).user).toBeDefined();
    expect((await authenticate(secretOf({ expiration: '2026-06-01T14:00:00+02:00' }))).user).toBeDefined();
  });

  const head = 'Bootstrap secret kube-system/bootstrap-token-abcdef matching bearer token ';
  it.each<[string, Secret | undefined, string]>([
    ['that nobody made', undefined, 'No secret of name bootstrap-token-abcdef to match bootstrap bearer token'],
    [
      'whose Secret is being deleted',
      secretOf(
        {},
        {
          metadata: {
            name: 'bootstrap-token-abcdef',
            namespace: 'kube-system',
            deletionTimestamp: '2026-06-01T11:59:00Z',
          },
        },
      ),
      `${head}is deleted and awaiting removal`,
    ],
    [
      'in a Secret of another type',
      secretOf({}, { type: 'Opaque' }),
      `${head}has invalid type, expected bootstrap.kubernetes.io/token.`,
    ],
    [
      'in an empty Secret',
      secretOf({}, { data: undefined }),
      `${head}has invalid type, expected bootstrap.kubernetes.io/token.`,
    ],
    [
      'with another secret half',
      secretOf({ 'token-secret': '0123456789abcdeg' }),
      `${head}has invalid value for key token-secret.`,
    ],
    ['with another id', secretOf({ 'token-id': 'zzzzzz' }), `${head}has invalid value for key token-id.`],
    ['that has expired', secretOf({ expiration: '2026-06-01T11:59:59Z' }), `${head}has expired.`],
    [
      'whose expiry is no time',
      secretOf({ expiration: 'tomorrow' }),
      `${head}has invalid value for key expiration: parsing time "tomorrow" as "2006-01-02T15:04:05Z07:00": cannot parse "tomorrow" as "2006"; it is treated as expired.`,
    ],
    [
      'for signing only',
      secretOf({ 'usage-bootstrap-authentication': 'false' }),
      `${head}not marked usage-bootstrap-authentication=true.`,
    ],
    [
      'that would make its holder a master',
      secretOf({ 'auth-extra-groups': 'system:bootstrappers:ok,system:masters' }),
      `${head}has invalid value for key auth-extra-groups: bootstrap group "system:masters" is invalid (must match \\Asystem:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]\\z).`,
    ],
  ])('%s is not taken, and the log says why', async (_name, secret, message) => {
    expect(await authenticate(secret)).toEqual({ user: undefined, logged: [message] });
  });

  it.each(['abcdef.0123456789abcde', 'ABCDEF.0123456789abcdef', 'abcdef', 'abcdef.0123456789abcdef\n', ''])(
    'of another form (%j) is somebody else’s business',
    async (text) => {
      expect(await authenticate(secretOf(), text)).toEqual({ user: undefined, logged: [] });
    },
  );
});
