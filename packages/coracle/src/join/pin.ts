import { createHash, X509Certificate } from 'node:crypto';
import { fail } from '../failure.ts';

/**
 * The pins of the authorities in a PEM text: `sha256:` and the digest, in hexadecimal, of each one's public key (its
 * SubjectPublicKeyInfo, RFC 7469). Throws when a certificate cannot be read.
 */
export function pinsOf(pem: string): string[] {
  return certificatesOf(pem).map((certificate) => {
    const key = certificate.publicKey.export({ format: 'der', type: 'spki' });
    return `sha256:${createHash('sha256').update(key).digest('hex')}`;
  });
}

function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** Checks the form of pins that a user gave; upper case is taken too. Throws Failure. */
export function checkedPins(pins: readonly string[]): string[] {
  if (pins.length === 0) {
    fail('without a pin there is no telling whether it is the right cluster that answers', {
      next: 'Give --ca-cert-hash sha256:…, as "coracle token create --print-join-command" prints it.',
    });
  }
  return pins.map((pin) => {
    const lower = pin.toLowerCase();
    if (/^sha256:[0-9a-f]{64}$/.test(lower)) return lower;
    return fail(`invalid hash ${JSON.stringify(pin)}: expected "sha256:" and 64 hexadecimal digits`, {
      next: '"coracle token create --print-join-command" on a control plane prints the right one.',
    });
  });
}

/** Throws Failure unless one of the authorities is pinned. */
export function requirePinned(authorities: string, pins: readonly string[]): void {
  const found = pinsOf(authorities);
  if (found.some((pin) => pins.includes(pin))) return;
  fail(
    `cluster CA found in cluster-info ConfigMap is invalid: none of the public keys ${found.map((pin) => JSON.stringify(pin)).join(', ')} are pinned`,
    {
      next: 'Either another cluster answers, or the hash is of an older authority: "coracle token create --print-join-command" on a control plane prints the right one.',
    },
  );
}
