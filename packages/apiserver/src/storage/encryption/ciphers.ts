import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Transformer } from './transformer.ts';

const tagLength = 16;
const tooShort = 'the stored data was shorter than the required size';

/**
 * AES-GCM with a random nonce before the ciphertext and the tag behind it. A value is bound to its key in the store, so that none can be put in
 * another's place. One key is for about 2^32 writes.
 */
export function aesGcm(secret: Buffer): Transformer {
  const algorithm = gcmOf(secret.length);
  const nonceLength = 12;
  return {
    seal(value, key) {
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv(algorithm, secret, nonce).setAAD(Buffer.from(key));
      return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    },
    open(stored, key) {
      if (stored.length < nonceLength + tagLength) throw new Error(tooShort);
      const end = stored.length - tagLength;
      const decipher = createDecipheriv(algorithm, secret, stored.subarray(0, nonceLength));
      decipher.setAAD(Buffer.from(key)).setAuthTag(stored.subarray(end));
      const start = decipher.update(stored.subarray(nonceLength, end));
      try {
        return { value: Buffer.concat([start, decipher.final()]), stale: false };
      } catch (cause) {
        throw new Error('cipher: message authentication failed', { cause });
      }
    },
  };
}

function gcmOf(length: number): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  if (length === 16) return 'aes-128-gcm';
  return length === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
}

/** AES-CBC with PKCS #7 padding, the initialization vector before it. It does not notice that a value was changed. */
export function aesCbc(secret: Buffer): Transformer {
  const algorithm = `aes-${secret.length * 8}-cbc`;
  const block = 16;
  return {
    seal(value) {
      const vector = randomBytes(block);
      const cipher = createCipheriv(algorithm, secret, vector);
      return Buffer.concat([vector, cipher.update(value), cipher.final()]);
    },
    open(stored) {
      if (stored.length < block) throw new Error(tooShort);
      if (stored.length % block !== 0) throw new Error('the stored data is not a multiple of the block size');
      const decipher = createDecipheriv(algorithm, secret, stored.subarray(0, block));
      const start = decipher.update(stored.subarray(block));
      try {
        return { value: Buffer.concat([start, decipher.final()]), stale: false };
      } catch (cause) {
        throw new Error('invalid padding on input', { cause });
      }
    },
  };
}

/** NaCl's secretbox: XSalsa20 and Poly1305, the random nonce before it. The cipher is loaded when it is first asked for. */
export async function secretBox(secret: Buffer): Promise<Transformer> {
  const { secretbox } = await import('@noble/ciphers/salsa.js');
  const nonceLength = 24;
  return {
    seal(value) {
      const nonce = randomBytes(nonceLength);
      return Buffer.concat([nonce, secretbox(secret, nonce).seal(value)]);
    },
    open(stored) {
      if (stored.length < nonceLength + tagLength) throw new Error(tooShort);
      const box = secretbox(secret, stored.subarray(0, nonceLength));
      let value: Uint8Array;
      try {
        value = box.open(stored.subarray(nonceLength));
      } catch (cause) {
        throw new Error('the stored data could not be opened with this key', { cause });
      }
      return { value: Buffer.from(value.buffer, value.byteOffset, value.byteLength), stale: false };
    },
  };
}
