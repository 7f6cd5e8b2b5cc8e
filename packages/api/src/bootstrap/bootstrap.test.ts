import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { detachedSignature, isSignedBy, signaturesOf } from './cluster-info.ts';
import { parseBootstrapToken, tokenExpiry, tokenGroups, tokenIdOf, tokenSecretName } from './token.ts';

const data = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));

describe('a bootstrap token', () => {
  it('has a public half that names its Secret, and a secret one', () => {
    const token = parseBootstrapToken('07401b.f395accd246ae52d');
    expect(token).toEqual({ id: '07401b', secret: 'f395accd246ae52d' });
    expect(tokenIdOf(tokenSecretName(token!.id))).toBe('07401b');
    expect(tokenIdOf('bootstrap-token-07401B')).toBeUndefined();
  });

  it.each(['07401b.f395accd246ae52', '07401b-f395accd246ae52d', '07401B.f395accd246ae52d', ' 07401b.f395accd246ae52d'])(
    'is nothing like %j',
    (text) => expect(parseBootstrapToken(text)).toBeUndefined(),
  );

  it('has an expiry, or none, or one that nobody can read', () => {
    const expiry = (expiration: string) => tokenExpiry({ metadata: {}, data: data({ expiration }) });
    expect(expiry('2026-01-01T00:00:00Z')).toBe(Date.parse('2026-01-01T00:00:00Z'));
    expect(tokenExpiry({ metadata: {} })).toBeUndefined();
    expect(() => expiry('soon')).toThrow('cannot parse "soon"');
  });

  it.each(['system:masters', 'system:bootstrappers', 'system:bootstrappers:', 'system:bootstrappers:A', ''])(
    'puts nobody into the group %j',
    (group) => {
      const secret = { metadata: {}, data: data({ 'auth-extra-groups': `system:bootstrappers:fine,${group}` }) };
      expect(() => tokenGroups(secret)).toThrow(`bootstrap group "${group}" is invalid`);
    },
  );
});

describe('the signature of cluster-info', () => {
  const token = { id: '07401b', secret: 'f395accd246ae52d' };
  const content = 'apiVersion: v1\nkind: Config\n';

  it('is a detached JWS with the token’s id as the key’s', () => {
    const signature = detachedSignature(content, token);
    const [header, payload, mac] = signature.split('.');
    // This header stands in upstream's documentation.
    expect(header).toBe('eyJhbGciOiJIUzI1NiIsImtpZCI6IjA3NDAxYiJ9');
    expect(payload).toBe('');
    const signed = `${header}.${Buffer.from(content).toString('base64url')}`;
    expect(mac).toBe(createHmac('sha256', 'f395accd246ae52d').update(signed).digest('base64url'));
    expect(isSignedBy(signature, content, token)).toBe(true);
  });

  it('holds for no other content, token or form', () => {
    const signature = detachedSignature(content, token);
    expect(isSignedBy(signature, `${content} `, token)).toBe(false);
    expect(isSignedBy(signature, content, { ...token, secret: 'f395accd246ae52e' })).toBe(false);
    expect(isSignedBy(signature, content, { ...token, id: '07401c' })).toBe(false);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}..`;
    for (const forged of [unsigned, '', '..', `${signature}=`]) expect(isSignedBy(forged, content, token)).toBe(false);
  });

  it('is found by its key', () => {
    const info = { metadata: {}, data: { kubeconfig: content, 'jws-kubeconfig-abcdef': 'x..y' } };
    expect(signaturesOf(info)).toEqual({ 'jws-kubeconfig-abcdef': 'x..y' });
    expect(signaturesOf({ metadata: {} })).toEqual({});
  });
});
