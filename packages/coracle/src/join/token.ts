import { randomInt } from 'node:crypto';
import {
  type BootstrapToken,
  bootstrapTokenNamespace,
  bootstrapTokenType,
  checkTokenGroup,
  hasUsage,
  parseBootstrapToken,
  secretText,
  type TokenUsage,
  tokenExpiry,
  tokenIdOf,
  tokenKeys,
  tokenSecretName,
  tokenUsages,
  usageKey,
} from '@coracle/api/bootstrap/token';
import { formatTime } from '@coracle/api/meta/time';
import type { Secret } from '@coracle/api/types/core/v1';
import { fail } from '../failure.ts';

/** The group of those who join as nodes: what it may do is in `joinObjects`. */
export const defaultNodeGroup = 'system:bootstrappers:coracle:default-node-token';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const letters = (count: number): string =>
  Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join('');

/** A new random token, `abcdef.0123456789abcdef`. */
export const generateToken = (): BootstrapToken => ({ id: letters(6), secret: letters(16) });

/** Reads a token a user gave. Throws Failure on what is none. */
export function readToken(text: string): BootstrapToken {
  const token = parseBootstrapToken(text);
  if (token) return token;
  return fail('the bootstrap token was not of the form [a-z0-9]{6}.[a-z0-9]{16}', {
    next: '"coracle token create" on a control plane makes one.',
  });
}

export interface TokenWishes {
  token: BootstrapToken;
  description: string;
  /** Milliseconds it is good for; 0 for ever. */
  ttl: number;
  groups: readonly string[];
  usages: readonly string[];
}

/** The Secret a token is kept in. Throws Failure on usages and groups there cannot be. */
export function tokenSecret({ token, description, ttl, groups, usages }: TokenWishes, now: number): Secret {
  const unknown = usages.find((each) => !(tokenUsages as readonly string[]).includes(each));
  if (unknown !== undefined)
    fail(`invalid bootstrap token usage string: ${unknown}, valid usages are ${tokenUsages.join(', ')}`);
  if (usages.length === 0) fail('a token is for signing, for authentication, or both: --usages may not be empty');
  if (ttl < 0) fail('--ttl may not be negative; 0 makes a token that does not expire');
  if (groups.length > 0 && !usages.includes('authentication'))
    fail('token groups cannot be specified unless --usages includes "authentication"');
  for (const group of groups) {
    try {
      checkTokenGroup(group);
    } catch (error) {
      fail((error as Error).message, { cause: error });
    }
  }
  const texts: Record<string, string> = {
    ...(description === '' ? {} : { [tokenKeys.description]: description }),
    [tokenKeys.id]: token.id,
    [tokenKeys.secret]: token.secret,
    ...(ttl > 0 ? { [tokenKeys.expiration]: formatTime(now + ttl) } : {}),
    ...Object.fromEntries(usages.map((each) => [usageKey(each as TokenUsage), 'true'])),
    ...(groups.length > 0 ? { [tokenKeys.extraGroups]: groups.join(',') } : {}),
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: tokenSecretName(token.id), namespace: bootstrapTokenNamespace },
    type: bootstrapTokenType,
    data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  };
}

/** A token of a cluster, as it is listed. */
export interface ListedToken {
  token: string;
  description: string;
  /** RFC 3339; undefined where it never expires. */
  expires: string | undefined;
  /** Milliseconds left, negative once it has expired or where its expiry is no time; undefined: for ever. */
  left: number | undefined;
  usages: string[];
  groups: string[];
}

/** What a Secret says of its token; undefined where it keeps none. */
export function listedToken(secret: Secret, now: number): ListedToken | undefined {
  const id = tokenIdOf(secret.metadata.name ?? '');
  if (id === undefined || secret.type !== bootstrapTokenType || secretText(secret, tokenKeys.id) !== id)
    return undefined;
  const expires = secretText(secret, tokenKeys.expiration);
  const groups = secretText(secret, tokenKeys.extraGroups);
  return {
    token: `${id}.${secretText(secret, tokenKeys.secret)}`,
    description: secretText(secret, tokenKeys.description),
    expires: expires === '' ? undefined : expires,
    left: timeLeft(secret, now),
    usages: tokenUsages.filter((each) => hasUsage(secret, each)).sort(),
    groups: groups === '' ? [] : groups.split(','),
  };
}

function timeLeft(secret: Secret, now: number): number | undefined {
  try {
    const expiry = tokenExpiry(secret);
    return expiry === undefined ? undefined : expiry - now;
  } catch {
    return Number.NEGATIVE_INFINITY; // an expiry that is no time counts as past
  }
}
