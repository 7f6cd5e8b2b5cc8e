import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import type { StatusError } from '@coracle/api/meta/status';
import { makeRequest } from '@coracle/process/pki';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiServer, type TestServer } from '../../testing.ts';

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

describe('a request', () => {
  let server: TestServer;
  let der: Buffer;
  beforeAll(async () => {
    server = await startApiServer();
    const { request } = await makeRequest({ commonName: 'a', dnsNames: ['b'], ipAddresses: ['1.2.3.4'] });
    der = Buffer.from(request.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  });
  afterAll(() => server.close());

  const block = (bytes: Uint8Array, type = 'CERTIFICATE REQUEST'): string =>
    `-----BEGIN ${type}-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${type}-----\n`;

  const problemOf = async (pem: string): Promise<string | undefined> => {
    const spec = { request: Buffer.from(pem).toString('base64'), signerName: 'example.com/a', usages: ['client auth'] };
    const made = await server.client
      .create(certificateSigningRequest, { metadata: { generateName: 'r' }, spec })
      .catch((each: StatusError) => each.status.details?.causes?.map(({ message }) => message));
    return Array.isArray(made) ? made.join().replace(/^Invalid value: (?:"[^"]*"|\[[^\]]*\]): /, '') : undefined;
  };

  /** The request with other bytes instead of some that are there, as many. */
  const edited = (from: number[], to: number[]): Buffer => {
    const at = der.indexOf(Buffer.from(from));
    expect(at).toBeGreaterThan(0);
    return Buffer.concat([der.subarray(0, at), Buffer.from(to), der.subarray(at + from.length)]);
  };

  const wanted =
    '{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false}';

  it.each<[string, () => Uint8Array, string | undefined]>([
    ['is whole', () => der, undefined],
    ['is empty', () => Buffer.of(), 'asn1: syntax error: sequence truncated'],
    ['is cut off', () => der.subarray(0, -5), 'asn1: syntax error: data truncated'],
    ['is cut off in its length', () => der.subarray(0, 2), 'asn1: syntax error: truncated tag or length'],
    ['is followed by more', () => Buffer.concat([der, Buffer.of(1, 2)]), 'asn1: syntax error: trailing data'],
    ['is an empty sequence', () => Buffer.of(0x30, 0), 'asn1: syntax error: sequence truncated'],
    ['has no length', () => Buffer.of(0x30, 0x80), 'asn1: syntax error: indefinite length found (not DER)'],
    ['has a length said at length', () => Buffer.of(0x30, 0x81, 1, 0), 'asn1: structure error: non-minimal length'],
    ['has a tag that does not end', () => Buffer.of(0xff, 0xff), 'asn1: syntax error: truncated base 128 integer'],
    [
      'is a text',
      () => Buffer.from('garbage'),
      `asn1: structure error: tags don't match (16 vs {class:1 tag:7 length:97 isCompound:true}) ${wanted} certificateRequest @2`,
    ],
    [
      'has no request in it',
      () => Buffer.of(0x30, 3, 2, 1, 1),
      `asn1: structure error: tags don't match (16 vs {class:0 tag:2 length:1 isCompound:false}) ${wanted} tbsCertificateRequest @2`,
    ],
    [
      'has no version',
      () => edited([0x02, 0x01, 0x00], [0x04, 0x01, 0x00]),
      `asn1: structure error: tags don't match (2 vs {class:0 tag:4 length:1 isCompound:false}) ${wanted} int @2`,
    ],
    [
      'has a subject with an odd text',
      () => edited([0x0c, 0x01, 0x61], [0x0c, 0x01, 0xff]),
      'asn1: invalid UTF-8 string',
    ],
    [
      'has a subject that is no name',
      () => edited([0x31, 0x0a, 0x30, 0x08], [0x30, 0x0a, 0x30, 0x08]),
      'asn1: structure error: sequence tag mismatch',
    ],
    [
      'has a key of a curve nobody knows',
      () => edited([0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], [0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x06]),
      'x509: unsupported elliptic curve',
    ],
    [
      'has a key that is no point of its curve',
      () => edited([0x03, 0x42, 0x00, 0x04], [0x03, 0x42, 0x00, 0x05]),
      'x509: failed to unmarshal elliptic curve point',
    ],
    [
      'has bits left over in its key',
      () => edited([0x03, 0x42, 0x00, 0x04], [0x03, 0x42, 0x08, 0x04]),
      'asn1: syntax error: invalid padding bits in BIT STRING',
    ],
    [
      'has an address of two bytes',
      () => edited([0x87, 0x04, 1, 2, 3, 4], [0x87, 0x02, 1, 2, 0x82, 0x00]),
      'x509: cannot parse IP address of length 2',
    ],
    ['has a name that is none', () => edited([0x82, 0x01, 0x62], [0x82, 0x01, 0xe9]), 'x509: SAN dNSName is malformed'],
    [
      'is signed with another key',
      () => Buffer.concat([der.subarray(0, -1), Buffer.of(der.at(-1)! ^ 1)]),
      'x509: ECDSA verification failure',
    ],
  ])('that %s is told of as such', async (_, bytes, problem) => {
    expect(await problemOf(block(bytes()))).toBe(problem);
  });

  it.each<[string, () => string]>([
    ['nothing', () => ''],
    ['no base64', () => '-----BEGIN CERTIFICATE REQUEST-----\n*\n-----END CERTIFICATE REQUEST-----\n'],
    ['another block', () => block(der, 'CERTIFICATE')],
    ['another block first', () => block(der, 'CERTIFICATE') + block(der)],
  ])('cannot be in %s', async (_, pem) => {
    expect(await problemOf(pem())).toBe('PEM block type must be CERTIFICATE REQUEST');
  });
});
