import { secret } from '@coracle/api/core/v1/secret';
import { makeAuthority } from '@coracle/process/pki';
import { beforeAll, expect, it } from '@jest/globals';

const texts: Record<string, string> = { none: '', other: '-----BEGIN X-----\nAA==\n-----END X-----\n' };
beforeAll(async () => {
  for (const name of ['a', 'b']) {
    const { certificate, key } = await makeAuthority({ commonName: name, days: 1 });
    Object.assign(texts, { [`${name}.crt`]: certificate, [`${name}.key`]: key });
  }
  texts['bad.crt'] = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  texts['bad.key'] = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
});

it.each([
  ['a.crt', 'a.key', undefined],
  ['a.crt', 'b.key', 'tls: private key does not match public key'],
  ['none', 'a.key', 'tls: failed to find any PEM data in certificate input'],
  ['a.crt', 'none', 'tls: failed to find any PEM data in key input'],
  [
    'a.key',
    'a.crt',
    'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
  ],
  ['a.crt', 'a.crt', 'tls: found a certificate rather than a key in the PEM for the private key'],
  [
    'other',
    'a.key',
    'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [X]',
  ],
  [
    'a.crt',
    'other',
    'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [X]',
  ],
  ['bad.crt', 'a.key', 'x509: malformed certificate'],
  ['a.crt', 'bad.key', 'tls: failed to parse private key'],
])('who writes the certificate %s with the key %s is warned: %s', (certificate, key, warning) => {
  const encoded = (name: string) => Buffer.from(texts[name]!).toString('base64');
  const it = {
    metadata: { name: 'a' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': encoded(certificate), 'tls.key': encoded(key) },
  };
  expect(secret.warnings!(it, undefined, '')).toEqual(warning === undefined ? [] : [warning]);
  expect(secret.warnings!({ ...it, type: 'Opaque' }, undefined, '')).toEqual([]);
});
