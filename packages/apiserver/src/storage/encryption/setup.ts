import { readFileSync } from 'node:fs';
import { UsageError } from '@coracle/process/program';
import type { Registry } from 'prom-client';
import { FollowedFile } from '../../followed-file.ts';
import type { Store } from '../store.ts';
import { aesCbc, aesGcm, secretBox } from './ciphers.ts';
import {
  type EncryptionConfiguration,
  parseEncryptionConfiguration,
  secretOf,
  wildcardsOver,
} from './configuration.ts';
import { EncryptedStore, type Transformers } from './encrypted-store.ts';
import { transformationMetrics } from './metrics.ts';
import { resourceOfKey } from './resources.ts';
import { byPrefix, identity, type Prefixed, type TransformationObserver, type Transformer } from './transformer.ts';

export interface EncryptionOptions {
  /** The EncryptionConfiguration's file. */
  path: string;
  /** Whether changes of the file count while the server runs. */
  follow: boolean;
  metrics: Registry;
  log: { warn(details: object, message: string): void };
}

/** A store that encrypts what a file says. */
export interface Encryption {
  store: Store;
  /** Calls back when another configuration counts. */
  onChange(listener: () => void): void;
  /** Looks whether the file has changed, and takes it up; where the file is followed, this happens by itself every few seconds. */
  reload(): Promise<void>;
  close(): void;
}

/** Encrypts what is kept in a store as an EncryptionConfiguration says. Throws UsageError naming the file and what is wrong with it. */
export async function encryptionOf(store: Store, options: EncryptionOptions): Promise<Encryption> {
  const { path, metrics, log } = options;
  const observer = transformationMetrics(metrics);
  let seen: string;
  let first: Transformers;
  try {
    seen = readFileSync(path, 'utf8');
    first = await transformersOf(parseEncryptionConfiguration(seen), observer);
  } catch (error) {
    throw new UsageError(`--encryption-provider-config ${path}: ${(error as Error).message}`);
  }
  const encrypted = new EncryptedStore(store, resourceOfKey, first);
  const listeners: (() => void)[] = [];
  const take = async (): Promise<void> => {
    encrypted.use(await transformersOf(parseEncryptionConfiguration(readFileSync(path, 'utf8')), observer));
    for (const listener of listeners) listener();
  };
  const followed = options.follow
    ? new FollowedFile(path, seen, take, { what: 'encryption', metrics, log })
    : undefined;
  return {
    store: encrypted,
    onChange: (listener) => void listeners.push(listener),
    reload: async () => followed?.check(),
    close: () => followed?.close(),
  };
}

async function transformersOf(
  { resources }: EncryptionConfiguration,
  observerOf: (resource: string) => TransformationObserver,
): Promise<Transformers> {
  const rules = new Map<string, Prefixed[]>();
  for (const { resources: names, providers } of resources) {
    const ways = await Promise.all(providers.map(wayOf));
    // What is named in several lists is written as the first says, and read as any does.
    for (const name of names) rules.set(nameOf(name), [...(rules.get(nameOf(name)) ?? []), ...ways]);
  }
  const known = new Map<string, Transformer>();
  const transformerOf = (resource: string): Transformer => {
    const rule = [resource, ...wildcardsOver(resource)].map((name) => rules.get(name)).find((each) => each);
    return byPrefix(rule ?? [plain], 'no matching prefix found', observerOf(resource));
  };
  return (resource) => {
    let transformer = known.get(resource);
    if (!transformer) {
      transformer = transformerOf(resource);
      known.set(resource, transformer);
    }
    return transformer;
  };
}

/** `secrets.` is `secrets`. */
const nameOf = (name: string): string => (name.endsWith('.') && name !== '*.' ? name.slice(0, -1) : name);

const plain: Prefixed = { prefix: Buffer.alloc(0), transformer: identity };

type Provider = EncryptionConfiguration['resources'][number]['providers'][number];
type Keys = NonNullable<Provider['aesgcm']>['keys'];

async function wayOf({ aesgcm, aescbc, secretbox }: Provider): Promise<Prefixed> {
  if (aesgcm) return withKeys('aesgcm', 'AES', aesgcm.keys, aesGcm);
  if (aescbc) return withKeys('aescbc', 'AES', aescbc.keys, aesCbc);
  if (secretbox) return withKeys('secretbox', 'Secretbox', secretbox.keys, secretBox);
  return plain;
}

async function withKeys(
  name: string,
  shown: string,
  keys: Keys,
  cipher: (secret: Buffer) => Transformer | Promise<Transformer>,
): Promise<Prefixed> {
  const ways = await Promise.all(
    keys.map(async (key) => ({
      prefix: Buffer.from(`${key.name}:`),
      transformer: await cipher(secretOf(key.secret)!),
    })),
  );
  return {
    prefix: Buffer.from(`k8s:enc:${name}:v1:`),
    transformer: byPrefix(ways, `no matching key was found for the provided ${shown} transformer`),
  };
}
