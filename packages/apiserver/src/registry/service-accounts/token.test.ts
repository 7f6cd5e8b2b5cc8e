import { pod } from '@coracle/api/core/v1/pod';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { TokenRequest, TokenReview } from '@coracle/api/types/authentication/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type SecureServer, startSecureServer } from '../../testing/secure-server.ts';

let server: SecureServer;
let uid: string;
beforeAll(async () => {
  server = await startSecureServer('--service-account-max-token-expiration=2h');
  const { metadata } = await server.admin.create(serviceAccount, {
    metadata: { name: 'robot', namespace: 'default' },
  });
  uid = metadata.uid!;
});
afterAll(() => server.close());

const ask = async (spec: object, metadata: object = {}) => {
  const path = '/api/v1/namespaces/default/serviceaccounts/robot/token';
  const { headers, json } = await server.admin.request('POST', path, {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata, spec },
  });
  return { made: json() as TokenRequest, warning: headers.warning };
};

describe('a request for a token', () => {
  it('is told when the token ends sooner than it asked for', async () => {
    const { made, warning } = await ask({ expirationSeconds: 7201 });
    expect(warning).toBe('299 - "requested expiration of 7201 seconds shortened to 7200 seconds"');
    expect(made.spec.expirationSeconds).toBe(7200);
    expect((await ask({ expirationSeconds: 7200 })).warning).toBeUndefined();
  });

  it('is answered with whose its fields are', async () => {
    const { made } = await ask({ expirationSeconds: 600 }, { uid, creationTimestamp: '2020-01-01T00:00:00Z' });
    expect(made.metadata).toEqual({
      name: 'robot',
      namespace: 'default',
      uid,
      creationTimestamp: expect.not.stringMatching(/^2020/),
      managedFields: [
        {
          manager: expect.any(String),
          operation: 'Update',
          apiVersion: 'authentication.k8s.io/v1',
          time: expect.any(String),
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': { 'f:expirationSeconds': {} } },
          subresource: 'token',
        },
      ],
    });
  });

  it('is answered with the uid of the account, and refused with another one', async () => {
    expect((await ask({})).made.metadata?.uid).toBe(uid);
    await expect(ask({}, { uid: 'u' })).rejects.toMatchObject({
      code: 409,
      message: `Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "robot": the UID in the token request (u) does not match the UID of the service account (${uid})`,
    });
  });

  it('for a pod whose node is not there says no uid of it', async () => {
    await server.admin.create(pod, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { serviceAccountName: 'robot', nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] },
    });
    const { made } = await ask({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'web' } });
    const [, claimed = ''] = made.status?.token?.split('.') ?? [];
    const claims = JSON.parse(Buffer.from(claimed, 'base64url').toString());
    expect(claims['kubernetes.io'].node).toEqual({ name: 'n1' });
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: made.status };
    const { json } = await server.admin.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      body: review,
    });
    const { extra } = (json() as TokenReview).status!.user!;
    expect(extra).toMatchObject({ 'authentication.kubernetes.io/node-name': ['n1'] });
    expect(Object.keys(extra!)).not.toContain('authentication.kubernetes.io/node-uid');
  });

  const at = 'TokenRequest.authentication.k8s.io';
  it.each<[string, object, object, string]>([
    [
      'is too short',
      { expirationSeconds: 599 },
      {},
      `${at} "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes`,
    ],
    [
      'is too long',
      { expirationSeconds: 4294967297 },
      {},
      `${at} "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds`,
    ],
    [
      'is of another account',
      {},
      { name: 'other' },
      `${at} "robot" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified`,
    ],
    [
      'is of another namespace',
      {},
      { namespace: 'other' },
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'is bound to what is no object',
      { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'c' } },
      {},
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    ],
    [
      'is bound to what is of another group',
      { boundObjectRef: { kind: 'Pod', apiVersion: 'a.b/v1', name: 'c' } },
      {},
      'cannot bind token to object of type a.b/v1, Kind=Pod',
    ],
    ['is bound to what is not there', { boundObjectRef: { kind: 'Pod', name: 'p' } }, {}, 'pods "p" not found'],
    ['is bound to what has no name', { boundObjectRef: { kind: 'Pod' } }, {}, 'Name parameter required.'],
    [
      'is bound to another object of the name',
      { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 's', uid: 'x' } },
      {},
      'secrets "s" not found',
    ],
  ])('is refused when it %s', async (_title, spec, metadata, message) => {
    await expect(ask(spec, metadata)).rejects.toThrow(new Error(message));
  });
});
