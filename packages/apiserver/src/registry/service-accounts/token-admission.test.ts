import type { TokenRequest } from '@coracle/api/types/authentication/v1';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { AdmissionPlugin } from '../../admission/plugin.ts';
import type { TokenIssuer } from '../../chain/authentication/service-account/issuer.ts';
import { type Call, callsTo } from '../../testing/http.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import { tokenSubresource } from './token.ts';

const seen: [string, Partial<TokenRequest>][] = [];
const witness: AdmissionPlugin = {
  name: 'Witness',
  mutate: ({ object, subresource }) => {
    if (subresource === 'token') seen.push(['mutate', structuredClone(object) as TokenRequest]);
  },
  validate: ({ object, subresource }) => {
    if (subresource === 'token') seen.push(['validate', structuredClone(object) as TokenRequest]);
  },
};

let server: TestServer;
let call: Call;
beforeAll(async () => {
  const issuer = { issuer: 'i', sign: async () => 'a token' } as unknown as TokenIssuer;
  const options = { issuer, apiAudiences: ['here'], maxExpirationSeconds: 0, extendExpiration: false };
  const subresources = { 'serviceaccounts/token': tokenSubresource(options) };
  server = await startApiServer({ plugins: [witness], subresources });
  call = callsTo(server.url);
  await call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
});
afterAll(() => server.close());

const ask = async (spec: object) => {
  seen.length = 0;
  const { status } = await call('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', { spec });
  return { status, seen: seen.map(([by, { metadata, spec }]) => [by, metadata?.name, spec?.audiences]) };
};

it('a request for a token is changed as it was asked for, and validated as it will be answered', async () => {
  expect(await ask({})).toEqual({
    status: 201,
    seen: [
      ['mutate', undefined, undefined],
      ['validate', 'robot', ['here']],
    ],
  });
});

it('a request for a token that is wrong is not shown to who validates', async () => {
  expect(await ask({ expirationSeconds: 1 })).toEqual({ status: 422, seen: [['mutate', undefined, undefined]] });
});
