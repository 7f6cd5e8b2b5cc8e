import type { Secret } from '../generated/core/v1.ts';
import { parseTime } from '../meta/time.ts';

/*
 * Bootstrap tokens: short-lived bearer tokens that new nodes authenticate with, each kept as a Secret
 * (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/).
 */

export const bootstrapTokenType = 'bootstrap.kubernetes.io/token';
/** The namespace of the tokens' Secrets. */
export const bootstrapTokenNamespace = 'kube-system';
/** Everybody with a bootstrap token is in this group. */
export const bootstrappersGroup = 'system:bootstrappers';

/** The keys of a token's Secret. */
export const tokenKeys = {
  id: 'token-id',
  secret: 'token-secret',
  expiration: 'expiration',
  description: 'description',
  extraGroups: 'auth-extra-groups',
} as const;

/** What a token may be good for: `usage-bootstrap-<usage>` must be `true` in its Secret. */
export const tokenUsages = ['signing', 'authentication'] as const;
export type TokenUsage = (typeof tokenUsages)[number];
export const usageKey = (usage: TokenUsage): string => `usage-bootstrap-${usage}`;

/** A token taken apart: the public half that names it, and the half to keep secret. */
export interface BootstrapToken {
  id: string;
  secret: string;
}

export const bootstrapTokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
export const bootstrapTokenIdPattern = /^[a-z0-9]{6}$/;
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** Takes `abcdef.0123456789abcdef` apart; undefined for any text of another form. */
export function parseBootstrapToken(text: string): BootstrapToken | undefined {
  const match = bootstrapTokenPattern.exec(text);
  return match ? { id: match[1]!, secret: match[2]! } : undefined;
}

/** The name of the Secret a token is kept in. */
export const tokenSecretName = (id: string): string => `bootstrap-token-${id}`;

/** The id of the token a Secret of that name keeps; undefined for other names. */
export function tokenIdOf(secretName: string): string | undefined {
  return /^bootstrap-token-([a-z0-9]{6})$/.exec(secretName)?.[1];
}

/** A value of a Secret as text; empty where it has none. */
export function secretText(secret: Secret, key: string): string {
  const data = secret.data ?? {};
  return Object.hasOwn(data, key) ? Buffer.from(data[key]!, 'base64').toString('utf8') : '';
}

/** Whether the token is marked as good for something. */
export const hasUsage = (secret: Secret, usage: TokenUsage): boolean => secretText(secret, usageKey(usage)) === 'true';

/**
 * When a token stops being good, in milliseconds since the epoch; undefined: never. Throws the parser's error when the Secret holds no
 * time there: such a token counts as expired.
 */
export function tokenExpiry(secret: Secret): number | undefined {
  const text = secretText(secret, tokenKeys.expiration);
  return text === '' ? undefined : parseTime(text);
}

/** The groups of a token's holder, sorted. Throws on one that is no group of bootstrappers. */
export function tokenGroups(secret: Secret): string[] {
  const text = secretText(secret, tokenKeys.extraGroups);
  const extra = text === '' ? [] : text.split(',');
  for (const group of extra) checkTokenGroup(group);
  return [...new Set([bootstrappersGroup, ...extra])].sort();
}

/** Throws when a token may not put its holder into the group. */
export function checkTokenGroup(group: string): void {
  if (groupPattern.test(group)) return;
  throw new Error(
    `bootstrap group ${JSON.stringify(group)} is invalid (must match \\A${groupPattern.source.slice(1, -1)}\\z)`,
  );
}
