import { formatTime } from '@coracle/api/meta/time';
import type { Secret } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { defaultNodeGroup, generateToken, listedToken, readToken, type TokenWishes, tokenSecret } from './token.ts';

const now = Date.parse('2026-06-01T12:00:00Z');
const hour = 3_600_000;
const wishes = (more: Partial<TokenWishes> = {}): TokenWishes => ({
  token: { id: 'abcdef', secret: '0123456789abcdef' },
  description: '',
  ttl: 24 * hour,
  groups: [defaultNodeGroup],
  usages: ['signing', 'authentication'],
  ...more,
});
const texts = ({ data = {} }: Secret) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));

describe('a token', () => {
  it('is made at random, of the form that is read', () => {
    const made = Array.from({ length: 200 }, generateToken);
    for (const token of made) expect(readToken(`${token.id}.${token.secret}`)).toEqual(token);
    expect(new Set(made.map((each) => each.secret)).size).toBe(made.length);
    expect(() => readToken('abcdef')).toThrow('was not of the form [a-z0-9]{6}.[a-z0-9]{16}');
  });

  it('is kept in a Secret that says what it is good for, and until when', () => {
    const made = tokenSecret(wishes({ description: 'rack 4' }), now);
    expect(made).toMatchObject({
      metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
    });
    expect(texts(made)).toEqual({
      description: 'rack 4',
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      expiration: '2026-06-02T12:00:00Z',
      'usage-bootstrap-signing': 'true',
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': 'system:bootstrappers:coracle:default-node-token',
    });
  });

  it('may be good for ever, and for signing alone', () => {
    const made = texts(tokenSecret(wishes({ ttl: 0, groups: [], usages: ['signing'] }), now));
    expect(Object.keys(made).sort()).toEqual(['token-id', 'token-secret', 'usage-bootstrap-signing']);
  });

  it.each<[Partial<TokenWishes>, string]>([
    [{ usages: ['flying'] }, 'invalid bootstrap token usage string: flying, valid usages are signing, authentication'],
    [{ usages: [] }, 'may not be empty'],
    [{ ttl: -1 }, 'may not be negative'],
    [{ usages: ['signing'] }, 'token groups cannot be specified unless --usages includes "authentication"'],
    [{ groups: ['system:masters'] }, 'bootstrap group "system:masters" is invalid'],
  ])('cannot be made with %j', (more, message) => {
    expect(() => tokenSecret(wishes(more), now)).toThrow(message);
  });

  it('is listed with the time it has left', () => {
    expect(listedToken(tokenSecret(wishes(), now), now + hour)).toEqual({
      token: 'abcdef.0123456789abcdef',
      description: '',
      expires: formatTime(now + 24 * hour),
      left: 23 * hour,
      usages: ['authentication', 'signing'],
      groups: [defaultNodeGroup],
    });
    expect(listedToken(tokenSecret(wishes({ ttl: 0 }), now), now)?.left).toBeUndefined();
    const broken = tokenSecret(wishes(), now);
    broken.data!['expiration'] = Buffer.from('soon').toString('base64');
    expect(listedToken(broken, now)).toMatchObject({ expires: 'soon', left: Number.NEGATIVE_INFINITY });
  });

  it('is in no other Secret', () => {
    const made = tokenSecret(wishes(), now);
    expect(listedToken({ ...made, type: 'Opaque' }, now)).toBeUndefined();
    expect(
      listedToken({ ...made, metadata: { ...made.metadata, name: 'bootstrap-token-zzzzzz' } }, now),
    ).toBeUndefined();
  });
});
