import { tokenReview } from '@coracle/api/authentication/v1/tokenreview';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import { expect, it } from '@jest/globals';
import { startApiServer } from './testing.ts';

it('a server for tests issues tokens of service accounts, and knows them', async () => {
  const server = await startApiServer();
  try {
    const { client } = server;
    await client.create(serviceAccount, { metadata: { name: 'robot', namespace: 'default' } });
    const { body } = await client.request('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', {
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
      headers: { 'content-type': 'application/json' },
    });
    const { token } = JSON.parse(body.toString()).status;
    const review = async (text: string) =>
      (await client.create(tokenReview, { metadata: {}, spec: { token: text } })).status;
    expect(await review(token)).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:robot' },
      audiences: ['https://kubernetes.default.svc'],
    });
    expect(await review(`${token}x`)).toMatchObject({ user: {}, error: expect.any(String) });
    expect((await server.tokens.authenticateToken(token, ['https://kubernetes.default.svc']))?.user.name).toBe(
      'system:serviceaccount:default:robot',
    );
  } finally {
    await server.close();
  }
});
