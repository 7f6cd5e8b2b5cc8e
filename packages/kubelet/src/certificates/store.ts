import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@coracle/process';
import { writePem } from '@coracle/process/pki/write';

/** A certificate (its chain, leaf first) and its private key, in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** A pair that was read and belongs together. */
export interface Certificate extends KeyPair {
  readonly leaf: X509Certificate;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Reads a pair. Throws when either is none, or they do not belong together. */
export function readPair({ certificate, key }: KeyPair): Certificate {
  const leaf = new X509Certificate(certificate);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) throw new Error('the private key does not match the certificate');
  return {
    certificate,
    key,
    leaf,
    notBefore: leaf.validFromDate.getTime(),
    notAfter: leaf.validToDate.getTime(),
  };
}

/** Generations kept beside the current one, for who wants to see what was before. */
const keptBefore = 1;

/**
 * A certificate on disk that is renewed now and then, as upstream keeps it: each generation in a file `<name>-<time>.pem` with chain and
 * key, and a link `<name>-current.pem` to the one in force.
 */
export class CertificateStore {
  readonly currentPath: string;
  readonly #folder: string;
  readonly #name: string;
  readonly #log: Log;

  constructor(folder: string, name: 'kubelet-client' | 'kubelet-server', log: Log) {
    this.#folder = folder;
    this.#name = name;
    this.#log = log;
    this.currentPath = join(folder, `${name}-current.pem`);
  }

  /** The certificate in force; undefined where there is none, or none that can be read (which is logged). */
  async current(): Promise<Certificate | undefined> {
    try {
      return readPair(splitPem(await readFile(this.currentPath, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#log.error({ err: error, path: this.currentPath }, 'Cannot use the stored certificate');
      return undefined;
    }
  }

  /** Puts a new certificate in force, whole or not at all. `now` (ms) names its file. Throws when the pair is none. */
  async update(pair: KeyPair, now: number): Promise<Certificate> {
    const read = readPair(pair);
    const file = join(this.#folder, `${this.#name}-${stampOf(now)}.pem`);
    await writePem(file, `${pair.certificate.trimEnd()}\n${pair.key.trimEnd()}\n`);
    const next = join(this.#folder, `${this.#name}-updated.pem`);
    await rm(next, { force: true });
    await symlink(file, next);
    await rename(next, this.currentPath);
    await this.#removeOld();
    return read;
  }

  async #removeOld(): Promise<void> {
    const pattern = new RegExp(`^${this.#name}-\\d{4}(-\\d{2}){5}\\.pem$`);
    const generations = (await readdir(this.#folder)).filter((each) => pattern.test(each)).sort();
    for (const each of generations.slice(0, -1 - keptBefore)) await rm(join(this.#folder, each), { force: true });
  }
}

/** Takes a file with certificates and a key apart. */
function splitPem(text: string): KeyPair {
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----/g) ?? [];
  const key = blocks.find((each) => each.includes('PRIVATE KEY-----'));
  const certificates = blocks.filter((each) => each.startsWith('-----BEGIN CERTIFICATE-----'));
  if (certificates.length === 0 || key === undefined)
    throw new Error('the file holds no certificate, or no private key');
  return { certificate: `${certificates.join('\n')}\n`, key: `${key}\n` };
}

/** `2026-01-31-08-00-00`, in UTC. */
const stampOf = (now: number): string => new Date(now).toISOString().slice(0, 19).replace(/[T:]/g, '-');
