import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, callsTo } from '../../testing/http.ts';
import { startApiServer, type TestServer } from '../../testing.ts';

let server: TestServer;
let call: Call;
beforeAll(async () => {
  server = await startApiServer();
  call = callsTo(server.url);
});
afterAll(() => server.close());

const review = async (plural: string, body: object) =>
  (await call('POST', `/apis/authentication.k8s.io/v1/${plural}`, body, { 'user-agent': 'tester/1.0' })).body;

describe('a review of a token', () => {
  it('is answered with whose its fields are', async () => {
    const { metadata } = await review('tokenreviews', { metadata: { name: 'a', uid: 'u' }, spec: { token: 't' } });
    expect(metadata).toEqual({
      name: 'a',
      managedFields: [
        {
          manager: 'tester',
          operation: 'Update',
          apiVersion: 'authentication.k8s.io/v1',
          time: expect.any(String),
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': { 'f:token': {} } },
        },
      ],
    });
  });
});

describe('a review of oneself', () => {
  it('is answered with the time and who it is, and nothing that was asked', async () => {
    const { metadata } = await review('selfsubjectreviews', { metadata: { name: 'a', labels: { a: 'b' } } });
    expect(metadata).toEqual({ creationTimestamp: expect.stringMatching(/^20.*Z$/) });
  });
});
