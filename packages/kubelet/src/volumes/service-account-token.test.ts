import type { Pod } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import { describe, expect, it } from '@jest/globals';
import { isStale, ServiceAccountTokens } from './service-account-token.ts';

const pod: Pod = {
  metadata: { name: 'p', namespace: 'n', uid: 'u' },
  spec: { containers: [], serviceAccountName: 'robot' },
};
const hour = 3_600_000;

function server() {
  const asked: unknown[][] = [];
  const state = { now: 0, failing: false };
  const client = {
    subresource: async (...args: unknown[]) => {
      if (state.failing) throw new Error('no server');
      asked.push(args);
      return {
        status: { token: `token-${asked.length}`, expirationTimestamp: new Date(state.now + hour).toISOString() },
      };
    },
  } as unknown as Client;
  return { asked, state, tokens: new ServiceAccountTokens(client, () => state.now) };
}

describe('tokens of service accounts', () => {
  it('are bound to the pod', async () => {
    const { asked, tokens } = server();
    expect(await tokens.token(pod, { path: 'token', audience: 'vault', expirationSeconds: 3600 })).toBe('token-1');
    const [, account, namespace, sub, method, body] = asked[0]!;
    expect([account, namespace, sub, method]).toEqual(['robot', 'n', 'token', 'POST']);
    expect(body).toMatchObject({
      spec: {
        audiences: ['vault'],
        expirationSeconds: 3600,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'u' },
      },
    });
  });

  it('are renewed after 80 % of their life, and kept when that fails', async () => {
    const { state, tokens } = server();
    const token = () => tokens.token(pod, { path: 'token' });
    expect(await token()).toBe('token-1');
    state.now = hour * 0.79;
    expect(await token()).toBe('token-1');
    state.now = hour * 0.81;
    state.failing = true;
    expect(await token()).toBe('token-1');
    state.failing = false;
    expect(await token()).toBe('token-2');
    state.now = hour * 3;
    state.failing = true;
    await expect(token()).rejects.toThrow('failed to fetch token: no server');
  });

  it('that live long are renewed every day', () => {
    const held = { requestedAt: 0, expiresAt: 1000 * hour, jitter: 0 };
    expect([isStale(held, 23 * hour), isStale(held, 25 * hour)]).toEqual([false, true]);
  });

  it('are forgotten with their pod', async () => {
    const { tokens } = server();
    await tokens.token(pod, { path: 'token' });
    tokens.forget('u');
    expect(await tokens.token(pod, { path: 'token' })).toBe('token-2');
  });

  it('are not to be had without an API server', async () => {
    await expect(new ServiceAccountTokens(undefined).token(pod, { path: 't' })).rejects.toThrow('standalone mode');
  });
});
