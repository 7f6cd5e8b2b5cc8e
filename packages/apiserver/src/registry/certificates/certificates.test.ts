import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import type { StatusError } from '@coracle/api/meta/status';
import { expect, it } from '@jest/globals';
import { startApiServer } from '../../testing.ts';

it('a request that cannot be read is told of first', async () => {
  const server = await startApiServer();
  try {
    const request = Buffer.from(
      '-----BEGIN CERTIFICATE REQUEST-----\neHg=\n-----END CERTIFICATE REQUEST-----\n',
    ).toString('base64');
    const wish = { metadata: { name: 'a' }, spec: { request, signerName: 'x', usages: [], expirationSeconds: 1 } };
    const error = await server.client.create(certificateSigningRequest, wish).catch((each: StatusError) => each);
    expect((error as StatusError).status.details?.causes?.map(({ field }) => field)).toEqual([
      'spec.request',
      'spec.usages',
      'spec.signerName',
      'spec.expirationSeconds',
    ]);
  } finally {
    await server.close();
  }
});
